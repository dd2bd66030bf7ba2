"""Working calendars: files that cannot be right, versions, and layers of places that have days of their own."""

from datetime import date, timedelta
from pathlib import Path

import pytest
from django.conf import settings
from django.core.management import call_command
from pytest_django import DjangoAssertNumQueries

from agencies import calendars
from agencies.calendars import CalendarError, parse_calendar, read_calendar
from agencies.deadlines import Calendar, calendar_now
from agencies.models import CalendarYear, Region

EXAMPLE = Path(settings.BASE_DIR) / "docs" / "example"
SHIPPED = Path(settings.BASE_DIR) / "fixtures" / "calendar"

NATION_2027 = """
year: 2027
notice: 测试通知
statutory_days: 4
holidays:
  - {name: 元旦, from: 2027-01-01, to: 2027-01-03}
  - {name: 春节, from: 2027-02-05, to: 2027-02-09}
"""


def layer(region: str, **more: str) -> CalendarYear:
    days = "\n".join(f"{key}: {value}" for key, value in more.items())
    text = f'region: "{region}"\nyear: 2026\nnotice: 当地通知\n' + (days or "holidays: []")
    return parse_calendar(text if "holidays:" in text else f"{text}\nholidays: []", "文件")


def festival(region: str, first: str, last: str) -> CalendarYear:
    return layer(region, holidays=f"[{{name: 当地节日, from: {first}, to: {last}}}]")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("make_up_days: [2025-03-05]", "2025-03-05不是周末"),
        ("make_up_days: [2026-01-04]", "2026-01-04不在2025年"),
        ("make_up_days: [2025-01-04]", "既放假又上班"),
        ("statutory_days: 2", "放假占用的工作日减去调休上班日是 3 天，应当等于法定节假日 2 天"),
    ],
)
def test_impossible_calendar_is_refused(tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "2025.yaml"
    head = "year: 2025\nnotice: 通知\nholidays: [{name: 元旦, from: 2025-01-01, to: 2025-01-04, days: 4}]\n"
    path.write_text(head + text, encoding="utf-8")

    with pytest.raises(CalendarError, match=message):
        read_calendar(path)


@pytest.mark.parametrize("missing", ["2026-01-04, ", "2026-02-14, ", ", 2026-10-10"])
def test_import_with_a_missing_swap_is_refused(missing: str) -> None:
    """Timing test 8: the shipped notice without one of its make-up days gives a day off too many."""
    text = (SHIPPED / "2026.yaml").read_text(encoding="utf-8")
    assert missing in text

    with pytest.raises(CalendarError, match="是 14 天，应当等于法定节假日 13 天"):
        parse_calendar(text.replace(missing, ""), "文件")


def test_number_of_days_a_notice_states_is_compared() -> None:
    with pytest.raises(CalendarError, match="春节写着放假9天，起止日期却是5天"):
        parse_calendar(NATION_2027.replace("to: 2027-02-09", "to: 2027-02-09, days: 9"), "文件")


def test_every_year_that_ships_names_its_notice() -> None:
    found = {path.stem: read_calendar(path).notice for path in sorted(SHIPPED.glob("*.yaml"))}

    assert found == {
        "2024": "国务院办公厅关于2024年部分节假日安排的通知（国办发明电〔2023〕7号）",
        "2025": "国务院办公厅关于2025年部分节假日安排的通知（国办发明电〔2024〕12号）",
        "2026": "国务院办公厅关于2026年部分节假日安排的通知（国办发明电〔2025〕7号）",
    }


def test_new_notice_is_a_new_version_and_the_old_one_is_kept(directory: None) -> None:
    """Timing test 7."""
    calendars.store(parse_calendar(NATION_2027, "文件"))

    again = calendars.store(parse_calendar(NATION_2027, "文件"))
    changed = calendars.store(
        parse_calendar(NATION_2027.replace("02-09", "02-10").replace("days: 4", "days: 5"), "文件")
    )

    assert (again, changed) == (False, True)
    assert list(CalendarYear.objects.filter(year=2027).values_list("version", flat=True)) == [1, 2]
    assert not calendar_now().is_working(date(2027, 2, 10))
    assert calendar_now().version.endswith("2027.2")


def test_december_days_of_next_years_notice_belong_to_its_file(directory: None) -> None:
    """A notice may move days of the December before, as that of 2019 did."""
    text = NATION_2027.replace("from: 2027-01-01", "from: 2026-12-31").replace("days: 4", "days: 5")

    calendars.store(parse_calendar(text, "文件"))

    assert not calendar_now().is_working(date(2026, 12, 31))


def test_layer_holds_for_its_place_and_everything_below(directory: None) -> None:
    calendars.store(festival("150600", "2026-08-18", "2026-08-19"))

    calendar = calendar_now()

    day = date(2026, 8, 18)
    assert calendar.is_working(day)
    assert [calendar.at(code).is_working(day) for code in ("150000", "150600", "150602", "120101")] == [
        True,
        False,
        False,
        True,
    ]
    assert calendar.at("150602").version == f"{calendar.version} 150600:2026.1"


def test_layers_of_province_and_city_add_up(directory: None) -> None:
    calendars.store(festival("150000", "2026-07-06", "2026-07-06"))
    calendars.store(festival("150600", "2026-08-18", "2026-08-18"))

    here, above = calendar_now().at("150602"), calendar_now().at("150000")

    assert [here.is_working(date(2026, month, day)) for month, day in ((7, 6), (8, 18), (10, 1))] == [False] * 3
    assert [above.is_working(date(2026, month, day)) for month, day in ((7, 6), (8, 18))] == [False, True]


def test_lower_layer_has_the_last_word(directory: None) -> None:
    calendars.store(layer("150000", holidays="[{name: 甲, from: 2026-08-22, to: 2026-08-24}]"))
    calendars.store(layer("150600", make_up_days="[2026-08-22]"))

    assert calendar_now().at("150000").is_working(date(2026, 8, 22)) is False
    assert calendar_now().at("150600").is_working(date(2026, 8, 22)) is True


def test_layer_does_not_make_a_year_known(directory: None) -> None:
    text = 'region: "150600"\nyear: 2027\nnotice: 当地通知\nholidays: [{name: 节, from: 2027-08-18, to: 2027-08-18}]'
    calendars.store(parse_calendar(text, "文件"))

    assert not calendar_now().at("150602").knows(date(2027, 3, 1))


def test_layer_of_an_unknown_place_is_refused(directory: None) -> None:
    with pytest.raises(CalendarError, match="区划代码“999999”不在行政区划表中"):
        calendars.store(festival("999999", "2026-08-18", "2026-08-18"))


def test_example_region_has_a_layer_of_its_own(directory: None) -> None:
    call_command("load_region", EXAMPLE, verbosity=0)

    call_command("load_calendar", EXAMPLE / "calendar", verbosity=0)

    here = calendar_now().at("980102")
    assert here.add(date(2026, 8, 17), 1) == date(2026, 8, 20)
    assert here.is_working(date(2026, 8, 22))
    assert calendar_now().add(date(2026, 8, 17), 1) == date(2026, 8, 18)


def test_shipped_calendars_are_the_nations_alone() -> None:
    """No source of the four regions names a local day off, so none is shipped."""
    assert {read_calendar(path).place_code for path in SHIPPED.glob("*.yaml")} == {""}


def test_calendar_is_read_with_one_query_and_with_layers_two(
    directory: None, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    with django_assert_num_queries(1):
        calendar_now()
    calendars.store(festival("150600", "2026-08-18", "2026-08-18"))
    with django_assert_num_queries(2):
        calendar_now()


def test_comparison_names_every_day_that_counts_otherwise(directory: None) -> None:
    year = parse_calendar(
        NATION_2027.replace("statutory_days: 4", "statutory_days: 3") + "make_up_days: [2027-02-14]", ""
    )

    changes = calendars.changed_days(calendar_now(), calendars.with_year(year), year)

    assert [change.words for change in changes] == [
        "2027-01-01（星期五）由上班改为放假（元旦）",
        "2027-02-05（星期五）由上班改为放假（春节）",
        "2027-02-08（星期一）由上班改为放假（春节）",
        "2027-02-09（星期二）由上班改为放假（春节）",
        "2027-02-14（星期日）由周末休息改为调休上班",
    ]


def test_place_of_a_layer_is_found_below_a_reparented_county(directory: None) -> None:
    """The tree decides, not the digits of the code."""
    Region.objects.filter(pk="120101").update(parent="150600")
    calendars.store(festival("150600", "2026-08-18", "2026-08-18"))

    assert not calendar_now().at("120101").is_working(date(2026, 8, 18))


def test_calendar_without_layers_is_the_same_everywhere() -> None:
    calendar = Calendar(days_off=frozenset({date(2026, 1, 1) + timedelta(days=n) for n in range(3)}))

    assert calendar.at("150602") is calendar
