"""What a tray shows, as plain values. Pure: everything was fetched before."""

from dataclasses import dataclass
from datetime import date
from typing import Any

from django.http import QueryDict
from django.urls import reverse
from django.utils import timezone

from agencies.deadlines import Calendar
from applications.enums import BEFORE_OFFICES, TaskStatus
from applications.models import Dispatch, ItemTask
from applications.querysets import COUNTED
from portal.desk.addresses import task_url
from portal.web import progress
from portal.web.presenters import Clock, Tag, masked, short_day, short_moment

TRAY_LABELS = {
    "queued": "待受理",
    "review": "办理中",
    "correction": "待补正",
    "facts": "等待资金到账",
    "approval": "待批准",
    "visit": "待到场、特别程序",
    "fulfil": "待发放、待送达",
    "overdue": "已超期",
}
EMPTY = {
    "queued": ("没有待受理的办件", "新办件到了会出现在这里。"),
    "review": ("没有办理中的办件", "受理以后的办件会出现在这里。"),
    "correction": ("没有等申请人补正的办件", "一次性告知补正以后，办件在这里等申请人。"),
    "facts": ("没有等待资金到账的办件", "资金到账前的办件会出现在这里，到账后在这里确认。"),
    "approval": ("没有待批准的办件", "承办人报请批准以后会出现在这里。"),
    "visit": ("没有等本人到场或在特别程序的办件", "通知本人到场、进入特别程序的办件会出现在这里。"),
    "fulfil": ("没有待发放、待送达的结果", "办结以后还要发钱、制证、寄送、领取的，在这里等到登记为止。"),
    "overdue": ("没有超期的办件", "过了应处理日还没有处理的办件会出现在这里。"),
    "done": ("还没有办完的办件", "办结、不予受理、不予办理的办件会出现在这里。"),
}
_TAKE = ("take", "认领所选")
_TAKEN = "认领的由您承办，到期提醒发给您；同事承办的会留下"
# What a tray offers for many rows at once: what becomes of them, and (deed, button) with the usual one first.
BATCHES: dict[str, tuple[str, tuple[tuple[str, str], ...]]] = {
    "queued": (
        "勾选后一起受理或认领。材料不齐的不受理，并说明缺什么；同事承办的会留下",
        (("accept", "受理所选"), _TAKE),
    ),
    "review": (_TAKEN, (_TAKE,)),
    "correction": (_TAKEN, (_TAKE,)),
    "visit": (_TAKEN, (_TAKE,)),
    "overdue": (_TAKEN, (_TAKE,)),
    "facts": ("勾选已经到账的办件。确认以后自动开始办理", (("confirm", "确认所选已到账"),)),
    "fulfil": ("勾选已经发放的办件。证件、文书要写明签收人，会留下，请进去登记", (("pay", "登记已发放"),)),
}
LEGEND = (Clock("done", "时间充足"), Clock("amber", "剩 2 个工作日以内"), Clock("red", "已超期"))


@dataclass(frozen=True)
class Tab:
    label: str
    count: int | None
    url: str
    is_current: bool = False
    is_red: bool = False

    @property
    def counted(self) -> str:
        """The count in words; a tray is counted so far and no further."""
        return f"{COUNTED}+" if self.count is not None and self.count >= COUNTED else str(self.count)


@dataclass(frozen=True)
class QueueRow:
    """One line of a tray. `materials` is "7 / 7"; `reason` says why a row has no day."""

    pk: int
    number: str
    url: str
    name: str
    id_no: str
    item: str
    clock: Clock
    tag: Tag
    materials: str
    is_incomplete: bool
    channel: str
    received: str
    day: str
    day_note: str
    is_late: bool
    handler: str


def tabs(counts: dict[str, int], current: str, *, is_mine: bool) -> list[Tab]:
    """A count of 0 stays visible; the overdue pill is red when there is something in it. One's own stay one's own."""
    queue, done, mine = reverse("desk:queue"), reverse("desk:done"), "&mine=1" if is_mine else ""
    return [
        Tab(label, counts[code], f"{queue}?tray={code}{mine}", code == current, code == "overdue" and counts[code] > 0)
        for code, label in TRAY_LABELS.items()
    ] + [Tab("已办", None, f"{done}?mine=1" if is_mine else done, current == "done")]


def chips(query: QueryDict, chosen: dict[str, Any], items: dict[str, str]) -> list[tuple[str, str]]:
    """(words, address without it) for every filter in use."""
    labels = {
        "item": items.get(chosen["item"], ""),
        "number": f"编号含 {chosen['number'].strip()}" if chosen["number"].strip() else "",
        "mine": "我承办的" if chosen["mine"] else "",
    }
    found = []
    for name, label in labels.items():
        if label:
            rest = query.copy()
            rest.pop(name, None)
            rest.pop("page", None)
            found.append((label, f"?{rest.urlencode()}"))
    return found


def queue_row(task: ItemTask, today: date, calendar: Calendar, tray: str) -> QueueRow:
    handed = task.handed[0] if task.handed else None  # type: ignore[attr-defined]  # prefetched by for_desk
    payload = handed.payload if handed else {"fields": [], "materials": []}
    given, wanted = _materials_of(payload)
    name, id_no = person_of(task, payload)
    day, note = _day_to_hand_over(task) if tray == "fulfil" else _day_of(task, today)
    return QueueRow(
        pk=task.pk,
        number=task.application.number,
        url=task_url(task),
        name=name,
        id_no=masked(id_no),
        item=task.item.name,
        clock=progress.light(task, calendar, today),
        tag=progress.staff_tag(task),
        materials=f"{given} / {wanted}" if wanted else "—",
        is_incomplete=given < wanted,
        channel=task.application.get_channel_display(),
        received=short_moment(task.received_at) if task.received_at else "—",
        day=day,
        day_note=note,
        is_late=task.act_by is not None and task.act_by < today,
        handler=str(task.handler) if task.handler else "未分派",
    )


def _materials_of(payload: dict[str, Any]) -> tuple[int, int]:
    materials = payload["materials"]
    return sum(bool(material["files"]) for material in materials), len(materials)


def person_of(task: ItemTask, payload: dict[str, Any]) -> tuple[str, str]:
    """Name and number as far as the item's field map hands them to this office, also before the task is sent."""
    values = {line.get("field"): line["value"] for line in payload["fields"]}
    if not payload["fields"]:
        mapped = {mapping.field for mapping in task.spec.field_map.get(task.office.agency_id, ())}
        own = {"name": task.application.subject_name, "id_no": task.application.subject_id_no}
        values = {field: value for field, value in own.items() if field in mapped}
    return values.get("name", ""), values.get("id_no", "")


def _day_to_hand_over(task: ItemTask) -> tuple[str, str]:
    """(day, note) of what was granted and is not with the person yet: the last day, and since when it is granted."""
    decided = f"{short_day(timezone.localdate(task.result.decided_at))}办结"
    return (short_day(task.result.fulfil_by), decided) if task.result.fulfil_by else ("没有公布日期", decided)


def _day_of(task: ItemTask, today: date) -> tuple[str, str]:
    """(day, note) of a row: the day to act by, or what the task waits for."""
    if task.is_terminal:
        result = getattr(task, "result", None)
        note = result.reference if result else ""
        return short_day(timezone.localdate(result.decided_at)) if result else short_day(
            timezone.localdate(task.changed_at)
        ), note
    if task.status in BEFORE_OFFICES:
        return "还没开始计时", "预审以后才送来"
    if task.status == TaskStatus.WAITING:
        facts = [task.application.scheme.spec.fact(code).waiting_text for code in task.open_facts]
        return "还没开始计时", "；".join(facts)
    if task.status == TaskStatus.AWAITING_CORRECTION and task.correction_until:
        return short_day(task.correction_until), "申请人补正期限，暂停计时"
    if task.next_on is None:
        return "—", "暂停计时" if task.status in (
            TaskStatus.AWAITING_VISIT,
            TaskStatus.SUSPENDED,
        ) else "没有公布办结时限"
    note = "预计" if task.is_due_provisional else ""
    handed: list[Dispatch] = getattr(task, "handed", [])  # prefetched by for_desk
    if task.status == TaskStatus.QUEUED and task.next_on < today and task.spec.deemed_acceptance and handed:
        note = f"逾期未答复，视为 {short_day(timezone.localdate(handed[0].created_at))}受理"
    return short_day(task.next_on), note
