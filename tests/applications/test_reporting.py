"""退役后报到 (T-02): warned on day 20, 25 and 30, never refused afterwards, and the source with its validity is said."""

from datetime import date, timedelta

import pytest

from agencies.enums import LimitUnit
from agencies.spec import Limit, SchemeSpec
from applications.reporting import Reporting, reporting_of
from tests.agencies.conftest import compiled, layer

DISCHARGED = date(2026, 9, 1)


@pytest.fixture(scope="module")
def spec() -> SchemeSpec:
    return compiled(layer("nation"), layer("ordos"))


def on(spec: SchemeSpec, passed: int, **answers: str) -> Reporting | None:
    given = {"discharge_date": DISCHARGED.isoformat()} | answers
    return reporting_of(spec, given, ["I01", "I07"], DISCHARGED + timedelta(days=passed))


@pytest.mark.parametrize(
    ("passed", "stage"),
    [(0, None), (19, None), (20, 20), (24, 20), (25, 25), (29, 25), (30, 30), (31, 31), (400, 31)],
)
def test_person_is_warned_on_day_20_25_and_30(spec: SchemeSpec, passed: int, stage: int | None) -> None:
    found = on(spec, passed)

    assert found is not None
    assert (found.until, found.stage) == (date(2026, 10, 1), stage)


@pytest.mark.parametrize(
    ("passed", "title"),
    [(20, "离报到期限还有 10 天"), (30, "今天是报到期限的最后一天"), (31, "退役后 30 天的报到期限已经过了")],
)
def test_title_says_how_many_days_are_left(spec: SchemeSpec, passed: int, title: str) -> None:
    found = on(spec, passed)

    assert found is not None
    assert found.title == title


def test_words_name_the_last_day_the_source_and_that_it_is_repealed(spec: SchemeSpec) -> None:
    found = on(spec, 20)

    assert found is not None
    assert found.words == (
        "退役后 30 天内报到，您的最后一天是2026年10月1日。"
        "30 天出自《退役士兵安置条例》，它从2024年9月1日起已经废止，现行的天数没有公布；请以安置地的通知为准。"
    )


def test_words_after_the_days_invite_and_do_not_threaten(spec: SchemeSpec) -> None:
    found = on(spec, 40)

    assert found is not None
    assert found.words.startswith("最后一天是2026年10月1日。现在仍然可以报到，不会因此不受理；请尽快办")


def test_words_name_a_source_that_is_in_force(spec: SchemeSpec) -> None:
    local = spec.model_copy(
        update={
            "reporting_limit": Limit(unit=LimitUnit.CALENDAR_DAY, days=20, source="L02 第9条"),
            "sources": spec.sources,
        }
    )
    found = on(local, 10)

    assert found is not None
    assert (found.stage, found.words) == (
        10,
        "退役后 20 天内报到，您的最后一天是2026年9月21日。依据：《退役军人安置条例》。",
    )


def test_nothing_is_warned_of_where_it_does_not_apply(spec: SchemeSpec) -> None:
    today = DISCHARGED + timedelta(days=25)
    answers = {"discharge_date": DISCHARGED.isoformat()}

    assert reporting_of(spec, answers, ["I07"], today) is None
    assert reporting_of(spec, {}, ["I01"], today) is None
    assert reporting_of(spec, {"discharge_date": "很久以前"}, ["I01"], today) is None
    assert reporting_of(spec, {"discharge_date": "2027-01-01"}, ["I01"], today) is None
    assert reporting_of(spec.model_copy(update={"reporting_limit": None}), answers, ["I01"], today) is None
