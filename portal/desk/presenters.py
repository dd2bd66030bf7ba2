"""What the desk's pages show, as plain values. Pure: everything was fetched before."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.http import QueryDict
from django.urls import reverse
from django.utils import timezone

from agencies.deadlines import Calendar, calendar_now
from agencies.fields import FIELDS, FieldKind
from applications import clock, visits, workflow
from applications.enums import BEFORE_OFFICES, Decision, Fulfilment, TaskStatus, Verdict
from applications.enums import Action as Deed
from applications.models import Application, CorrectionLine, ItemTask, Material, StatusLog
from applications.reporting import FIELD, reporting_of
from portal.desk.sight import Sight
from portal.web import progress
from portal.web.papers import paper_link, paper_state
from portal.web.presenters import (
    Action,
    Clock,
    Event,
    Tag,
    TaskRow,
    Why,
    file_size,
    masked,
    moment_words,
    short_day,
    short_moment,
)
from portal.web.visiting import appointment

S = TaskStatus

TRAY_LABELS = {
    "queued": "待受理",
    "review": "办理中",
    "correction": "待补正",
    "facts": "等待资金到账",
    "approval": "待批准",
    "visit": "待到场、特别程序",
    "overdue": "已超期",
}
EMPTY = {
    "queued": ("没有待受理的办件", "新办件到了会出现在这里。"),
    "review": ("没有办理中的办件", "受理以后的办件会出现在这里。"),
    "correction": ("没有等申请人补正的办件", "一次性告知补正以后，办件在这里等申请人。"),
    "facts": ("没有等待资金到账的办件", "资金到账前的办件会出现在这里，到账后在这里确认。"),
    "approval": ("没有待批准的办件", "承办人报请批准以后会出现在这里。"),
    "visit": ("没有等本人到场或在特别程序的办件", "通知本人到场、进入特别程序的办件会出现在这里。"),
    "overdue": ("没有超期的办件", "过了应处理日还没有处理的办件会出现在这里。"),
    "done": ("还没有办完的办件", "办结、不予受理、不予办理的办件会出现在这里。"),
}
# The deed that a tray offers for many rows at once, and its button.
BATCHES = {"queued": ("accept", "受理所选"), "facts": ("confirm", "确认所选已到账")}

LEGEND = (Clock("done", "时间充足"), Clock("amber", "剩 2 个工作日以内"), Clock("red", "已超期"))

_HIDDEN_KINDS = {FieldKind.ID_NUMBER, FieldKind.PHONE, FieldKind.ACCOUNT}


def light(next_on: date | None, today: date, calendar: Calendar) -> Clock:
    """The time left in working days, as shape and words."""
    if next_on is None:
        return Clock("grey", "未计时")
    left = calendar.between(today, next_on)
    if next_on < today:
        return Clock("red", f"超期 {-left} 天" if left else "已超期")
    if next_on == today:
        return Clock("amber", "今天到期")
    return Clock("amber" if left <= clock.SOON_DAYS else "done", f"剩 {left} 天")


# -- queue -------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Tab:
    label: str
    count: int
    url: str
    is_current: bool = False
    is_red: bool = False


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


def tabs(counts: dict[str, int], current: str) -> list[Tab]:
    """A count of 0 stays visible; the overdue pill is red when there is something in it."""
    queue = reverse("desk:queue")
    return [
        Tab(label, counts[code], f"{queue}?tray={code}", code == current, code == "overdue" and counts[code] > 0)
        for code, label in TRAY_LABELS.items()
    ] + [Tab("已办", counts["done"], reverse("desk:done"), current == "done")]


def neighbours(pks: list[tuple[str, str]], number: str, item: str) -> tuple[str, str]:
    """Addresses of the task before and after this one in its tray; empty at the ends."""
    if (number, item) not in pks:
        return "", ""
    here = pks.index((number, item))
    before = reverse("desk:task", args=pks[here - 1]) if here else ""
    after = reverse("desk:task", args=pks[here + 1]) if here + 1 < len(pks) else ""
    return before, after


def queue_url() -> str:
    return reverse("desk:queue")


def chips(query: QueryDict, items: dict[str, str]) -> list[tuple[str, str]]:
    """(words, address without it) for every filter in use."""
    found = []
    for name, words in (("item", items.get(query.get("item", ""), "")), ("number", query.get("number", "").strip())):
        if words:
            rest = query.copy()
            rest.pop(name, None)
            rest.pop("page", None)
            label = words if name == "item" else f"编号含 {words}"
            found.append((label, f"?{rest.urlencode()}"))
    return found


def task_url(task: ItemTask) -> str:
    return reverse("desk:task", args=[task.application.number, task.item.code])


def queue_row(task: ItemTask, today: date, calendar: Calendar) -> QueueRow:
    handed = task.handed[0] if task.handed else None  # type: ignore[attr-defined]  # prefetched by for_desk
    payload = handed.payload if handed else {"fields": [], "materials": []}
    given, wanted = _materials_of(payload)
    name, id_no = _person_of(task, payload)
    day, note = _day_of(task, today)
    return QueueRow(
        pk=task.pk,
        number=task.application.number,
        url=task_url(task),
        name=name,
        id_no=masked(id_no),
        item=task.item.name,
        clock=light(task.next_on, today, calendar),
        tag=progress.staff_tag(task),
        materials=f"{given} / {wanted}" if wanted else "—",
        is_incomplete=given < wanted,
        channel=task.application.get_channel_display(),
        received=short_moment(task.received_at) if task.received_at else "—",
        day=day,
        day_note=note,
        is_late=task.next_on is not None and task.next_on < today,
        handler=str(task.handler) if task.handler else "未分派",
    )


def _materials_of(payload: dict[str, Any]) -> tuple[int, int]:
    materials = payload["materials"]
    return sum(bool(material["files"]) for material in materials), len(materials)


def _person_of(task: ItemTask, payload: dict[str, Any]) -> tuple[str, str]:
    """Name and number as far as the item's field map hands them to this office, also before the task is sent."""
    values = {line.get("field"): line["value"] for line in payload["fields"]}
    if not payload["fields"]:
        mapped = {mapping.field for mapping in task.spec.field_map.get(task.office.agency_id, ())}
        own = {"name": task.application.subject_name, "id_no": task.application.subject_id_no}
        values = {field: value for field, value in own.items() if field in mapped}
    return values.get("name", ""), values.get("id_no", "")


def _day_of(task: ItemTask, today: date) -> tuple[str, str]:
    """(day, note) of a row: the day to act by, or what the task waits for."""
    if task.is_terminal:
        result = getattr(task, "result", None)
        note = result.reference if result else ""
        return short_day(_local(result.decided_at)) if result else short_day(_local(task.changed_at)), note
    if task.status in BEFORE_OFFICES:
        return "还没开始计时", "预审以后才送来"
    if task.status == S.WAITING:
        facts = [task.application.scheme.spec.fact(code).waiting_text for code in task.open_facts]
        return "还没开始计时", "；".join(facts)
    if task.status == S.AWAITING_CORRECTION and task.correction_until:
        return short_day(task.correction_until), "申请人补正期限，暂停计时"
    if task.next_on is None:
        return "—", "暂停计时" if task.status in (S.AWAITING_VISIT, S.SUSPENDED) else "没有公布办结时限"
    note = "预计" if task.is_due_provisional else ""
    if task.status == S.QUEUED and task.next_on < today and task.spec.deemed_acceptance and task.received_at:
        note = f"逾期未答复，视为 {short_day(_local(task.received_at))}受理"
    return short_day(task.next_on), note


def _local(moment: datetime) -> date:
    return timezone.localdate(moment)


# -- one task ----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class PayloadLine:
    label: str
    value: str
    is_hidden: bool = False
    is_changed: bool = False


@dataclass(frozen=True)
class FileLine:
    """A file in the list beside the viewer, or with `pk` empty a material that nobody gave."""

    pk: str
    name: str
    about: str
    tag: Tag
    url: str = ""
    is_current: bool = False


@dataclass(frozen=True)
class Viewer:
    """The file shown now."""

    name: str
    about: str
    url: str
    is_picture: bool
    verdict_url: str
    verdict: str
    note: str
    position: str


@dataclass(frozen=True)
class TaskPage:
    title: str
    name: str
    number: str
    channel: str
    tag: Tag
    clock: Clock | None
    lines: list[PayloadLine]
    has_hidden: bool
    is_revealed: bool
    version_note: str
    files: list[FileLine]
    files_title: str
    viewer: Viewer | None
    clock_words: list[str]
    why: Why | None
    events: list[Event]
    news: list[tuple[str, str, str]]
    asked: list[str]
    can_judge: bool
    next_step: str
    result: list[tuple[str, str]]
    papers: list[tuple[Action, str]]
    looks: list[str]
    questions: list[tuple[str, str]]


def hidden_fields(sight: Sight) -> list[str]:
    """Fields of the payload whose numbers are shown masked."""
    return [line["field"] for line in sight.payload["fields"] if _is_hidden(line)]


def _is_hidden(line: dict[str, str]) -> bool:
    field = FIELDS.get(line.get("field", ""))
    return field is not None and field.kind in _HIDDEN_KINDS


def payload_lines(sight: Sight, *, is_revealed: bool = False) -> list[PayloadLine]:
    """The payload in the order of the agency's field map, nothing else."""
    before = {line["target"]: line["value"] for line in (sight.earlier or {"fields": []})["fields"]}
    return [
        PayloadLine(
            label=line["label"],
            value=masked(line["text"]) if _is_hidden(line) and not is_revealed else line["text"],
            is_hidden=_is_hidden(line) and not is_revealed,
            is_changed=sight.earlier is not None and before.get(line["target"]) != line["value"],
        )
        for line in sight.payload["fields"]
    ]


def file_lines(sight: Sight, current: Material | None) -> list[FileLine]:
    """The item's materials in the scheme's order, file by file; one that nobody gave has a line too."""
    known = {str(material.pk): material for material in sight.files}
    before = {
        file["id"] for material in (sight.earlier or {"materials": []})["materials"] for file in material["files"]
    }
    lines = []
    for entry in sight.payload["materials"]:
        files = [known[file["id"]] for file in entry["files"] if file["id"] in known]
        if not files:
            is_optional = entry["code"] not in sight.missing
            tag = (
                Tag("plain", "dash-circle", "没有交")
                if is_optional
                else Tag("amber", "exclamation-circle-fill", "没有交")
            )
            lines.append(FileLine("", entry["name"], "可以不交" if is_optional else "", tag))
        for number, material in enumerate(files, 1):
            name = entry["name"] if len(files) == 1 else f"{entry['name']}　第 {number} 份"
            is_new = sight.earlier is not None and str(material.pk) not in before
            about = f"{material.pages} 页　{material.get_grade_display()}{'　补正后新交' if is_new else ''}"
            url = f"{task_url(sight.task)}?file={material.pk}#materials"
            lines.append(FileLine(str(material.pk), name, about, _file_tag(sight, material), url, material == current))
    return lines


def _file_tag(sight: Sight, material: Material) -> Tag:
    check = sight.checks.get(str(material.pk))
    if check is not None and check.verdict == Verdict.FINE:
        return Tag("done", "check-circle-fill", check.get_verdict_display())
    if check is not None:
        return Tag("amber", "exclamation-circle-fill", check.get_verdict_display())
    return Tag("plain", "eye", "已看") if str(material.pk) in sight.seen else Tag("plain", "dash-circle", "未看")


def current_file(sight: Sight, wanted: str) -> Material | None:
    """The file asked for, else the first one not seen, else the first."""
    known = {str(material.pk): material for material in sight.files}
    if wanted in known:
        return known[wanted]
    unseen = [material for pk, material in known.items() if pk not in sight.seen]
    return next(iter([*unseen, *sight.files]), None)


def viewer(sight: Sight, lines: list[FileLine], current: Material | None) -> Viewer | None:
    if current is None:
        return None
    line = next(line for line in lines if line.is_current)
    check = sight.checks.get(str(current.pk))
    args = [sight.task.application.number, sight.task.item.code, current.pk]
    shown = [line.pk for line in lines if line.pk]
    return Viewer(
        name=line.name,
        about=f"{line.about}　{file_size(current.size)}",
        url=reverse("desk:material", args=args),
        is_picture=current.extension != "pdf",
        verdict_url=reverse("desk:verdict", args=args),
        verdict=check.verdict if check else "",
        note=check.note if check else "",
        position=f"第 {shown.index(str(current.pk)) + 1} 份，共 {len(shown)} 份",
    )


def task_page(sight: Sight, *, wanted_file: str = "", is_revealed: bool = False) -> TaskPage:
    task = sight.task
    current = current_file(sight, wanted_file)
    files = file_lines(sight, current)
    seen = len(sight.files) - sight.unseen
    return TaskPage(
        title=task.item.name,
        name=_person_of(task, sight.payload)[0],
        number=task.application.number,
        channel=f"{task.application.get_channel_display()}提交",
        tag=progress.staff_tag(task),
        clock=None if task.is_terminal else light(task.next_on, sight.today, sight.calendar),
        lines=payload_lines(sight, is_revealed=is_revealed),
        has_hidden=bool(hidden_fields(sight)) and not is_revealed,
        is_revealed=is_revealed,
        version_note=f"第 {sight.handed[0].version} 次推送，有改动的已标出" if sight.earlier is not None else "",
        files=files,
        files_title=f"材料（{len(sight.files)} 份，已看 {seen} 份）" if sight.files else "材料",
        viewer=viewer(sight, files, current),
        clock_words=clock_words(sight),
        why=progress.why(task, sight.reading, sight.calendar),
        events=[event(row, row == sight.log[-1] and not task.is_terminal) for row in sight.log],
        news=news(sight),
        asked=asked_lines(sight),
        can_judge=not task.is_terminal,
        next_step=next_step(task, sight.correction.answer_by if sight.correction else None),
        result=result_lines(sight),
        papers=[(paper_link(paper), f"{paper.number}　{paper_state(paper)}".strip()) for paper in sight.papers],
        looks=[f"{short_moment(look.at)}　{look.viewer}　{look.reason}" for look in sight.accesses],
        questions=[
            (f"{question.text}（{short_day(question.answer_by)}前答复）", reverse("desk:question", args=[question.pk]))
            for question in sight.questions
        ],
    )


def clock_words(sight: Sight) -> list[str]:
    """The two or three lines that matter, above the full counting."""
    reading, words = sight.reading, []
    if reading.received_on:
        words.append(f"{short_day(reading.received_on)}收到")
    if reading.state == clock.State.REPLYING and reading.reply_due_on:
        words.append(f"{'预计答复期限' if reading.is_provisional else '答复期限'} {short_day(reading.reply_due_on)}")
        if sight.item.deemed_acceptance and reading.received_on:
            words.append(f"逾期未告知，视为自 {short_day(reading.received_on)}受理")
    if reading.accepted_on:
        words.append(f"{short_day(reading.accepted_on)}受理")
    if reading.due_on and reading.state != clock.State.ENDED:
        words.append(f"{'预计到期日' if reading.is_provisional else '到期日'} {short_day(reading.due_on)}")
    if reading.state == clock.State.PAUSED:
        words.append("现在暂停计时")
    if reading.state == clock.State.NO_LIMIT:
        words.append("本地没有公布这一件的办结时限")
    limit = sight.scheme.limit_of(sight.item)
    words.append(
        f"承诺时限 {limit or '未公布'}　法定时限 {sight.item.legal_limit or sight.scheme.legal_limit or '未公布'}"
    )
    return words


def event(row: StatusLog, is_current: bool) -> Event:
    """One deed for staff: when, what, who, and the words, also internal ones."""
    who = f"{row.get_party_display()}　{row.actor}" if row.actor else row.get_party_display()
    moved = f"{row.data['from_office']} → {row.data['to_office']}" if "to_office" in row.data else ""
    note = "　".join(part for part in (who, moved, row.note) if part)
    return Event(short_moment(row.at), row.get_action_display(), note, is_current=is_current)


def news(sight: Sight) -> list[tuple[str, str, str]]:
    """(tone, bold words, sentence) of everything that an officer must know before deciding."""
    found = [
        _lateness(sight),
        _late_report(sight),
        _opinion(sight),
        _deemed(sight),
        _provisional(sight),
        _in_person(sight),
    ]
    return [entry for entry in found if entry is not None]


News = tuple[str, str, str] | None


def _lateness(sight: Sight) -> News:
    task = sight.task
    if task.next_on is None or task.next_on >= sight.today:
        return None
    if task.status == S.QUEUED:
        legal = "，按规定视为自收到之日起受理" if sight.item.deemed_acceptance else ""
        return "red", "已过答复期限", f"应在{short_day(task.next_on)}以前答复{legal}。请现在处理。"
    return "red", "已超期", f"应在{short_day(task.next_on)}以前办结。请现在处理，并向申请人说明。"


def _late_report(sight: Sight) -> News:
    """T-02: a report after the days is taken like any other; the reason is asked for and written down."""
    task, application = sight.task, sight.task.application
    if task.is_terminal or task.item.code != sight.scheme.reporting_item or not sight.value(FIELD):
        return None
    handed_in = _local(application.submitted_at)
    found = reporting_of(sight.scheme, application.answers, application.ticked, handed_in)
    if found is None or not found.is_missed:
        return None
    words = (
        f"退役后第 {found.passed} 天提交（{found.days} 天内报到）。照常受理；请问明原因，写进办理意见。{found.basis}"
    )
    return "amber", "超过报到期限", words


def _opinion(sight: Sight) -> News:
    """What the other of the two officers wrote last; applicants never see it."""
    last = sight.log[-1] if sight.log else None
    if last is not None and last.action == Deed.PROPOSE:
        return "info", "拟办意见", f"{last.actor}：{last.note}"
    if last is not None and last.action == Deed.SEND_BACK:
        return "amber", "退回承办", f"{last.actor}：{last.note}"
    return None


def _deemed(sight: Sight) -> News:
    if sight.task.is_terminal or not any(row.action == Deed.DEEM_ACCEPTED for row in sight.log):
        return None
    start = sight.task.accepted_on or sight.today
    return "amber", "视为受理", f"在答复期限内没有告知，自{short_day(start)}起计算办理期限。"


def _provisional(sight: Sight) -> News:
    task = sight.task
    if task.is_terminal or not task.provisional_until:
        return None
    names = "、".join(sight.scheme.material(code).title for code in task.provisional_materials)
    return "amber", "容缺受理", f"申请人承诺在{short_day(task.provisional_until)}以前补交：{names}。"


def _in_person(sight: Sight) -> News:
    """A person who has to come: not called yet, or called and how the appointment stands."""
    if sight.task.status == S.AWAITING_VISIT:
        call = appointment(sight.task, visits.open_visit(sight.task))
        note = f"　{call.note.replace('您请求另约', '申请人请求另约')}" if call.note else ""
        tone = "amber" if call.note or call.has_passed else "info"
        when = {True: "等申请人选时间"}.get(call.must_choose, call.when)
        return tone, "到场安排", f"{when}　{call.place}{note}"
    if sight.task.status != S.IN_REVIEW or not sight.item.in_person:
        return None
    if any(row.action == Deed.RECORD_VISIT for row in sight.log):
        return None
    reason = (sight.item.in_person_reason or "这一件须本人到场").rstrip("。")
    return "info", "须本人到场", f"{reason}。还没有来的，请通知本人到场；可以约时间，也可以随时来。等待期间不计时。"


def next_step(task: ItemTask, answer_by: date | None = None) -> str:
    """What happens next, for staff: who is to do what by when."""
    if task.status == S.WAITING:
        return _waits_for(task)
    by = f"{'预计' if task.is_due_provisional else ''}{short_day(task.next_on)}以前" if task.next_on else ""
    until = answer_by or task.correction_until
    sentences = {
        S.PRE_REVIEW: "登记表还在预审，通过后再送来",
        S.PRE_RETURNED: "预审退回，等申请人改后再交",
        S.PENDING: "正在送达办理机构",
        S.QUEUED: f"{by}受理、告知补正或不予受理",
        S.IN_REVIEW: f"{by}办结",
        S.AWAITING_APPROVAL: f"等批准人员批准，{by}办结" if by else "等批准人员批准",
        S.AWAITING_CORRECTION: f"等申请人补正，{short_day(until)}以前" if until else "等申请人补正",
        S.AWAITING_VISIT: "等本人到场，到场后登记，期限继续计算",
        S.SUSPENDED: "特别程序中，结束后期限继续计算",
        S.WITHDRAWN: "申请人已撤回",
        S.TERMINATED: "已终止，不再办理",
    }
    if task.status in sentences:
        return sentences[TaskStatus(task.status)]
    result = getattr(task, "result", None)
    if result is not None and result.fulfil_by and not result.fulfilled_at:
        return f"{result.get_fulfilment_display()}，{short_day(result.fulfil_by)}以前"
    return "这一件已经办完"


def _waits_for(task: ItemTask) -> str:
    spec = task.application.scheme.spec
    if task.is_held:
        names = "、".join(f"“{spec.item(code).title}”" for code in task.open_items)
        return f"前置的{names}没有办成，这一件停在这里"
    waits = [f"“{spec.item(code).title}”办结" for code in task.open_items]
    waits += [spec.fact(code).name for code in task.open_facts]
    return f"等{'、'.join(waits)}，之后自动开始"


def asked_lines(sight: Sight) -> list[str]:
    """What the open correction asks for, line by line."""
    if sight.correction is None:
        return []
    return [f"{_thing(line, sight)}：{line.reason}" for line in sight.correction.lines.all()]


def _thing(line: CorrectionLine, sight: Sight) -> str:
    if line.material:
        return sight.scheme.material(line.material).title
    labels = {entry.get("field"): entry["label"] for entry in sight.payload["fields"]}
    return labels.get(line.field, FIELDS[line.field].label)


def result_lines(sight: Sight) -> list[tuple[str, str]]:
    """The decision as written, and what follows it."""
    result = sight.result
    if result is None:
        return []
    pairs = [
        ("决定", result.get_decision_display()),
        ("决定人", f"{result.decided_by or ''}　{moment_words(result.decided_at)}"),
        ("结果文号", result.reference),
        ("结果说明" if result.decision == Decision.APPROVED else "理由", result.summary),
        ("救济途径", result.remedy),
    ]
    if result.fulfilment != Fulfilment.NONE:
        pairs.append(("后续", result.get_fulfilment_display()))
    pairs += [("快递单号", result.courier), ("签收人", result.receiver)]
    if result.fulfil_by and not result.fulfilled_at:
        pairs.append(("最迟", short_day(result.fulfil_by)))
    if result.fulfilled_at:
        pairs.append(("完成", moment_words(result.fulfilled_at)))
    return [(label, value.strip()) for label, value in pairs if value.strip()]


# -- the whole case ------------------------------------------------------------------------------------------------------


def expected_words(application: Application) -> str:
    """When the whole case can be expected: the longest path through its items; empty where no day can be named."""
    found = workflow.forecast_case(application.tasks.all(), calendar_now(), timezone.localdate())
    return f"全部预计 {short_day(found.on)}办好" if found.on else ""


def case_rows(application: Application, tasks: Iterable[ItemTask], own_office: int) -> list[TaskRow]:
    """Every item of the case: office, state, day, what happens next. Nothing of what other offices wrote."""
    rows = []
    for task in tasks:
        task.application = application
        is_own = task.office_id == own_office
        links = (Action("看这一件", task_url(task), about=task.item.name),) if is_own else ()
        day = task.next_on or (task.correction_until if task.status == S.AWAITING_CORRECTION else None)
        rows.append(
            TaskRow(
                name=task.item.name,
                tag=progress.staff_tag(task),
                agency=task.office.name,
                agency_icon=task.office.agency.icon,
                next_step=next_step(task),
                day=short_day(day) if day else "",
                day_note=("预计应处理日" if task.is_due_provisional else "应处理日") if task.next_on else "",
                links=links,
            )
        )
    return rows
