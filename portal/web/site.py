"""Who runs this site and under which records, as the foot of a government site says it (国办发〔2017〕47号, STANDARDS.md A-12).

All of it is the operator's own word; nothing is shown that the settings do not say.
"""

import re
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, Warning, register

# Setting: how it is written, and what it is.
_FORMS = {
    "SITE_OPERATOR": (r".+", "主办单位"),
    "SITE_CODE": (r"[0-9A-Za-z]{10}", "网站标识码（10 位）"),
    "SITE_ICP": (r".+ICP备[0-9]+号(-[0-9]+)?", "ICP 备案号"),
    "SITE_POLICE_RECORD": (r".+公网安备\s*[0-9]{14}号", "公安备案号"),
}


@dataclass(frozen=True)
class Site:
    """Empty where the settings say nothing."""

    domain: str
    operator: str
    code: str
    icp: str
    police: str


def site() -> Site:
    domain = urlsplit(settings.SITE_URL).netloc
    return Site(domain, settings.SITE_OPERATOR, settings.SITE_CODE, settings.SITE_ICP, settings.SITE_POLICE_RECORD)


@register(Tags.compatibility)
def records_are_written_right(**kwargs: Any) -> list[CheckMessage]:
    """What is set has the form that the authority gives it."""
    return [
        Error(f"{setting} 不是{what}的写法：{getattr(settings, setting)}", id="portal.E001")
        for setting, (form, what) in _FORMS.items()
        if getattr(settings, setting) and not re.fullmatch(form, getattr(settings, setting))
    ]


@register(Tags.compatibility, deploy=True)
def records_are_known(**kwargs: Any) -> list[CheckMessage]:
    """With --deploy each one that is missing is a warning: the page's foot leaves it out."""
    missing = [(setting, what) for setting, (_, what) in _FORMS.items() if not getattr(settings, setting)]
    return [Warning(f"没有设 {setting}，页脚不显示{what}", id="portal.W001") for setting, what in missing]
