"""Which scheme is in force for a place on a day."""

from collections.abc import Iterable
from datetime import date

from django.db.models import Q

from agencies.models import Region, Scheme


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


def sample_places(schemes: Iterable[Scheme]) -> dict[str, str]:
    """For each scheme's region one open place that it is in force for, by the nearest scheme above; two queries."""
    regions = {scheme.region_id for scheme in schemes}
    found: dict[str, str] = {}
    for place in Region.objects.open().select_related("parent__parent__parent").order_by("code"):
        nearest = next((above.code for above in place.lineage() if above.code in regions), None)
        if nearest is not None:
            found.setdefault(nearest, place.code)
    return found
