"""The steps of `manage.py drill` and `drill_queues` that need their own database. Started by these two alone."""

import io
import json
import os
import secrets
import time
from typing import Any

from django.contrib.auth.hashers import make_password
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandParser
from django.db import transaction
from django.utils import timezone

import run as launcher
from agencies.catalogue import scheme_for
from agencies.enums import Role
from agencies.gateways import signatures
from agencies.models import Office, Posting, Region
from agencies.routing import office_for, offices_for
from agencies.spec import ItemSpec, SchemeSpec
from applications import drafts, exports, fanout, materials, operations, submission
from applications.demo import answers_for, picture, soldier
from applications.enums import Channel, DocumentStatus, ExportKind
from applications.management.commands.measure_exports import add_rows
from applications.management.drill_points import home
from applications.models import ExchangeKey, Export
from portal.accounts.models import User

NUMBERS_OF_A_PLACE = 2400  # so many made-up identity numbers `soldier` has for one place of birth


class Command(BaseCommand):
    help = "演练的一步（由 drill 调用）。"
    requires_system_checks = ()

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("step", choices=["prepare", "feed", "hold", "release", "fill", "export"])
        parser.add_argument("--submissions", type=int, default=10)
        parser.add_argument("--items", type=int, default=3)
        parser.add_argument("--first", type=int, default=0)
        parser.add_argument("--every", type=float, default=0.0)

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

    def feed(self, options: dict[str, Any]) -> None:
        """So many forms handed in, one every so many seconds; without the pages, whose time is not what is measured."""
        region, spec = _place_of_most_agencies()
        begun = time.monotonic()
        for turn in range(options["submissions"]):
            time.sleep(max(0.0, begun + turn * options["every"] - time.monotonic()))
            _hand_in(_person(options["first"] + turn, options["items"], region, spec), region)
        self.stdout.write("fed")

    def hold(self, options: dict[str, Any]) -> None:
        Office.objects.update(is_held=True)
        self.stdout.write("held")

    def release(self, options: dict[str, Any]) -> None:
        with transaction.atomic():
            Office.objects.update(is_held=False)
            fanout.wake_relay()
        self.stdout.write(json.dumps(time.time()))

    def fill(self, options: dict[str, Any]) -> None:
        """So many cases that an export has to list."""
        add_rows(options["submissions"])
        self.stdout.write("filled")

    def export(self, options: dict[str, Any]) -> None:
        """Asks for the list of dispatches, and for the next one as soon as it is made, for so many seconds."""
        user = operations.system_operator()
        posting, _ = Posting.objects.get_or_create(user=user, role=Role.ADMINISTRATOR)
        until, made = time.monotonic() + options["every"], 0
        while time.monotonic() < until:
            asked = exports.ask(ExportKind.DISPATCHES, user=user, posting=posting, format="xlsx")
            while Export.objects.filter(pk=asked.pk, status=DocumentStatus.REQUESTED).exists():
                time.sleep(0.2)
            made += 1
        self.stdout.write(str(made))


def _hand_in(person: dict[str, Any], region: Region) -> None:
    answers = person["answers"]
    user = User.objects.create_user(
        f"fed{answers['id_no']}", legal_name=answers["name"], id_no=answers["id_no"], phone=answers["mobile"]
    )
    draft = drafts.start(region=region, user=user, channel=Channel.ONLINE)
    draft = drafts.save(drafts.choose_items(draft, person["ticked"]), answers)
    content = (home() / "drill.jpg").read_bytes()
    for code in person["materials"]:
        materials.add(
            draft=draft, code=code, name="drill.jpg", size=len(content), stream=io.BytesIO(content), user=user
        )
    submission.submit(draft, user=user, channel=Channel.ONLINE, promised=True, agreed=True)


def _place_of_most_agencies() -> tuple[Region, SchemeSpec]:
    """The first open place whose items go to the most agencies."""
    schemes: dict[int, tuple[Region, SchemeSpec]] = {}
    for region in Region.objects.open().filter(level=3).with_above().order_by("code"):
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
        operations.join(
            office,
            endpoint=f"http://127.0.0.1:{ports[agency]}",
            operator=operations.system_operator(),
            note="演练",
        )
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
