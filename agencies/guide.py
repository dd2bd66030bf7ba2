"""What the guide, the flow chart and the one-time notice say, computed from a scheme. Pure: no database, no HTTP.

The same scheme and the same answers always give the same result, down to the number printed on the notice.
"""

import base64
import unicodedata
import zlib
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

from agencies.fields import FIELDS
from agencies.spec import Basis, Condition, ItemSpec, MaterialSpec, Requirement, SchemeSpec
from agencies.words import NOT_PUBLISHED, plain_day

SETTLEMENT = "settlement"


# Search ---------------------------------------------------------------------------------------------------------


def search(spec: SchemeSpec, words: str) -> list[ItemSpec]:
    """The items that everyday words mean, best first: by name, alias, or two characters in common; [] for nothing."""
    asked = _plain(words)
    if not asked:
        return []
    scored = [(_score(item, asked), -order, item) for order, item in enumerate(spec.offered)]
    return [item for score, _, item in sorted(scored, key=lambda entry: entry[:2], reverse=True) if score > 0]


def _plain(text: str) -> str:
    """Text for comparing: full-width forms made plain, blanks and punctuation dropped, one case."""
    folded = unicodedata.normalize("NFKC", text).casefold()
    return "".join(ch for ch in folded if ch.isalnum())


def _score(item: ItemSpec, asked: str) -> int:
    names = [_plain(name) for name in (item.name, item.form_name, item.short_name, *item.aliases) if name]
    if asked in names:
        return 100
    if any(asked in name for name in names):
        return 60
    contained = [len(name) for name in names if name in asked]
    if contained:
        return 30 + max(contained)
    return len(_pairs(asked) & set().union(*map(_pairs, names)))


def _pairs(text: str) -> set[str]:
    return {text[start : start + 2] for start in range(len(text) - 1)}


# Flow chart -----------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Step:
    """One box of the flow chart: an item, the column it stands in, and the boxes it waits for."""

    item: ItemSpec
    level: int
    hard: tuple[ItemSpec, ...] = ()
    soft: tuple[ItemSpec, ...] = ()
    facts: tuple[str, ...] = ()

    @property
    def sentence(self) -> str:
        """The box in words, for those who do not see the drawing."""
        waits = [f"“{item.title}”办结" for item in self.hard] + list(self.facts)
        text = f"{self.item.title}：等{'、'.join(waits)}后开始" if waits else f"{self.item.title}：提交后就开始"
        if self.soft:
            text += f"；建议先办{'、'.join(item.title for item in self.soft)}"
        return text + "。"


@dataclass(frozen=True)
class FlowChart:
    prerequisites: tuple[str, ...]
    columns: tuple[tuple[Step, ...], ...]

    @property
    def steps(self) -> tuple[Step, ...]:
        return tuple(step for column in self.columns for step in column)


def flow_chart(
    spec: SchemeSpec, ticked: Iterable[str] | None = None, answers: dict[str, Any] | None = None
) -> FlowChart:
    """The items in columns by how many others must be done before; all items of the scheme when nothing is ticked.

    Without answers every condition counts as possible, so that the general chart shows what may have to be awaited.
    """
    items = in_case(spec, ticked)
    chosen = frozenset(item.code for item in items)
    levels = _levels(items, chosen, answers)
    columns: dict[int, list[Step]] = {}
    for item in items:
        edges = [edge for edge in item.requires if _applies(edge, answers, chosen)]
        steps = {
            kind: tuple(spec.item(edge.item) for edge in edges if edge.item in chosen and edge.kind == kind)
            for kind in ("hard", "soft")
        }
        facts = tuple(spec.fact(edge.fact).name for edge in edges if edge.fact)
        step = Step(item, levels[item.code], steps["hard"], steps["soft"], facts)
        columns.setdefault(step.level, []).append(step)
    return FlowChart(spec.prerequisites, tuple(tuple(columns[level]) for level in sorted(columns)))


def in_case(spec: SchemeSpec, ticked: Iterable[str] | None) -> list[ItemSpec]:
    """The items of a case in the scheme's order: the ticked ones (all offered for None) and the automatic ones."""
    wanted = {item.code for item in spec.offered} if ticked is None else set(ticked)
    return [item for item in spec.items if item.enabled and (item.code in wanted or item.automatic)]


def _applies(edge: Requirement, answers: dict[str, Any] | None, ticked: frozenset[str]) -> bool:
    return edge.when is None or answers is None or edge.when.holds(answers, ticked)


def _levels(items: list[ItemSpec], chosen: frozenset[str], answers: dict[str, Any] | None) -> dict[str, int]:
    """How many hard requirements lie before each item on the longest way; the scheme is known to be free of cycles."""
    by_code = {item.code: item for item in items}
    known: dict[str, int] = {}

    def level(code: str) -> int:
        if code not in known:
            before = [
                edge.item
                for edge in by_code[code].requires
                if edge.kind == "hard" and edge.item in by_code and _applies(edge, answers, chosen)
            ]
            known[code] = max((level(other) + 1 for other in before if other), default=0)
        return known[code]

    return {code: level(code) for code in by_code}


def pre_review_text(spec: SchemeSpec) -> str:
    """Who looks through the form before the offices get it; empty where nobody does."""
    if spec.pre_review is None:
        return ""
    return f"登记表交上来先由{spec.agency(spec.pre_review.agency).name}预审，通过后才分送各部门。"


# One-time notice ------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Question:
    """A question about the person's situation whose answer changes what the notice says."""

    code: str
    label: str
    hint: str
    choices: tuple[tuple[str, str], ...]
    items: tuple[str, ...] = ()

    def concerns(self, ticked: Iterable[str]) -> bool:
        """Whether it needs asking for these items; a question without items concerns everybody."""
        return not self.items or bool(set(self.items) & set(ticked))


def questions(spec: SchemeSpec) -> list[Question]:
    """What to ask before telling somebody what to bring: every choice that a condition of this scheme looks at.

    A question that decides about an item (持军警驾驶证) concerns everybody.
    """
    asked: dict[str, set[str]] = {}
    for material in spec.materials:
        for code in _fields_of(material.when):
            asked.setdefault(code, set()).update(material.serves)
    for item in spec.offered:
        for edge in item.requires:
            for code in _fields_of(edge.when):
                asked.setdefault(code, set()).add(item.code)
        for code in _fields_of(item.concerns):
            asked.setdefault(code, set())
    found = [_question(spec, code, items) for code, items in asked.items() if FIELDS[code].choices]
    order = list(FIELDS)
    found.sort(key=lambda question: order.index(question.code))
    if SETTLEMENT not in asked and (spec.applies_to or any(item.applies_to for item in spec.offered)):
        found.insert(0, _question(spec, SETTLEMENT, set()))
    return found


def _question(spec: SchemeSpec, code: str, items: set[str]) -> Question:
    known = FIELDS[code]
    order = [item.code for item in spec.items if item.code in items]
    return Question(code, known.label, known.hint, known.choices, tuple(order))


def _fields_of(condition: Condition | None) -> set[str]:
    if condition is None:
        return set()
    inner = set().union(*(_fields_of(part) for part in condition.all_of)) if condition.all_of else set()
    return inner | ({condition.field} if condition.field else set())


def items_for(spec: SchemeSpec, settlement: str) -> list[ItemSpec]:
    """The items that a person of this 安置方式 may tick; every offered item while it is not known."""
    return [item for item in spec.offered if item.is_for(settlement)] if spec.is_for(settlement) else []


def items_by_situation(spec: SchemeSpec, ticked: Iterable[str], answers: dict[str, Any]) -> list[ItemSpec]:
    """This person's items: those ticked that are for them, and those their situation calls for, without what it rules out."""
    wanted, settlement = set(ticked), str(answers.get(SETTLEMENT, ""))
    if not wanted:
        return []
    by_situation = {item.code: item.is_wanted(answers) for item in spec.offered}
    return [
        item
        for item in items_for(spec, settlement)
        if by_situation[item.code] or (by_situation[item.code] is None and item.code in wanted)
    ]


@dataclass(frozen=True)
class Visit:
    """One time that the person has to come, where to, and what for."""

    place: str
    items: tuple[ItemSpec, ...]
    reasons: tuple[str, ...]
    agency: str = ""


@dataclass(frozen=True)
class Notice:
    """一次告知: everything one person has to know before coming, for these items and answers."""

    number: str
    items: tuple[ItemSpec, ...]
    materials: tuple[MaterialSpec, ...]
    visits: tuple[Visit, ...]
    chart: FlowChart
    not_for: str = ""
    unanswered: tuple[Question, ...] = field(default=())
    shared: tuple[MaterialSpec, ...] = ()


def one_time_notice(
    spec: SchemeSpec,
    ticked: Iterable[str],
    answers: dict[str, Any],
    *,
    discharged: date | None = None,
    window: str = "",
    region: str = "",
    scheme_id: int = 0,
) -> Notice:
    """What to bring, where to go how often, and what waits for what. Items this 安置方式 has no right to are left out."""
    settlement, wanted = str(answers.get(SETTLEMENT, "")), set(ticked)
    allowed = [item.code for item in items_by_situation(spec, wanted, answers)]
    chart = flow_chart(spec, allowed, answers)
    items = [item for item in spec.offered if item.code in allowed]
    open_questions = [
        question for question in questions(spec) if question.concerns(allowed) and not answers.get(question.code)
    ]
    return Notice(
        number=notice_number(spec, wanted, answers, discharged=discharged, region=region, scheme_id=scheme_id),
        items=tuple(items),
        materials=spec.materials_for(frozenset(allowed), answers) if allowed else (),
        visits=tuple(visits(spec, items, window=window)),
        chart=chart,
        not_for="" if spec.is_for(settlement) else "；".join(spec.eligibility),
        unanswered=tuple(open_questions),
        shared=spec.shared_for(frozenset(allowed), answers) if allowed else (),
    )


def limit_text(spec: SchemeSpec, item: ItemSpec) -> str:
    """The promised limit in words: the item's own, else the one for the whole matter, else 未公布."""
    if item.promised_limit:
        return str(item.promised_limit)
    if spec.overall_limit:
        return f"{spec.overall_limit}（整件事的时限）"
    return NOT_PUBLISHED


def channel_text(spec: SchemeSpec, item: ItemSpec) -> str:
    """Where the item can be done, in words; a way that only this portal adds is told from what the document says."""
    if item.channel_note:
        return item.channel_note
    added = spec.online_channels and all(channel.by_operator for channel in spec.online_channels)
    return f"{ways_text(item)}（网上办是本平台增加的）" if added and item.online else ways_text(item)


def ways_text(item: ItemSpec) -> str:
    """Online, at the window, or both."""
    if item.online and item.window:
        return "窗口办、网上办都可以"
    return "网上办" if item.online else "到窗口办"


def ground_text(entry: Basis, day: date) -> str:
    """A legal ground as it is cited, and whether it is in force on the day."""
    if entry.valid_until and entry.valid_until < day:
        return f"{entry.text}（已废止，{plain_day(entry.valid_until)}止）"
    if entry.valid_from and entry.valid_from > day:
        return f"{entry.text}（{plain_day(entry.valid_from)}起施行）"
    return entry.text


def repealed_note(spec: SchemeSpec, source: str, day: date) -> str:
    """出自已废止的《…》 for what rests on a document that is no longer in force; empty otherwise."""
    document = spec.repealed(source, day)
    return f"出自已废止的《{document.title}》" if document else ""


def waits_text(spec: SchemeSpec, item: ItemSpec, day: date) -> list[str]:
    """What an item must wait for, why, and whether the rule behind it is still in force."""
    found = []
    for edge in item.requires:
        if edge.kind != "hard":
            continue
        what = f"“{spec.item(edge.item).title}”办结" if edge.item else spec.fact(edge.fact or "").name
        notes = [edge.note.rstrip("。"), repealed_note(spec, edge.source, day)]
        about = "；".join(note for note in notes if note)
        found.append(f"{what}（{about}）" if about else what)
    return found


def reporting_text(spec: SchemeSpec, day: date) -> str:
    """退役后几天内报到; a number out of a repealed document is said to be one, since nobody has published a newer."""
    limit = spec.reporting_limit
    if limit is None:
        return NOT_PUBLISHED
    words = f"批准退役后{limit}内"
    if document := spec.repealed(limit.source, day):
        return f"现行期限{NOT_PUBLISHED}。《{document.title}》（已废止）规定{words}；请尽早报到，以安置地的通知为准"
    return words


def visits(spec: SchemeSpec, items: Iterable[ItemSpec], *, window: str = "") -> list[Visit]:
    """The times to come: once to the window for all that cannot be done online, once to each agency that must see you."""
    chosen = list(items)
    found = []
    at_window = tuple(item for item in chosen if not item.online)
    if at_window:
        found.append(Visit(window or "综合窗口", at_window, ("这些事项只能到窗口办",)))
    by_agency: dict[str, list[ItemSpec]] = {}
    for item in chosen:
        if item.in_person and item.agencies:
            by_agency.setdefault(item.agencies[0], []).append(item)
    for code, seen in by_agency.items():
        reasons = tuple(item.in_person_reason or "需要本人到场" for item in seen)
        found.append(Visit(spec.agency(code).name, tuple(seen), reasons, code))
    return found


# The number of a notice: place, scheme, items and answers packed, so that a window opens it without anything stored ---

SCHEMES = 1 << 20
CODE_LENGTHS = (6, 9, 12)
FIRST_DAY = date(2000, 1, 1)
DAYS = 1 << 15


def notice_number(
    spec: SchemeSpec,
    ticked: Iterable[str],
    answers: dict[str, Any],
    *,
    discharged: date | None = None,
    region: str = "",
    scheme_id: int = 0,
) -> str:
    """A short number that holds the place, the scheme, the items and the answers, with a check."""
    wanted = set(ticked)
    value = 1
    for item in spec.offered:
        value = value * 2 + (item.code in wanted)
    for question in questions(spec):
        values = [code for code, _ in question.choices]
        answer = answers.get(question.code)
        value = value * (len(values) + 1) + (values.index(answer) + 1 if answer in values else 0)
    day = (discharged - FIRST_DAY).days + 1 if discharged else 0
    value = value * DAYS + (day if 0 < day < DAYS else 0)
    kind = CODE_LENGTHS.index(len(region)) if len(region) in CODE_LENGTHS else 0
    value = (value * 10 ** CODE_LENGTHS[kind] + int(region or 0)) * len(CODE_LENGTHS) + kind
    value = value * SCHEMES + scheme_id % SCHEMES
    body = value.to_bytes((value.bit_length() + 7) // 8)
    text = base64.b32encode(zlib.crc32(body).to_bytes(4)[:2] + body).decode().rstrip("=")
    return "-".join(text[start : start + 4] for start in range(0, len(text), 4))


def origin_of(number: str) -> tuple[int, str]:
    """Scheme key and place that a notice was made for. Raises ValueError for a mistyped number."""
    scheme_id, region, _ = _unpacked(number)
    return scheme_id, region


def read_notice(spec: SchemeSpec, number: str) -> tuple[list[str], dict[str, str], date | None]:
    """Items, answers and day of discharge out of a number of this very scheme. Raises ValueError for a mistyped one."""
    _, _, value = _unpacked(number)
    value, day = divmod(value, DAYS)
    answers: dict[str, str] = {}
    for question in reversed(questions(spec)):
        values = [code for code, _ in question.choices]
        value, position = divmod(value, len(values) + 1)
        if position:
            answers[question.code] = values[position - 1]
    ticked = []
    for item in reversed(spec.offered):
        value, is_ticked = divmod(value, 2)
        if is_ticked:
            ticked.append(item.code)
    if value != 1:
        raise ValueError("编号有误，请对照告知单再输一遍")
    answers = dict(reversed(answers.items()))
    return ticked[::-1], answers, FIRST_DAY + timedelta(days=day - 1) if day else None


def _unpacked(number: str) -> tuple[int, str, int]:
    """Scheme key, place, and the packed rest."""
    value, scheme_id = divmod(int.from_bytes(_body_of(number)), SCHEMES)
    value, kind = divmod(value, len(CODE_LENGTHS))
    value, region = divmod(value, 10 ** CODE_LENGTHS[kind])
    return scheme_id, f"{region:0{CODE_LENGTHS[kind]}}", value


def _body_of(number: str) -> bytes:
    # Nobody writes 0, 1 or 8 in this alphabet, so what looks like them is meant as O, I and B.
    text = unicodedata.normalize("NFKC", number).upper().translate(str.maketrans("018", "OIB"))
    text = "".join(ch for ch in text if ch.isalnum())
    try:
        raw = base64.b32decode(text + "=" * (-len(text) % 8))
    except ValueError:
        raise ValueError("编号不完整，请对照告知单再输一遍") from None
    if len(raw) < 7 or zlib.crc32(raw[2:]).to_bytes(4)[:2] != raw[:2]:
        raise ValueError("编号有误，请对照告知单再输一遍")
    return raw[2:]
