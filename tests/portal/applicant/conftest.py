"""A signed-in applicant and their draft."""

import pytest
from django.test import Client

from applications.models import Draft
from portal.accounts.models import User
from tests import factories


@pytest.fixture(autouse=True)
def _directory(directory: None) -> None:
    """Every page needs the regions."""


@pytest.fixture(autouse=True)
def _media(settings, tmp_path) -> None:
    settings.MEDIA_ROOT = tmp_path


@pytest.fixture
def person(db: None) -> User:
    return factories.person()


@pytest.fixture
def applicant(client: Client, person: User) -> Client:
    client.force_login(person)
    return client


@pytest.fixture
def draft(person: User) -> Draft:
    """Filled in completely for the first office's items, without materials."""
    return factories.draft(person)
