"""Form controls that look and behave as DESIGN.md 5 asks."""

from collections.abc import Mapping
from typing import Any

from django import forms


class _Cards(forms.widgets.ChoiceWidget):
    """Choices as bordered cards; `hints` gives the consequence below a choice, by value.

    `in_row=True` puts short choices such as 是 and 否 side by side.
    """

    def __init__(self, *args: Any, hints: Mapping[str, str] | None = None, in_row: bool = False, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.hints, self.in_row = dict(hints or {}), in_row

    def create_option(self, name: str, value: Any, *args: Any, **kwargs: Any) -> dict[str, Any]:
        option = super().create_option(name, value, *args, **kwargs)
        option["hint"] = self.hints.get(str(value), "")
        return option


class ChoiceCards(_Cards, forms.RadioSelect):
    """One of a few choices."""


class CheckCards(_Cards, forms.CheckboxSelectMultiple):
    """Several of a few choices."""


class DayInput(forms.DateInput):
    """The browser's own date control; it needs ISO dates."""

    input_type = "date"

    def __init__(self, attrs: dict[str, Any] | None = None) -> None:
        super().__init__(attrs=attrs, format="%Y-%m-%d")


class MomentInput(forms.DateTimeInput):
    """The browser's own control for a day and an hour."""

    input_type = "datetime-local"

    def __init__(self, attrs: dict[str, Any] | None = None) -> None:
        super().__init__(attrs=attrs, format="%Y-%m-%dT%H:%M")
