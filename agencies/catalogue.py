"""Which scheme is in force for a place on a day."""

from collections.abc import Iterable
from datetime import date

from django.db.models import Q

from agencies.enums import Level
from agencies.models import Region, Scheme
from agencies.spec import PlaceSpec


class NoScheme(LookupError):
    """No published scheme covers the place on that day."""


def scheme_for(region: Region, day: date) -> Scheme:
    """The newest published scheme in force on `day` at the place, or at the nearest place above it. Raises NoScheme."""
    codes = [place.code for place in region.lineage()]
    schemes = (
        Scheme.objects.published()
        .filter(Q(valid_until__isnull=True) | Q(valid_until__gte=day), region_id__in=codes, valid_from__lte=day)
        .order_by("-valid_from", "-id")
    )
    nearest = sorted(schemes, key=lambda scheme: codes.index(scheme.region_id))
    if not nearest:
        raise NoScheme(f"{region}在{day}没有已发布的实施方案")
    return nearest[0]


def opening_later(day: date) -> list[tuple[str, date]]:
    """Places that a scheme in force means to open after the day, by name and day."""
    rows = (
        Scheme.objects.for_day(day)
        .order_by("region_id", "-valid_from", "-id")
        .values_list("region_id", "text__content__places")
    )
    newest: dict[str, list[dict[str, str]]] = {}
    for code, places in rows:
        newest.setdefault(code, places or [])
    told = {place["region"]: place.get("open_from") for places in newest.values() for place in places}
    later = {code: date.fromisoformat(first) for code, first in told.items() if first and first > day.isoformat()}
    if not later:
        return []
    regions = Region.objects.filter(code__in=later, is_open=False)
    return [(region.full_name, later[region.code]) for region in regions]


def published_for(scheme_id: int, code: str) -> tuple[Scheme, Region] | None:
    """A published version, in force or not, and a place that it is for; None where there is no such pair."""
    scheme = Scheme.objects.published().select_related("region").filter(pk=scheme_id).first()
    region = Region.objects.with_above().filter(pk=code).first()
    return (scheme, region) if scheme and region and scheme.region in region.lineage() else None


def place_told(scheme: Scheme, region: Region) -> PlaceSpec | None:
    """What the scheme says of the place: address, hours. A township or village has what its county has."""
    told = {place.region: place for place in scheme.spec.places}
    here: Region | None = region
    while here is not None and here.code not in told and here.level > Level.COUNTY:
        here = here.parent
    return told.get(here.code) if here is not None else None


def sample_places(schemes: Iterable[Scheme]) -> dict[str, str]:
    """For each scheme's region one open place that it is in force for, by the nearest scheme above; two queries."""
    regions = {scheme.region_id for scheme in schemes}
    found: dict[str, str] = {}
    opened = Region.objects.open().with_above().order_by("code")
    for place in sorted(opened, key=lambda place: place.level != Level.COUNTY):
        nearest = next((above.code for above in place.lineage() if above.code in regions), None)
        if nearest is not None:
            found.setdefault(nearest, place.code)
    return found
