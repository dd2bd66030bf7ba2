"""The demo's joined office."""

from typing import Any

import pytest
from django.core.management import CommandError, call_command

from agencies.enums import GatewayKind
from agencies.models import Office
from applications.models import ExchangeKey

pytestmark = pytest.mark.usefixtures("directory")


def test_one_office_of_the_demo_is_joined_and_again_at_another_port(monkeypatch: Any, settings: Any) -> None:
    settings.EXCHANGE_ALLOWED_HOSTS = ["127.0.0.1"]
    monkeypatch.setenv("SIMULATOR_SECRET", "whsec_" + "QUFB" * 8)
    for port in ("18001", "18002"):
        monkeypatch.setenv("SIMULATOR_PORT", port)
        call_command("join_simulator")

    (office,) = Office.objects.filter(gateway=GatewayKind.HTTP)
    assert (office.endpoint, ExchangeKey.objects.get().office) == ("http://127.0.0.1:18002", office)
    assert ExchangeKey.objects.get().secret == b"AAA" * 8


def test_simulator_is_joined_in_a_demo_only(settings: Any) -> None:
    settings.IS_DEMO = False

    with pytest.raises(CommandError):
        call_command("join_simulator")
