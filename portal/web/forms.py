"""The registration form as Django forms: built from the field dictionary and a scheme's arrangement of it.

A form only shows: what is wrong is decided by `applications.registration`, once, and handed in as `problems`. So a
wrong value is shown and saved as it was typed.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from django import forms
from django.http import QueryDict

from agencies.fields import FIELDS, Field, FieldKind
from agencies.spec import FormField
from portal.web.widgets import ChoiceCards

_NARROW = {FieldKind.ID_NUMBER: 18, FieldKind.PHONE: 13, FieldKind.DATE: 12, FieldKind.ACCOUNT: 23}
DATE_HINT = "如 2026-09-01，也可以写成 20260901"


class AnswerField(forms.CharField):
    """Takes whatever was typed; the check of the whole form says what is wrong with it."""

    def clean(self, value: Any) -> str:
        return str(value or "")


def _widget(field: Field, *, compact: bool, autocomplete: str) -> forms.Widget:
    attrs: dict[str, Any] = {"autocomplete": autocomplete or "off"}
    if field.kind == FieldKind.RADIO and not compact:
        is_short = len(field.choices) <= 4 and all(len(label) <= 5 for _, label in field.choices)
        return ChoiceCards(choices=list(field.choices), in_row=is_short)
    if field.choices:
        return forms.Select(choices=[("", "请选择"), *field.choices])
    if field.kind == FieldKind.LONG_TEXT and not compact:
        return forms.Textarea(attrs={**attrs, "rows": 2})
    if field.kind == FieldKind.PHONE:
        attrs |= {"type": "tel", "inputmode": "tel"}
    if field.kind in (FieldKind.ACCOUNT, FieldKind.DATE, FieldKind.NUMBER):
        attrs["inputmode"] = "numeric"
    if field.kind == FieldKind.ID_NUMBER:
        attrs |= {"spellcheck": "false", "autocapitalize": "characters"}
    if field.kind in _NARROW:
        attrs["size"] = _NARROW[field.kind]
    return forms.TextInput(attrs=attrs)


def label_of(form_field: FormField) -> str:
    return form_field.label or FIELDS[form_field.field].label


def _control(form_field: FormField, *, compact: bool, is_own: bool) -> AnswerField:
    field = FIELDS[form_field.field]
    hint = form_field.hint or field.hint
    if field.kind == FieldKind.DATE:
        hint = f"{hint}。{DATE_HINT}" if hint else DATE_HINT
    return AnswerField(
        label=label_of(form_field),
        required=form_field.required,
        help_text="" if compact else hint,
        widget=_widget(field, compact=compact, autocomplete=field.autocomplete if is_own else ""),
    )


def _controls(asked: Iterable[FormField], *, compact: bool, is_own: bool) -> Iterator[tuple[str, AnswerField]]:
    for entry in asked:
        yield entry.field, _control(entry, compact=compact, is_own=is_own)


class AnswersForm(forms.Form):
    """Controls for the asked fields with the values as they are; with `problems` each one stands at its field.

    `compact` is for the window's one screen; `is_own` allows the browser to fill in what belongs to its owner.
    """

    use_required_attribute = False

    def __init__(
        self,
        asked: Iterable[FormField],
        values: Mapping[str, Any],
        problems: Mapping[str, str] | None = None,
        *,
        compact: bool = False,
        is_own: bool = True,
    ) -> None:
        shown: dict[str, Any] = {code: "" if value is None else str(value) for code, value in values.items()}
        super().__init__(data=shown if problems is not None else None, initial=shown)
        self.problems = dict(problems or {})
        self.fields = dict(_controls(asked, compact=compact, is_own=is_own))

    def clean(self) -> dict[str, Any]:
        for code, words in self.problems.items():
            if code in self.fields:
                self.add_error(code, words)
        return self.cleaned_data


def typed(posted: QueryDict, asked: Sequence[FormField] | Iterable[str]) -> dict[str, str]:
    """What was posted for the asked fields, as it was typed; a field that was not on the page is left out."""
    codes = [entry if isinstance(entry, str) else entry.field for entry in asked]
    return {code: str(posted[code]) for code in codes if code in posted}


def row_key(text: str) -> int:
    """The key of a row as it was posted; 0, which no row has, for what is none or longer than any key."""
    return int(text) if text.isascii() and text.isdigit() and len(text) < 19 else 0
