"""What the pages of filling in show: plain values built from a draft. Templates neither count, compare nor format."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from django.http import Http404, QueryDict
from django.urls import reverse
from django.utils import timezone

from agencies.fields import FIELDS
from agencies.spec import ItemSpec, SchemeSpec
from applications import drafts
from applications.models import Draft, Material
from applications.registration import display, normalise
from applications.reporting import Reporting, reporting_of
from portal.accounts.models import User
from portal.web import place
from portal.web.drafting import (
    SectionState,
    Slot,
    before_handing_in,
    file_row,
    sections_of,
    shown,
    slots_of,
    unsent_deeds,
)
from portal.web.forms import AnswersForm, label_of
from portal.web.layout import Known
from portal.web.pre_reviewing import returned_lines
from portal.web.presenters import Action, FileRow, Section, SummaryRow, day_words, moment_words

FROM_NUMBER = "由身份证号得出"

# -- where things are --------------------------------------------------------------------------------------------------


def section_url(draft: Draft, code: str) -> str:
    return reverse("applicant:section", args=[draft.pk, code])


def section_or_404(draft: Draft, code: str) -> SectionState:
    """The section as it is asked now; one that no ticked item calls for is not there."""
    found = next((state for state in sections_of(draft) if state.section.code == code), None)
    if found is None:
        raise Http404
    return found


def first_section(draft: Draft) -> str:
    """The first section that is not complete, else the materials."""
    state = next((state for state in sections_of(draft) if state.problems), None)
    return section_url(draft, state.section.code) if state else reverse("applicant:materials", args=[draft.pk])


def way_on(draft: Draft) -> str:
    """Where a draft goes on: its items first, then what is missing."""
    return first_section(draft) if draft.items_chosen else reverse("applicant:items", args=[draft.pk])


def after_section(draft: Draft, code: str) -> str:
    """The section after this one, then the materials."""
    codes = [state.section.code for state in sections_of(draft)]
    rest = codes[codes.index(code) + 1 :]
    return section_url(draft, rest[0]) if rest else reverse("applicant:materials", args=[draft.pk])


def steps(draft: Draft, current: str, slots: Iterable[Slot] | None = None) -> list[Section]:
    """The rail: items, each section, materials, check; `current` is a section's code or one of those three."""
    states = sections_of(draft)
    missing = (
        len(drafts.missing_materials(draft))
        if slots is None
        else sum(not s.is_given and not s.is_optional for s in slots)
    )
    rows = [
        ("items", "选择事项", reverse("applicant:items", args=[draft.pk]), "done" if draft.items_chosen else "open")
    ]
    rows += [
        (state.section.code, state.section.title, section_url(draft, state.section.code), state.state)
        for state in states
    ]
    rows.append(
        ("materials", "上传材料", reverse("applicant:materials", args=[draft.pk]), "open" if missing else "done")
    )
    rows.append(("check", "检查并提交", reverse("applicant:check", args=[draft.pk]), "open"))
    return [Section(title, url, _rail_state(state, is_current=name == current)) for name, title, url, state in rows]


def _rail_state(state: str, *, is_current: bool) -> str:
    if is_current:
        return "error" if state == "error" else "current"
    return "open" if state == "error" else state


def frame(draft: Draft, current: str, slots: Iterable[Slot] | None = None) -> dict[str, Any]:
    """What every page of a draft shows: its place, the rail, when it was saved."""
    return {
        "draft": draft,
        "place": place.facts(draft.region),
        "steps": steps(draft, current, slots),
        "saved_at": f"{timezone.localtime(draft.saved_at):%H:%M}",
        "autosave_url": reverse("applicant:autosave", args=[draft.pk]),
        "returned": returned_lines(draft),
        "nav": "applicant:start",
    }


# -- start -------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class DraftCard:
    place: str
    saved: str
    done: str
    url: str
    reporting: Reporting | None = None


def draft_card(draft: Draft) -> DraftCard:
    states = sections_of(draft)
    done = sum(not state.problems for state in states)
    if lines := returned_lines(draft):
        words = f"预审退回，请改 {len(lines)} 处后再交"
        return DraftCard(
            str(draft.region), moment_words(draft.saved_at), words, reverse("applicant:check", args=[draft.pk])
        )
    words = f"登记表 {len(states)} 部分，已填好 {done} 部分" if draft.items_chosen else "还没有选办理事项"
    return DraftCard(str(draft.region), moment_words(draft.saved_at), words, way_on(draft), _reporting(draft))


def _reporting(draft: Draft) -> Reporting | None:
    """The warning about the day to report by, from day 20 on; None before, and where it does not apply."""
    found = reporting_of(draft.scheme.spec, draft.answers, draft.ticked, timezone.localdate())
    return found if found and found.stage is not None and draft.adds_to_id is None else None


# -- items -------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class ItemChoice:
    code: str
    name: str
    agencies: str
    icon: str
    is_on: bool
    brings: str
    waits: str
    in_person: str
    channels: str
    note: str


def ticked_in(posted: QueryDict, draft: Draft) -> set[str]:
    return {item.code for item in draft.offered() if posted.get(f"item-{item.code}") == "yes"}


def items_page(draft: Draft, ticked: set[str]) -> dict[str, Any]:
    spec = draft.scheme.spec
    common = [
        material.title
        for material in spec.materials
        if not material.serves and material.when is None and not material.shared_from
    ]
    return {
        **frame(draft, "items"),
        "choices": [_item_choice(spec, item, is_on=item.code in ticked) for item in draft.offered()],
        "automatic": [_item_choice(spec, item, is_on=True) for item in spec.automatic],
        "common": "、".join(common),
        "prerequisites": spec.prerequisites,
    }


def _item_choice(spec: SchemeSpec, item: ItemSpec, *, is_on: bool) -> ItemChoice:
    agencies = [spec.agency(code) for code in item.agencies]
    brings = [m.title for m in spec.materials if item.code in m.serves and not m.shared_from]
    waits = [spec.item(need.item).title for need in item.requires if need.item and need.kind == "hard"]
    facts = [spec.fact(need.fact).name for need in item.requires if need.fact and need.kind == "hard"]
    return ItemChoice(
        code=item.code,
        name=item.printed_name,
        agencies=spec.agency_names(item),
        icon=agencies[0].icon if agencies else "",
        is_on=is_on,
        brings="、".join(brings),
        waits="；".join([*[f"{name}办好后自动开始" for name in waits], *[f"等{name}后开始" for name in facts]]),
        in_person=item.in_person_reason or ("需要本人到场" if item.in_person else ""),
        channels=_channels(item),
        note=item.channel_note or item.note,
    )


def _channels(item: ItemSpec) -> str:
    if item.online and not item.window:
        return "只能网上办"
    return "只能到窗口办" if item.window and not item.online else ""


# -- one section -------------------------------------------------------------------------------------------------------


def _of_account(user: User) -> dict[tuple[str, str], str]:
    """Where a value of a field comes from that the account already says. Nobody but staff who saw the card checked one."""
    is_checked = bool(user.id_no) and not user.is_identity_claimed
    source = "来自您的账号，工作人员核对过证件" if is_checked else "来自您的账号"
    known = {
        ("name", user.legal_name): source,
        ("id_no", user.id_no): source,
        ("mobile", user.phone): "来自您的联系方式",
    }
    return {(code, value): words for (code, value), words in known.items() if value}


def known_values(draft: Draft, user: User, state: SectionState, *, keep: set[str]) -> dict[str, Known]:
    """What is not asked: values equal to the account's, and what the ID number says. `keep` stay controls."""
    account = _of_account(user)
    found = {}
    for entry in state.asked:
        code, value = entry.field, str(draft.answers.get(entry.field) or "")
        if not value or code in keep:
            continue
        if FIELDS[code].derived and code in ("sex", "birth"):
            found[code] = Known(label_of(entry), shown(code, value), FROM_NUMBER)
        elif (source := account.get((code, value))) and code not in state.problems:
            url = f"{section_url(draft, state.section.code)}?edit={code}#id_{code}"
            found[code] = Known(label_of(entry), shown(code, value), f"{source}，不用再填", url)
    return found


def show_mine(form: AnswersForm, draft: Draft, mine: Mapping[str, str]) -> None:
    """Beside each control with newer content: what this person had typed, so that nothing of it is lost."""
    for code, value in mine.items():
        if code in form.fields and normalise(FIELDS[code], value) != str(draft.answers.get(code) or ""):
            form.fields[code].help_text = f"您刚才在这一页填的是：{display(FIELDS[code], value) or '（空）'}"


def section_page(draft: Draft, state: SectionState, form: AnswersForm) -> dict[str, Any]:
    rail = frame(draft, state.section.code)
    number = next(i for i, row in enumerate(rail["steps"], 1) if row.url == section_url(draft, state.section.code))
    return {
        **rail,
        "section": state.section,
        "form": form,
        "step": f"第 {number} 步，共 {len(rail['steps'])} 步",
        "carried_over": day_words(draft.carried_over_from) if draft.carried_over_from else "",
    }


# -- materials ---------------------------------------------------------------------------------------------------------


def own_file_row(draft: Draft, material: Material) -> FileRow:
    def link(deed: str, words: str) -> Action:
        url = reverse(f"applicant:{deed}_material", args=[draft.pk, material.pk])
        return Action(words, url, is_post=True, about=material.original_name)

    url = reverse("applicant:material_file", args=[material.pk])
    return file_row(material, url=url, deeds=unsent_deeds(material, link))


def materials_page(
    draft: Draft,
    given: Iterable[Material],
    errors: Mapping[str, list[str]],
    before: Mapping[str, list[Material]],
) -> dict[str, Any]:
    slots = slots_of(draft, given, row=lambda material: own_file_row(draft, material), errors=errors)
    for slot in slots:
        if not slot.files and (files := before.get(slot.code)):
            slot.before = f"用{day_words(timezone.localdate(files[0].uploaded_at))}交的那{len(files)}个文件"
    return {
        **frame(draft, "materials", slots),
        "slots": slots,
        "errors": tuple((f"{s.title}：{words}", f"#{s.anchor}") for s in slots for words in s.errors),
        "missing": sum(not slot.is_given and not slot.is_optional for slot in slots),
        "note": draft.scheme.spec.materials_note,
    }


# -- check -------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class CheckCard:
    title: str
    rows: list[SummaryRow]
    url: str


def check_page(draft: Draft, user: User, given: Iterable[Material], problems: Mapping[str, str]) -> dict[str, Any]:
    spec = draft.scheme.spec
    slots = slots_of(draft, given, row=lambda material: own_file_row(draft, material))
    chosen = [_item_choice(spec, item, is_on=True) for item in draft.offered() if item.code in draft.ticked]
    return {
        **frame(draft, "check", slots),
        "chosen": chosen,
        "automatic": [_item_choice(spec, item, is_on=True) for item in spec.automatic],
        "cards": [_check_card(draft, user, state) for state in sections_of(draft)],
        "slots": slots,
        "problems": _problem_links(draft, problems),
        "reporting": _reporting(draft),
        **before_handing_in(draft, problems),
    }


def _check_card(draft: Draft, user: User, state: SectionState) -> CheckCard:
    account = _of_account(user)
    url = section_url(draft, state.section.code)
    rows = []
    for entry in state.asked:
        code, value = entry.field, str(draft.answers.get(entry.field) or "")
        known_from = account.get((code, value), "")
        is_derived = FIELDS[code].derived and bool(value)
        verb = "更正" if known_from else "修改" if value else "填写"
        action = None if is_derived else Action(verb, f"{url}?check=1&edit={code}#id_{code}", about=label_of(entry))
        source = known_from or (FROM_NUMBER if is_derived else "")
        rows.append(SummaryRow(label_of(entry), shown(code, value), state.problems.get(code, source), action))
    return CheckCard(state.section.title, rows, f"{url}?check=1")


def _problem_links(draft: Draft, problems: Mapping[str, str]) -> tuple[tuple[str, str], ...]:
    """Every missing or wrong thing with the address where it is mended."""
    sections = {entry.field: state.section.code for state in sections_of(draft) for entry in state.asked}
    materials = reverse("applicant:materials", args=[draft.pk])
    links = []
    for code, words in problems.items():
        if code in sections:
            url = f"{section_url(draft, sections[code])}?check=1&edit={code}#id_{code}"
        else:
            url = f"#id_{code}" if code in ("promise", "agree") else f"{materials}#m-{code}"
        links.append((words, url))
    return tuple(links)
