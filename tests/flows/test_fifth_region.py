"""A region nobody here has seen joins by files alone: form, fan-out, desk and closing, with a sixth agency."""

from datetime import UTC, datetime
from pathlib import Path

import pytest
import time_machine
from django.conf import settings
from django.core.management import call_command
from django.test import Client
from django.utils import timezone

from agencies.models import Office, Region
from agencies.publishing import publish
from agencies.queues import all_queues
from applications import drafts, review, submission
from applications.enums import ApplicationStatus, Channel, DocumentKind, TaskStatus
from applications.errors import Invalid
from applications.models import Application, Dispatch, Draft, ItemTask
from applications.papers.paper import html_of
from tests import factories
from tests.portal.home.test_notice import squeezed, text_of

EXAMPLE = Path(settings.BASE_DIR) / "docs" / "example"
DONGHU = "980102"

pytestmark = pytest.mark.usefixtures("example")


@pytest.fixture
def example(directory: None) -> None:
    call_command("load_region", EXAMPLE, verbosity=0)


def tick(draft: Draft, *codes: str) -> Draft:
    return drafts.choose_items(draft, codes)


def start(channel: Channel = Channel.WINDOW) -> Draft:
    user = factories.clerk(DONGHU) if channel == Channel.WINDOW else factories.person()
    return drafts.start(region=factories.place(DONGHU), user=user, channel=channel)


def case(*codes: str) -> Application:
    """A case entered at the window, delivered to the offices."""
    draft = tick(start(), *codes)
    draft = drafts.save(draft, factories.answers_for(factories.soldier("钱一鸣", 901)))
    factories.give_materials(draft)
    application = submission.submit(draft, user=draft.entered_by, channel=Channel.WINDOW, promised=True, agreed=True)
    factories.pass_pre_review(application)
    factories.deliver_all()
    return application


def tasks(application: Application) -> dict[tuple[str, str], str]:
    rows = ItemTask.objects.filter(application=application).select_related("item", "office")
    return {(task.item.code, task.office.name): task.status for task in rows}


def test_sixth_agency_has_a_queue_and_an_office() -> None:
    assert "agency.tax" in all_queues()
    assert Office.objects.get(agency="tax", region=DONGHU).name == "东湖区税务局办税服务厅"
    assert Office.objects.get(agency="tax", region="980121").name == "西山县税务局"


def test_place_is_open_as_the_files_say() -> None:
    opened = Region.objects.filter(code__startswith="98").open().values_list("code", flat=True)
    place = Region.objects.get(pk=DONGHU)

    assert list(opened) == [DONGHU]
    assert (place.phone, place.window) == ("0999-1234502", "东湖区退役军人一站办窗口（湖滨厅）")


def test_case_is_fanned_out_to_every_office() -> None:
    application = case("I01", "I02", "I10", "D01")

    assert tasks(application) == {
        ("I01", "东湖区退役军人事务局"): TaskStatus.QUEUED,
        ("I02", "东湖区退役军人事务局"): TaskStatus.WAITING,
        ("I10", "东湖区医保局"): TaskStatus.QUEUED,
        ("I10", "东湖区税务局办税服务厅"): TaskStatus.QUEUED,
        ("D01", "东湖区退役军人事务局"): TaskStatus.WAITING,
        ("K01", "东湖区人社局"): TaskStatus.QUEUED,
    }


def test_agency_of_a_joint_item_is_sent_its_own_words() -> None:
    application = case("I10")

    dispatch = Dispatch.objects.get(task__application=application, task__office__agency="tax")

    assert [(line["label"], line["text"]) for line in dispatch.payload["fields"]] == [
        ("缴费人姓名", "钱一鸣"),
        ("纳税人识别号", application.subject_id_no),
        ("缴费险种", "城乡居民"),
    ]


def test_form_asks_only_for_the_ticked_items_and_the_survey() -> None:
    draft = tick(start(), "I01")

    asked = [line.field for line in draft.registration.asked()]

    assert asked == [
        "name", "id_no", "sex", "ethnic", "mobile", "contact_addr", "enlist_date", "discharge_date", "settlement", "training",
    ]  # fmt: skip


def test_field_is_required_only_for_the_items_that_need_it() -> None:
    """The account must be given for the money; for the tax record it may be."""
    drafts = {code: tick(start(Channel.ONLINE), code) for code in ("I02", "T01")}

    needed = {code: {line.field: line.required for line in made.registration.asked()} for code, made in drafts.items()}

    assert (needed["I02"]["account"], needed["T01"]["account"]) == (True, False)
    assert "account" in drafts["I02"].registration.problems(timezone.localdate())
    assert "account" not in drafts["T01"].registration.problems(timezone.localdate())


def test_what_is_shared_between_offices_is_not_asked(client: Client) -> None:
    client.post("/place/", {"place": DONGHU})

    sheet = client.get("/notice/", {"item": ["T01"], "pension_kind": "flexible"}).context["sheet"]
    made = tick(start(Channel.ONLINE), "T01")

    assert sheet.shared == ("社会保险参保记录：由示例市人社局共享取得",)
    wanted = made.scheme.spec.materials_for(frozenset(made.ticked), made.answers)
    assert [material.code for material in wanted] == ["M1", "M2", "M4"]
    assert "不用交，由示例市人社局共享取得" in client.get("/guide/T01/").content.decode()


def test_survey_is_kept_and_sent_to_nobody() -> None:
    application = case("I01")

    assert application.answers["training_trade"] == "电工"
    assert not ItemTask.objects.filter(application=application, item__code="S01").exists()
    assert "电工" not in str(list(Dispatch.objects.values_list("payload", flat=True)))


def test_material_is_asked_by_two_conditions_at_once() -> None:
    draft = drafts.save(start(), factories.answers_for(factories.soldier("钱一鸣", 901)))

    def codes(*items: str) -> list[str]:
        spec = draft.scheme.spec
        return [material.code for material in spec.materials_for(frozenset(items), draft.answers)]

    assert codes("I04") == ["M1", "M2"]
    assert codes("I04", "I05") == ["M1", "M2", "M3"]


def test_item_that_is_only_done_at_the_window_is_refused_online() -> None:
    draft = start(Channel.ONLINE)

    assert "I12" not in draft.ticked
    with pytest.raises(Invalid) as refused:
        tick(draft, "I01", "I12")
    assert refused.value.errors["items"] == (
        "“预备役登记”只能到窗口办，请在这里选“否”，到东湖区退役军人一站办窗口（湖滨厅）办理"
    )


def test_item_for_others_is_refused_with_its_reason() -> None:
    draft = tick(start(Channel.ONLINE), "I01", "T01")
    answers = factories.answers_for(factories.soldier("钱一鸣", 901))

    wrong_item = drafts.save(draft, {**answers, "settlement": "assigned_job"})
    wrong_service = drafts.save(draft, {**answers, "settlement": "retired"})

    today = timezone.localdate()
    assert wrong_item.registration.problems(today) == {
        "settlement": "“税收优惠备案”只面向安置方式为自主就业、逐月领取退役金的人，请回到办理事项把它改为“否”"
    }
    assert (
        "只面向安置方式为自主就业、安排工作、逐月领取退役金的人"
        in wrong_service.registration.problems(today)["settlement"]
    )


def test_case_goes_on_to_its_end() -> None:
    application = case("I01", "D01")
    first = factories.task_of(application, "I01")
    reviewer, approver = factories.reviewer_of(first), factories.approver_of(first)

    review.accept(first, reviewer=reviewer)
    review.propose(first, reviewer=reviewer, note="材料齐全")
    review.complete(first, reviewer=approver, party=review.party_of(approver.postings.get()), reference="登2026-1")
    factories.deliver_all()
    for code in ("D01", "K01"):
        task = factories.task_of(application, code)
        reviewer = factories.reviewer_of(task)
        review.accept(task, reviewer=reviewer)
        review.complete(task, reviewer=reviewer, reference="完2026-1")

    application.refresh_from_db()
    assert application.status == ApplicationStatus.COMPLETED


def test_publication_meanwhile_changes_nothing_for_those_on_their_way() -> None:
    """LESSONS B7, B10: while somebody fills in, submits, and is being delivered."""
    filling = tick(start(), "I01", "D01")
    application = case("I01", "D01")
    frozen = (application.scheme_id, application.scheme.content, tasks(application))
    city = Region.objects.get(pk="980100").schemes.get().layer
    district = Region.objects.get(pk=DONGHU).schemes.get().layer

    publish(
        {**city, "version": "2026.2", "overall_limit": {"unit": "working_day", "days": 5, "source": "新办法"}},
        {**district, "version": "2026.2", "items": [], "form": {}},
    )

    application.refresh_from_db()
    assert (application.scheme_id, application.scheme.content, tasks(application)) == frozen
    filling = drafts.save(filling, factories.answers_for(factories.soldier("孙二喜", 902)))
    factories.give_materials(filling)
    sent = submission.submit(filling, user=filling.entered_by, channel=Channel.WINDOW, promised=True, agreed=True)
    assert sent.scheme_id == frozen[0]
    assert sent.pre_reviews.get().office.name == "东湖区人社局"
    assert {code for code, _ in tasks(sent)} == {"I01", "D01", "K01"}
    assert start().scheme_id != frozen[0]


def test_pages_and_papers_speak_the_files_words(client: Client) -> None:
    client.post("/place/", {"place": DONGHU})
    application = case("I01", "D01", "I10")
    receipt = application.documents.get(kind=DocumentKind.SUBMISSION_RECEIPT)
    reviewer = factories.reviewer_of(factories.task_of(application, "I10", "tax"))

    guide = client.get("/guide/").content.decode()
    flow = client.get("/guide/flow/").content.decode()
    asked = {"item": ["I04", "T01"], "settlement": "self_employed", "pension_kind": "flexible"}
    item = client.get("/guide/T01/").content.decode()
    notice = client.get("/notice/", asked)
    printed = client.get(f"/notice/{notice.context['sheet'].number}.pdf").content
    client.force_login(reviewer)
    queue = client.get("/desk/").content.decode()
    task = client.get(f"/desk/tasks/{application.number}/I10/").content.decode()
    norms = client.get("/desk/norms/").content.decode()
    paper = html_of(receipt)

    assert "社区报到" in guide and "退役证件已经发到本人手里" in flow
    assert "在示例市办理了营业执照" in item and "5个工作日" in item.replace(" ", "")
    told = squeezed(text_of(printed))
    for words in (
        "工作日8:30-12:00，14:30-18:00",
        "工作日8:30-12:00，13:30-17:30",
        "东湖区湖滨路1号",
        "东湖区税务路2号",
    ):
        assert words in told and words in squeezed(notice.content.decode())
    assert application.number in queue and "纳税人识别号" in task and "税收优惠备案" in norms
    assert "退役返乡登记" in paper and "社区报到" in paper
    assert "东湖区湖滨路1号" in paper and "10月至次年4月：工作日 8:30-12:00，13:30-17:30" in paper


@pytest.mark.parametrize(
    ("day", "hours"), [(7, "工作日 8:30-12:00，14:30-18:00"), (12, "工作日 8:30-12:00，13:30-17:30")]
)
def test_guide_and_notice_say_the_hours_of_the_season(client: Client, day: int, hours: str) -> None:
    """Summer or winter by today's month, the window's address, and the two seasons below."""
    with time_machine.travel(datetime(2026, day, 1, 2, tzinfo=UTC)):
        client.post("/place/", {"place": DONGHU})
        pages = [client.get(address).content.decode() for address in ("/guide/", "/guide/I04/", "/notice/?item=I04")]

    assert [f"现在：{hours}" in page and "东湖区湖滨路1号" in page for page in pages] == [True, True, True]


def test_places_that_publish_nothing_say_so(client: Client) -> None:
    client.post("/place/", {"place": factories.DONGSHENG})

    pages = [client.get(address).content.decode() for address in ("/guide/", "/guide/I05/", "/notice/?item=I05")]

    assert ["<dt>地址</dt><dd>未公布</dd>" in page and "开放时间</dt><dd>未公布" in page for page in pages] == [
        True
    ] * 3
    assert "地址、时间、电话未公布" in pages[2]


def test_place_that_opens_later_is_announced_and_cannot_be_chosen(client: Client) -> None:
    page = client.get("/").content.decode()

    assert "示例省示例市西山县（2030年7月1日起）" in page
    assert "还没有开通" in client.post("/place/", {"place": "980121"}).content.decode()


def test_channel_that_the_portal_adds_is_told_from_the_document(client: Client) -> None:
    client.post("/place/", {"place": DONGHU})

    guide, item = (client.get(address).content.decode() for address in ("/guide/", "/guide/I01/"))

    assert "办法写的是到窗口办，网上提交是本平台另外开通的" in guide
    assert "窗口办、网上办都可以（网上办是本平台增加的）" in item
