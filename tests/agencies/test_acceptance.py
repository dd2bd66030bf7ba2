"""The acceptance rows of the four source documents, each asserted on the loaded data or listed as context with a reason."""

from collections.abc import Callable, Iterable
from itertools import combinations
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings

from agencies import guide, situation
from agencies.flow_chart import flow_chart
from agencies.spec import SchemeSpec
from tests.agencies.conftest import REGIONS, compiled, layer

Row = Callable[[SchemeSpec], Any]


def names(spec: SchemeSpec) -> dict[str, str]:
    return {item.code: item.name for item in spec.items if item.enabled}


def by_agency(spec: SchemeSpec) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for item in spec.items:
        for agency in item.agencies if item.enabled else ():
            found.setdefault(agency, []).append(item.code)
    return found


def source(spec: SchemeSpec, code: str) -> Any:
    return next(document for document in spec.sources if document.id == code)


def basis(spec: SchemeSpec) -> str:
    return "".join(entry.text for entry in spec.basis)


def sent_by(spec: SchemeSpec, code: str, agency: str) -> list[str | None]:
    return [line.label for line in spec.item(code).field_map[agency]]


def said(parts: Iterable[Any]) -> list[str]:
    return [str(part) for part in parts]


TIANJIN: dict[str, tuple[Row, Any]] = {
    "TJ-01": (
        lambda s: (s.service_name, str(source(s, "TJ").issued_on), len(source(s, "TJ").issuers)),
        ("“军人退役”一件事", "2022-12-30", 8),
    ),
    "TJ-02": (
        lambda s: [agency.office_name for agency in s.agencies],
        ["{place}退役军人局", "{place}公安局", "{place}人社局", "{place}医保局", "{place}人武部"],
    ),
    "TJ-03": (
        lambda s: [
            number in basis(s) for number in ("国办函〔2021〕105号", "国办发〔2022〕32号", "津政办发〔2022〕9号")
        ],
        [True, True, True],
    ),
    "TJ-04": (lambda s: s.slogans[0], "一地、一窗、一次"),
    "TJ-05": (
        by_agency,
        {
            "veterans": ["I01", "I02"],
            "police": ["I04", "I05"],
            "armed_forces": ["I12"],
            "hrss": ["I07", "I08", "I10"],
            "medical": ["I10", "I11"],
        },
    ),
    "TJ-06": (lambda s: s.item("I10").agencies, ("medical", "hrss")),
    "TJ-07": (lambda s: names(compiled(layer("nation"), layer("tianjin"), DISTRICT))["D01"], "优待证申领"),
    "TJ-09": (lambda s: said(s.channels[:2]), ["天津网上办事大厅“一件事”专区", "“津心办”APP“一件事”专区"]),
    "TJ-10": (
        lambda s: (s.window_name, str(s.channels[2]), s.channels[2].note),
        ("{place}退役军人服务中心", "安置地退役军人服务中心", "按退役军人事务部门通知前往"),
    ),
    "TJ-11": (lambda s: (s.eligibility, s.applies_to), (("自主就业退役士兵。",), ("self_employed",))),
    "TJ-12": (lambda s: s.form.title, "天津市“军人退役”一件事办理登记表"),
    "TJ-13": (
        lambda s: ("一次提交、多次复用" in s.slogans, len({m.name for m in s.materials}) == len(s.materials)),
        (True, True),
    ),
    "TJ-18": (lambda s: layer("tianjin")["opens"], ["120101"]),
    "TJ-19": (
        lambda s: [compiled(layer("nation"), layer("tianjin"), DISTRICT).item(code).online for code in ("I05", "I07")],
        [False, True],
    ),
    "TJ-24": (
        lambda s: (
            s.overall_limit,
            s.supervision_phone,
            [item.promised_limit for item in s.items],
            [place.phone for place in s.places],
            "没有公布材料清单" in s.materials_note,
            "没有公开" in s.form.note,
        ),
        (None, None, [None] * 9, [None], True, True),
    ),
    "TJ-25": (lambda s: s.items[0].agencies[0], "veterans"),
}

ORDOS: dict[str, tuple[Row, Any]] = {
    "OR-01": (
        lambda s: (source(s, "OR").number, str(source(s, "OR").issued_on), len(source(s, "OR").issuers)),
        ("鄂退役军人发〔2022〕25号", "2022-12-28", 6),
    ),
    "OR-02": (
        lambda s: [number in basis(s) for number in ("国办发〔2022〕32号", "内党办发〔2022〕25号")],
        [True, True],
    ),
    "OR-03": (lambda s: "落户在鄂尔多斯市" in s.eligibility[0] and "已完成预备役登记" in s.eligibility[0], True),
    "OR-04": (lambda s: s.eligibility[1], "办事指南写的服务对象是：鄂尔多斯市入伍的自主就业退役士兵。"),
    "OR-05": (
        names,
        {
            "I01": "退役士兵报到接收",
            "I02": "退役士兵自主就业一次性经济补助金的给付",
            "I04": "退伍入户—退伍军人恢复户口",
            "I05": "核发居民身份证",
            "I07": "灵活就业人员参保登记",
            "I08": "军地养老保险关系转移接续申请",
            "I11": "基本医疗保险关系转移接续",
            "I10": "基本医疗保险参保和变更登记",
        },
    ),
    "OR-06": (lambda s: s.eligibility[3], "已在部队办理相关退役手续，取得退伍证和退出现役行政介绍信。"),
    "OR-07": (
        lambda s: [(edge.fact, edge.kind, edge.when) for edge in s.item("I08").requires if edge.fact],
        [("pension_funds_arrived", "hard", None)],
    ),
    "OR-08": (
        lambda s: [
            [edge.when.holds({"move_balance": answer}, frozenset()) for answer in ("yes", "no", "")]
            for edge in s.item("I11").requires
            if edge.fact and edge.when
        ],
        [[True, False, False]],
    ),
    "OR-09": (
        lambda s: (s.prerequisites, "I12" in names(s)),
        (("先在旗区人武部完成预备役登记，取得预备役登记证明。",), False),
    ),
    "OR-10": (
        lambda s: (str(s.channels[0]), s.channels[0].kind, s.channels[0].by_operator),
        ("政务服务中心“蒙速办·一次办”窗口", "window", False),
    ),
    "OR-11": (
        lambda s: (s.item("I04").requires, [q.code for q in situation.questions(s)]),
        ((), ["settlement", "hukou_mode", "move_balance"]),
    ),
    "OR-12": (lambda s: by_agency(s)["veterans"], ["I01", "I02"]),
    "OR-13": (lambda s: str(s.item("I02").fulfilment), "次年7月31日前"),
    "OR-14": (
        lambda s: (by_agency(s)["police"], s.item("I05").in_person, s.item("I04").in_person),
        (["I04", "I05"], True, False),
    ),
    "OR-15": (lambda s: by_agency(s)["hrss"], ["I07", "I08"]),
    "OR-16": (lambda s: by_agency(s)["medical"], ["I11", "I10"]),
    "OR-18": (
        lambda s: ("armed_forces" in [a.code for a in s.agencies], "armed_forces" in by_agency(s)),
        (True, False),
    ),
    "OR-21": (lambda s: layer("ordos")["valid_from"], "2022-12-31"),
    "OR-22": (lambda s: [(w.name, w.months) for w in s.windows], [("军人退役“蒙速办·一次办”窗口", (3, 9))]),
    "OR-23": (
        lambda s: (
            {item.window for item in s.items},
            [(channel.by_operator, channel.source) for channel in s.online_channels],
            {guide.channel_text(s, item) for item in s.items},
        ),
        ({True}, [(True, "平台决定")], {"窗口办、网上办都可以（网上办是本平台增加的）"}),
    ),
    "OR-24": (
        lambda s: (str(s.overall_limit), {guide.limit_text(s, item) for item in s.items}),
        ("27 个工作日", {"27 个工作日（整件事的时限）"}),
    ),
    "OR-25": (lambda s: s.delivery, ("电话通知", "短信告知", "系统查询")),
    "OR-28": (lambda s: s.supervision_phone, "0477-8581708"),
    "OR-51": (
        lambda s: s.form.printed_rows,
        (
            ("name", "sex", "ethnic"),
            ("politics", "education", "marital"),
            ("enlist_date", "discharge_date", "mobile"),
            ("id_no", "relation"),
            ("native", "hukou_before"),
            ("enlist_place",),
            ("contact_addr",),
        ),
    ),
    "OR-52": (
        lambda s: ([item.default_ticked for item in s.offered], s.item("I07").printed_name),
        ([True] * 8, "灵活就业人员参保"),
    ),
    "OR-53": (
        lambda s: "".join(s.form.promise),
        "本人确认上述申请事项为自主选择，并承诺所填报信息属实，提供材料真实有效，无虚假信息，如有不符，自行承担相应责任。",
    ),
    "OR-55": (
        lambda s: ([item.code for item in s.items], s.form.item_order),
        (
            ["I01", "I02", "I04", "I05", "I07", "I08", "I11", "I10"],
            ("I01", "I04", "I05", "I07", "I08", "I11", "I10", "I02"),
        ),
    ),
}

MATERIALS = {
    "OR-30": ("预备役登记证明", None, ()),
    "OR-31": ("退伍证", True, ()),
    "OR-32": ("居民身份证或军人身份证号码登记表", True, ()),
    "OR-33": ("部队行政介绍信", True, ("I01",)),
    "OR-34": ("落户拟投靠人居民户口簿", True, ("I04",)),
    "OR-35": ("房屋所有权证明或网签合同或其他合法稳定住所证明", True, ("I04",)),
    "OR-36": ("结婚证或亲属关系证明", True, ("I04",)),
    "OR-37": ("户口注销证明", True, ("I04",)),
    "OR-38": ("军人退役医疗保险转移凭证", True, ("I10", "I11")),
    "OR-39": ("军人退役养老保险转移凭证", True, ("I07", "I08")),
    "OR-40": ("军人退役基本养老保险关系转移接续信息表", True, ("I08",)),
    "OR-41": ("军人退役基本养老保险补助资金划转凭证", True, ("I08",)),
}

PHONES = {
    "OR-42": ("150602", "0477-8575378"), "OR-43": ("150603", "0477-8575003"), "OR-44": ("150626", "0477-7581914"),
    "OR-45": ("150621", "0477-2258313"), "OR-46": ("150622", "0477-4898116"), "OR-47": ("150623", "0477-7882809"),
    "OR-48": ("150625", "0477-2276472"), "OR-49": ("150627", "0477-8960012"), "OR-50": ("150624", "0477-6286049"),
}  # fmt: skip

HEILONGJIANG: dict[str, tuple[Row, Any]] = {
    "HL-01": (lambda s: {code: names(s)[code] for code in ("I01", "I02", "I03", "I04", "I07")}, {
        "I01": "退役报到", "I02": "退役士兵自主就业一次性经济补助金给付", "I03": "自主就业职业技能培训和就业创业指导",
        "I04": "退役军人恢复户口", "I07": "社会保险登记"}),
    "HL-02": (lambda s: (len(s.items), len(s.offered), [item.name for item in s.items if not item.enabled]),
              (13, 11, ["未公布名称的事项（一）", "未公布名称的事项（二）"])),
    "HL-03": (lambda s: [office.name for office in s.offices],
              ["黑龙江省退役军人事务厅", "黑龙江省公安厅", "黑龙江省人社厅", "黑龙江省医保局", "黑龙江省军区动员局"]),
    "HL-08": (lambda s: s.slogans[:6], ("一键预约", "一次告知", "一表申请", "一窗提交", "一单反馈", "一件联办")),
    "HL-09": (lambda s: s.slogans[6], "一地、一窗、一次"),
    "HL-11": (lambda s: [(claim.label, claim.before, claim.after, claim.unit) for claim in s.claims], [
        ("办理时限", "61", "最多15", "个工作日"), ("递交材料", "31", "14", "份"), ("办理环节", "13", "2", "个"),
        ("跑动次数", "12", "1", "次"), ("整体效能提升", None, "92%", "")]),
    "HL-12": (lambda s: len({material.name for material in s.materials}) == len(s.materials), True),
    "HL-14": (lambda s: said(s.online_channels), ["线上办", "掌上办", "码上办"]),
    "HL-16": (lambda s: s.pre_review and (s.pre_review.agency, s.pre_review.source), ("veterans", "HL-16")),
    "HL-19": (lambda s: (str(s.channels[3]), s.channels[3].kind), ("线下帮办代办", "window")),
    "HL-20": (lambda s: s.items[0].agencies, ("veterans",)),
    "HL-21": (lambda s: len(flow_chart(s).columns[0]), 9),
}  # fmt: skip

GUANGDONG: dict[str, tuple[Row, Any]] = {
    "GD-01": (lambda s: (source(s, "GD").number, s.title),
              ("粤退役军人函〔2024〕451号", "广东省高效办成“退役军人服务一件事”工作方案")),
    "GD-02": (lambda s: [number in basis(s) for number in ("国发〔2024〕3号", "国办函〔2024〕53号")], [True, True]),
    "GD-03": (lambda s: [secret in s.model_dump_json() for secret in ("32665822", "13650719979", "李征", "陈宇翔")], [False] * 4),
    "GD-04": (lambda s: s.slogans, ("一次告知、一表申请、一窗受理、一网通办", "统一受理、联动办理")),
    "GD-05": (lambda s: [agency.code for agency in s.agencies], ["veterans", "police", "hrss", "medical", "armed_forces"]),
    "GD-06": (lambda s: [item.name for item in s.offered], [
        "退役报到", "自主就业一次性经济补助金的给付", "自主就业职业技能培训和就业创业指导", "户口登记（退役军人恢复户口）",
        "居民身份证申领", "持军警驾驶证申领机动车驾驶证", "社会保险登记", "军地养老保险关系转移接续",
        "社会保障卡（含电子社保卡）申领", "基本医疗保险参保和变更登记", "基本医疗保险关系转移接续", "预备役登记"]),
    "GD-08": (lambda s: (sent_by(s, "I04", "police")[:2], s.item("I04").field_map["police"][3].default),
              (["申请人姓名", "迁移人姓名"], "本人")),
    "GD-10": (lambda s: said(s.online_channels), ["广东政务服务网", "粤省事APP", "粤省事小程序"]),
    "GD-11": (lambda s: s.item("I03").enabled, True),
    "GD-14": (lambda s: by_agency(s)["veterans"], ["I01", "I02", "I03"]),
    "GD-15": (lambda s: by_agency(s)["police"], ["I04", "I05", "I06"]),
    "GD-16": (lambda s: by_agency(s)["hrss"], ["I07", "I08", "I09"]),
    "GD-18": (lambda s: (by_agency(s)["medical"], s.item("I10").note, s.item("I11").note),
              (["I10", "I11"], "仅城乡居民基本医疗保险。", "仅城乡居民基本医疗保险。")),
    "GD-19": (lambda s: (by_agency(s)["armed_forces"], [item.code for item in s.automatic]), (["I12", "I13"], ["I13"])),
    "GD-22": (lambda s: (s.overall_limit, s.supervision_phone, [item.promised_limit for item in s.items],
                         "没有公布材料清单" in s.materials_note, "没有公布登记表" in s.form.note),
              (None, None, [None] * 13, True, True)),
}  # fmt: skip

# What has no consequence in the data of a scheme, with the reason.
CONTEXT = {
    "TJ-20": "the source names no person; who is responsible in an office is a posting there, kept by the administrator",
    "TJ-22": "no procedure is stated; whoever cannot get on writes 办不成事反映 in the case, opinions are not surveyed",
    "OR-20": "the source names no person; who is responsible in an office is a posting there, kept by the administrator",
    "GD-12": "which materials are replaced is not stated; the format has replaced_by for a region that says so",
    "TJ-14": "cross-department handling is what applications/ does for every region",
    "TJ-16": "the city's own data platform; our gateways stand in agencies/gateways",
    "TJ-17": "who leads the city's platform work",
    "TJ-21": "publicity",
    "TJ-23": "budget rule",
    "OR-17": "who builds the city's approval system",
    "OR-27": "publicity",
    "OR-29": "list of annexes; annex 3 is a title only",
    "HL-04": "counts of meetings, ports and tests",
    "HL-05": "the province's own technical problems",
    "HL-06": "internal documents and training",
    "HL-07": "practice of a model city, no rule for the scheme",
    "HL-10": "targets without figures",
    "HL-15": "checking of the subsidy online: no procedure is stated",
    "HL-17": "re-designed processes, without the design",
    "HL-18": "face recognition: not a part of this portal",
    "HL-22": "pilot first: history",
    "HL-23": "progress phrase",
    "GD-07": "mechanism by March 2025: a date for offices, not for applicants",
    "GD-13": "pilot cities are not named",
    "GD-17": "display and data sharing by the platform's operator",
    "GD-20": "timetable of the offices",
    "GD-21": "meetings and publicity",
}

# What is a page, a paper or a rule for every region: the test that shows it.
SHOWN_BY = {
    "TJ-08": "tests/portal/home/test_flow.py::test_words_say_what_the_drawing_shows",
    "TJ-15": "tests/portal/home/test_notice.py::test_paper_says_what_the_page_says",
    "OR-19": "tests/portal/console/test_overview.py::test_totals_count_working_days_from_submission_to_the_last_decision",
    "OR-26": "tests/portal/console/test_overview.py::test_loads_split_open_tasks_by_their_clock",
    "OR-54": "tests/applications/test_paper.py::test_registration_has_promise_signature_and_date",
    "HL-13": "tests/agencies/test_publishing.py::test_layers_go_down_to_the_village",
    "GD-09": "tests/portal/home/test_guide.py::test_item_page_has_the_elements_of_the_guide",
}

TABLES = {"tianjin": TIANJIN, "ordos": ORDOS, "heilongjiang": HEILONGJIANG, "guangdong": GUANGDONG}
ROWS = [(name, row, *check) for name, table in TABLES.items() for row, check in table.items()]

DISTRICT = {
    "region": "120103", "version": "1", "title": "河西区补充规定", "valid_from": "2026-01-01", "source": "示例",
    "items": [
        {"code": "D01", "name": "优待证申领", "agencies": ["veterans"], "fields": ["name", "id_no", "mobile"]},
        {"code": "I05", "online": False},
    ],
}  # fmt: skip


@pytest.mark.parametrize(("region", "row", "read", "expected"), ROWS, ids=[row for _, row, _, _ in ROWS])
def test_row_of_the_source_is_in_the_scheme(
    schemes: dict[str, SchemeSpec], region: str, row: str, read: Row, expected: Any
) -> None:
    assert read(schemes[region]) == expected


@pytest.mark.parametrize("row", MATERIALS)
def test_material_of_ordos_is_as_printed(schemes: dict[str, SchemeSpec], row: str) -> None:
    material = schemes["ordos"].material(row)

    assert (material.title, material.original, material.serves) == MATERIALS[row]
    assert material.number == int(row[3:]) - 29


@pytest.mark.parametrize("row", PHONES)
def test_phone_of_a_place_is_as_printed(schemes: dict[str, SchemeSpec], row: str) -> None:
    code, phone = PHONES[row]
    place = schemes["ordos"].place(code)

    assert place is not None
    assert (place.phone, place.source) == (phone, row)


def test_every_acceptance_row_is_checked_or_explained() -> None:
    counts = {"TJ": 25, "OR": 55, "HL": 23, "GD": 22}
    rows = {f"{name}-{number:02}" for name, count in counts.items() for number in range(1, count + 1)}
    checked = {row for table in TABLES.values() for row in table} | set(MATERIALS) | set(PHONES)

    assert [len(one & other) for one, other in combinations((checked, set(CONTEXT), set(SHOWN_BY)), 2)] == [0, 0, 0]
    assert rows == checked | set(CONTEXT) | set(SHOWN_BY)


@pytest.mark.parametrize("row", SHOWN_BY)
def test_row_shown_by_another_test_names_one_that_there_is(row: str) -> None:
    path, _, name = SHOWN_BY[row].partition("::")

    assert f"def {name}(" in (Path(settings.BASE_DIR) / path).read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("region", "codes"),
    [
        ("tianjin", "I01 I02 I04 I05 I07 I08 I10 I11 I12"),
        ("ordos", "I01 I02 I04 I05 I07 I08 I10 I11"),
        ("heilongjiang", "I01 I02 I03 I04 I05 I07 I08 I09 I10 I11 I12"),
        ("guangdong", "I01 I02 I03 I04 I05 I06 I07 I08 I09 I10 I11 I12"),
    ],
)
def test_matrix_of_items_and_regions(schemes: dict[str, SchemeSpec], region: str, codes: str) -> None:
    assert sorted(item.code for item in schemes[region].offered) == codes.split()


def test_national_list_has_eleven_items(nation: SchemeSpec) -> None:
    assert [item.code for item in nation.offered] == [
        "I01", "I02", "I03", "I04", "I05", "I07", "I08", "I09", "I10", "I11", "I12",
    ]  # fmt: skip


def test_order_of_steps_is_the_schemes_choice(schemes: dict[str, SchemeSpec]) -> None:
    edges = {
        name: [
            (other.code, step.item.code, others is step.hard)
            for step in flow_chart(spec).steps
            for others in (step.hard, step.soft)
            for other in others
        ]
        for name, spec in schemes.items()
    }
    ordinary = [("I07", "I08", False), ("I10", "I11", False), ("I01", "I04", True), ("I04", "I05", True)]

    assert edges["ordos"] == [("I07", "I08", False), ("I10", "I11", False), ("I04", "I05", True)]
    assert edges["guangdong"] == edges["heilongjiang"] == edges["tianjin"] == ordinary


@pytest.mark.parametrize(("agency", "secret"), [
    ("armed_forces", {"bank", "account", "med_kind", "pension_kind"}),
    ("medical", {"politics", "bank", "account", "education", "marital", "unit"}),
    ("hrss", {"politics", "bank", "account", "marital", "unit"}),
    ("police", {"politics", "bank", "account", "med_kind", "unit"}),
])  # fmt: skip
def test_agency_is_sent_no_more_than_it_needs(schemes: dict[str, SchemeSpec], agency: str, secret: set[str]) -> None:
    for spec in schemes.values():
        sent = {line.field for item in spec.items for line in item.field_map.get(agency, ())}

        assert sent & secret == set()


def test_every_asked_field_is_sent_to_somebody(schemes: dict[str, SchemeSpec]) -> None:
    for spec in schemes.values():
        for item in spec.items:
            sent = {line.field for lines in item.field_map.values() for line in lines if line.field}

            assert set(item.fields) == sent


def test_repealed_regulation_is_out_of_force(schemes: dict[str, SchemeSpec]) -> None:
    for spec in schemes.values():
        old = [entry for item in spec.items for entry in item.basis if "退役士兵安置条例" in entry.text]
        old += [entry for entry in spec.basis if "退役士兵安置条例" in entry.text]

        assert {str(entry.valid_until) for entry in old} == {"2024-08-31"}


def test_no_personal_phone_in_the_fixtures() -> None:
    for path in REGIONS.glob("*.yaml"):
        text = path.read_text(encoding="utf-8")

        assert [secret for secret in ("32665822", "13650719979", "李征", "陈宇翔") if secret in text] == []


FIGURES = ("legal_limit", "promised_limit", "fulfilment", "overall_limit", "reporting_limit", "supervision_phone")


def figures(spec: SchemeSpec) -> list[str]:
    """The paths of all figures that a scheme states."""
    whole = [name for name in FIGURES if getattr(spec, name, None)]
    items = [f"items.{item.code}.{name}" for item in spec.items for name in FIGURES if getattr(item, name, None)]
    return whole + items + [f"places.{place.region}.phone" for place in spec.places if place.phone]


@pytest.mark.parametrize(("region", "count"), [("tianjin", 3), ("ordos", 15), ("heilongjiang", 4), ("guangdong", 3)])
def test_every_figure_names_its_document_and_row(schemes: dict[str, SchemeSpec], region: str, count: int) -> None:
    spec = schemes[region]
    known = {document.id for document in spec.sources}

    rows = {path: spec.provenance[path].split(" ")[1].split("-")[0] for path in figures(spec)}

    assert len(rows) == count
    assert {path: row for path, row in rows.items() if row not in known} == {}
    assert all(entry.source for entry in (*spec.claims, *spec.windows, *spec.materials, *spec.facts, *spec.places))
