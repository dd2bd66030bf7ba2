"""The components of the pages, as template tags (builtin: no {% load %} needed).

Values are the dataclasses of portal.web.presenters, built by the page's presenter. One template each in
templates/components/, one section each in static/css/portal.css.

    {% icon "award" %}                                   inline SVG of static/icons/award.svg, decorative
    {% tag row.tag %}    {% tag "blue" "arrow-repeat" "办理中" %}
    {% clock row.clock %}                                time light: shape, words, colour
    {% alert "amber" title="快到期了" %} … {% endalert %}    tones: info done amber red
    {% card "经过" aside="共 14 条" link=url link_text="看全部" %} … {% endcard %}   flush=True: no padding; variant="decision"
    {% summary_list rows %}                              SummaryRow: label, value, source, action; pairs=True: two columns
    {% task_list rows %}                                 TaskRow: the items of a case
    {% why value %}                                      Why: <details> with counted lines and month tables
    {% month_calendar month %}                           Month, from presenters.month_tables()
    {% timeline events %}                                Event
    {% section_list sections saved_at=time %}            Section: rail of a form; on a phone 第 3 步，共 7 步
    {% file_row row %}                                   FileRow inside <ul class="files">
    {% pagination page %}                                page of a Paginator; keeps the other GET values
    {% empty_state "inbox" "没有待受理的办件" %} … {% endempty_state %}
    {% error_summary form form2 %}                       above h1 after a failed POST; one link per error
    {% figure value %}                                   Figure, inside <div class="figures">
    {% breadcrumbs "我的办件" url "办件编号" %}             首页 is added; the last name without address

    {{ day|full_day }} {{ day|day_words }} {{ day|short_day }} {{ moment|moment_words }} {{ moment|short_moment }} {{ id_no|masked }}

Classes that need no tag: stack, columns columns--main|half|form|decision|window, page-head (page-head__text, page-head__aside),
meta-row, lead, hint, button-row, now (now__head, now__item), not-yet, bottom-bar (block bottom_bar), prefilled, drop, files,
pair-list, item-list, link-list, tabs (with count, count--red), filters, filters__result, chip, data-table (data-table--cards with
data-label on td), batch-bar, viewer, deficit, promises. Fields: crispy; portal.web.widgets has ChoiceCards and DayInput.
"""

import re
from collections.abc import Iterable
from functools import lru_cache
from pathlib import Path
from typing import Any

from django import template
from django.conf import settings
from django.core.paginator import Page
from django.forms import BaseForm
from django.template import Context
from django.template.loader import render_to_string
from django.utils.html import escape
from django.utils.safestring import SafeString, mark_safe

from agencies.words import WEEKDAYS, full_day
from portal.web import presenters
from portal.web.presenters import Clock, Figure, FileRow, Month, Section, SummaryRow, Tag, TaskRow, Why

register = template.Library()

ICONS = Path(settings.BASE_DIR) / "static" / "icons"
FALLBACK_ICON = "buildings"
ALERTS = {
    "info": ("blue", "info-circle-fill"),
    "done": ("done", "check-circle-fill"),
    "amber": ("amber", "exclamation-triangle-fill"),
    "red": ("red", "exclamation-octagon-fill"),
}

for words in (
    full_day,
    presenters.day_words,
    presenters.short_day,
    presenters.moment_words,
    presenters.short_moment,
    presenters.masked,
):
    register.filter(words.__name__, words)


@lru_cache(maxsize=256)
def _drawing(name: str) -> str:
    """The inside of an icon's SVG. Agency icons are data, so an unknown name falls back instead of breaking a page."""
    path = ICONS / f"{name}.svg"
    if not re.fullmatch(r"[a-z0-9-]+", name) or not path.exists():
        path = ICONS / f"{FALLBACK_ICON}.svg"
    found = re.search(r"<svg[^>]*>(.*)</svg>", path.read_text(encoding="utf-8"), re.DOTALL)
    return " ".join(found.group(1).split()) if found else ""


@register.simple_tag
def icon(name: str) -> SafeString:
    """An icon as inline SVG; the words beside it carry the meaning."""
    return mark_safe(  # noqa: S308  # our own files, the name is checked
        f'<svg class="icon" viewBox="0 0 16 16" fill="currentColor" aria-hidden="true" focusable="false">{_drawing(name or "")}</svg>'
    )


@register.simple_tag
def icon_paths(name: str) -> SafeString:
    """The paths of an icon on its 16 by 16 grid, for use inside another drawing."""
    return mark_safe(_drawing(name))  # noqa: S308


@register.inclusion_tag("components/tag.html")
def tag(value: Tag | str, icon_name: str = "", words: str = "") -> dict[str, Any]:
    """A state as shape, words and colour: from a Tag, or from tone, icon and words."""
    return {"tag": Tag(value, icon_name, words) if isinstance(value, str) else value}


@register.inclusion_tag("components/clock.html")
def clock(value: Clock) -> dict[str, Any]:
    return {"clock": value}


@register.simple_block_tag
def alert(content: str, tone: str, title: str = "", icon: str = "") -> SafeString:
    """News about the page. Red ones interrupt a screen reader, the others wait."""
    colour, shape = ALERTS[tone]
    context = {"content": content, "tone": colour, "title": title, "icon_name": icon or shape}
    return mark_safe(render_to_string("components/alert.html", context))  # noqa: S308


@register.simple_block_tag
def tick(content: str, name: str, error: str = "") -> SafeString:
    """A box to tick before something is handed in, with what is wrong above it."""
    context = {"content": content, "name": name, "error": error}
    return mark_safe(render_to_string("components/tick.html", context))  # noqa: S308


@register.simple_block_tag
def card(
    content: str,
    title: str = "",
    aside: str = "",
    link: str = "",
    link_text: str = "",
    flush: bool = False,
    variant: str = "",
    anchor: str = "",
) -> SafeString:
    """A white card with an optional head."""
    context = {
        "content": content,
        "title": title,
        "aside": aside,
        "link": link,
        "link_text": link_text,
        "flush": flush,
        "variant": variant,
        "anchor": anchor,
    }
    return mark_safe(render_to_string("components/card.html", context))  # noqa: S308


@register.inclusion_tag("components/summary_list.html", takes_context=True)
def summary_list(context: Context, rows: list[SummaryRow], pairs: bool = False) -> dict[str, Any]:
    return {"rows": rows, "pairs": pairs, "csrf_token": context.get("csrf_token")}


@register.inclusion_tag("components/task_list.html", takes_context=True)
def task_list(context: Context, rows: list[TaskRow]) -> dict[str, Any]:
    return {"rows": rows, "csrf_token": context.get("csrf_token")}


@register.inclusion_tag("components/why.html")
def why(value: Why) -> dict[str, Any]:
    return {"why": value}


@register.inclusion_tag("components/month.html")
def month_calendar(value: Month) -> dict[str, Any]:
    return {"month": value, "weekdays": WEEKDAYS}


@register.inclusion_tag("components/timeline.html", takes_context=True)
def timeline(context: Context, events: list[presenters.Event]) -> dict[str, Any]:
    return {"events": events, "csrf_token": context.get("csrf_token")}


@register.inclusion_tag("components/section_list.html")
def section_list(sections: list[Section], saved_at: str = "") -> dict[str, Any]:
    number, total = presenters.current_section(sections)
    return {"sections": sections, "number": number, "total": total, "saved_at": saved_at}


@register.inclusion_tag("components/file_row.html", takes_context=True)
def file_row(context: Context, row: FileRow) -> dict[str, Any]:
    return {"row": row, "csrf_token": context.get("csrf_token")}


@register.inclusion_tag("components/pagination.html", takes_context=True)
def pagination(context: Context, page: Page, name: str = "page") -> dict[str, Any]:
    """上一页, 第 2 页，共 5 页, 下一页; every other GET value stays."""
    query = context["request"].GET.copy()
    query.pop(name, None)
    return {"page": page, "name": name, "query": query.urlencode()}


@register.simple_block_tag
def empty_state(content: str, icon: str, title: str) -> SafeString:
    """What is empty, what would bring something, one link."""
    context = {"content": content, "icon_name": icon, "title": title}
    return mark_safe(render_to_string("components/empty_state.html", context))  # noqa: S308


@register.inclusion_tag("components/error_summary.html")
def error_summary(*forms: BaseForm, extra: tuple[tuple[str, str], ...] = ()) -> dict[str, Any]:
    """Every error of the bound forms as (words, address), in the order of the page; `extra` adds others."""
    errors: list[tuple[str, str]] = []
    for form in forms:
        if not form or not form.is_bound:
            continue
        errors += [(str(error), "") for error in form.non_field_errors()]
        for field in form:
            address = f"#{_first_control(field)}"
            errors += [(presenters.naming(field.label, error), address) for error in field.errors]
    return {"errors": [*errors, *extra]}


def _first_control(field: Any) -> str:
    """The id that a link to the field must name: of a group the first option."""
    return field.id_for_label or f"{field.auto_id}_0"


@register.inclusion_tag("components/figure.html")
def figure(value: Figure) -> dict[str, Any]:
    return {"figure": value}


@register.inclusion_tag("components/breadcrumbs.html")
def breadcrumbs(*parts: str) -> dict[str, Any]:
    """Name, address, name, address …, name of this page."""
    links = list(zip(parts[:-1:2], parts[1::2], strict=False))
    return {"links": links, "here": parts[-1] if len(parts) % 2 else ""}


@register.filter
def labelled(cells: Iterable[SafeString], headers: list[dict[str, Any]]) -> list[SafeString]:
    """Cells of a list of the back office, each with the name of its column, which a phone shows before the value."""
    return [
        mark_safe(re.sub(r"^<(td|th)\b", rf'<\1 data-label="{_column(header)}"', cell, count=1))  # noqa: S308
        for cell, header in zip(cells, headers, strict=True)
    ]


def _column(header: dict[str, Any]) -> str:
    """The words of a column's head; none for the ticks of an action, whose head is a box itself."""
    return "" if "checkbox" in str(header.get("class_attrib", "")) else escape(str(header["text"]))
