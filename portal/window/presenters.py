"""What the window's pages show: the lookup, the one screen of the registration, and the cases of the place."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from django.core.paginator import Page
from django.forms import BoundField
from django.http import Http404
from django.urls import reverse
from django.utils import timezone

from agencies.deadlines import calendar_now
from agencies.fields import FIELDS
from agencies.models import Posting, Region
from agencies.spec import FormField
from applications import drafts, notices, visits, workflow
from applications.enums import Action, DocumentKind, Fulfilment, Party, TaskStatus
from applications.models import Application, Document, Draft, ItemTask, Material
from applications.registration import display, id_number_problem, normalise
from portal.web import places, progress
from portal.web.correcting import open_notices
from portal.web.drafting import Slot, file_row, sections_of, slots_of
from portal.web.forms import AnswersForm, label_of
from portal.web.history import timeline
from portal.web.papers import newest, paper_state, paper_url
from portal.web.pre_reviewing import deficit_lines, returned_lines
from portal.web.presenters import Tag, day_words, masked, moment_words, short_moment
from portal.web.supplying import owing
from portal.web.visiting import appointment
from portal.web.withdrawing import withdrawable

# -- looking a person up -------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class FoundDraft:
    id: str
    words: str
    source: str


@dataclass(frozen=True)
class FoundCase:
    title: str
    number: str
    tag: Tag
    url: str


def plain_number(text: str) -> str:
    return normalise(FIELDS["id_no"], text)


def place_of(posting: Posting) -> Region:
    """The place of a clerk's window; the database lets no clerk be posted without one."""
    assert posting.region is not None
    return posting.region


def regions_of(posting: Posting) -> list[Region]:
    """The open places that the window serves: its own and those below it."""
    return places.open_within(place_of(posting))


def region_of(posting: Posting, code: str) -> Region:
    found = next((region for region in regions_of(posting) if region.code == code), None)
    if found is None:
        raise Http404
    return found


def index_page(posting: Posting, id_no: str, *, is_asked: bool) -> dict[str, Any]:
    number = plain_number(id_no)
    error = (id_number_problem(number, timezone.localdate()) if number else "请填身份证号") if is_asked else None
    context: dict[str, Any] = {
        "id_no": id_no,
        "error": error,
        "errors": ((f"身份证号：{error}", "#id_id_no"),),
        "is_found": is_asked and not error,
    }
    if not is_asked or error or posting.region is None:
        return context
    begun = Draft.objects.for_window(posting.region, number)
    cases = Application.objects.for_window(posting.region).filter(subject_id_no=number).with_progress()
    return context | {
        "number": number,
        "drafts": [_found_draft(draft) for draft in begun],
        "cases": [_found_case(case) for case in cases[:10]],
        "regions": regions_of(posting),
    }


def _found_draft(draft: Draft) -> FoundDraft:
    filled = sum(bool(value) for value in draft.answers.values())
    source = "本人网上草稿" if draft.owner_id else f"{draft.entered_by}在窗口录入的草稿"
    return FoundDraft(
        str(draft.pk), f"{moment_words(draft.saved_at)}保存，已填 {filled} 项，{draft.region.name}", source
    )


def _found_case(case: Application) -> FoundCase:
    return FoundCase(
        progress.count_words(case.tasks.all()),
        case.number,
        progress.case_tag(case, for_staff=True),
        reverse("window:case", args=[case.number]),
    )


# -- the one screen ------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Cell:
    """One field of the printed row: a control, or what the ID number says."""

    control: BoundField | None = None
    label: str = ""
    value: str = ""


@dataclass(frozen=True)
class Row:
    cells: list[Cell]

    @property
    def width(self) -> int:
        return len(self.cells)


@dataclass(frozen=True)
class SheetItem:
    code: str
    name: str
    note: str
    is_on: bool


@dataclass(frozen=True)
class ScanFile:
    id: str
    name: str
    url: str
    is_seen: bool


def material_codes(draft: Draft) -> list[str]:
    wanted = draft.scheme.spec.materials_for(frozenset(draft.ticked), draft.answers)
    return [material.code for material in wanted]


def sheet_page(
    draft: Draft,
    given: Iterable[Material],
    *,
    problems: Mapping[str, str] | None,
    refused: Mapping[str, list[str]],
    mine: Mapping[str, str],
) -> dict[str, Any]:
    """With `problems` (after an attempt to hand in) everything missing stands at its field, else only what is wrong."""
    known = drafts.problems_of(draft)
    asked = [entry for state in sections_of(draft) for entry in state.asked]
    wrong = {code: words for code, words in known.items() if draft.answers.get(code)}
    form = AnswersForm(
        [entry for entry in asked if not FIELDS[entry.field].derived],
        draft.answers,
        {**wrong, **(problems or {})},
        compact=True,
        is_own=False,
    )
    for code, value in mine.items():
        if code in form.fields and normalise(FIELDS[code], value) != str(draft.answers.get(code) or ""):
            form.fields[code].help_text = f"您刚才填的是：{display(FIELDS[code], value) or '（空）'}"
    slots = slots_of(draft, given, row=lambda m: file_row(m, url=_file_url(m)), errors=refused)
    return {
        "draft": draft,
        "form": form,
        "rows": _rows(draft, asked, form),
        "sheet_items": _items(draft),
        "slots": [(slot, _scans(slot)) for slot in slots],
        "given": sum(slot.is_given for slot in slots),
        "wanted": len(slots),
        "missing": _missing(draft, asked, known),
        "was_tried": problems is not None,
        "errors": _other_errors(slots, problems or {}, form),
        "items_error": (problems or {}).get("items", ""),
        "promise_error": (problems or {}).get("promise", ""),
        "promise": draft.scheme.spec.form.promise,
        "saved_at": f"{timezone.localtime(draft.saved_at):%H:%M}",
        "returned": returned_lines(draft),
        "owner": "本人网上草稿" if draft.owner_id else "",
    }


def _file_url(material: Material) -> str:
    return reverse("window:material_file", args=[material.pk])


def _scans(slot: Slot) -> list[ScanFile]:
    return [ScanFile(str(m.pk), m.original_name, _file_url(m), m.checked_at is not None) for m in slot.materials]


def _rows(draft: Draft, asked: list[FormField], form: AnswersForm) -> list[Row]:
    """The fields in the order of the printed form; what it does not print follows, three to a row."""
    by_code = {entry.field: entry for entry in asked}
    printed = [[code for code in row if code in by_code] for row in draft.scheme.spec.form.printed_rows]
    placed = {code for row in printed for code in row}
    rest = [code for code in by_code if code not in placed]
    rows = [row for row in printed if row] + [rest[i : i + 3] for i in range(0, len(rest), 3)]
    return [Row([_cell(draft, by_code[code], form) for code in row]) for row in _paired(rows)]


def _paired(rows: list[list[str]]) -> list[list[str]]:
    """Two neighbouring rows of one field share a row, so that the form needs one screen; the order stays."""
    paired: list[list[str]] = []
    for row in rows:
        if paired and len(row) == len(paired[-1]) == 1:
            paired[-1] = [*paired[-1], *row]
        else:
            paired.append(row)
    return paired


def _cell(draft: Draft, entry: FormField, form: AnswersForm) -> Cell:
    if entry.field in form.fields:
        return Cell(form[entry.field])
    value = str(draft.answers.get(entry.field) or "")
    return Cell(None, label_of(entry), display(FIELDS[entry.field], value) or "填好身份证号后得出")


def _items(draft: Draft) -> list[SheetItem]:
    spec = draft.scheme.spec
    items = []
    for item in spec.offered:
        agencies = spec.agency_names(item)
        note = f"{agencies}，须到场" if item.in_person else agencies
        items.append(SheetItem(item.code, item.title, note, item.code in draft.ticked))
    return items


def _missing(draft: Draft, asked: list[FormField], problems: Mapping[str, str]) -> list[tuple[str, str]]:
    labels = {entry.field: label_of(entry) for entry in asked}
    spec = draft.scheme.spec
    return [
        (labels[code], f"#id_{code}") if code in labels else (spec.material(code).title, f"#m-{code}")
        for code in problems
    ]


def _other_errors(slots: list[Slot], problems: Mapping[str, str], form: AnswersForm) -> tuple[tuple[str, str], ...]:
    """What the form's own fields do not say: items, materials, the promise."""
    codes = {slot.code: slot.anchor for slot in slots}
    found = [(f"{slot.title}：{words}", f"#{slot.anchor}") for slot in slots for words in slot.errors]
    for code, words in problems.items():
        if code in codes:
            found.append((words, f"#{codes[code]}"))
        elif code not in form.fields:
            found.append((words, f"#id_{code}"))
    return tuple(found)


# -- cases ---------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class CaseRow:
    number: str
    name: str
    id_no: str
    title: str
    tag: Tag
    received: str
    typed_by: str
    url: str


def list_page(page: Page, *, is_today: bool) -> dict[str, Any]:
    rows = [
        CaseRow(
            case.number,
            case.subject_name,
            masked(case.subject_id_no),
            progress.count_words(case.tasks.all()),
            progress.case_tag(case, for_staff=True),
            short_moment(case.submitted_at),
            str(case.entered_by),
            reverse("window:case", args=[case.number]),
        )
        for case in page
    ]
    return {"page": page, "rows": rows, "is_today": is_today}


def case_page(case: Application) -> dict[str, Any]:
    calendar, today = calendar_now(), timezone.localdate()
    tasks, papers = list(case.tasks.all()), list(case.documents.all())
    return {
        "case": case,
        "title": progress.count_words(tasks),
        "tag": progress.case_tag(case, for_staff=True),
        "person": f"{case.subject_name}　{masked(case.subject_id_no)}",
        "rows": [progress.task_row(task, calendar, today, for_staff=True) for task in tasks],
        "events": timeline(case, for_staff=True),
        "papers": [(_paper_name(paper, tasks), paper_url(paper), paper_state(paper)) for paper in papers],
        "notices": [f"{notice.task.office}：{notice.task.spec.title}" for notice in open_notices(case)],
        "unreached": _unreached(case),
        "can_withdraw": bool(withdrawable(case, Party.CLERK)),
        "todo": _todo(case, tasks),
        "typed_by": f"{case.get_channel_display()}，{case.entered_by}录入",
    }


def _paper_name(paper: Document, tasks: list[ItemTask]) -> str:
    about = next((f"（{task.spec.title}）" for task in tasks if task.pk == paper.task_id), "")
    return f"{paper.get_kind_display()}{about}"


def _unreached(case: Application) -> str:
    """Why the last message reached nobody, so that the clerk tells the person at the counter or calls (A21)."""
    notice = notices.undelivered(case)
    return f"“{notice.get_kind_display()}”没有送到（{notice.outcome}），请当面或打电话告知" if notice else ""


def _todo(case: Application, tasks: list[ItemTask]) -> list[tuple[str, str, str]]:
    """(words, button, address) of what a clerk can do about this case now."""
    found = []
    waiting = progress.open_pre_review(case)
    if waiting is not None and waiting.decided_at is None and not case.is_closed:
        found.append(("登记表等预审", "预审", reverse("window:pre_review", args=[case.number])))
    if waiting is not None and waiting.is_returned:
        lines = "；".join(deficit_lines(waiting))
        found.append((f"预审退回，等申请人改登记表：{lines}", "接着录", reverse("window:index")))
    if owed := owing(case):
        names = "、".join(dict.fromkeys(task.spec.title for task in owed))
        found.append((f"{names}还有承诺的材料要补", "代为补交", reverse("window:supply", args=[case.number])))
    for task in tasks:
        args = [case.number, task.pk]
        visit = visits.open_visit(task)
        if task.status == TaskStatus.AWAITING_VISIT and visit is not None:
            when = appointment(task, visit).when
            found.append((f"{task.spec.title}等本人到场：{when}", "登记到场", reverse("window:visit", args=args)))
        if can_be_fetched(task):
            what = task.spec.result.name or task.spec.title
            found.append(
                (f"{what}{task.result.get_fulfilment_display()}", "登记领取", reverse("window:hand_over", args=args))
            )
    return found


def can_be_fetched(task: ItemTask) -> bool:
    """Something was made for the person and is not handed over yet."""
    result = getattr(task, "result", None)
    is_open = Action.HAND_OVER in workflow.available(task, Party.CLERK)
    return is_open and result is not None and result.fulfilment != Fulfilment.NONE


def submitted_page(case: Application) -> dict[str, Any]:
    papers = list(case.documents.all())
    receipt = newest(papers, DocumentKind.SUBMISSION_RECEIPT)
    registration = newest(papers, DocumentKind.REGISTRATION)
    review = progress.open_pre_review(case)
    return {
        "pre_review": f"{review.office}先预审，{day_words(review.answer_by)}前告诉申请人" if review else "",
        "case": case,
        "person": f"{case.subject_name}　{masked(case.subject_id_no)}",
        "receipt_url": paper_url(receipt) if receipt else "",
        "registration_url": paper_url(registration) if registration else "",
        "offices": sorted({str(task.office) for task in case.tasks.all()}),
        "case_url": reverse("window:case", args=[case.number]),
    }
