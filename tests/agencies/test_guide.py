from datetime import date
from typing import Any

import pytest

from agencies import guide, item_search, situation
from agencies.flow_chart import flow_chart
from agencies.notice_number import notice_number, origin_of, read_notice
from agencies.one_time_notice import one_time_notice
from agencies.spec import Basis, SchemeSpec


@pytest.mark.parametrize(
    ("words", "code"),
    [
        ("报道", "I01"),
        ("退伍报到", "I01"),
        ("上户口", "I04"),
        ("我要落户怎么办", "I04"),
        ("办 身份证", "I05"),
        ("补助金什么时候发", "I02"),
        ("接社保", "I08"),
        ("医保余额", "I11"),
    ],
)
def test_search_finds_by_everyday_words(schemes: dict[str, SchemeSpec], words: str, code: str) -> None:
    assert item_search.search(schemes["ordos"], words)[0].code == code


def test_search_finds_nothing_for_foreign_words(schemes: dict[str, SchemeSpec]) -> None:
    assert item_search.search(schemes["ordos"], "护照") == []
    assert item_search.search(schemes["ordos"], " ？") == []


def test_flow_chart_stands_in_columns_by_depth(schemes: dict[str, SchemeSpec]) -> None:
    chart = flow_chart(schemes["guangdong"])

    assert [[step.item.code for step in column] for column in chart.columns] == [
        ["I01", "I02", "I03", "I06", "I07", "I08", "I09", "I10", "I11", "I12", "I13"],
        ["I04"],
        ["I05"],
    ]


def test_flow_chart_of_ordos_names_the_prerequisite_and_the_funds(schemes: dict[str, SchemeSpec]) -> None:
    chart = flow_chart(schemes["ordos"])

    assert chart.prerequisites == ("先在旗区人武部完成预备役登记，取得预备役登记证明。",)
    pension = next(step for step in chart.steps if step.item.code == "I08")
    assert pension.sentence == (
        "养老保险转移接续：等个人养老保险资金已打到旗区社会保险经办机构后开始；建议先办灵活就业参保登记。"
    )


def test_flow_chart_leaves_out_items_not_ticked(schemes: dict[str, SchemeSpec]) -> None:
    chart = flow_chart(schemes["ordos"], ["I05"], {})

    assert [step.sentence for step in chart.steps] == ["居民身份证：提交后就开始。"]


def test_questions_are_those_that_conditions_look_at(schemes: dict[str, SchemeSpec]) -> None:
    asked = [(question.code, question.items) for question in situation.questions(schemes["ordos"])]

    assert asked == [("settlement", ()), ("hukou_mode", ("I04",)), ("move_balance", ("I11",))]


@pytest.mark.parametrize(
    ("answers", "codes"),
    [
        ({"hukou_mode": "residence"}, ["OR-30", "OR-31", "OR-32", "OR-34", "OR-35", "OR-37"]),
        ({"hukou_mode": "relative"}, ["OR-30", "OR-31", "OR-32", "OR-34", "OR-36", "OR-37"]),
        ({}, ["OR-30", "OR-31", "OR-32", "OR-34", "OR-37"]),
    ],
)
def test_notice_lists_materials_by_situation(
    schemes: dict[str, SchemeSpec], answers: dict[str, Any], codes: list[str]
) -> None:
    notice = one_time_notice(schemes["ordos"], ["I04"], answers)

    assert [material.code for material in notice.materials] == codes
    assert all(material.because for material in notice.materials)


def test_notice_waits_for_funds_only_when_a_balance_is_moved(schemes: dict[str, SchemeSpec]) -> None:
    with_balance = one_time_notice(schemes["ordos"], ["I11"], {"move_balance": "yes"})
    without = one_time_notice(schemes["ordos"], ["I11"], {"move_balance": "no"})

    assert with_balance.chart.steps[0].facts == ("医疗保险基金已打到旗区医疗保险中心",)
    assert without.chart.steps[0].facts == ()


def test_notice_counts_visits(schemes: dict[str, SchemeSpec]) -> None:
    notice = one_time_notice(schemes["ordos"], ["I01", "I05"], {"settlement": "self_employed"})

    assert [(visit.place, [item.code for item in visit.items], visit.reasons) for visit in notice.visits] == [
        ("公安局", ["I05"], ("需本人到现场进行人脸和指纹录入。",))
    ]


def test_notice_says_who_the_scheme_is_for(schemes: dict[str, SchemeSpec]) -> None:
    notice = one_time_notice(schemes["tianjin"], ["I01"], {"settlement": "retired"})

    assert (notice.items, notice.not_for) == ((), "自主就业退役士兵。")


def test_items_follow_the_kind_of_settlement(schemes: dict[str, SchemeSpec]) -> None:
    offered = {item.code for item in schemes["guangdong"].offered}

    kept = {item.code for item in situation.items_for(schemes["guangdong"], "assigned_job")}

    assert offered - kept == {"I02", "I03"}


def test_limit_is_said_as_not_published(schemes: dict[str, SchemeSpec]) -> None:
    words = {name: guide.limit_text(spec, spec.item("I04")) for name, spec in schemes.items()}

    assert words == {
        "tianjin": "未公布",
        "ordos": "27 个工作日（整件事的时限）",
        "heilongjiang": "15 个工作日（整件事的时限）",
        "guangdong": "未公布",
    }


def test_notice_number_is_stable_and_opens_again(schemes: dict[str, SchemeSpec]) -> None:
    spec, answers = schemes["ordos"], {"settlement": "self_employed", "hukou_mode": "relative"}

    day, turned = date(2026, 9, 1), dict(reversed(answers.items()))

    number = notice_number(spec, ["I01", "I05"], answers, discharged=day, region="150602", scheme_id=7)

    assert number == notice_number(spec, ["I05", "I01"], turned, discharged=day, region="150602", scheme_id=7)
    assert len(number) <= 25
    assert origin_of(number) == (7, "150602")
    assert read_notice(spec, number.lower().replace("-", " ")) == (["I01", "I05"], answers, day)


@pytest.mark.parametrize("region", ["120101", "150602004", "010000000001"])
@pytest.mark.parametrize("day", [None, date(2000, 1, 1), date(2089, 9, 16)])
def test_notice_number_holds_every_place_and_day(schemes: dict[str, SchemeSpec], region: str, day: date | None) -> None:
    number = notice_number(schemes["ordos"], ["I11"], {}, discharged=day, region=region, scheme_id=2**20 - 1)

    assert origin_of(number) == (2**20 - 1, region)
    assert read_notice(schemes["ordos"], number) == (["I11"], {}, day)


def test_notice_number_with_a_slip_is_refused(schemes: dict[str, SchemeSpec]) -> None:
    number = notice_number(schemes["ordos"], ["I01"], {}, scheme_id=7)
    wrong = ("B" if number[0] != "B" else "C") + number[1:]

    with pytest.raises(ValueError, match="编号有误"):
        read_notice(schemes["ordos"], wrong)


def test_reporting_limit_of_a_repealed_document_is_said_to_be_one(schemes: dict[str, SchemeSpec]) -> None:
    """No source states a limit of its own, and the number known is out of the repealed 退役士兵安置条例."""
    spec = schemes["ordos"]

    before, after = (guide.reporting_text(spec, day) for day in (date(2024, 8, 31), date(2024, 9, 1)))

    assert before == "批准退役后 30 天内"
    assert after == (
        "现行期限未公布。《退役士兵安置条例》（已废止）规定批准退役后 30 天内；请尽早报到，以安置地的通知为准"
    )
    assert {str(schemes[name].reporting_limit and schemes[name].reporting_limit.source) for name in schemes} == {
        "L03 第13条"
    }


def test_ground_tells_whether_it_is_in_force() -> None:
    old = Basis(text="旧条例", valid_until=date(2024, 8, 31))
    new = Basis(text="新条例", valid_from=date(2024, 9, 1))

    assert guide.ground_text(old, date(2024, 8, 31)) == "旧条例"
    assert guide.ground_text(old, date(2024, 9, 1)) == "旧条例（已废止，2024年8月31日止）"
    assert guide.ground_text(new, date(2024, 8, 31)) == "新条例（2024年9月1日起施行）"
    assert guide.ground_text(new, date(2024, 9, 1)) == "新条例"


@pytest.mark.parametrize(
    ("held", "ticked", "has_it"),
    [("yes", ["I01"], True), ("no", ["I01", "I06"], False), ("", ["I01", "I06"], True), ("", ["I01"], False)],
)
def test_situation_decides_about_an_item(
    schemes: dict[str, SchemeSpec], held: str, ticked: list[str], has_it: bool
) -> None:
    """是否持军警驾驶证: asked of everybody in Guangdong, nowhere else."""
    spec = schemes["guangdong"]

    notice = one_time_notice(spec, ticked, {"holds_licence": held})

    assert ("I06" in [item.code for item in notice.items]) is has_it
    assert "holds_licence" in [question.code for question in situation.questions(spec)]
    assert "holds_licence" not in [question.code for question in situation.questions(schemes["ordos"])]
