"""What the page of one task shows, as plain values. Pure: everything was fetched before."""

from dataclasses import dataclass

from django.urls import reverse

from agencies.fields import FIELDS, Hiding
from applications import clock
from applications.enums import Decision, Fulfilment, Verdict
from applications.models import CorrectionLine, Material, StatusLog
from applications.registration import display_hidden
from portal.desk.addresses import task_url
from portal.desk.case_presenters import next_step
from portal.desk.queue_presenters import person_of
from portal.desk.sight import Sight
from portal.desk.task_news import news
from portal.web import progress
from portal.web.papers import paper_link, paper_state
from portal.web.presenters import (
    Action,
    Clock,
    Event,
    Tag,
    Why,
    file_size,
    moment_words,
    short_day,
    short_moment,
)


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
    return field is not None and field.hides != Hiding.NOTHING


def _shown(line: dict[str, str], *, is_revealed: bool) -> str:
    return display_hidden(FIELDS[line["field"]], line["text"]) if _is_hidden(line) and not is_revealed else line["text"]


def payload_lines(sight: Sight, *, is_revealed: bool = False) -> list[PayloadLine]:
    """The payload in the order of the agency's field map, nothing else."""
    before = {line["target"]: line["value"] for line in (sight.earlier or {"fields": []})["fields"]}
    return [
        PayloadLine(
            label=line["label"],
            value=_shown(line, is_revealed=is_revealed),
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
        name=person_of(task, sight.payload)[0],
        number=task.application.number,
        channel=f"{task.application.get_channel_display()}提交",
        tag=progress.staff_tag(task),
        clock=None if task.is_terminal else progress.light(task, sight.calendar, sight.today),
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
        words.append(f"{short_day(reading.received_on)}交齐")
    if reading.state == clock.State.REPLYING and reading.reply_due_on:
        words.append(f"{'预计答复期限' if reading.is_provisional else '答复期限'} {short_day(reading.reply_due_on)}")
        if sight.item.deemed_acceptance and reading.received_on:
            words.append(f"逾期未告知，视为自 {short_day(reading.received_on)}受理")
    if reading.state == clock.State.ANSWERED:
        words.append("已一次告知补正，补正交齐后重新计算答复期限")
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
