"""The step of `manage.py drill` that needs the drill's own database: its preparation. Started by the drill alone."""

import json
import os
import secrets
from typing import Any

from django.contrib.auth.hashers import make_password
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandParser
from django.utils import timezone

import run as launcher
from agencies.catalogue import scheme_for
from agencies.gateways import signatures
from agencies.models import Region
from agencies.routing import office_for, offices_for
from agencies.spec import ItemSpec, SchemeSpec
from applications import operations
from applications.demo import answers_for, picture, soldier
from applications.management.drill_points import home
from applications.models import ExchangeKey
from portal.accounts.models import User

NUMBERS_OF_A_PLACE = 2400  # so many made-up identity numbers `soldier` has for one place of birth


class Command(BaseCommand):
    help = "演练的一步（由 drill 调用）。"
    requires_system_checks = ()

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("step", choices=["prepare"])
        parser.add_argument("--submissions", type=int, default=10)
        parser.add_argument("--items", type=int, default=3)

    def handle(self, *args: Any, **options: Any) -> None:
        if "DRILL_HOME" in os.environ:  # or it would be somebody's real database
            getattr(self, options["step"])(options)

    def prepare(self, options: dict[str, Any]) -> None:
        """Migrates, loads the directory, joins every agency of one place, writes down the people with their answers."""
        call_command("migrate", verbosity=0)
        call_command("load_region", verbosity=0)
        call_command("load_calendar", verbosity=0)
        region, spec = _place_of_most_agencies()
        ports = _join(region, _agencies(spec))
        (home() / "drill.jpg").write_bytes(picture("drill"))
        word = secrets.token_urlsafe(12)
        people = [
            {"password": word, **_person(number, options["items"], region, spec)}
            for number in range(options["submissions"])
        ]
        password = make_password(word)
        User.objects.bulk_create(
            User(
                username=person["username"],
                password=password,
                legal_name=person["answers"]["name"],
                id_no=person["answers"]["id_no"],
                phone=person["answers"]["mobile"],
            )
            for person in people
        )
        (home() / "people.jsonl").write_text("".join(json.dumps(person) + "\n" for person in people))
        self.stdout.write(json.dumps(ports))


def _place_of_most_agencies() -> tuple[Region, SchemeSpec]:
    """The first open place whose items go to the most agencies."""
    schemes: dict[int, tuple[Region, SchemeSpec]] = {}
    for region in Region.objects.open().filter(level=3).select_related("parent__parent__parent").order_by("code"):
        scheme = scheme_for(region, timezone.localdate())
        schemes.setdefault(scheme.pk, (region, scheme.spec))
    return max(schemes.values(), key=lambda found: len(_agencies(found[1])))


def _items(spec: SchemeSpec) -> list[ItemSpec]:
    """The items that an agency's system can bring to their end alone: none that waits for money to arrive."""
    return [
        item
        for item in spec.offered
        if item.online and item.is_for("self_employed") and not any(need.fact for need in item.requires)
    ]


def _agencies(spec: SchemeSpec) -> list[str]:
    return sorted({agency for item in [*_items(spec), *spec.automatic] for agency in item.agencies})


def _join(region: Region, agencies: list[str]) -> dict[str, int]:
    """Every agency of the place has its own system, each at its own port."""
    ports = {}
    offices = offices_for(region)
    for agency in agencies:
        office = office_for(agency, region, offices)
        secret = signatures.parse_secret(os.environ["SIMULATOR_SECRET"])
        ExchangeKey.issue(agency=office.agency, office=office, secret=secret, kid=f"drill-{agency}")
        ports[agency] = launcher.free_port()
        operations.join(office, endpoint=f"http://127.0.0.1:{ports[agency]}")
    return ports


def _person(number: int, items: int, region: Region, spec: SchemeSpec) -> dict[str, Any]:
    """The number-th person: the next few items by turns, so that each meets each other in the end."""
    one = soldier("演练人", number % NUMBERS_OF_A_PLACE, str(110105 + number // NUMBERS_OF_A_PLACE))
    answers = answers_for(one)
    offered = _items(spec)
    ticked = {offered[(number + turn) % len(offered)].code for turn in range(min(items, len(offered)))}
    chosen = [item for item in offered if item.code in ticked]
    wanted = spec.materials_for(frozenset(ticked), answers)
    return {
        "username": f"drill{number}",
        "region": region.code,
        "ticked": [item.code for item in chosen],
        "answers": answers,
        "materials": [material.code for material in wanted if not material.optional and not material.deferrable],
        "expected": [[item.code, agency] for item in [*spec.automatic, *chosen] for agency in item.agencies],
    }
