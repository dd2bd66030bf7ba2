"""`manage.py states`: the transition table as Markdown, for the documentation."""

from typing import Any

from django.core.management.base import BaseCommand

from applications.enums import Action, Fulfilment, Party, TaskStatus
from applications.transitions import NEEDS, TRANSITIONS


def table() -> str:
    """The whole table in Markdown, one row per deed."""
    lines = ["| 动作 | 从 | 到 | 谁 | 须写明 | 计时 | 依据 |", "|---|---|---|---|---|---|---|"]
    for action, row in TRANSITIONS.items():
        sources = "、".join(status.label for status in TaskStatus if status in row.sources)
        target = row.target.label if row.target else "不变"
        if row.accepted_target:
            target += f"（已受理的：{row.accepted_target.label}）"
        if row.stage:
            sources += f"（{'、'.join(stage.label for stage in Fulfilment if stage in row.stages)}）"
            target += f"（{row.stage.label}）"
        parties = "、".join(party.label for party in Party if party in row.parties)
        if row.other_than:
            parties += f"（没有做过{'、'.join(Action(deed).label for deed in row.other_than)}的人）"
        note = "、".join([*(["原因"] if row.needs_note else []), *(NEEDS[key] for key in row.needs)]) or "–"
        lines.append(
            f"| {Action(action).label} | {sources} | {target} | {parties} | {note} | {row.clock} | {row.basis or '–'} |"
        )
    return "\n".join(lines) + "\n"


class Command(BaseCommand):
    help = "把流转表印成 Markdown。"

    def handle(self, *args: Any, **options: Any) -> None:
        self.stdout.write(table(), ending="")
