"""A signed-in clerk of a window."""

import pytest
from django.test import Client

from portal.accounts.models import User
from tests import factories


@pytest.fixture(autouse=True)
def _directory(directory: None) -> None:
    """Every page needs the regions."""


@pytest.fixture(autouse=True)
def _media(settings, tmp_path) -> None:
    settings.MEDIA_ROOT = tmp_path


@pytest.fixture
def clerk(db: None) -> User:
    return factories.clerk()


@pytest.fixture
def window(client: Client, clerk: User) -> Client:
    client.force_login(clerk)
    return client
