"""Rows of the logs as an auditor reads them: when, who, what, about what.

Staff are named, applicants are not; cases stand by their number, values by the names of their fields.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.contrib.admin.models import LogEntry
from django.utils import timezone

from agencies.fields import FIELDS, known
from applications.audit_log import LABELS, Log
from applications.enums import Party
from applications.models import AccessLog, OperatorDeed, StatusLog
from portal.accounts.models import AccountEvent, User


@dataclass(frozen=True)
class LogRow:
    when: str
    who: str
    username: str
    deed: str
    about: str


def read_words(log: Log, person: User | None) -> str:
    return f"{LABELS[log]}，账号 {person.username}" if person is not None else LABELS[log]


def _row(at: datetime, person: User | None, deed: str, about: str, *, who: str = "") -> LogRow:
    """`who` stands in place of the person's name."""
    username = person.username if person is not None else ""
    return LogRow(f"{timezone.localtime(at):%Y-%m-%d %H:%M:%S}", who or str(person or ""), username, deed, about)


def _event(row: AccountEvent) -> LogRow:
    about = "，".join(words for words in (row.words, f"来自 {row.address}" if row.address else "") if words)
    return _row(row.at, row.user, row.get_kind_display(), about, who="账号" if row.user else "没有这个账号")


def _look(row: AccessLog) -> LogRow:
    about = f"{row.task.application.number}　{row.task.item.name}"
    if row.material is not None:
        return _row(row.at, row.viewer, "打开材料", about)
    labels = "、".join(FIELDS[code].label if known(code) else code for code in row.fields)
    return _row(row.at, row.viewer, "看完整号码", f"{about}：{labels}。用途：{row.reason}")


def _step(row: StatusLog) -> LogRow:
    about = f"{row.application.number}　{row.task.item.name}" if row.task is not None else row.application.number
    who = "" if row.actor is not None and row.party != Party.APPLICANT else row.get_party_display()
    return _row(row.at, row.actor, row.get_action_display(), about, who=who)


def _deed(row: OperatorDeed) -> LogRow:
    about = f"{row.office}：{row.note}" if row.office is not None else row.note
    return _row(row.at, row.operator, row.deed, about)


def _change(row: LogEntry) -> LogRow:
    user: Any = row.user
    about = f"{row.content_type.name if row.content_type else ''}“{row.object_repr}” {row.get_change_message()}"
    return _row(row.action_time, user, row.get_action_flag_display(), about.strip())


ROWS: dict[Log, Callable[[Any], LogRow]] = {
    Log.ACCOUNTS: _event,
    Log.LOOKS: _look,
    Log.CASES: _step,
    Log.DEEDS: _deed,
    Log.BACK_OFFICE: _change,
}
