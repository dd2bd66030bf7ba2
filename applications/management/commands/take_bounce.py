"""`manage.py take_bounce < message`: for the mail server to pipe the returned mail of the sender's address into."""

import sys
from typing import Any

from django.core.management.base import BaseCommand

from applications import bounces, notices


class Command(BaseCommand):
    help = "Reads one delivery status notification from standard input and marks the notice it is about."

    def handle(self, *args: Any, **options: Any) -> None:
        bounce = bounces.parse(sys.stdin.buffer.read())
        if bounce is None or not bounce.is_lasting:
            self.stdout.write("不是退信，或还会再送，没有改动")
            return
        is_known = notices.bounced(bounce.key, f"邮件被退回（{bounce.status}）")
        self.stdout.write("已记为没有送到" if is_known else "没有找到这条通知，或已经记过")
