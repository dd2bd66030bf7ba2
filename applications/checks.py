"""System checks of the casework: whether this machine can make PDF files, each queue has a worker, each scheme is understood."""

import shlex
from itertools import pairwise
from pathlib import Path
from typing import Any

import yaml
from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, Warning, register
from django.db import DatabaseError
from django.db.models import Q
from django.utils import timezone

from agencies.models import Scheme
from agencies.queues import all_queues
from applications import printing
from applications.models import Application

_MESSAGE = "没有 PDF 组件 Pango，文书只能以网页形式打印"


@register(Tags.compatibility)
def pango_is_there(**kwargs: Any) -> list[CheckMessage]:
    """A warning on a machine for trying out: everything else runs, papers are shown as HTML."""
    if printing.is_available():
        return []
    return [Warning(_MESSAGE, hint=f"安装：{printing.install_hint()}", id="applications.W001")]


@register(Tags.compatibility, deploy=True)
def pango_is_there_in_production(**kwargs: Any) -> list[CheckMessage]:
    """An error with --deploy: papers must be files with a fixed content."""
    if printing.is_available():
        return []
    return [Error(_MESSAGE, hint=f"安装：{printing.install_hint()}", id="applications.E001")]


@register(Tags.database)
def every_queue_has_a_worker(databases: Any = None, **kwargs: Any) -> list[CheckMessage]:
    """A routed queue without a worker in docker-compose.yml is an error in production (A12), a warning in a demo.

    Part of `manage.py check --database default` and of every `migrate`.
    """
    path = Path(settings.BASE_DIR) / "docker-compose.yml"
    if not databases or not path.exists():
        return []
    try:
        wanted = set(all_queues())
    except DatabaseError:  # before the first migration there are no agencies
        return []
    kind = Warning if settings.IS_DEMO else Error  # the demo's workers are started by run.py
    return [
        kind(f"队列 {queue} 在 docker-compose.yml 里没有工作进程", id="applications.E002")
        for queue in sorted(wanted - consumed(path.read_text(encoding="utf-8"), wanted))
    ]


@register(Tags.database)
def every_scheme_can_be_read(databases: Any = None, **kwargs: Any) -> list[CheckMessage]:
    """A scheme of a case or of today that this program does not understand is an error in production, a warning in a demo.

    Cases stay on the version they were started on, however old. Part of every `migrate`, so it is said before the new
    program starts, and not by each page and night's round that comes upon such a case.
    """
    if not databases:
        return []
    kind = Warning if settings.IS_DEMO else Error
    try:
        used = Q(pk__in=Application.objects.values("scheme")) | Q(pk__in=Scheme.objects.for_day(timezone.localdate()))
        schemes = list(Scheme.objects.published().filter(used).select_related("text").order_by("pk"))
    except DatabaseError:  # before the first migration there are none
        return []
    return [
        kind(f"方案 {scheme} 这个版本的程序读不出来，它的办件打不开", id="applications.E003")
        for scheme in schemes
        if not _is_read(scheme)
    ]


def _is_read(scheme: Scheme) -> bool:
    try:
        return bool(scheme.spec)
    except Exception:
        return False


def consumed(text: str, every: set[str]) -> set[str]:
    """The queues that a compose file's services hear: those named in `background` or after -Q, or `every` one where
    `background` names none.
    """
    found: set[str] = set()
    for service in yaml.safe_load(text)["services"].values():
        command = service.get("command", [])
        words = shlex.split(command) if isinstance(command, str) else command
        if "background" in words:
            found |= set(words[words.index("background") + 1 :]) or every
        for option, value in pairwise(words):
            found |= set(value.split(",")) if option in ("-Q", "--queues") else set()
    return found
