"""docker-compose.yml against the compose specification, as far as no engine is needed, and against the code it starts."""

import re
import runpy
from typing import Any

import pytest
import yaml
from django.core.management import get_commands

from tests.consistency.test_repository import ROOT

# Keys of the compose specification that this file has use for; a misspelt key is not among them.
TOP_LEVEL_KEYS = {"services", "volumes"}
SERVICE_KEYS = {
    "image", "build", "init", "restart", "environment", "volumes", "depends_on", "command", "ports", "healthcheck",
}  # fmt: skip
BUILD_KEYS = {"context", "dockerfile_inline"}
HEALTHCHECK_KEYS = {"test", "interval", "timeout", "retries"}
CONDITIONS = {"service_started", "service_healthy", "service_completed_successfully"}
RESTARTS = {"no", "always", "on-failure", "unless-stopped"}

COMPOSE: dict[str, Any] = yaml.safe_load((ROOT / "docker-compose.yml").read_text(encoding="utf-8"))
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
OWN = {name: service for name, service in SERVICES.items() if "build" in service}


def words(name: str) -> str:
    return " ".join(SERVICES[name]["command"])


def test_top_level_has_known_keys_alone() -> None:
    assert {key for key in COMPOSE if not key.startswith("x-")} == TOP_LEVEL_KEYS


@pytest.mark.parametrize("name", SERVICES)
def test_service_follows_the_specification(name: str) -> None:
    service = SERVICES[name]

    assert re.fullmatch(r"[a-zA-Z0-9._-]+", name)
    assert set(service) <= SERVICE_KEYS
    assert service["restart"] in RESTARTS
    assert all(isinstance(value, str) for value in service.get("environment", {}).values())
    assert all(isinstance(word, str) for word in service.get("command", []))
    assert set(service.get("build", {})) <= BUILD_KEYS
    check = service.get("healthcheck")
    assert check is None or (set(check) == HEALTHCHECK_KEYS and check["test"][0] in ("CMD", "CMD-SHELL"))


@pytest.mark.parametrize("name", SERVICES)
def test_service_waits_for_services_that_can_tell(name: str) -> None:
    for other, wish in SERVICES[name].get("depends_on", {}).items():
        assert wish["condition"] in CONDITIONS
        assert wish["condition"] != "service_healthy" or "healthcheck" in SERVICES[other]
        assert wish["condition"] != "service_completed_successfully" or SERVICES[other]["restart"] == "no"


def test_volumes_are_declared_and_used() -> None:
    mounted = {volume.split(":")[0] for service in SERVICES.values() for volume in service.get("volumes", [])}

    assert mounted == set(COMPOSE["volumes"])


def test_commands_exist_in_the_code() -> None:
    commands = [found for name in OWN for found in re.findall(r"manage\.py (\w+)", words(name))]

    assert {"migrate", "load_region", "load_calendar", "collectstatic", "background"} == set(commands)
    assert set(commands) <= set(get_commands())
    assert words("web").startswith("gunicorn portal.wsgi ")
    assert [name for name in OWN if words(name) == "python manage.py background"] == ["background"]


def test_image_copies_what_exists_and_installs_what_run_installs() -> None:
    recipe = SERVICES["web"]["build"]["dockerfile_inline"]
    copied = [word for line in re.findall(r"^COPY (.+)$", recipe, re.MULTILINE) for word in line.split()[:-1]]
    run = runpy.run_path(str(ROOT / "run.py"), run_name="run")

    assert [name for name in copied if not (ROOT / name).exists()] == []
    assert {"portal", "applications", "agencies", "templates", "static", "fixtures"} < set(copied)
    assert " ".join(run["PANGO_DEBIAN"]) in recipe


def test_no_secret_is_written_down() -> None:
    text = (ROOT / "docker-compose.yml").read_text(encoding="utf-8")

    assert "${SECRET_KEY:?" in text
    assert len(re.findall(r"\$\{POSTGRES_PASSWORD:\?", text)) == 2
