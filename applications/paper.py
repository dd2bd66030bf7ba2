"""What each paper says. Called by documents.render and by the page that shows a paper as HTML.

Everything is read as it stood when the paper was asked for, so that a paper made again says the same. Papers keep the
wording of the law and of the official form; what is not published is said to be 未公布.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import segno
from django.conf import settings
from django.db.models import F
from django.template.loader import render_to_string
from django.utils import timezone

from agencies.catalogue import place_told
from agencies.deadlines import calendar_now
from agencies.fields import FIELDS
from agencies.spec import Basis, FormField, ItemSpec, Limit, SchemeSpec
from agencies.words import NOT_PUBLISHED, full_day, plain_day
from applications import clock, workflow
from applications.enums import (
    Action,
    ApplicationStatus,
    Channel,
    Decision,
    DocumentKind,
    Fulfilment,
    Grade,
    TaskStatus,
)
from applications.models import Application, Correction, CorrectionLine, Document, ItemTask, Material
from applications.registration import display

# 行政复议法第20条、行政诉讼法第46条; an office may state its own remedy with the decision.
REMEDY = (
    "不服本决定的，可以自收到之日起六十日内依法申请行政复议，也可以自收到之日起六个月内依法向人民法院提起行政诉讼。"
)
_GRADES = {
    Grade.A: "部门签发",
    Grade.B: "原件已核",
    Grade.C: "上传件，未核原件",
    Grade.D: "本人声明",
}
_MARKS = {
    TaskStatus.COMPLETED: "●",
    TaskStatus.PRE_RETURNED: "▲",
    TaskStatus.AWAITING_CORRECTION: "▲",
    TaskStatus.AWAITING_VISIT: "▲",
    TaskStatus.NOT_ACCEPTED: "▲",
    TaskStatus.REFUSED: "▲",
    TaskStatus.TERMINATED: "▲",
    TaskStatus.WAITING: "◇",
    TaskStatus.SUSPENDED: "◇",
    TaskStatus.WITHDRAWN: "◇",
}
_TITLES = {
    DocumentKind.SUBMISSION_RECEIPT: "申请回执",
    DocumentKind.ACCEPTANCE_NOTICE: "受理通知书",
    DocumentKind.CORRECTION_NOTICE: "补正材料一次性告知书",
    DocumentKind.NON_ACCEPTANCE_NOTICE: "不予受理通知书",
    DocumentKind.REFUSAL_NOTICE: "不予办理决定书",
    DocumentKind.SUSPENSION_NOTICE: "特别程序告知书",
    DocumentKind.EXTENSION_NOTICE: "延长办理期限通知书",
    DocumentKind.DELIVERY_RECEIPT: "送达回证",
    DocumentKind.RESULT_SHEET: "一单反馈",
}


# -- words -------------------------------------------------------------------------------------------------------------


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


# -- parts -------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Row:
    """Label and value of a table; strong values are printed bold."""

    label: str
    value: str
    is_strong: bool = False


@dataclass(frozen=True)
class Cell:
    """One field of the form: label, value, and how many of the row's six columns the value takes."""

    label: str
    value: str
    span: int = 1


@dataclass(frozen=True)
class Group:
    """A block of the form under one heading, which stands upright at its left."""

    title: str
    rows: tuple[tuple[Cell, ...], ...]


@dataclass(frozen=True)
class Tick:
    name: str
    is_yes: bool


@dataclass(frozen=True)
class Given:
    """One line of the list of materials received."""

    name: str
    count: str
    how: str


@dataclass(frozen=True)
class Line:
    """One deficit of a correction notice."""

    name: str
    reason: str
    how: str
    item: str = ""


@dataclass(frozen=True)
class Outcome:
    """One line of the result sheet."""

    item: str
    agency: str
    mark: str
    words: str
    day: str
    result: str
    is_strong: bool = False


@dataclass(frozen=True)
class Notice:
    """The body of a notice: what was decided, the table of facts, and what the person may do."""

    lead: str
    rows: tuple[Row, ...] = ()
    closing: tuple[str, ...] = ()
    lines: tuple[Line, ...] = ()
    is_joint: bool = False


# -- every paper -------------------------------------------------------------------------------------------------------


def html_of(document: Document, *, missing: Iterable[int] = (), is_page: bool = False) -> str:
    """The paper as HTML: for WeasyPrint, or with `is_page` as a page of its own for a browser.

    `missing` are code points that no font has: they become blanks to be filled in by hand, and the paper says so.
    """
    points = tuple(missing)
    kind = DocumentKind(document.kind)
    template, content = _CONTENT[kind]
    html = render_to_string(
        template, {**_frame(document), **content(document), "is_page": is_page, "warning": warning_of(points)}
    )
    return html.translate(dict.fromkeys(points, "〔\u3000\u3000〕"))


def warning_of(missing: Iterable[int]) -> str:
    """字库未收录 U+323B0，窗口手工填写; empty when every character can be printed."""
    points = "、".join(f"U+{point:04X}" for point in missing)
    return f"字库未收录 {points}，窗口手工填写" if points else ""


def title_of(document: Document) -> str:
    """The form has the region's own title; notices have the law's."""
    return _TITLES.get(DocumentKind(document.kind)) or document.application.scheme.spec.form.title


def verify_url(document: Document) -> str:
    """Where the QR code leads: the number only, never a name or the check code."""
    return f"{settings.SITE_URL}/verify/?n={document.number}"


def _frame(document: Document) -> dict[str, Any]:
    """Head and foot, the same on each paper."""
    application = document.application
    return {
        "title": title_of(document),
        "service_name": settings.SERVICE_NAME,
        "place": application.region.full_name,
        "case_number": application.number,
        "number": document.number,
        "check_code": document.check_code,
        "made_at": moment(document.requested_at),
        "made_on": plain_day(timezone.localdate(document.requested_at)),
        "made_iso": document.requested_at.isoformat(),
        "qr": segno.make(verify_url(document), error="m").svg_data_uri(border=2, scale=4, omitsize=True),
        "notice_of_environment": settings.ENVIRONMENT_NOTICE,
        "name": application.subject_name,
        "masked_id": masked_id(application.subject_id_no),
    }


def _phone_of(task: ItemTask) -> str:
    return task.office.phone or task.application.region.phone or NOT_PUBLISHED


def _limit_words(limit: Limit | None) -> str:
    return str(limit) if limit else NOT_PUBLISHED


def _basis_words(spec: SchemeSpec, item: ItemSpec, day: date) -> str:
    """The item's own basis in force on the day, else the scheme's."""

    def in_force(rows: tuple[Basis, ...]) -> list[str]:
        return [
            row.text
            for row in rows
            if (row.valid_from is None or row.valid_from <= day) and (row.valid_until is None or day <= row.valid_until)
        ]

    return "；".join(in_force(item.basis) or in_force(spec.basis)) or NOT_PUBLISHED


def _materials(document: Document, codes: Iterable[str] | None = None) -> list[Given]:
    """The materials received until the paper was asked for, in the scheme's order; only `codes` if given."""
    application = document.application
    received: dict[str, list[Material]] = {}
    for material in _received(document):
        received.setdefault(material.code, []).append(material)
    wanted = application.scheme.spec.materials_for(_ticked_at(document), application.answers)
    lines = []
    for spec in wanted:
        if codes is not None and spec.code not in codes:
            continue
        files = received.get(spec.code, [])
        pages = sum(file.pages for file in files)
        best = min((Grade(file.grade) for file in files), default=None)
        count = f"{len(files)} 份 {pages} 页" if files else "—"
        how = _GRADES[best] if best else "没有上传"
        lines.append(Given(spec.title, count, how))
    return lines


def _ticked_at(document: Document) -> frozenset[str]:
    """The items that the case had when the paper was asked for; items added afterwards stand on papers of their own."""
    added = document.application.log.filter(action=Action.ADD_ITEMS, at__gt=document.requested_at)
    later = {code for row in added for code in row.data.get("items", [])}
    return frozenset(document.application.ticked) - later


def _received(document: Document) -> list[Material]:
    """The files that counted when the paper was asked for. A case entered afterwards has no file that old: then all."""
    sent = list(document.application.materials.filter(is_sent=True))
    known = [material for material in sent if material.uploaded_at <= document.requested_at] or sent
    ids = {material.pk for material in known}
    return [material for material in known if material.replaced_by_id not in ids]


def _clock_at(task: ItemTask, at: datetime) -> clock.Reading:
    """The task's clock as it stood at that moment."""
    lines = workflow.log_lines(task, until=at)
    return clock.read(
        clock.events_of(lines),
        workflow.clock_rule(task),
        calendar_now().at(task.office.region_id),
        timezone.localdate(at),
    )


# -- 登记表 ------------------------------------------------------------------------------------------------------------


def _registration(document: Document) -> dict[str, Any]:
    """The form as the region prints it (OR-51 to OR-55): its rows, its order of items, its promise. Numbers in full."""
    application = document.application
    spec = application.scheme.spec
    order = [spec.item(code) for code in spec.form.item_order] or list(spec.offered)
    groups, ticked = _groups(application), _ticked_at(document)
    return {
        "groups": groups,
        # With more rows than the official form has, lower ones keep it on one page.
        "is_dense": sum(len(group.rows) for group in groups) + len(order) > 16,
        "ticks": [Tick(item.printed_name, item.code in ticked) for item in order],
        "promise": spec.form.promise,
        "form_note": spec.form.note,
        "filled_on": plain_day(timezone.localdate(application.submitted_at)),
        "entered": _entered_words(application),
    }


def _entered_words(application: Application) -> str:
    if application.channel == Channel.WINDOW:
        return f"窗口录入：{application.entered_by}"
    return "本人网上填写"


def _groups(application: Application) -> list[Group]:
    """The printed rows first; what else was answered follows, two fields a row."""
    spec = application.scheme.spec
    labels = {f.field: f.label or FIELDS[f.field].label for s in spec.form.sections for f in s.fields}
    asked = {f.field for f in application.registration.asked()}
    printed = [row for row in spec.form.printed_rows if asked.intersection(row)]
    groups = [Group(spec.form.sections[0].title, tuple(_cells(row, labels, application) for row in printed))]
    seen = {code for row in printed for code in row}
    rest = [
        (section.title, form_field)
        for section, fields in application.registration.sections()
        for form_field in fields
        if form_field.field not in seen and application.answers.get(form_field.field)
    ]
    if rest:
        titles = {title for title, _ in rest}
        rows = _packed([form_field for _, form_field in rest], application)
        title = titles.pop() if len(titles) == 1 else "补充信息"
        groups.append(Group(title, tuple(_cells(row, labels, application) for row in rows)))
    return groups


def _packed(fields: list[FormField], application: Application) -> list[tuple[str, ...]]:
    """Short answers two to a row, long ones alone."""
    rows: list[tuple[str, ...]] = []
    for form_field in fields:
        is_long = len(_value(form_field.field, application)) > 20
        if is_long or not rows or len(rows[-1]) == 2 or len(_value(rows[-1][0], application)) > 20:
            rows.append((form_field.field,))
        else:
            rows[-1] = (*rows[-1], form_field.field)
    return rows


def _cells(row: tuple[str, ...], labels: dict[str, str], application: Application) -> tuple[Cell, ...]:
    span = {1: 5, 2: 2}.get(len(row), 1)
    return tuple(Cell(labels.get(code, FIELDS[code].label), _value(code, application) or "—", span) for code in row)


def _value(code: str, application: Application) -> str:
    return display(FIELDS[code], str(application.answers.get(code) or ""))


# -- 申请回执 ----------------------------------------------------------------------------------------------------------


def _receipt(document: Document) -> dict[str, Any]:
    """What was received, when, from whom and by whom. It says that nothing is accepted yet."""
    application = document.application
    spec = application.scheme.spec
    submitted = timezone.localdate(application.submitted_at)
    days = spec.receiving_limit.days or 5
    later = set(application.ticked) - _ticked_at(document)
    tasks = [task for task in _tasks(application) if task.item.code not in later]
    given = _materials(document)
    rows = [
        Row("申请人", application.subject_name),
        Row("身份证号", masked_id(application.subject_id_no)),
        Row("收到时间", moment(application.submitted_at)),
        Row("申请方式", f"{application.get_channel_display()}　{_entered_words(application)}"),
    ]
    return {
        "rows": rows,
        "items": [
            {"name": task.item.name, "office": task.office.name, "phone": _phone_of(task), "wait": _wait_words(task)}
            for task in tasks
        ],
        "given": given,
        "pre_review": _pre_review_words(document),
        "reply_days": days,
        "reply_by": _reply_day(application, submitted, days),
        "phone": application.region.phone or NOT_PUBLISHED,
        "supervision": spec.supervision_phone or NOT_PUBLISHED,
        "window": application.region.window or NOT_PUBLISHED,
        "window_where": _window_where(application),
        "is_window": application.channel == Channel.WINDOW,
        "entered_by": str(application.entered_by),
    }


def _window_where(application: Application) -> str:
    """Address and opening hours of the window, summer and winter, as this version of the scheme publishes them."""
    told = place_told(application.scheme, application.region)
    hours = "；".join(map(str, told.hours)) if told else ""
    return f"地址：{(told.address if told else None) or NOT_PUBLISHED}　开放时间：{hours or NOT_PUBLISHED}"


def _pre_review_words(document: Document) -> str:
    """Who looks through the form first and until when, as it stood when the paper was asked for; empty without."""
    rounds = document.application.pre_reviews.filter(asked_at__lte=document.requested_at).select_related("office")
    review = rounds.last()
    return f"{full_day(review.answer_by)}前，由{review.office.name}告知预审结果" if review is not None else ""


def _tasks(application: Application) -> list[ItemTask]:
    """The case's items in the scheme's order; each knows this very application, so its scheme is read once."""
    return list(
        application.tasks.select_related("item", "office__agency", "result").order_by("item__order", "agency_order")
    )


def _wait_words(task: ItemTask) -> str:
    """What an item waits for from its beginning: other items of the case and external facts."""
    spec, application = task.application.scheme.spec, task.application
    ticked = frozenset(application.ticked)
    words = []
    for need in task.spec.requires:
        if need.kind != "hard" or (need.when and not need.when.holds(application.answers, ticked)):
            continue
        if need.item and need.item in ticked:
            words.append(f"{spec.item(need.item).title}办好后开始")
        if need.fact:
            words.append(f"等{spec.fact(need.fact).name}")
    return "；".join(words)


# -- 通知书 ------------------------------------------------------------------------------------------------------------


def _notice(build: Callable[[Document, ItemTask], Notice]) -> Callable[[Document], dict[str, Any]]:
    """What notices share: to whom, about which item, from which office."""

    def content(document: Document) -> dict[str, Any]:
        task = document.task
        if task is None:
            raise ValueError(f"{document.kind} without a task")
        return {
            "notice": build(document, task),
            # Every notice goes on with 申请; some regions' names of items end in it already.
            "item": task.item.name.removesuffix("申请"),
            "office": task.office.name,
            "submitted_on": plain_day(timezone.localdate(task.application.submitted_at)),
        }

    return content


def _query_words(task: ItemTask) -> str:
    window = task.application.region.window
    return f"本站“查进度”，办件编号 {task.application.number}" + (f"；或到{window}" if window else "")


def _reply_day(application: Application, submitted: date, days: int) -> str:
    """The day by which offices answer; said to be expected while the holidays of its year are not announced."""
    calendar = calendar_now().at(application.region_id)
    day = calendar.add(submitted, days)
    return full_day(day) if calendar.knows(day) else f"预计 {full_day(day)}"


def _due_words(reading: clock.Reading, without: str) -> str:
    """The due day, said to be expected while the holidays of its year are not announced; `without` where there is none."""
    if reading.due_on is None:
        return without
    if reading.is_provisional:
        return f"预计 {full_day(reading.due_on)}，{reading.due_on.year}年放假安排公布后确定"
    return full_day(reading.due_on)


def _acceptance(document: Document, task: ItemTask) -> Notice:
    spec = task.application.scheme.spec
    day = timezone.localdate(document.requested_at)
    reading = _clock_at(task, document.requested_at)
    accepted = reading.accepted_on or day
    promised = spec.limit_of(task.spec)
    until = document.facts.get("until")
    lead = f"申请，材料齐全，符合规定形式。我单位于 {plain_day(accepted)} 予以受理。"
    rows = [
        Row("办理依据", _basis_words(spec, task.spec, accepted)),
        Row("法定办结时限", _limit_words(task.spec.legal_limit or spec.legal_limit)),
        Row("承诺办结时限", f"{promised}，自受理次日起算" if promised and promised.days else _limit_words(promised)),
        Row("应办结日期", _due_words(reading, f"{NOT_PUBLISHED}办结时限"), True),
    ]
    if until:
        late = "、".join(spec.material(code).title for code in document.facts.get("materials", []))
        lead = f"申请，主要材料齐全。我单位于 {plain_day(accepted)} 容缺受理。"
        rows.append(Row("容缺补交", f"{late}，{full_day(date.fromisoformat(until))}前补交", True))
    if task.spec.fulfilment:
        rows.append(Row("受理以后", task.spec.next_step or task.spec.note or _limit_words(task.spec.fulfilment)))
    if task.spec.in_person:
        rows.append(Row("本人到场", task.spec.in_person_reason or "需要本人到场办理。"))
    rows += [
        Row("收到的材料", _given_words(document, task)),
        Row("受理人、电话", f"{_actor_of(document, task)}　{_phone_of(task)}"),
        Row("查询方式", _query_words(task)),
    ]
    closing = ("需要补充材料或者延长期限的，我单位会一次性书面告知您。如需撤回申请，请在作出决定前提出。",)
    return Notice(lead, tuple(rows), closing)


def _given_words(document: Document, task: ItemTask) -> str:
    """居民身份证、退伍证（原件已核）；转移凭证（上传件，未核原件），共 3 种."""
    by_how: dict[str, list[str]] = {}
    for line in _materials(document, task.material_codes()):
        if line.count != "—":
            by_how.setdefault(line.how, []).append(line.name)
    count = sum(len(names) for names in by_how.values())
    words = "；".join(f"{'、'.join(names)}（{how}）" for how, names in by_how.items())
    return f"{words}，共 {count} 种" if words else "—"


def _actor_of(document: Document, task: ItemTask) -> str:
    """Who did the deed that this paper tells of."""
    row = task.log.filter(at=document.requested_at, actor__isnull=False).select_related("actor").last()
    return str(row.actor) if row and row.actor else task.office.name


def _correction(document: Document, task: ItemTask) -> Notice:
    """Every deficit of the round at once, those of other offices too, so that one paper tells all there is to bring."""
    notices = list(
        Correction.objects.filter(pk__in=document.facts["corrections"])
        .select_related("task__item", "task__office", "asked_by")
        .prefetch_related("lines")
        .order_by("id")
    )
    spec = task.application.scheme.spec
    given = {material.code for material in _received(document)}
    lines = [
        Line(*_deficit_words(line, spec, given), notice.task.item.name if len(notices) > 1 else "")
        for notice in notices
        for line in notice.lines.all()
    ]
    rows = []
    for notice in notices:
        name = f"{notice.task.office.name}：" if len(notices) > 1 else ""
        rows += [Row("说明", f"{name}{notice.note}")] if notice.note else []
    if len({notice.answer_by for notice in notices}) == 1:
        rows.append(Row("补正期限", f"{full_day(notices[0].answer_by)}前", True))
    else:
        rows += [
            Row("补正期限", f"{full_day(notice.answer_by)}前（{notice.task.item.name}）", True) for notice in notices
        ]
    window = task.application.region.window or task.office.name
    rows.append(Row("怎样补正", f"在本站“查进度”里补；或到{window}，由窗口代您补"))
    told = dict.fromkeys(
        f"{notice.asked_by or notice.task.office.name}　{_phone_of(notice.task)}" for notice in notices
    )
    rows.append(Row("告知人、电话", "；".join(told)))
    closing = (
        "补正的时间不计入办理期限。补正后只送回提出补正的部门，其他事项照常办理。",
        "到期没有补正的，办理机构可以终止办理这一件；终止后可以重新申请。",
    )
    lead = f"申请，经审查，有 {len(lines)} 处需要补正。现将需要补正的全部内容一次告知如下。"
    return Notice(lead, tuple(rows), closing, tuple(lines), is_joint=len(notices) > 1)


def _deficit_words(line: CorrectionLine, spec: SchemeSpec, given: set[str]) -> tuple[str, str, str]:
    """What it is about, what is wrong, how to supply it."""
    if line.material:
        material = spec.material(line.material)
        how = "重新上传" if line.material in given else "补交"
        return material.title, line.reason, f"{how}，办理时带原件" if material.original else how
    return f"登记表“{FIELDS[line.field].label}”", line.reason, "改正后重新填写"


def _rejection(verdict: str) -> Callable[[Document, ItemTask], Notice]:
    """不予受理 and 不予办理 differ in nothing but their names."""

    def content(_document: Document, task: ItemTask) -> Notice:
        result = task.result
        day = timezone.localdate(result.decided_at)
        rows = (
            Row(f"{verdict}理由", result.summary, True),
            Row("办理依据", _basis_words(task.application.scheme.spec, task.spec, day)),
            Row("经办人、电话", f"{result.decided_by or task.office.name}　{_phone_of(task)}"),
        )
        lead = f"申请，经审查，我单位于 {plain_day(day)} 决定{verdict}。"
        return Notice(lead, rows, (result.remedy or REMEDY, "其他事项照常办理，不受影响。"))

    return content


def _suspension(document: Document, task: ItemTask) -> Notice:
    days = document.facts["expected_days"]
    rows = (
        Row("原因", str(document.facts["reason"])),
        Row("预计需要", f"{days} 个工作日", True),
        Row("咨询电话", _phone_of(task)),
        Row("查询方式", _query_words(task)),
    )
    made = plain_day(timezone.localdate(document.requested_at))
    lead = f"申请，需要进行特别程序，自 {made} 起暂停计算办理期限。"
    closing = ("所需时间不计入办理期限（《中华人民共和国行政许可法》第四十五条）。结束后继续计算，新的日期会告知您。",)
    return Notice(lead, rows, closing)


def _extension(document: Document, task: ItemTask) -> Notice:
    days = document.facts["days"]
    reading = _clock_at(task, document.requested_at)
    rows = (
        Row("延长原因", str(document.facts["reason"])),
        Row("延长", f"{days} 个工作日"),
        Row("新的办结日期", _due_words(reading, "现在暂停计时，恢复后另行告知"), True),
        Row("咨询电话", _phone_of(task)),
        Row("查询方式", _query_words(task)),
    )
    lead = f"申请，不能在承诺的期限内办结。经负责人批准，延长 {days} 个工作日。"
    return Notice(lead, rows, ("延长只有一次（《中华人民共和国行政许可法》第四十二条）。",))


# -- 送达回证 ------------------------------------------------------------------------------------------------------------


def _delivery_receipt(document: Document) -> dict[str, Any]:
    """What was handed over to whom, when, where and how; blank where it is still to be signed (DOMAIN.md 3.3)."""
    task, facts = document.task, document.facts
    if task is None:
        raise ValueError(f"{document.kind} without a task")
    result = task.result
    stage = facts.get("fulfilment", Fulfilment.READY)
    is_posted = stage == Fulfilment.MAILED or _was_posted(task, document.requested_at)
    is_done = stage == Fulfilment.DELIVERED
    manners = ("直接送达", "留置送达", "邮寄送达", "电子送达")
    chosen = "邮寄送达" if is_posted else "直接送达" if is_done else ""
    return {
        "what": task.spec.result.name or f"{task.item.name}办理结果",
        "reference": result.reference,
        "item": task.item.name,
        "decided_on": plain_day(timezone.localdate(result.decided_at)),
        "office": task.office.name,
        "manners": [(words == chosen, words) for words in manners],
        "courier": facts.get("courier") or (result.courier if is_posted else ""),
        "delivery_place": "按申请人填的邮寄地址" if is_posted else _place_words(task),
        "delivered_at": moment(document.requested_at) if is_done and not is_posted else "",
        "receiver": facts.get("receiver", ""),
        "relation": (facts.get("relation") or "本人") if is_done else "",
        "deliverer": _actor_of(document, task) if is_done and not is_posted else "",
        "remark": (
            "邮寄送达的，以回执上注明的收件日期为送达日期。" if is_posted else "代收的，请出示代收人身份证件和委托书。"
        ),
    }


def _was_posted(task: ItemTask, at: datetime) -> bool:
    return task.log.filter(action=Action.MAIL, at__lte=at).exists()


def _place_words(task: ItemTask) -> str:
    return f"{task.office.name}　{task.office.address}" if task.office.address else task.office.name


# -- 一单反馈 ----------------------------------------------------------------------------------------------------------


def _result_sheet(document: Document) -> dict[str, Any]:
    """One line for each item: who, outcome, day, reference, what follows; reasons and remedies of what failed below."""
    application = document.application
    at = document.requested_at
    tasks = _tasks(application)
    accepted = [task.accepted_on for task in tasks if task.accepted_on]
    return {
        "subtitle": f"{application.scheme.spec.service_name}办理结果单（截至 {plain_day(timezone.localdate(at))}）",
        "submitted_on": plain_day(timezone.localdate(application.submitted_at)),
        "accepted_on": plain_day(min(accepted)) if accepted else "—",
        "summary": _summary_words(tasks),
        "overall": ApplicationStatus(application.status).label,
        "outcomes": [_outcome(task, at) for task in tasks],
        # Lower rows keep a long list and what is said below it on one page.
        "is_long": len(tasks) > 9,
        "failures": _failures(tasks),
        "remedy": _common_remedy(tasks),
        "follows": _follows(tasks, at),
        "phone": application.region.phone or NOT_PUBLISHED,
        "supervision": application.scheme.spec.supervision_phone or NOT_PUBLISHED,
    }


def _summary_words(tasks: list[ItemTask]) -> str:
    """8 件中已办结 7 件，不予办理 1 件."""
    counts: dict[str, int] = {}
    for task in tasks:
        label = task.get_status_display()
        counts[label] = counts.get(label, 0) + 1
    return f"{len(tasks)} 件中" + "，".join(f"{label} {count} 件" for label, count in counts.items())


def _outcome(task: ItemTask, at: datetime) -> Outcome:
    status = TaskStatus(task.status)
    result = getattr(task, "result", None)
    ended = task.log.filter(to_status=task.status, at__lte=at).exclude(to_status=F("from_status")).order_by("id").last()
    day = timezone.localtime(ended.at).date() if ended and task.is_terminal else task.next_on
    words = f"{day.month}月{day.day}日" if day else "—"
    return Outcome(
        task.item.name,
        _office_words(task),
        _MARKS.get(status, "○"),
        status.label,
        words if task.is_terminal or not day else f"{words}前",
        _result_words(task, at) if result else "—",
        status == TaskStatus.COMPLETED or _MARKS.get(status) == "▲",
    )


def _office_words(task: ItemTask) -> str:
    agency = task.application.scheme.spec.agency(task.office.agency_id)
    return agency.short_name or agency.name


def _result_words(task: ItemTask, at: datetime) -> str:
    """Reference number, what the person gets, and what still follows."""
    result = task.result
    if result.decision != Decision.APPROVED:
        return "理由和救济途径见下"
    words = [result.reference, result.summary or (task.spec.result.name or "")]
    if follow := _follow_words(task, at):
        words.append(follow)
    return "；".join(word for word in words if word) or "已办好"


def _follow_words(task: ItemTask, at: datetime) -> str:
    result = task.result
    if result.fulfilment == Fulfilment.NONE or result.decision != Decision.APPROVED:
        return ""
    if result.fulfilled_at and result.fulfilled_at <= at:
        return f"{plain_day(timezone.localdate(result.fulfilled_at))}{Fulfilment(result.fulfilment).label}"
    if result.fulfil_by is None:
        return Fulfilment(result.fulfilment).label
    is_money = result.fulfilment in (Fulfilment.PAYMENT_DUE, Fulfilment.PAID)
    return f"{plain_day(result.fulfil_by)}前{'发放' if is_money else '可以领取'}"


def _failures(tasks: list[ItemTask]) -> list[Row]:
    """What was not done and why, offices with the same words together; an office's own remedy stands with its item."""
    offices: dict[tuple[str, str], list[str]] = {}
    for task in tasks:
        if why := _why_not(task):
            offices.setdefault((task.item.name, why), []).append(_office_words(task))
    return [Row(f"{item}（{'、'.join(names)}）", why) for (item, why), names in offices.items()]


def _why_not(task: ItemTask) -> str:
    result = getattr(task, "result", None)
    if result and result.decision != Decision.APPROVED:
        return f"{result.summary.rstrip('。')}。{result.remedy}"
    if task.status == TaskStatus.TERMINATED:
        last = task.log.filter(action=Action.TERMINATE).last()
        return f"已终止：{last.note if last else ''}"
    return ""


def _common_remedy(tasks: list[ItemTask]) -> str:
    """The remedy that the law gives, once for all decisions that state none of their own."""
    results = [task.result for task in tasks if hasattr(task, "result")]
    is_needed = any(result.decision != Decision.APPROVED and not result.remedy for result in results)
    return REMEDY if is_needed else ""


def _follows(tasks: list[ItemTask], at: datetime) -> list[str]:
    """What still comes after the decision."""
    return [
        f"{task.item.name}：{words}" for task in tasks if hasattr(task, "result") and (words := _follow_words(task, at))
    ]


_CONTENT: dict[DocumentKind, tuple[str, Callable[[Document], dict[str, Any]]]] = {
    DocumentKind.REGISTRATION: ("pdf/registration.html", _registration),
    DocumentKind.SUBMISSION_RECEIPT: ("pdf/submission_receipt.html", _receipt),
    DocumentKind.ACCEPTANCE_NOTICE: ("pdf/notice.html", _notice(_acceptance)),
    DocumentKind.CORRECTION_NOTICE: ("pdf/notice.html", _notice(_correction)),
    DocumentKind.NON_ACCEPTANCE_NOTICE: ("pdf/notice.html", _notice(_rejection("不予受理"))),
    DocumentKind.REFUSAL_NOTICE: ("pdf/notice.html", _notice(_rejection("不予办理"))),
    DocumentKind.SUSPENSION_NOTICE: ("pdf/notice.html", _notice(_suspension)),
    DocumentKind.EXTENSION_NOTICE: ("pdf/notice.html", _notice(_extension)),
    DocumentKind.DELIVERY_RECEIPT: ("pdf/delivery_receipt.html", _delivery_receipt),
    DocumentKind.RESULT_SHEET: ("pdf/result_sheet.html", _result_sheet),
}
