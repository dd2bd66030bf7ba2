"""Crispy layout of a form section: controls, and between them the values that are known already, as text."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from crispy_forms.helper import FormHelper
from crispy_forms.layout import Layout
from django.template import Context
from django.template.loader import render_to_string

from agencies.spec import FormField


@dataclass(frozen=True)
class Known:
    """A value that is not asked: where it comes from, and the link that turns it into a control."""

    label: str
    value: str
    source: str
    correct_url: str = ""


class KnownValue:
    """A layout part that shows a Known instead of a control."""

    def __init__(self, known: Known) -> None:
        self.known = known

    def render(self, form: Any, context: Context, template_pack: str = "bootstrap5", **kwargs: Any) -> str:
        return render_to_string("components/prefilled.html", {"known": self.known})


def bare(*parts: Any) -> FormHelper:
    """The controls alone: the page has the form around them, with its address and its token."""
    helper = FormHelper()
    helper.form_tag = False
    helper.disable_csrf = True
    helper.layout = Layout(*parts)
    return helper


def section_helper(asked: Iterable[FormField], known: Mapping[str, Known]) -> FormHelper:
    """The asked fields in their order; a known one as text."""
    return bare(*[KnownValue(known[field.field]) if field.field in known else field.field for field in asked])
