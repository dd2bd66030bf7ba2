"""System checks of the casework: whether this machine can make PDF files."""

from typing import Any

from django.core.checks import CheckMessage, Error, Tags, Warning, register

from applications import printing

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
