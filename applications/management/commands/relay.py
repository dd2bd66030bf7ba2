"""`manage.py relay`: the small process between the outbox and the broker."""

import signal
from typing import Any

from django.core.management.base import BaseCommand

from applications import relay


class Command(BaseCommand):
    help = "把待推送的记录交给各部门的队列，直到收到停止信号。"

    def handle(self, *args: Any, **options: Any) -> None:
        stopped = False

        def stop(*_: Any) -> None:
            nonlocal stopped
            stopped = True

        signal.signal(signal.SIGTERM, stop)
        signal.signal(signal.SIGINT, stop)
        relay.run(lambda: stopped)
