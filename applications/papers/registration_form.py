"""登记表: the form as the region prints it."""

from dataclasses import dataclass
from typing import Any

from django.utils import timezone

from agencies.fields import FIELDS
from agencies.spec import FormField
from agencies.words import plain_day
from applications import agents
from applications.models import Application, Document
from applications.papers.as_asked import ticked_at
from applications.papers.words import entered_words
from applications.registration import display

# More than this many rows would take a second page; then two items share a row, and rows are as low as their words.
MOST_DENSE_ROWS = 20


@dataclass(frozen=True)
class Cell:
    """One field of the form: the lines of its label, value, and how many of the row's six columns the value takes."""

    label: tuple[str, ...]
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


def registration(document: Document) -> dict[str, Any]:
    """The form as the region prints it (OR-51 to OR-55): its rows, its order of items, its promise. Numbers in full."""
    application = document.application
    spec = application.scheme.spec
    order = [spec.item(code) for code in spec.form.item_order] or list(spec.offered)
    groups, ticked = _groups(application), ticked_at(document)
    ticks = [Tick(item.printed_name, item.code in ticked) for item in order]
    rows = sum(len(group.rows) for group in groups) + len(ticks)
    is_tight = rows > MOST_DENSE_ROWS
    per_row = 2 if is_tight else 1
    return {
        "groups": groups,
        # With more rows than the official form has, lower ones keep it on one page; so a long address still fits.
        "is_dense": len(groups) > 1 or rows > 16,
        "is_tight": is_tight,
        "ticks": [ticks[at : at + per_row] for at in range(0, len(ticks), per_row)],
        "promise": spec.form.promise,
        "form_note": spec.form.note,
        "filled_on": plain_day(timezone.localdate(application.submitted_at)),
        "entered": entered_words(application),
        "agent": agents.full(application.answers),
    }


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
    return tuple(
        Cell(_label_lines(labels.get(code, FIELDS[code].label)), _value(code, application) or "—", span) for code in row
    )


# Where a label too long for its cell is broken: before these words, not wherever the cell ends.
_TAILS = ("（", "所在地", "身份证号", "领取方式")


def _label_lines(label: str) -> tuple[str, ...]:
    """入伍前户口 / 所在地; a label of up to six characters stays whole."""
    cut = next((at for tail in _TAILS if (at := label.find(tail)) > 0), 0)
    return (label[:cut], label[cut:]) if len(label) > 6 and cut else (label,)


def _value(code: str, application: Application) -> str:
    return display(FIELDS[code], str(application.answers.get(code) or ""))
