"""个人信息处理告知: the versions of the text, what of a form is sensitive, and the note that goes into the case's log.

个人信息保护法第17、30、35条; S-15. Only the sensitive part is asked for apart; who refuses it leaves out its item.
"""

from dataclasses import dataclass
from typing import Any

from agencies.fields import CLASSES, FIELDS, Sensitivity
from agencies.spec import SchemeSpec
from applications.enums import Channel
from applications.registration import Registration

# A published text never changes, since cases name it: other words are a new file in templates/privacy/ and a new line.
VERSIONS = {"2026-11": "b0b95f1eb7bceca4b691042f0ba7cf47f6c79548afcc37a68eb93f72d2db36dc"}
CURRENT = "2026-11"


@dataclass(frozen=True)
class SensitiveUse:
    """What of the form is sensitive for one item at one agency, and the item to switch off for who will not give it."""

    code: str
    item: str
    agency: str
    fields: tuple[str, ...]
    can_be_left: bool


def template_of(version: str) -> str:
    return f"privacy/{version}.html"


def note(version: str, channel: Channel, uses: list[SensitiveUse]) -> dict[str, Any]:
    """For the log: which text the person was shown, by its digest too, how, and for which items the sensitive part was agreed.

    A version that never was is taken as the present one.
    """
    shown = version if version in VERSIONS else CURRENT
    agreed = list(dict.fromkeys(use.code for use in uses))
    return {"privacy": {"version": shown, "sha256": VERSIONS[shown], "channel": str(channel), "agreed": agreed}}


def refused_words(uses: list[SensitiveUse]) -> str:
    """What is missing, and what to do for who does not agree: leave the item out and hand in the others."""
    items = "、".join(dict.fromkeys(use.item for use in uses if use.can_be_left))
    way = f"；不同意的，把{items}改为“否”，其他的事照办" if items else ""
    return f"请看过个人信息处理告知后在前面打勾{way}"


def sensitive_uses(registration: Registration) -> list[SensitiveUse]:
    """Who would get which sensitive values of this form, by the field maps of its items; in the order of the scheme."""
    spec: SchemeSpec = registration.spec
    given = registration.disclosed()
    automatic = {item.code for item in spec.automatic}
    uses = []
    for item in spec.items:
        if item.code not in registration.ticked | automatic:
            continue
        for agency, lines in item.field_map.items():
            codes = [line.field for line in lines if line.field in given]
            secret = [code for code in codes if code and CLASSES[code] != Sensitivity.GENERAL]
            if secret:
                labels = tuple(dict.fromkeys(FIELDS[code].label for code in secret))
                uses.append(
                    SensitiveUse(item.code, item.title, spec.agency(agency).title, labels, item.code not in automatic)
                )
    return uses
