"""`manage.py audit`: the logs against their seals, every one of them."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from applications import auditing
from applications.models import AuditSeal


class Command(BaseCommand):
    help = "核对流转、访问、人工处理、账号、后台改动五种记录和它们的封条，指出被改动、删掉或塞进来的行；不一致时以错误结束。"

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--mark", default="", help="另外留存的封条（编号:摘要），看它还在不在")

    def handle(self, *args: Any, **options: Any) -> None:
        breaches = 0
        for breach in auditing.compare():
            breaches += 1
            self.stdout.write(str(breach))
        if options["mark"] and not auditing.holds(options["mark"]):
            raise CommandError("留存的封条不见了，或和现在的不一样：新近的记录可能被截掉")
        if breaches:
            raise CommandError(f"{breaches} 处不一致")
        self.stdout.write(
            f"{AuditSeal.objects.count()} 张封条都一致，最新的是 {auditing.newest_mark() or '（还没有）'}"
        )
