"""The form of a scheme: what a region's file may say, field by field.

A region file is one *layer* (nation, province, city, district). `agencies.publishing` merges the layers above a place
into the effective `SchemeSpec`, which is stored with the published scheme and never changes. Everything here is
data; a value that a source document does not give stays None and is shown as not published.
"""

from datetime import date
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator

from agencies.enums import LimitUnit, SettlementKind


class Spec(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Condition(Spec):
    """True when the answers say so. Exactly one kind is given; `all_of` joins several."""

    field: str | None = None
    is_in: tuple[str, ...] = Field(default=(), alias="in")
    ticked: str | None = None
    all_of: tuple["Condition", ...] = ()

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)

    def holds(self, answers: dict[str, Any], ticked: set[str] | frozenset[str]) -> bool:
        if self.all_of:
            return all(part.holds(answers, ticked) for part in self.all_of)
        if self.ticked is not None:
            return self.ticked in ticked
        return str(answers.get(self.field or "", "")) in self.is_in


class Limit(Spec):
    """A time limit: a number of days of a unit, or the month and day of the year after acceptance."""

    unit: LimitUnit
    days: int | None = None
    month: int | None = None
    day: int | None = None
    source: str = ""

    @property
    def is_in_working_days(self) -> bool:
        """当场 counts as no working day at all."""
        return self.unit in (LimitUnit.WORKING_DAY, LimitUnit.AT_ONCE)

    def __str__(self) -> str:
        if self.unit == LimitUnit.AT_ONCE:
            return "当场办结"
        if self.unit == LimitUnit.NEXT_YEAR_DATE:
            return f"次年{self.month}月{self.day}日前"
        return f"{self.days} {LimitUnit(self.unit).label}"


class Basis(Spec):
    """设定依据 with the dates between which it is in force."""

    text: str
    valid_from: date | None = None
    valid_until: date | None = None
    source: str = ""

    def holds_on(self, day: date) -> bool:
        return (self.valid_from is None or self.valid_from <= day) and (
            self.valid_until is None or day <= self.valid_until
        )


class Requirement(Spec):
    """What must be there before an item's clock starts: another item, or an external fact that staff tick off."""

    item: str | None = None
    fact: str | None = None
    kind: Literal["hard", "soft"] = "hard"
    when: Condition | None = None
    note: str = ""
    source: str = ""


class FactSpec(Spec):
    """An external fact such as 资金到账; confirmed by the agency that handles the item."""

    code: str
    name: str
    waiting_text: str
    source: str = ""


class FieldMapping(Spec):
    """One line of what an agency is sent: our field, its name and label there, and a fixed value if we do not ask."""

    field: str | None = None
    target: str
    label: str | None = None
    default: str | None = None


class MaterialSpec(Spec):
    code: str
    name: str
    alternatives: tuple[str, ...] = ()
    original: bool | None = None
    serves: tuple[str, ...] = ()
    when: Condition | None = None
    because: str = ""
    explanation: str = ""
    issued_by: str = ""
    replaced_by: str = ""
    shared_from: str = ""
    optional: bool = False
    deferrable: bool = False
    defer_limit: Limit | None = None
    number: int = 0
    source: str = ""

    @property
    def title(self) -> str:
        return "或".join(self.alternatives) if self.alternatives else self.name

    def is_for(self, item: str) -> bool:
        """Whether the item needs it; a material that names none serves every item."""
        return not self.serves or item in self.serves


class ResultSpec(Spec):
    """办理结果; `sample` is the address at which the region shows what it looks like."""

    name: str | None = None
    sample: str = ""
    delivery: tuple[str, ...] = ()


class Fee(Spec):
    """收费 in the words of the source (不收费, 20元), and the ground on which it is charged."""

    text: str
    ground: str = ""
    source: str = ""

    def __str__(self) -> str:
        return f"{self.text}（收费依据：{self.ground}）" if self.ground else self.text


class Faq(Spec):
    """常见问题: a question and its answer as the source gives them."""

    question: str
    answer: str
    source: str = ""

    def __str__(self) -> str:
        return f"{self.question}{self.answer}"


class ItemSpec(Spec):
    code: str
    name: str
    form_name: str = ""
    short_name: str = ""
    aliases: tuple[str, ...] = ()
    agencies: tuple[str, ...] = ()
    enabled: bool = True
    survey_only: bool = False
    automatic: bool = False
    default_ticked: bool = True
    basis: tuple[Basis, ...] = ()
    conditions: tuple[str, ...] = ()
    applies_to: tuple[SettlementKind, ...] = ()
    requires: tuple[Requirement, ...] = ()
    concerns: Condition | None = None
    online: bool = True
    window: bool = True
    channel_note: str = ""
    legal_limit: Limit | None = None
    promised_limit: Limit | None = None
    fulfilment: Limit | None = None
    fee: Fee | None = None
    in_person: bool = False
    in_person_reason: str = ""
    two_steps: bool = False
    deemed_acceptance: bool = False
    lapses_without_correction: bool = False
    fields: tuple[str, ...] = ()
    field_map: dict[str, tuple[FieldMapping, ...]] = {}
    result: ResultSpec = ResultSpec()
    phones: tuple[str, ...] = ()
    faq: tuple[Faq, ...] = ()
    note: str = ""
    next_step: str = ""
    source: str = ""

    @property
    def printed_name(self) -> str:
        return self.form_name or self.name

    @property
    def title(self) -> str:
        return self.short_name or self.name

    def is_for(self, settlement: str) -> bool:
        """Whether people of this 安置方式 may have it; an item that names none is for all."""
        return not settlement or not self.applies_to or settlement in self.applies_to

    def is_wanted(self, answers: dict[str, Any]) -> bool | None:
        """Whether the situation calls for it; None where it depends on nothing or the person has not said."""
        if self.concerns is None or not answers.get(self.concerns.field or ""):
            return None
        return self.concerns.holds(answers, frozenset())

    def is_done(self, *, online: bool) -> bool:
        """Whether it can be applied for online, or at the window."""
        return self.online if online else self.window


class AgencySpec(Spec):
    """An agency as this region names it; beyond the usual five a region may add its own."""

    code: str
    name: str
    short_name: str = ""
    icon: str = ""
    office_name: str = ""
    source: str = ""

    @property
    def title(self) -> str:
        return self.short_name or self.name


class FormField(Spec):
    field: str
    label: str | None = None
    hint: str | None = None
    required: bool = True
    required_for: tuple[str, ...] = ()
    when: Condition | None = None

    def asked_for(self, ticked: set[str] | frozenset[str]) -> "FormField":
        """The field as these items ask it: with `required_for`, it must be filled in only if one of those is ticked."""
        if not self.required_for:
            return self
        return self.model_copy(update={"required": bool(ticked & set(self.required_for))})


class FormSection(Spec):
    code: str
    title: str
    intro: str = ""
    fields: tuple[FormField, ...]


class FormSpec(Spec):
    title: str
    sections: tuple[FormSection, ...]
    printed_rows: tuple[tuple[str, ...], ...] = ()
    item_order: tuple[str, ...] = ()
    promise: tuple[str, ...] = ()
    note: str = ""
    source: str = ""


class SeasonalWindow(Spec):
    name: str
    months: tuple[int, ...]
    place: str = ""
    source: str = ""


class Claim(Spec):
    """What a region says of itself; shown as its claim with the source, never computed."""

    label: str
    before: str | None = None
    after: str | None = None
    unit: str = ""
    source: str = ""


class SourceDocument(Spec):
    """A document that `source` rows name by its id. What rests on a repealed one is shown as such."""

    id: str
    title: str
    number: str | None = None
    issued_on: date | None = None
    valid_from: date | None = None
    valid_until: date | None = None
    issuers: tuple[str, ...] = ()
    file: str = ""


class ChannelSpec(Spec):
    """A way to hand in. `by_operator`: added by who runs this portal; the region's document does not say it."""

    name: str
    kind: Literal["online", "window"] | None = None
    by_operator: bool = False
    note: str = ""
    source: str = ""

    def __str__(self) -> str:
        return self.name


class OfficeSpec(Spec):
    agency: str
    region: str
    name: str
    address: str | None = None
    hours: str | None = None
    phone: str | None = None
    gateway: str = "inbox"
    source: str = ""


class OpeningHours(Spec):
    """When a window is open in a part of the year; `months` empty means all year."""

    text: str
    months: tuple[int, ...] = ()

    def __str__(self) -> str:
        return f"{season_words(self.months)}：{self.text}" if self.months else self.text


def season_words(months: tuple[int, ...]) -> str:
    """5月至9月, 10月至次年4月; single months where they do not follow each other."""
    wanted = set(months)
    firsts = [month for month in months if (month - 2) % 12 + 1 not in wanted]
    if len(firsts) != 1 or len(wanted) < 2:
        return "、".join(f"{month}月" for month in months)
    last = (firsts[0] + len(wanted) - 2) % 12 + 1
    return f"{firsts[0]}月至{'次年' if last < firsts[0] else ''}{last}月"


class PlaceSpec(Spec):
    """A district of the region: whether its portal is open, its phone, its window and when that is open."""

    region: str
    is_open: bool = True
    open_from: date | None = None
    phone: str | None = None
    window: str | None = None
    address: str | None = None
    hours: tuple[OpeningHours, ...] = ()
    source: str = ""

    def hours_on(self, day: date) -> str | None:
        """The opening hours of the season in which the day lies; None where they are not published."""
        return next((part.text for part in self.hours if not part.months or day.month in part.months), None)


class PreReviewSpec(Spec):
    """预审: which agency looks through a form before any office gets its part; a scheme without it has none."""

    agency: str
    note: str = ""
    source: str = ""


class SchemeSpec(Spec):
    """The effective scheme of a place: everything that pages, papers and rules need, and where each part comes from."""

    region: str
    version: str
    title: str
    service_name: str
    valid_from: date
    valid_until: date | None = None
    sources: tuple[SourceDocument, ...] = ()
    basis: tuple[Basis, ...] = ()
    agencies: tuple[AgencySpec, ...] = ()
    eligibility: tuple[str, ...] = ()
    applies_to: tuple[SettlementKind, ...] = ()
    prerequisites: tuple[str, ...] = ()
    facts: tuple[FactSpec, ...] = ()
    items: tuple[ItemSpec, ...] = ()
    materials: tuple[MaterialSpec, ...] = ()
    materials_note: str = ""
    form: FormSpec
    legal_limit: Limit | None = None
    overall_limit: Limit | None = None
    fee: Fee | None = None
    receiving_limit: Limit = Limit(unit=LimitUnit.WORKING_DAY, days=5, source="行政许可法第32条")
    reporting_limit: Limit | None = None
    # The item by which a person reports; 国办函〔2024〕53号 names it first.
    reporting_item: str = "I01"
    correction_days: int = 15
    pre_review: PreReviewSpec | None = None
    supervision_phone: str | None = None
    faq: tuple[Faq, ...] = ()
    windows: tuple[SeasonalWindow, ...] = ()
    claims: tuple[Claim, ...] = ()
    delivery: tuple[str, ...] = ()
    channels: tuple[ChannelSpec, ...] = ()
    slogans: tuple[str, ...] = ()
    window_name: str = ""
    places: tuple[PlaceSpec, ...] = ()
    offices: tuple[OfficeSpec, ...] = ()
    provenance: dict[str, str] = {}

    @field_validator("channels", mode="before")
    @classmethod
    def _named_channels(cls, value: Any) -> Any:
        """A version published when channels were names only stays readable."""
        return [{"name": part} if isinstance(part, str) else part for part in value]

    def item(self, code: str) -> ItemSpec:
        return next(item for item in self.items if item.code == code)

    def material(self, code: str) -> MaterialSpec:
        return next(material for material in self.materials if material.code == code)

    def agency(self, code: str) -> AgencySpec:
        return next(agency for agency in self.agencies if agency.code == code)

    def fact(self, code: str) -> FactSpec:
        return next(fact for fact in self.facts if fact.code == code)

    def document_of(self, source: str) -> SourceDocument | None:
        """The document that a source row names: the longest id that it begins with."""
        named = [document for document in self.sources if source.startswith(document.id)]
        return max(named, key=lambda document: len(document.id), default=None)

    def repealed(self, source: str, day: date) -> SourceDocument | None:
        """The document of a source row if it is no longer in force on the day."""
        document = self.document_of(source)
        return document if document and document.valid_until and document.valid_until < day else None

    @property
    def online_channels(self) -> tuple[ChannelSpec, ...]:
        return tuple(channel for channel in self.channels if channel.kind == "online")

    def place(self, region: str) -> PlaceSpec | None:
        return next((place for place in self.places if place.region == region), None)

    @property
    def offered(self) -> tuple[ItemSpec, ...]:
        """The items an applicant may tick, in the scheme's order."""
        return tuple(item for item in self.items if item.enabled and not item.automatic and not item.survey_only)

    @property
    def automatic(self) -> tuple[ItemSpec, ...]:
        return tuple(item for item in self.items if item.enabled and item.automatic)

    @property
    def asked_anyway(self) -> tuple[ItemSpec, ...]:
        """What belongs to every case without a tick: automatic checks, and surveys that only keep answers."""
        return tuple(item for item in self.items if item.enabled and (item.automatic or item.survey_only))

    def is_for(self, settlement: str) -> bool:
        """Whether the scheme serves people of this 安置方式; a scheme that names none serves all."""
        return not settlement or not self.applies_to or settlement in self.applies_to

    def materials_for(self, ticked: set[str] | frozenset[str], answers: dict[str, Any]) -> tuple[MaterialSpec, ...]:
        """The materials that the person hands in for the ticked items, each once."""
        return tuple(material for material in self._called_for(ticked, answers) if not material.shared_from)

    def shared_for(self, ticked: set[str] | frozenset[str], answers: dict[str, Any]) -> tuple[MaterialSpec, ...]:
        """What the ticked items call for and the offices fetch by data sharing: not to be handed in."""
        return tuple(material for material in self._called_for(ticked, answers) if material.shared_from)

    def _called_for(self, ticked: set[str] | frozenset[str], answers: dict[str, Any]) -> list[MaterialSpec]:
        return [
            material
            for material in self.materials
            if (not material.serves or ticked & set(material.serves))
            and (material.when is None or material.when.holds(answers, ticked))
        ]

    def agency_names(self, item: ItemSpec) -> str:
        """Who handles the item, by the names that people know."""
        return "、".join(self.agency(code).title for code in item.agencies)

    def limit_of(self, item: ItemSpec) -> Limit | None:
        """The promised limit of an item: its own, else the overall one; None where the region published neither."""
        return item.promised_limit or self.overall_limit
