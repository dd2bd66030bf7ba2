"""`manage.py explain_case NUMBER`: the whole history of a case with the clock of every item, computed anew from its log.

For whoever must answer "why this day?". No applicant's name, no number of a person and no form value is printed.
"""

from argparse import ArgumentParser
from datetime import date
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from agencies.deadlines import Calendar, calendar_now
from applications import clock, timing
from applications.enums import Party
from applications.models import Application, ItemTask, StatusLog

_STATES = {
    clock.State.NOT_STARTED: "未计时",
    clock.State.REPLYING: "答复期限计时中",
    clock.State.ANSWERED: "已一次告知补正，没有计时",
    clock.State.RUNNING: "办理期限计时中",
    clock.State.PAUSED: "暂停计时",
    clock.State.NO_LIMIT: "没有公布办结时限",
    clock.State.ENDED: "已结束",
}


def explain(application: Application, calendar: Calendar, today: date) -> str:
    """The case in plain lines: its own log, then item by item the log, the clock and the outcome."""
    lines = [
        f"办件 {application.number}",
        f"  {application.region.full_name}　{application.scheme.title}（{application.scheme.version}）",
        f"  {_moment(application.submitted_at)} 提交，{application.get_channel_display()}",
        f"  现在：{application.get_status_display()}",
        f"  按工作日历 {calendar.at(application.region_id).version or '（没有导入）'} 计算",
    ]
    lines += [f"  {_deed(row)}" for row in application.log.filter(task=None).select_related("actor")]
    tasks = application.tasks.select_related("item", "office", "result").order_by("item__order", "agency_order")
    for number, task in enumerate(tasks, 1):
        task.application = application
        lines += ["", *_item(number, task, calendar, today)]
    return "\n".join(lines) + "\n"


def _item(number: int, task: ItemTask, calendar: Calendar, today: date) -> list[str]:
    reading = timing.read_clock(task, calendar, today)
    lines = [f"{number}. {task.item.name}　{task.office.name}　{task.get_status_display()}"]
    lines += [f"   {_deed(row)}" for row in task.log.select_related("actor")]
    lines.append(f"   时钟：{_STATES[reading.state]}{_clock_days(reading)}")
    lines += [f"     {line}" for line in reading.lines]
    stored, computed = task.next_on, reading.next_on if task.next_on else None
    if stored != computed:
        lines.append(f"   注意：存的应处理日是 {stored}，重新计算是 {computed}")
    if task.open_items or task.open_facts:
        spec = task.application.scheme.spec
        waits = [spec.item(code).title for code in task.open_items] + [spec.fact(code).name for code in task.open_facts]
        lines.append(f"   还等：{'、'.join(waits)}{'（前置没有办成）' if task.is_held else ''}")
    result = getattr(task, "result", None)
    if result is not None:
        lines.append(f"   结果：{result.get_decision_display()}　{result.reference}".rstrip())
    return lines


def _clock_days(reading: clock.Reading) -> str:
    parts = [f"已用 {reading.used} 天"] if reading.accepted_on else []
    if reading.next_on:
        parts.append(f"{'预计' if reading.is_provisional else ''}应在 {clock.say(reading.next_on)}前处理")
    if reading.left is not None and reading.state not in (clock.State.ENDED, clock.State.ANSWERED):
        parts.append(f"还剩 {reading.left} 天" if reading.left >= 0 else f"超期 {-reading.left} 天")
    return "".join(f"，{part}" for part in parts)


def _deed(row: StatusLog) -> str:
    change = f"{row.get_from_status_display() or '—'} → {row.get_to_status_display() or '—'}"
    is_staff = row.party not in (Party.APPLICANT, Party.SYSTEM)
    who = f"{row.get_party_display()} {row.actor}" if row.actor and is_staff else row.get_party_display()
    note = f"：{row.note}" if row.note else ""
    return f"{_moment(row.at)} {row.get_action_display()}（{who}）{change}{note}"


def _moment(at: Any) -> str:
    return f"{timezone.localtime(at):%Y-%m-%d %H:%M}"


class Command(BaseCommand):
    help = "按编号讲清一个办件的全部经过和每一件事的时钟。"

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("number", help="办件编号，如 000000-260914-00001")

    def handle(self, *args: Any, **options: Any) -> None:
        number = str(options["number"]).strip()
        application = Application.objects.for_number(number).select_related("region", "scheme").first()
        if application is None:
            raise CommandError(f"没有编号是 {number} 的办件，请核对编号。")
        self.stdout.write(explain(application, calendar_now(), timezone.localdate()), ending="")
