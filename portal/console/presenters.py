"""What the overview, the messages and the schemes of the console show: figures with their comparison, places in a drawing."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from django.urls import reverse

from agencies.deadlines import Calendar
from agencies.models import Scheme
from agencies.words import plain_day
from applications import notices
from applications.enums import NoticeStatus
from applications.figures import AgencyLoad, Period, RatingTotals, Totals
from applications.models import ItemTask, Notice
from portal.web import progress
from portal.web.presenters import Clock, Figure, SummaryRow, Tag, masked, short_day, short_moment

ATTENTION_ROWS = 10
LEGEND = (Clock("done", "充足"), Clock("amber", "2 个工作日内到期"), Clock("red", "超期"))
BAR_START, BAR_WIDTH, BAR_ROW = 172, 240, 39


# Overview -------------------------------------------------------------------------------------------------------


def figures(now: Totals, before: Totals, loads: Sequence[AgencyLoad], period: Period) -> list[Figure]:
    late = [load for load in loads if load.overdue]
    return [
        Figure("收件", str(now.received), "件", _compared(now.received - before.received, period, "件")),
        Figure("全部办结", str(now.closed), "件", _share(now.closed, now.received)),
        Figure(
            "办理用时（中位数）",
            None if now.median is None else str(now.median),
            "个工作日",
            "" if now.median is None or before.median is None
            else _compared(now.median - before.median, period, "个工作日"),
        ),
        Figure(
            "需要补正",
            str(now.corrected),
            "件",
            f"占 {_percent(now.corrected, now.received)}，其中 {now.corrected_once} 件一次补齐" if now.corrected else "",
        ),
        Figure(
            "现在超期",
            str(sum(load.overdue for load in loads)),
            "件",
            "，".join(f"{load.overdue} 件{load.name}" for load in late) or "没有超期的",
            "red" if late else "",
        ),
    ]  # fmt: skip


def _compared(difference: int, period: Period, unit: str) -> str:
    if difference == 0:
        return f"和前 {period.days} 天一样"
    return f"比前 {period.days} 天{'多' if difference > 0 else '少'} {abs(difference)} {unit}"


def _share(part: int, whole: int) -> str:
    return f"相当于收件的 {_percent(part, whole)}" if whole else ""


def _percent(part: int, whole: int) -> str:
    return f"{round(100 * part / whole)}%" if whole else "—"


def rating_rows(totals: RatingTotals | None) -> list[SummaryRow]:
    """好差评 with what each share is of; nothing where nobody said anything."""
    if totals is None:
        return []
    satisfied = f"{_percent(totals.satisfied, totals.given)}（{totals.satisfied} 次）" if totals.given else "还没有数据"
    rated = f"{_percent(totals.rated, totals.closed)}（{totals.closed} 件办结，{totals.rated} 件评过）"
    return [
        SummaryRow("评价", f"{totals.given} 次"),
        SummaryRow("满意率", satisfied),
        SummaryRow("主动评价", rated if totals.closed else "期间内没有办结的"),
        SummaryRow("差评待答复", f"{totals.waiting} 个" if totals.waiting else "没有"),
    ]


@dataclass(frozen=True)
class Bar:
    """One agency's bar: three parts side by side, with the words at its end."""

    load: AgencyLoad
    y: int
    in_time: int
    soon: int
    overdue: int

    @property
    def text_y(self) -> int:
        return self.y + 17

    @property
    def soon_x(self) -> int:
        return BAR_START + self.in_time

    @property
    def overdue_x(self) -> int:
        return self.soon_x + self.soon

    @property
    def words_x(self) -> int:
        return self.overdue_x + self.overdue + 12

    @property
    def words(self) -> str:
        parts = [f"共 {self.load.total}"]
        if self.load.soon:
            parts.append(f"{self.load.soon} 件将到期")
        if self.load.overdue:
            parts.append(f"{self.load.overdue} 件超期")
        return "，".join(parts)


@dataclass(frozen=True)
class Bars:
    height: int
    bars: tuple[Bar, ...]


def agency_bars(loads: Sequence[AgencyLoad]) -> Bars:
    """Bars on one scale, the fullest agency as wide as the drawing allows; a part that is there is at least visible."""
    most = max((load.total for load in loads), default=0)

    def width(count: int) -> int:
        return max(4, round(BAR_WIDTH * count / most)) if count else 0

    bars = tuple(
        Bar(load, 6 + row * BAR_ROW, width(load.in_time), width(load.soon), width(load.overdue))
        for row, load in enumerate(loads)
    )
    return Bars(len(loads) * BAR_ROW + 6, bars)


@dataclass(frozen=True)
class DayBar:
    day: str
    received: int
    closed: int
    x: int
    y: int
    height: int
    point: int

    @property
    def middle(self) -> int:
        return self.x + 8


@dataclass(frozen=True)
class DailyChart:
    days: tuple[DayBar, ...]
    grid: tuple[tuple[int, int], ...]
    line: str

    @property
    def marked(self) -> tuple[DayBar, ...]:
        """The days named below the axis: first, middle, last."""
        return (self.days[0], self.days[len(self.days) // 2], self.days[-1])


def daily_chart(rows: Sequence[tuple[date, int, int]]) -> DailyChart:
    """Bars for what came in, a line for what was closed, on one scale of full steps; a field of 470 by 200."""
    most = max((max(received, closed) for _, received, closed in rows), default=0)
    step = next(step for step in (1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 10_000) if step * 4 >= most)
    top = step * max(1, -(-most // step))

    def y(count: int) -> int:
        return 170 - round(150 * count / top)

    days = tuple(
        DayBar(
            f"{day.month}月{day.day}日", received, closed, 40 + index * 28, y(received), 170 - y(received), y(closed)
        )
        for index, (day, received, closed) in enumerate(rows)
    )
    grid = tuple((value, y(value)) for value in range(0, top + 1, step))
    return DailyChart(days, grid, " ".join(f"{day.middle},{day.point}" for day in days))


@dataclass(frozen=True)
class Attention:
    title: str
    number: str
    words: str
    clock: Clock


def attention(task: ItemTask, today: date, calendar: Calendar) -> Attention:
    """One overdue task: whose, how late, and whether anybody has it in hand."""
    handler = f"承办人{task.handler}" if task.handler else "还没有人承办"
    return Attention(
        title=task.item.name,
        number=task.application.number,
        words=f"{task.office.name}，{task.get_status_display()}，应在 {short_day(task.next_on or today)}前处理，{handler}",
        clock=progress.light(task, calendar, today),
    )


# Messages -------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class MessageRow:
    number: str
    kind: str
    text: str
    way: str
    sent_to: str
    tag: Tag
    when: str
    outcome: str


_MESSAGE_TAGS = {
    NoticeStatus.PENDING: Tag("blue", "hourglass-split", "待发送"),
    NoticeStatus.SENT: Tag("done", "check-circle-fill", "已发送"),
    NoticeStatus.HELD_BACK: Tag("grey", "dash-circle", "没有发"),
    NoticeStatus.BOUNCED: Tag("red", "x-circle-fill", "没有送到"),
    NoticeStatus.FAILED: Tag("red", "x-circle-fill", "未能发送"),
}


def message_row(notice: Notice) -> MessageRow:
    """One message: the text names nobody, the phone is masked."""
    return MessageRow(
        number=notices.number_of(notice),
        kind=notice.get_kind_display(),
        text=notices.listed_text(notice),
        way=notice.get_channel_display(),
        sent_to=masked(notice.sent_to),
        tag=_MESSAGE_TAGS[NoticeStatus(notice.status)],
        when=short_moment(notice.sent_at or notice.created_at),
        outcome=notice.outcome,
    )


# Schemes --------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class SchemeRow:
    title: str
    region: str
    version: str
    in_force: str
    items: int
    agencies: str
    preview: str
    admin_url: str


def scheme_rows(schemes: Iterable[Scheme], samples: Mapping[str, str]) -> list[SchemeRow]:
    """The scheme in force of each region; `preview` is an open place that shows it as applicants see it."""
    newest: dict[str, Scheme] = {}
    for scheme in schemes:
        newest.setdefault(scheme.region_id, scheme)
    return [_scheme_row(scheme, samples.get(scheme.region_id, "")) for scheme in newest.values()]


def _scheme_row(scheme: Scheme, preview: str) -> SchemeRow:
    spec = scheme.spec
    until = f"至{plain_day(spec.valid_until)}" if spec.valid_until else "起"
    return SchemeRow(
        title=scheme.title,
        region=scheme.region.full_name,
        version=scheme.version,
        in_force=f"{plain_day(spec.valid_from)}{until}",
        items=len(spec.offered),
        agencies="、".join(agency.title for agency in spec.agencies),
        preview=preview,
        admin_url=reverse("admin:agencies_scheme_change", args=[scheme.pk]),
    )
