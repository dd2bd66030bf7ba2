"""`manage.py join_office`: how an office, or one item at it, is reached from now on."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from agencies.enums import GatewayKind
from agencies.models import Office
from agencies.routing import Way
from applications import operations
from applications.errors import Refused


class Command(BaseCommand):
    help = (
        "设定机构（或其中一个事项）的推送方式：desk 本平台工作台，push 推送到地址，poll 对方自己来取，hand 离线交换。"
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("office", type=int, help="机构编号")
        parser.add_argument("way", choices=["desk", "push", "poll", "hand", "same"], help="same：这个事项又和机构一样")
        parser.add_argument("--endpoint", default="", help="push 的地址，先要在 EXCHANGE_ALLOWED_HOSTS 登记")
        parser.add_argument("--item", default="", help="只对这个事项代码")

    def handle(self, *args: Any, **options: Any) -> None:
        office = Office.objects.filter(pk=options["office"]).first()
        if office is None:
            raise CommandError("没有这个编号的机构")
        if (options["way"] == "push") != bool(options["endpoint"]):
            raise CommandError("push 要写 --endpoint，其他方式不写")
        kinds = {"desk": GatewayKind.INBOX, "hand": GatewayKind.BATCH}
        way = Way(kinds.get(options["way"], GatewayKind.HTTP), options["endpoint"])
        try:
            if options["item"]:
                operations.set_way(office, options["item"], None if options["way"] == "same" else way)
            elif options["way"] == "same":
                raise CommandError("same 只用于一个事项，请写 --item")
            else:
                operations.set_office_way(office, way)
        except Refused as refused:
            raise CommandError(str(refused)) from None
        self.stdout.write(f"{office}{options['item']}：{options['way']} {options['endpoint']}".strip())
