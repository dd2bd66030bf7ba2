"""The foot of the pages says who runs the site and under which records, and nothing that the settings do not say."""

from typing import Any

import pytest
from django.core.checks import run_checks
from django.test import Client
from django.urls import reverse

RIGHT = {
    "SITE_OPERATOR": "东胜区退役军人事务局",
    "SITE_CODE": "1506020001",
    "SITE_ICP": "蒙ICP备05000001号-2",
    "SITE_POLICE_RECORD": "蒙公网安备 15060202000001号",
}


@pytest.mark.django_db
def test_foot_and_head_name_operator_and_records(client: Client, settings: Any) -> None:
    for name, value in RIGHT.items():
        setattr(settings, name, value)

    page = client.get("/").content.decode()

    assert [value for value in RIGHT.values() if value not in page] == []
    assert '<meta name="SiteIDCode" content="1506020001">' in page


@pytest.mark.django_db
def test_without_settings_nothing_is_named(client: Client) -> None:
    page = client.get("/").content.decode()

    assert "没有主办单位和备案号" in page
    assert "SiteIDCode" not in page


@pytest.mark.parametrize(
    ("name", "wrong"), [("SITE_CODE", "15060200"), ("SITE_ICP", "05000001"), ("SITE_POLICE_RECORD", "蒙公网安备 1号")]
)
def test_record_in_another_form_is_an_error(settings: Any, name: str, wrong: str) -> None:
    for setting, value in {**RIGHT, name: wrong}.items():
        setattr(settings, setting, value)

    assert [found.id for found in run_checks(tags=["compatibility"]) if found.id == "portal.E001"] == ["portal.E001"]


def test_missing_records_are_told_before_deploying(settings: Any) -> None:
    found = run_checks(tags=["compatibility"], include_deployment_checks=True)

    assert sum(message.id == "portal.W001" for message in found) == len(RIGHT)


@pytest.mark.django_db
def test_site_map_leads_to_every_page_for_everybody(client: Client) -> None:
    page = client.get(reverse("home:site_map")).content.decode()

    names = ("guide", "notice", "flow", "query", "privacy", "accessibility")
    for name in (*(f"home:{name}" for name in names), "papers:verify"):
        assert f'href="{reverse(name)}"' in page
