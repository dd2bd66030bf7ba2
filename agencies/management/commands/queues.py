"""`manage.py queues`: every Celery queue of the loaded agencies, one a line, so that each can be given a worker."""

from typing import Any

from django.core.management.base import BaseCommand

from agencies.queues import all_queues


class Command(BaseCommand):
    help = "列出每一个 Celery 队列，一行一个"

    def handle(self, *args: Any, **options: Any) -> None:
        for queue in all_queues():
            self.stdout.write(queue)
