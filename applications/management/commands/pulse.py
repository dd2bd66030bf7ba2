"""`manage.py pulse`: how long ago each queue was heard."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from applications.detectors import State, pulses

_WORDS = {State.NOBODY: "　没有进程在听", State.SILENT: "　没有回音"}


class Command(BaseCommand):
    help = "列出每个队列多久前有回音；有队列没有回音时以错误结束"

    def handle(self, *args: Any, **options: Any) -> None:
        silent = []
        for pulse in pulses():
            age = "从未" if pulse.age is None else f"{pulse.age:.0f} 秒前"
            self.stdout.write(f"{pulse.queue:<28}{age}{_WORDS.get(pulse.state, '')}")
            if pulse.is_silent:
                silent.append(pulse.queue)
        if silent:
            raise CommandError(f"没有回音的队列：{'、'.join(silent)}")
