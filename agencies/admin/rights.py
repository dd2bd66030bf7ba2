"""What the console may do with rows: keep them, or only look."""

from typing import Any

from django.http import HttpRequest


class NeverDeleted:
    """Rows that cases point to: switched off or ended, never deleted."""

    def has_delete_permission(self, request: HttpRequest, *args: Any) -> bool:
        return False


class ReadOnly(NeverDeleted):
    """What is only looked at: made by services, or by publishing."""

    def has_add_permission(self, request: HttpRequest, *args: Any) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, *args: Any) -> bool:
        return False
