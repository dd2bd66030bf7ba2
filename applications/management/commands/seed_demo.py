"""Demo people and cases, made through the services. Refuses everywhere but in a demo; run twice it adds nothing."""

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import transaction

from applications.management import demo_cases, demo_stage
from applications.management.demo_people import People, load_example, places
from applications.models import Application
from portal.accounts.demo import ACCOUNTS, DEMO_PASSWORD


class Command(BaseCommand):
    help = "建立演示人员和办件（只用于演示环境）。可以重复运行，第二次不会再增加。"

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--seed", type=int, default=1, help="同一个数字每次得到同样的人名和时间")

    def handle(self, *args: Any, **options: Any) -> None:
        if not settings.IS_DEMO:
            raise CommandError("这里不是演示环境，没有建立任何人员和办件。")
        with transaction.atomic():
            load_example()
            found = places()
            if not found:
                raise CommandError("还没有已发布的实施方案，请先运行 load_region。")
            people = People(options["seed"])
            people.soldier("soldier")
            for place in found:
                people.equip(place, is_main=place is found[0])
            people.overseers(found[0])
            if not Application.objects.filter(region__in=[place.region for place in found]).exists():
                for place in found:
                    demo_cases.tell(demo_stage.Stage(place, people), is_main=place is found[0])
        self._say()

    def _say(self) -> None:
        for account in ACCOUNTS:
            self.stdout.write(f"{account.username:<24}{account.legal_name}  {account.description}")
        self.stdout.write(f"密码都是 {DEMO_PASSWORD}。其他地方的人员，用户名后面带区划代码。")
