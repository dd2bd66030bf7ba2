"""How papers say things: moments, masked names and numbers, limits, days, whom to ring."""

from datetime import date, datetime

from django.utils import timezone

from agencies.spec import Basis, ItemSpec, Limit, SchemeSpec
from agencies.words import NOT_PUBLISHED, full_day, plain_day
from applications import clock
from applications.enums import Channel
from applications.models import Application, ItemTask

# 行政复议法第20条、行政诉讼法第46条; an office may state its own remedy with the decision.
REMEDY = (
    "不服本决定的，可以自收到之日起六十日内依法申请行政复议，也可以自收到之日起六个月内依法向人民法院提起行政诉讼。"
)


def moment(at: datetime) -> str:
    """2026年9月14日 16:47."""
    local = timezone.localtime(at)
    return f"{plain_day(local.date())} {local:%H:%M}"


def masked_id(number: str) -> str:
    """The first three and the last four of an ID number."""
    return f"{number[:3]}{'*' * 11}{number[-4:]}" if len(number) == 18 else "*" * len(number)


def masked_name(name: str) -> str:
    """赵** for 赵明远: the first character, the rest as stars."""
    return name[:1] + "*" * (len(name) - 1)


def phone_of(task: ItemTask) -> str:
    return task.office.phone or task.application.region.phone or NOT_PUBLISHED


def limit_words(limit: Limit | None) -> str:
    return str(limit) if limit else NOT_PUBLISHED


def basis_words(spec: SchemeSpec, item: ItemSpec, day: date) -> str:
    """The item's own basis in force on the day, else the scheme's."""

    def in_force(rows: tuple[Basis, ...]) -> list[str]:
        return [row.text for row in rows if row.holds_on(day)]

    return "；".join(in_force(item.basis) or in_force(spec.basis)) or NOT_PUBLISHED


def query_words(task: ItemTask) -> str:
    """How to see where it stands; without an account the code of the 申请回执 takes its place."""
    window = task.application.region.window
    words = f"本站“查进度”，办件编号 {task.application.number}，没有账号的凭申请回执上的校验码查"
    return words + (f"；或到{window}" if window else "")


def due_words(reading: clock.Reading, without: str) -> str:
    """The due day, said to be expected while the holidays of its year are not announced; `without` where there is none."""
    if reading.due_on is None:
        return without
    if reading.is_provisional:
        return f"预计 {full_day(reading.due_on)}，{reading.due_on.year}年放假安排公布后确定"
    return full_day(reading.due_on)


def entered_words(application: Application) -> str:
    if application.channel == Channel.WINDOW:
        return f"窗口录入：{application.entered_by}"
    return "本人网上填写"
