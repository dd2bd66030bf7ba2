from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
import time_machine
from django.core.management import CommandError, call_command
from django.db import InternalError, connection, transaction
from django.utils import timezone

from agencies import publishing
from agencies.catalogue import NoScheme, scheme_for
from agencies.divisions import load_divisions, read_divisions
from agencies.layers import Data, read_layer
from agencies.models import Agency, Item, Office, Region, Scheme, SchemeText
from agencies.publishing import Refused, digest_of, publish, take_effect
from agencies.routing import offices_for
from tests.agencies.conftest import REGIONS, compiled, layer

DAY = date(2026, 9, 16)
EXAMPLE = REGIONS.parent.parent / "docs" / "example"


def count() -> dict[str, int]:
    return {model.__name__: model._default_manager.count() for model in (Region, Agency, Office, Scheme, Item)}


def raised(name: str, version: str, **values: Any) -> Data:
    return {**layer(name), "version": version, **values}


def test_loading_again_changes_nothing(directory: None) -> None:
    before = count()

    call_command("load_region", verbosity=0)

    assert count() == before
    assert before["Scheme"] == 5


def copied(folder: Path, name: str, old: str, new: str) -> Path:
    """The fixtures in a folder of their own, one file changed."""
    for path in REGIONS.iterdir():
        text = path.read_text(encoding="utf-8")
        if path.stem == name:
            assert old in text
            text = text.replace(old, new, 1)
        (folder / path.name).write_text(text, encoding="utf-8")
    return folder


def test_dry_run_tells_and_saves_nothing(directory: None, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before = count()

    call_command("load_region", copied(tmp_path, "tianjin", 'version: "2022.2"', 'version: "2026.1"'), "--dry-run")

    told = capsys.readouterr().out
    assert "发布：天津市 天津市推进“军人退役”一件事改革实施方案（2026.1+2024.2），启用事项 9 个" in told
    assert "以上是试运行，没有保存。" in told
    assert count() == before


def test_changed_content_under_the_same_version_is_refused(directory: None) -> None:
    with pytest.raises(Refused, match="方案版本“2022.2”已经发布，内容不能再改。请把 version 改成新的版本号"):
        publish({**layer("ordos"), "slogans": ["改了"]})

    assert Scheme.objects.filter(region="150600").count() == 1


def test_new_version_stands_beside_the_old_one(directory: None) -> None:
    old = scheme_for(Region.objects.get(pk="150602"), DAY)
    content = old.content

    publish(raised("ordos", "2026.2", overall_limit={"unit": "working_day", "days": 20}), valid_from=DAY)

    place = Region.objects.get(pk="150602")
    assert str(scheme_for(place, DAY).spec.overall_limit) == "20 个工作日"
    assert scheme_for(place, date(2026, 9, 15)) == old
    assert Scheme.objects.get(pk=old.pk).content == content


def test_parent_publication_renews_the_places_below(directory: None) -> None:
    before = {scheme.region_id: scheme.pk for scheme in Scheme.objects.all()}
    nation = raised("nation", "2026.9")
    nation["items"] = [{**item, "note": "新规"} if item["code"] == "I08" else item for item in nation["items"]]

    outcome = publish(nation, valid_from=DAY)

    assert [scheme.region_id for scheme in outcome.published] == ["100000", "120000", "230000", "440000", "150600"]
    newest = scheme_for(Region.objects.get(pk="150602"), DAY)
    assert (newest.version, newest.spec.item("I08").note, newest.valid_from) == ("2022.2+2026.9", "新规", DAY)
    assert set(Scheme.objects.filter(pk__in=before.values()).values_list("version", flat=True)) == {
        "2024.2", "2022.2+2024.2", "2024.2+2024.2",
    }  # fmt: skip


def test_old_file_does_not_undo_a_newer_version(directory: None, capsys: pytest.CaptureFixture[str]) -> None:
    """The portal loads its files at every start; what was published in the console since then stays in force."""
    publish(raised("tianjin", "2026.1"))
    before = count()

    call_command("load_region")

    assert "120000：已经发布过更新的版本，这个文件没有再发布" in capsys.readouterr().out
    assert count() == before
    assert scheme_for(Region.objects.get(pk="120101"), DAY).version == "2026.1+2024.2"


@contextmanager
def guard_taken_down() -> Iterator[None]:
    """What somebody with all rights on the database could do."""
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE agencies_schemetext DISABLE TRIGGER text_of_a_published_scheme_never_changes")
        yield
        cursor.execute("ALTER TABLE agencies_schemetext ENABLE TRIGGER text_of_a_published_scheme_never_changes")


def test_content_altered_past_the_guard_is_found(directory: None, capsys: pytest.CaptureFixture[str]) -> None:
    scheme = Scheme.objects.get(region="150600")
    with guard_taken_down():
        SchemeText.objects.filter(scheme=scheme).update(content={**scheme.content, "title": "改了"})

    with pytest.raises(CommandError):
        call_command("check_region")

    assert "已发布的内容被改过" in capsys.readouterr().out


CHANGES: dict[str, Callable[[Scheme], object]] = {
    "content": lambda scheme: SchemeText.objects.filter(scheme=scheme).update(content={}),
    "content dropped": lambda scheme: SchemeText.objects.filter(scheme=scheme).delete(),
    "title": lambda scheme: Scheme.objects.filter(pk=scheme.pk).update(title="改了"),
    "its end": lambda scheme: Scheme.objects.filter(pk=scheme.pk).update(valid_until=DAY),
    "published at": lambda scheme: Scheme.objects.filter(pk=scheme.pk).update(published_at=None),
    "saved": lambda scheme: scheme.save(),
    "deleted": lambda scheme: Scheme.objects.filter(pk=scheme.pk).delete(),
    "item changed": lambda scheme: scheme.items.update(name="改了"),
    "item deleted": lambda scheme: scheme.items.all().delete(),
    "item added": lambda scheme: Item.objects.create(scheme=scheme, code="X", name="多", order=99),
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_published_version_is_guarded_by_the_database(directory: None, change: Callable[[Scheme], object]) -> None:
    scheme = Scheme.objects.get(region="150600")

    with pytest.raises(InternalError, match="never change"), transaction.atomic():
        change(scheme)

    assert Scheme.objects.get(pk=scheme.pk).digest == digest_of(scheme.content)


def test_draft_may_be_changed_and_dropped(directory: None) -> None:
    published = Scheme.objects.get(region="150600")
    draft = Scheme.objects.create(region=published.region, version="draft", title="草稿", valid_from=DAY)
    SchemeText.objects.create(scheme=draft, content=published.content)
    Item.objects.create(scheme=draft, code="X", name="多", order=1)

    draft.items.update(name="改了")
    Scheme.objects.filter(pk=draft.pk).update(title="改了")

    assert draft.delete()[0] == 3


def test_broken_file_is_refused_whole(directory: None, tmp_path: Path) -> None:
    before = count()
    folder = copied(tmp_path, "tianjin", 'version: "2022.2"', 'version: "2026.1"')
    broken = folder / "guangdong.yaml"
    text = broken.read_text(encoding="utf-8").replace('version: "2024.2"', 'version: "2026.1"')
    broken.write_text(f"{text}\nslogan: [错]\n", encoding="utf-8")

    with pytest.raises(CommandError, match="没有导入"):
        call_command("load_region", folder, verbosity=0)

    assert count() == before


def test_unknown_region_is_refused(directory: None) -> None:
    with pytest.raises(Refused, match="区划代码“999999”不在行政区划表中"):
        publish({**layer("tianjin"), "region": "999999"})


def test_place_without_own_layer_has_the_scheme_above(directory: None) -> None:
    assert scheme_for(Region.objects.get(pk="440106"), DAY).region_id == "440000"
    assert scheme_for(Region.objects.get(pk="150000"), DAY).region_id == "100000"


def test_day_before_every_scheme_has_none(directory: None) -> None:
    with pytest.raises(NoScheme):
        scheme_for(Region.objects.get(pk="150602"), date(2020, 1, 1))


def test_what_an_administrator_edited_stays(directory: None) -> None:
    Office.objects.filter(agency="police", region="150602").update(name="东胜区公安局户政大厅", phone="0477-1234567")
    Region.objects.filter(pk="150603").update(is_open=False)

    publish(raised("ordos", "2026.2"))

    office = Office.objects.get(agency="police", region="150602")
    assert (office.name, office.phone) == ("东胜区公安局户政大厅", "0477-1234567")
    assert Region.objects.get(pk="150603").is_open is False


def test_new_phone_of_a_new_version_is_said_at_once(directory: None) -> None:
    Region.objects.filter(pk="150603").update(phone="0477-1112222")  # by an administrator
    new = raised("ordos", "2026.2")
    new["places"] = [
        {**place, "phone": "0477-3334444"} if place["region"] == "150602" else place for place in new["places"]
    ]

    publish(new)

    phones = {code: Region.objects.get(pk=code).phone for code in ("150602", "150603", "150621")}
    assert phones == {"150602": "0477-3334444", "150603": "0477-1112222", "150621": "0477-2258313"}


def test_version_of_a_later_day_changes_the_places_on_that_day(directory: None) -> None:
    """Until then the old phone is said and the district stays closed; a night that runs twice does it once."""
    first = date(2027, 3, 1)
    new = raised("tianjin", "2027.1", opens=["120101", "120103"])
    new["places"] = [*new["places"], {"region": "120103", "phone": "022-12345678", "source": "TJ-18"}]
    publish(new, valid_from=first)
    before = Region.objects.get(pk="120103")

    with time_machine.travel(datetime(2027, 2, 28, 17, tzinfo=UTC)):  # 01:00 on the first of March here
        changed = [take_effect(timezone.localdate()), take_effect(timezone.localdate())]
    after = Region.objects.get(pk="120103")

    assert (before.is_open, before.phone) == (False, "")
    assert (after.is_open, after.phone) == (True, "022-12345678")
    assert changed == [1, 1]


def phone_from(first: date, version: str, phone: str) -> None:
    new = raised("ordos", version)
    new["places"] = [{**place, "phone": phone} if place["region"] == "150602" else place for place in new["places"]]
    publish(new, valid_from=first)


def phone() -> str:
    return Region.objects.get(pk="150602").phone


def test_days_without_a_beat_are_made_up_for(directory: None) -> None:
    """Once, and only what began since it was last done: what an administrator wrote meanwhile stays."""
    phone_from(date(2027, 3, 1), "2027.1", "0477-1111111")

    with time_machine.travel(datetime(2027, 3, 6, tzinfo=UTC)):
        before = take_effect(date(2027, 2, 28), since=date(2027, 2, 27)), phone()
        late = take_effect(date(2027, 3, 5), since=date(2027, 2, 28)), phone()
        Region.objects.filter(pk="150602").update(phone="0477-7777777")
        next_day = take_effect(date(2027, 3, 6), since=date(2027, 3, 5)), phone()

    assert before == (0, "0477-8575378")
    assert late == (1, "0477-1111111")
    assert next_day == (0, "0477-7777777")


def test_newest_version_has_the_last_word_where_an_earlier_one_is_made_up_for(directory: None) -> None:
    phone_from(date(2027, 3, 1), "2027.1", "0477-1111111")
    with time_machine.travel(datetime(2027, 3, 3, tzinfo=UTC)):
        phone_from(date(2027, 3, 3), "2027.2", "0477-2222222")

        done = take_effect(date(2027, 3, 5), since=date(2027, 2, 28))

    assert (done, phone()) == (2, "0477-2222222")


def test_scheme_that_cannot_take_effect_stops_no_other(directory: None, monkeypatch: pytest.MonkeyPatch) -> None:
    first = date(2027, 3, 1)
    publish(raised("tianjin", "2027.1"), valid_from=first)
    phone_from(first, "2027.1", "0477-1111111")
    equipped = publishing.equip

    def equip(region: Region, *args: Any, **options: Any) -> int:
        if region.code == "120000":
            raise LookupError
        return equipped(region, *args, **options)

    monkeypatch.setattr(publishing, "equip", equip)
    with time_machine.travel(datetime(2027, 3, 1, tzinfo=UTC)), pytest.raises(publishing.NotTaken, match="^天津市"):
        take_effect(first)

    assert phone() == "0477-1111111"


def test_place_gets_phone_and_window_of_the_scheme(directory: None) -> None:
    place = Region.objects.get(pk="150602")

    assert (place.phone, place.window) == ("0477-8575378", "东胜区政务服务中心“蒙速办·一次办”窗口")
    assert Region.objects.get(pk="440106").phone == ""


def test_items_of_a_scheme_are_rows(directory: None) -> None:
    rows = Item.objects.filter(scheme__region="230000").values_list("code", "is_enabled", "agency_codes")

    assert list(rows)[0] == ("I01", True, ["veterans"])
    assert [code for code, is_enabled, _ in rows if not is_enabled] == ["HL1", "HL2"]
    assert Item.objects.get(scheme__region="120000", code="I10").agency_codes == ["medical", "hrss"]


def test_file_with_an_error_is_not_published(directory: None, tmp_path: Path) -> None:
    before = count()
    folder = copied(tmp_path, "tianjin", 'version: "2022.2"', 'version: "2026.1"')
    path = folder / "tianjin.yaml"
    path.write_text(path.read_text(encoding="utf-8").replace("[medical, hrss]", "[medical, tax]"), encoding="utf-8")

    with pytest.raises(CommandError, match="(?s)没有导入：方案文件有错误.*部门“tax”没有定义"):
        call_command("load_region", folder, verbosity=0)

    assert count() == before


def test_district_file_alone_is_laid_over_what_is_published(directory: None) -> None:
    load_divisions(read_divisions(EXAMPLE / "divisions.csv"))
    publish(read_layer(EXAMPLE / "shili.yaml"))

    call_command("load_region", EXAMPLE / "donghu.yaml", verbosity=0)

    both = compiled(layer("nation"), read_layer(EXAMPLE / "shili.yaml"), read_layer(EXAMPLE / "donghu.yaml"))
    found = Scheme.objects.get(region="980102")
    assert {**found.content, "version": "test"} == both.model_dump(mode="json", by_alias=True)


TOWN: Data = {
    "region": "980102001", "version": "t1", "title": "湖滨街道补充规定", "valid_from": "2026-04-01", "source": "街道规定",
    "sources": [{"id": "街道规定", "title": "湖滨街道补充规定"}],
    "opens": "all",
    "places": [{"region": "980102001", "phone": "0999-1234509", "address": "湖滨路3号", "source": "街道规定第一条"}],
    "items": [
        {"code": "D01", "name": "街道报到", "promised_limit": {"unit": "working_day", "days": 1, "source": "街道规定第二条"}},
        {"code": "T01", "remove": True},
        {"code": "I10", "enabled": False},
    ],
}  # fmt: skip
VILLAGE: Data = {
    "region": "980102001001", "version": "v1", "title": "湖滨社区补充规定", "valid_from": "2026-05-01", "source": "社区规定",
    "sources": [{"id": "社区规定", "title": "湖滨社区补充规定"}],
    "opens": "all", "places": [{"region": "980102001001", "source": "社区规定第一条"}],
    "offers": ["D01", "I01", "I04", "I05"],
    "items": [{"code": "D01", "aliases+": ["居委会报到"], "source": "社区规定第二条"}],
}  # fmt: skip


def test_layers_go_down_to_the_village(directory: None) -> None:
    """HL-13: nation, province, city, district, township, village; each adds, removes, renames, reorders, tightens."""
    call_command("load_region", EXAMPLE, verbosity=0)
    province: Data = {
        "region": "980000", "version": "p1", "title": "示例省规定", "valid_from": "2026-01-01", "source": "省规定",
        "supervision_phone": "0999-1230000", "source_of": {"supervision_phone": "省规定第九条"},
    }  # fmt: skip

    publish(province, TOWN, VILLAGE)

    village = Region.objects.get(pk="980102001001")
    spec = scheme_for(village, DAY).spec
    assert spec.version == "v1+t1+2026.1+2026.1+p1+2024.2"
    assert [item.code for item in spec.items] == ["D01", "I01", "I04", "I05"]
    assert (spec.item("D01").name, spec.item("D01").aliases) == ("街道报到", ("街道报到", "居委会报到"))
    assert {path: spec.provenance[path] for path in ORIGINS} == ORIGINS
    town = scheme_for(Region.objects.get(pk="980102001"), DAY).spec
    assert "T01" not in [item.code for item in town.items] and not town.item("I10").enabled
    assert [place.code for place in (village, village.parent) if place.is_open] == ["980102001001", "980102001"]
    assert offices_for(village)["police"].name == "东湖区公安分局"


ORIGINS = {
    "items.I05.legal_limit": "100000 L29 第12条",
    "items.I05.promised_limit": "980100 示例办法第六条",
    "items.I04.online": "980102 东湖规定第四条",
    "items.D01.name": "980102001 街道规定",
    "items.D01.promised_limit": "980102001 街道规定第二条",
    "items.D01.aliases": "980102001001 社区规定第二条",
    "supervision_phone": "980100 示例办法第十二条",
}


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("region: ", "region: 乱: "),
        ("  - {code: I07", "  - {code: I07, requires: [{item: I99}]"),
        ("days: 27", "days: 0"),
        ("title: ", "titel: "),
        ("150602", "159999"),
    ],
)
def test_file_with_any_fault_leaves_nothing_behind(directory: None, tmp_path: Path, old: str, new: str) -> None:
    """Every other file of the folder is sound and new, and none of them is loaded."""
    before = count()
    folder = copied(tmp_path, "ordos", old, new)
    for path in folder.glob("*.yaml"):
        path.write_text(path.read_text(encoding="utf-8").replace('version: "20', 'version: "30', 1), encoding="utf-8")

    with pytest.raises(CommandError, match="没有导入"):
        call_command("load_region", folder, verbosity=0)

    assert count() == before


def test_scheme_is_parsed_once_in_a_process(directory: None, django_assert_num_queries: Any) -> None:
    first, again = (Scheme.objects.get(region="150600") for _ in range(2))

    with django_assert_num_queries(1):
        spec = first.spec
    with django_assert_num_queries(0):
        assert again.spec is spec
