"""Plain values that the components of templates/components/ show, and the words for days and numbers.

Page presenters build these; templates neither count, compare nor format.
"""

import calendar as months_of
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from django.utils import timezone

from agencies.deadlines import Calendar
from agencies.words import WEEKDAYS, full_day
from portal.accounts.masking import masked as masked  # templates and pages have it from here

# -- days and numbers in words ---------------------------------------------------------------------------------------


def day_words(day: date) -> str:
    """10月28日（星期三） within the year, with the year otherwise."""
    if day.year != timezone.localdate().year:
        return full_day(day)
    return f"{day.month}月{day.day}日（星期{WEEKDAYS[day.weekday()]}）"


def short_day(day: date) -> str:
    """10月28日（三） for the tables of staff; with the year when it is another one."""
    year = "" if day.year == timezone.localdate().year else f"{day.year}年"
    return f"{year}{day.month}月{day.day}日（{WEEKDAYS[day.weekday()]}）"


def moment_words(moment: datetime) -> str:
    """9月23日（星期三）15:20 in local time."""
    local = timezone.localtime(moment)
    return f"{day_words(local.date())}{local:%H:%M}"


def short_moment(moment: datetime) -> str:
    """9月23日 15:20 for the tables of staff."""
    local = timezone.localtime(moment)
    year = "" if local.year == timezone.localdate().year else f"{local.year}年"
    return f"{year}{local.month}月{local.day}日 {local:%H:%M}"


def naming(label: object, words: object) -> str:
    """An error in a list of errors: 请填籍贯 names its field itself, another sentence gets the label before it."""
    return str(words) if str(label) in str(words) else f"{label}：{words}"


# -- values of the components ------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Tag:
    """A state: tone (done blue amber red grey plain), icon, two to six characters."""

    tone: str
    icon: str
    words: str


@dataclass(frozen=True)
class Clock:
    """The light of a time limit: done ● amber ▲ red ⬣ grey (not counting), with words."""

    tone: str
    words: str

    @property
    def icon(self) -> str:
        shapes = {"done": "circle-fill", "amber": "triangle-fill", "red": "octagon-fill"}
        return shapes.get(self.tone, "pause-circle")


@dataclass(frozen=True)
class Action:
    """A link, or with `is_post` a button that posts (hidden fields in `data`).

    With `form` it is a button of that form of the page, and `data` its name and value: what is typed there comes along.
    """

    label: str
    url: str
    is_post: bool = False
    data: tuple[tuple[str, str], ...] = ()
    # Said to screen readers after the label, so that three links 删除 are told apart.
    about: str = ""
    form: str = ""


@dataclass(frozen=True)
class SummaryRow:
    """Label and value of a check page; `source` says where the value comes from, `action` leads to its change."""

    label: str
    value: str
    source: str = ""
    action: Action | None = None
    is_wide: bool = False


@dataclass(frozen=True)
class DayCell:
    """One square of a month: kind is day, counted, off, paused, start or due; mark is the word below the number."""

    number: int
    kind: str = "day"
    mark: str = ""
    label: str = ""


@dataclass(frozen=True)
class Month:
    title: str
    weeks: tuple[tuple[DayCell | None, ...], ...]


@dataclass(frozen=True)
class Why:
    """The counting behind a day: numbered lines, a note below, months beside."""

    title: str
    lines: tuple[str, ...] = ()
    months: tuple[Month, ...] = ()
    note: str = ""


@dataclass(frozen=True)
class TaskRow:
    """One item of a case: what, who, which state, which day, and below it why this day."""

    name: str
    tag: Tag
    agency: str
    agency_icon: str = ""
    next_step: str = ""
    day: str = ""
    day_note: str = ""
    is_late: bool = False
    links: tuple[Action, ...] = ()
    why: Why | None = None
    phone: str = ""

    @property
    def disc_icon(self) -> str:
        """The icon in the disc before the name: the tag's shape without its own circle."""
        plain = {
            "check-circle-fill": "check-lg",
            "exclamation-circle-fill": "exclamation-lg",
            "x-circle-fill": "x-lg",
            "arrow-repeat": "three-dots",
            "dash-circle": "dash-lg",
        }
        return plain.get(self.tag.icon, self.tag.icon)


@dataclass(frozen=True)
class Event:
    """One entry of a timeline."""

    when: str
    deed: str
    note: str = ""
    link: Action | None = None
    is_current: bool = False


@dataclass(frozen=True)
class Section:
    """One step of a form: state is done, current, error or open."""

    title: str
    url: str = ""
    state: str = "open"


@dataclass(frozen=True)
class FileRow:
    """One uploaded file: state is waiting, done, failed, checked or rejected, said by `tag`."""

    name: str
    tag: Tag
    size: str = ""
    note: str = ""
    thumb_url: str = ""
    is_failed: bool = False
    actions: tuple[Action, ...] = ()


@dataclass(frozen=True)
class Figure:
    """One number of the overview; value None means that there are no data yet, which is not 0."""

    label: str
    value: str | None
    unit: str = ""
    note: str = ""
    tone: str = ""


def file_size(size: int) -> str:
    """2.4 MB, 310 KB."""
    if size >= 1024 * 1024:
        return f"{size / (1024 * 1024):.1f} MB"
    return f"{max(1, round(size / 1024))} KB"


# -- small month tables --------------------------------------------------------------------------------------------------


def month_tables(
    start: date,
    due: date,
    calendar: Calendar,
    *,
    counted: Collection[date] = (),
    paused: Collection[date] = (),
    start_mark: str = "受理",
) -> tuple[Month, ...]:
    """The months from `start` to `due`, at most four, the first from the week of `start` on.

    `counted` are the days that count towards the limit, `paused` those on which the clock stood.
    """
    tables: list[Month] = []
    year, month = start.year, start.month
    while (year, month) <= (due.year, due.month) and len(tables) < 4:
        weeks = []
        for week in months_of.Calendar().monthdatescalendar(year, month):
            if week[-1] < start:
                continue
            weeks.append(
                tuple(
                    _cell(day, start, due, calendar, counted, paused, start_mark) if day.month == month else None
                    for day in week
                )
            )
        tables.append(Month(f"{year}年{month}月", tuple(weeks)))
        year, month = (year + 1, 1) if month == 12 else (year, month + 1)
    return tuple(tables)


def _cell(
    day: date,
    start: date,
    due: date,
    calendar: Calendar,
    counted: Collection[date],
    paused: Collection[date],
    start_mark: str,
) -> DayCell:
    words = full_day(day)
    if day == due:
        return DayCell(day.day, "due", "到期", f"{words}，到期")
    if day == start:
        return DayCell(day.day, "start", start_mark, f"{words}，{start_mark}")
    mark = "班" if day in calendar.make_up_days else "休" if day in calendar.days_off else ""
    if day in paused:
        return DayCell(day.day, "paused", mark or "停", f"{words}，暂停计时")
    if day in counted:
        return DayCell(day.day, "counted", mark, f"{words}，计算在内")
    return DayCell(day.day, "day" if calendar.is_working(day) else "off", mark, words)


def current_section(sections: Sequence[Section]) -> tuple[int, int]:
    """(number of the current step, number of steps) for 第 3 步，共 7 步; (0, n) when none is current."""
    number = next((index for index, section in enumerate(sections, 1) if section.state in ("current", "error")), 0)
    return number, len(sections)
