"""推送方式: an administrator changes how an office is reached, with a reason that stays."""

from typing import Any

import pytest
from django.test import Client

from agencies.enums import GatewayKind, Role
from agencies.models import Office, OfficeRoute
from applications.models import OperatorDeed
from tests import factories

pytestmark = pytest.mark.usefixtures("directory")
URL = "/console/dispatches/ways/"


@pytest.fixture
def operator() -> Client:
    client = Client()
    client.force_login(factories.staff(Role.ADMINISTRATOR))
    return client


@pytest.fixture
def office() -> Office:
    return Office.objects.filter(agency="police", region=factories.DONGSHENG).get()


def test_change_is_made_and_shown_with_who_and_why(operator: Client, office: Office) -> None:
    posted = {"office": office.pk, "way": "hand", "note": "网络没有接通"}

    page = operator.post(URL, posted, follow=True).content.decode()

    office.refresh_from_db()
    assert office.gateway == GatewayKind.BATCH
    assert OperatorDeed.objects.get().note == "离线交换：网络没有接通"
    assert page.count("离线交换：网络没有接通") == 1 and page.count("乌云其其格") >= 1


def test_item_goes_another_way_and_back(operator: Client, office: Office) -> None:
    operator.post(URL, {"office": office.pk, "way": "poll", "item": "i04", "note": "对方系统上线"})
    assert OfficeRoute.objects.get().item_code == "I04"

    operator.post(URL, {"office": office.pk, "way": "same", "item": "I04", "note": "对方系统下线"})

    assert not OfficeRoute.objects.exists()


@pytest.mark.parametrize(
    ("posted", "words"),
    [
        ({"way": "hand", "note": " "}, "请写明原因"),
        ({"way": "push", "note": "x"}, "要填地址"),
        ({"way": "push", "endpoint": "https://elsewhere.invalid/", "note": "x"}, "不在允许对接的名单"),
        ({"way": "same", "note": "x"}, "只用于一个事项"),
        ({"way": "poll", "item": "I99", "note": "x"}, "没有这个代码的事项"),
        ({"way": "post", "note": "x"}, "请选择推送方式"),
    ],
)
def test_refused_change_keeps_the_page_and_what_was_typed(
    operator: Client, office: Office, posted: dict[str, Any], words: str
) -> None:
    response = operator.post(URL, {"office": office.pk, **posted})

    page = response.content.decode()
    assert (response.status_code, words in page) == (422, True)
    assert f'value="{posted.get("endpoint", "")}"' in page
    assert (OperatorDeed.objects.exists(), OfficeRoute.objects.exists()) == (False, False)


def test_office_is_found_by_its_place(operator: Client, office: Office) -> None:
    page = operator.get(URL, {"q": office.region.name}).content.decode()

    assert f"?office={office.pk}" in page
    assert "改" + office.name in operator.get(URL, {"office": office.pk}).content.decode()


def test_path_of_an_address_is_not_shown(operator: Client, office: Office) -> None:
    """It may hold a secret of the agency's; the host says enough."""
    Office.objects.filter(pk=office.pk).update(gateway=GatewayKind.HTTP, endpoint="https://a.example/token-of-theirs/")

    page = operator.get(URL).content.decode()

    assert ("a.example" in page, "token-of-theirs" in page) == (True, False)
