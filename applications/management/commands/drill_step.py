"""The steps of `manage.py drill` that need the drill's own database: prepare, submit, audit. Started by the drill alone."""

import io
import json
import os
from pathlib import Path
from typing import Any

from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandParser

from agencies.gateways import signatures
from agencies.models import Office, Region
from applications import materials, operations, submission
from applications.demo import answers_for, picture, soldier
from applications.enums import Channel
from applications.management import drill_points
from applications.models import Application, Dispatch, Draft, ExchangeKey, ItemTask
from portal.accounts.models import User


class Command(BaseCommand):
    help = "演练的一步（由 drill 调用）。"
    requires_system_checks = ()

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("step", choices=["prepare", "submit", "audit"])
        parser.add_argument("--submissions", type=int, default=10)
        parser.add_argument("--endpoint", default="")
        parser.add_argument("--acknowledged", type=Path)

    def handle(self, *args: Any, **options: Any) -> None:
        getattr(self, options["step"])(options)

    def prepare(self, options: dict[str, Any]) -> None:
        """Migrates, loads the directory, joins one agency of one place to the simulator, fills in the forms."""
        call_command("migrate", verbosity=0)
        call_command("load_region", verbosity=0)
        call_command("load_calendar", verbosity=0)
        region = Region.objects.open().order_by("code").exclude(level__lt=3)[0]
        first = self._draft(region, 0)
        agencies = [item.agencies[0] for item in first.scheme.spec.offered]
        office = Office.objects.filter(agency=agencies[0], region__in=region.lineage()).order_by("-region__level")[0]
        secret = signatures.parse_secret(os.environ["SIMULATOR_SECRET"])
        ExchangeKey.issue(agency=office.agency, office=office, secret=secret, kid="simulator")
        operations.join(office, endpoint=options["endpoint"])
        for number in range(1, options["submissions"]):
            self._draft(region, number)

    def _draft(self, region: Region, number: int) -> Draft:
        person = soldier("演练人", number)
        user = User.objects.create_user(
            f"drill{number}", legal_name=person.name, id_no=person.id_no, phone=person.phone
        )
        draft = submission.start_draft(region=region, user=user, channel=Channel.ONLINE)
        codes = [item.code for item in draft.scheme.spec.offered]
        draft = submission.save_draft(submission.choose_items(draft, codes), answers_for(person))
        content = picture("drill")
        for spec in draft.scheme.spec.materials_for(frozenset(draft.ticked), draft.answers):
            materials.add(
                draft=draft, code=spec.code, name="drill.jpg", size=len(content), stream=io.BytesIO(content), user=user
            )
        return draft

    def submit(self, options: dict[str, Any]) -> None:
        """Hands in every form that was not acknowledged yet; what was answered to a person is a line on disk."""
        path: Path = options["acknowledged"]
        done = {line.split()[0] for line in path.read_text().splitlines()} if path.exists() else set()
        drill_points.arm()
        with path.open("a") as answers:
            for draft in Draft.objects.order_by("created_at"):
                if str(draft.pk) in done:
                    continue
                case = submission.submit(draft, user=draft.entered_by, channel=Channel.ONLINE, promised=True)
                answers.write(f"{draft.pk} {case.number}\n")
                answers.flush()
                os.fsync(answers.fileno())

    def audit(self, options: dict[str, Any]) -> None:
        """What the portal's database says, to be compared with what the outside world says."""
        rows = Dispatch.objects.values_list("key", "status", "receipt_number", "task__office__gateway")
        self.stdout.write(
            json.dumps(
                {
                    "cases": list(Application.objects.values_list("number", flat=True)),
                    "tasks": list(ItemTask.objects.values_list("status", flat=True)),
                    "dispatches": [[str(key), *rest] for key, *rest in rows],
                }
            )
        )
