"""How an item reaches an office: the office's own way, unless the item has a rule."""

import pytest

from agencies.enums import GatewayKind
from agencies.models import Office, OfficeRoute
from agencies.routing import Way, lines_of, way_to

pytestmark = pytest.mark.usefixtures("directory")


@pytest.fixture
def office() -> Office:
    return Office.objects.filter(agency="police")[0]


def test_item_without_a_rule_goes_the_offices_way(office: Office) -> None:
    office.gateway, office.endpoint = GatewayKind.HTTP, "https://a.invalid/x"

    assert way_to(office, "I04") == Way(GatewayKind.HTTP, "https://a.invalid/x")


def test_rule_of_an_item_holds_for_that_item_at_that_office_alone(office: Office) -> None:
    OfficeRoute.objects.create(office=office, item_code="I04", gateway=GatewayKind.BATCH)
    other = Office.objects.filter(agency="police").exclude(pk=office.pk)[0]

    found = [way_to(office, "I04"), way_to(office, "I05"), way_to(other, "I04")]

    assert [way.gateway for way in found] == [GatewayKind.BATCH, GatewayKind.INBOX, GatewayKind.INBOX]


def test_lines_are_the_addresses_of_all_systems_once(office: Office) -> None:
    office.gateway, office.endpoint = GatewayKind.HTTP, "https://a.invalid/x"
    for code, endpoint in (("I04", "https://b.invalid/x"), ("I05", "https://a.invalid/x"), ("I06", "")):
        OfficeRoute.objects.create(office=office, item_code=code, gateway=GatewayKind.HTTP, endpoint=endpoint)

    assert lines_of(office) == ["https://a.invalid/x", "https://b.invalid/x"]
