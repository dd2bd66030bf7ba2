"""`manage.py join_simulator`: puts the made-up agency system behind one office of the demo. Refuses everywhere else."""

import os
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from agencies.gateways import signatures
from agencies.models import Office
from applications import operations
from applications.management.demo_people import places
from applications.models import ExchangeKey

KID = "simulator"


class Command(BaseCommand):
    help = "让演示环境的一个机构由模拟的部门系统办理（端口和密钥从 SIMULATOR_PORT、SIMULATOR_SECRET 读）。"

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--office", type=int, help="机构编号；不写时选第二个演示地区里事项最多的部门")

    def handle(self, *args: Any, **options: Any) -> None:
        if not settings.IS_DEMO:
            raise CommandError("这里不是演示环境，没有改动任何机构。")
        try:
            secret = signatures.parse_secret(os.environ.get("SIMULATOR_SECRET", ""))
        except ValueError as error:
            raise CommandError("环境变量 SIMULATOR_SECRET 应是 whsec_ 开头的密钥") from error
        office = Office.objects.get(pk=options["office"]) if options["office"] else self._office()
        ExchangeKey.objects.filter(kid=KID).exclude(office=office).update(kid=f"{KID}-old")
        if not ExchangeKey.objects.filter(kid=KID).exists():
            ExchangeKey.issue(agency=office.agency, office=office, secret=secret, kid=KID)
        operations.join(
            office,
            endpoint=f"http://127.0.0.1:{os.environ.get('SIMULATOR_PORT', '8900')}",
            operator=operations.system_operator(),
            note="演示：由模拟的部门系统办理",
        )
        self.stdout.write(f"{office.region}的{office.name}由模拟的部门系统办理，不用人工审核。")

    def _office(self) -> Office:
        found = places()
        if not found:
            raise CommandError("还没有演示地区，请先运行 seed_demo。")
        place = found[1] if len(found) > 1 else found[0]  # the first is the one that the walk through the demo uses
        items = [agency for item in place.scheme.spec.offered for agency in item.agencies]
        return max(place.offices.values(), key=lambda office: (items.count(office.agency_id), -office.agency.order))
