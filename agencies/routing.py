"""(agency, place) → office: the nearest office of the agency at the place or above it. (office, item) → how it is reached."""

from dataclasses import dataclass

from agencies.enums import GatewayKind
from agencies.models import Office, Region


class NoOffice(LookupError):
    """No office of this agency serves the place; the scheme or the directory is incomplete."""

    def __init__(self, agency_code: str, region: Region) -> None:
        super().__init__(f"{region}没有登记“{agency_code}”的办理机构")
        self.agency_code, self.region = agency_code, region


def offices_for(region: Region) -> dict[str, Office]:
    """The office of each agency that serves the place, the nearest winning."""
    codes = [place.code for place in region.lineage()]
    found: dict[str, Office] = {}
    offices = Office.objects.filter(region_id__in=codes, is_active=True).select_related("agency", "region")
    for office in sorted(offices, key=lambda office: codes.index(office.region_id)):
        found.setdefault(office.agency_id, office)
    return found


def office_for(agency_code: str, region: Region, offices: dict[str, Office]) -> Office:
    """The office out of `offices_for(region)`. Raises NoOffice."""
    try:
        return offices[agency_code]
    except KeyError:
        raise NoOffice(agency_code, region) from None


@dataclass(frozen=True)
class Way:
    """How something reaches an office; `endpoint` is the address of a system, empty for one that polls."""

    gateway: GatewayKind
    endpoint: str = ""


def way_to(office: Office, item_code: str) -> Way:
    """The office's rule for the item; without one the office's own way."""
    rule = next((rule for rule in office.routes.all() if rule.item_code == item_code), None)
    return Way(GatewayKind((rule or office).gateway), (rule or office).endpoint)


def lines_of(office: Office) -> list[str]:
    """The addresses of all systems that an office is reached at, each once."""
    found = [office.endpoint] if office.gateway == GatewayKind.HTTP else []
    found += [rule.endpoint for rule in office.routes.all() if rule.gateway == GatewayKind.HTTP]
    return sorted({endpoint for endpoint in found if endpoint})
