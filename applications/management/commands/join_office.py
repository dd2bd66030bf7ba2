"""`manage.py join_office`: how an office, or one item at it, is reached from now on."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from agencies.enums import GatewayKind, Role
from agencies.models import Office, Posting
from agencies.routing import Way
from applications import operations
from applications.errors import Refused
from portal.accounts.models import User


class Command(BaseCommand):
    help = (
        "设定机构（或其中一个事项）的推送方式：desk 本平台工作台，push 推送到地址，poll 对方自己来取，hand 离线交换。"
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("office", type=int, help="机构编号")
        parser.add_argument("way", choices=["desk", "push", "poll", "hand", "same"], help="same：这个事项又和机构一样")
        parser.add_argument("--endpoint", default="", help="push 的地址，先要在 EXCHANGE_ALLOWED_HOSTS 登记")
        parser.add_argument("--item", default="", help="只对这个事项代码")
        parser.add_argument("--operator", required=True, help="经手人的账号，须是管理员")
        parser.add_argument("--reason", required=True, help="原因，和经手人一起记入人工处理记录")
        parser.add_argument("--renamed", action="store_true", help="还是原来那个系统，只换了网址")

    def handle(self, *args: Any, **options: Any) -> None:
        office = Office.objects.filter(pk=options["office"]).first()
        if office is None:
            raise CommandError("没有这个编号的机构")
        if (options["way"] == "push") != bool(options["endpoint"]):
            raise CommandError("push 要写 --endpoint，其他方式不写")
        operator = User.objects.filter(username=options["operator"]).first()
        if operator is None or not Posting.objects.in_force().filter(user=operator, role=Role.ADMINISTRATOR).exists():
            raise CommandError("--operator 要写一个在岗管理员的账号")
        deed = {"operator": operator, "note": options["reason"], "is_renamed": options["renamed"]}
        kinds = {"desk": GatewayKind.INBOX, "hand": GatewayKind.BATCH}
        way = Way(kinds.get(options["way"], GatewayKind.HTTP), options["endpoint"])
        try:
            if options["item"]:
                operations.set_way(office, options["item"], None if options["way"] == "same" else way, **deed)
            elif options["way"] == "same":
                raise CommandError("same 只用于一个事项，请写 --item")
            else:
                operations.set_office_way(office, way, **deed)
        except Refused as refused:
            raise CommandError(str(refused)) from None
        self.stdout.write(f"{office}{options['item']}：{options['way']} {options['endpoint']}".strip())
