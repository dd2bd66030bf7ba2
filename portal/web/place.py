"""The place a visitor chose, for the header, the footer and the home page: names and phones come from its data.

Kept in the session by its code only. Pages that know the place better (a case) hand `place=facts(region)` to the template.
"""

from dataclasses import dataclass

from django.http import HttpRequest
from django.utils import timezone

from agencies import catalogue
from agencies.enums import Level
from agencies.models import Region, Scheme
from agencies.words import plain_day
from applications.models import Application, Draft
from portal.accounts.models import User

SESSION_KEY = "place"


@dataclass(frozen=True)
class Place:
    """What pages say about a place; empty where nothing is published. `hours` are those of today's season."""

    code: str = ""
    name: str = ""
    header_name: str = ""
    short_name: str = ""
    phone: str = ""
    supervision_phone: str = ""
    window: str = ""
    address: str = ""
    hours: str = ""
    seasons: tuple[str, ...] = ()


def choose(request: HttpRequest, region: Region) -> None:
    """Remembers the place for this visit."""
    request.session[SESSION_KEY] = region.code


def remember_of(request: HttpRequest, user: User) -> None:
    """At sign-in: unless a place was chosen already, that of the person's latest case or form."""
    if request.session.get(SESSION_KEY):
        return
    cases = Application.objects.for_applicant(user).order_by("-pk")
    forms = Draft.objects.for_person(user).order_by("-saved_at")
    for rows in (cases, forms):
        latest = rows.select_related("region").first()
        if latest is not None:
            choose(request, latest.region)
            return


def chosen_region(request: HttpRequest) -> Region | None:
    """The region of this visit, or None when none was chosen or it is no longer there."""
    code = request.session.get(SESSION_KEY) if hasattr(request, "session") else None
    if not code:
        return None
    return Region.objects.with_above().filter(code=code).first()


def scheme_of(region: Region) -> Scheme | None:
    """The scheme in force today at the place, or None."""
    try:
        return catalogue.scheme_for(region, timezone.localdate())
    except catalogue.NoScheme:
        return None


def chosen_scheme(request: HttpRequest) -> tuple[Region, Scheme] | None:
    """The chosen place and the scheme in force there; None without a place or where nothing is published."""
    region = chosen_region(request)
    scheme = scheme_of(region) if region else None
    return (region, scheme) if region and scheme else None


def facts(region: Region) -> Place:
    """Names and phones of a place. The supervision phone stands in its scheme."""
    scheme = scheme_of(region)
    told = catalogue.place_told(scheme, region) if scheme else None
    return Place(
        code=region.code,
        name=region.full_name,
        header_name=_with_city(region),
        short_name=region.name,
        phone=region.phone,
        supervision_phone=(scheme.spec.supervision_phone or "") if scheme else "",
        window=region.window,
        address=(told.address if told else None) or "",
        hours=(told.hours_on(timezone.localdate()) if told else None) or "",
        seasons=tuple(map(str, told.hours)) if told else (),
    )


def _with_city(region: Region) -> str:
    """A district with its city before it, without the province: short enough for the header of a phone."""
    above = region.parent
    if above is None or above.level < Level.CITY:
        return region.full_name
    return f"{above.name}{region.name}"


def chosen(request: HttpRequest) -> Place:
    """The facts of the chosen place; an empty Place when none was chosen."""
    region = chosen_region(request)
    return facts(region) if region else Place()


def open_places() -> list[tuple[str, list[tuple[str, str]]]]:
    """Every place where an application can be handed in as (code, name), grouped under the place above it."""
    groups: dict[str, list[tuple[str, str]]] = {}
    opened = list(Region.objects.open().select_related("parent"))
    above_others = {region.parent_id for region in opened}
    for region in opened:
        if region.code in above_others:  # a city's own windows stand among those of its districts
            groups.setdefault(region.full_name, []).append((region.code, region.own_level_name))
        else:
            above = region.parent.full_name if region.parent else ""
            groups.setdefault(above, []).append((region.code, region.name))
    return list(groups.items())


def opening_later() -> list[str]:
    """The places that will be opened on a published day, in words."""
    today = timezone.localdate()
    return [f"{name}（{plain_day(day)}起）" for name, day in catalogue.opening_later(today)]


def open_place(code: str) -> Region | None:
    """The open place of this code, or None."""
    return Region.objects.open().with_above().filter(code=code).first()
