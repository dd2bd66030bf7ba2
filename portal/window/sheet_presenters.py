"""The whole registration on one screen, in the order of the printed form, with its materials beside it."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from django.forms import BoundField
from django.urls import reverse
from django.utils import timezone

from agencies.fields import FIELDS
from agencies.spec import FormField
from applications import agents, drafts
from applications.models import Draft, Material
from applications.registration import display, normalise
from portal.web.drafting import Slot, before_handing_in, file_row, sections_of, slots_of
from portal.web.forms import AnswersForm, label_of
from portal.web.pre_reviewing import returned_lines


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
    is_photo: bool


AGENT = [FormField(field=code) for code in agents.AGENT]


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
    known = drafts.problems_of(draft) | agents.problems(draft.answers, timezone.localdate())
    asked = [entry for state in sections_of(draft) for entry in state.asked]
    wrong = {code: words for code, words in known.items() if draft.answers.get(code)}
    form = AnswersForm(
        [entry for entry in [*asked, *AGENT] if not FIELDS[entry.field].derived],
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
        "agent_rows": [
            Row([Cell(form[code]) for code in agents.AGENT[:3]]),
            Row([Cell(form[code]) for code in agents.AGENT[3:]]),
        ],
        "agent": agents.short(draft.answers) if not agents.problems(draft.answers, timezone.localdate()) else "",
        "sheet_items": _items(draft),
        "slots": [(slot, _scans(slot)) for slot in slots],
        "given": sum(slot.is_given for slot in slots),
        "wanted": len(slots),
        "missing": _missing(draft, [*asked, *AGENT], known),
        "was_tried": problems is not None,
        "errors": _other_errors(slots, problems or {}, form),
        "items_error": (problems or {}).get("items", ""),
        **before_handing_in(draft, problems or {}),
        "saved_at": f"{timezone.localtime(draft.saved_at):%H:%M}",
        "returned": returned_lines(draft),
        "owner": "本人网上草稿" if draft.owner_id else "",
    }


def _file_url(material: Material) -> str:
    return reverse("window:material_file", args=[material.pk])


def _scans(slot: Slot) -> list[ScanFile]:
    return [
        ScanFile(str(m.pk), m.original_name, _file_url(m), m.checked_at is not None, m.extension == "jpg")
        for m in slot.materials
    ]


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
