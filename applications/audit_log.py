"""What an auditor reads: the logs that only grow, one at a time and the newest first. Nothing is changed from here."""

from enum import StrEnum

from django.contrib.admin.models import LogEntry
from django.db.models import QuerySet

from applications.models import AccessLog, OperatorDeed, StatusLog, Ticket
from portal.accounts.models import AccountEvent, User


class Log(StrEnum):
    ACCOUNTS = "accounts"
    LOOKS = "looks"
    CASES = "cases"
    DEEDS = "deeds"
    BACK_OFFICE = "back-office"


LABELS = {
    Log.ACCOUNTS: "账号记录",
    Log.LOOKS: "访问记录",
    Log.CASES: "流转记录",
    Log.DEEDS: "人工处理",
    Log.BACK_OFFICE: "后台改动",
}
_CASE = ("task__application", "task__item")


def account_of(username: str) -> User | None:
    return User.objects.filter(username=username).first() if username else None


def rows(log: Log, *, of: User | None = None) -> QuerySet:
    """The rows of one log, of one person's deeds if it is named."""
    found: dict[Log, tuple[QuerySet, str]] = {
        Log.ACCOUNTS: (AccountEvent.objects.all(), "user"),
        Log.LOOKS: (AccessLog.objects.select_related(*_CASE, "material"), "viewer"),
        Log.CASES: (StatusLog.objects.select_related("application", "task__item"), "actor"),
        Log.DEEDS: (OperatorDeed.objects.select_related("office"), "operator"),
        Log.BACK_OFFICE: (LogEntry.objects.select_related("content_type"), "user"),
    }
    listed, person = found[log]
    listed = listed.select_related(person).order_by("-pk")
    return listed if of is None else listed.filter(**{person: of})


def breaches() -> list[str]:
    """What does not agree with its seal and nobody has explained yet."""
    return list(Ticket.objects.open().filter(kind="log_was_changed").values_list("title", flat=True)[:20])
