"""代办: who hands in at the window for the person, and by which right. Kept with the answers; no office is sent it."""

from collections.abc import Mapping
from datetime import date
from typing import Any

from agencies.fields import FIELDS
from applications.registration import Answers, display, problem
from portal.accounts.masking import masked_document

AGENT = ("agent_name", "agent_relation", "agent_id", "agent_tel", "agent_authority")


def of(answers: Mapping[str, Any]) -> Answers:
    """What is said of the agent; empty where the person came."""
    return {code: answers[code] for code in AGENT if answers.get(code)}


def without(answers: Mapping[str, Any]) -> Answers:
    """The answers for another hand-in: who came before need not come again."""
    return {code: value for code, value in answers.items() if code not in AGENT}


def problems(answers: Mapping[str, Any], today: date) -> dict[str, str]:
    """An agent is named with everything or not at all: who, what to the person, which number, by which right."""
    given = of(answers)
    if not given:
        return {}
    found = {}
    for code in AGENT:
        field, value = FIELDS[code], str(given.get(code) or "")
        missing = f"请{'选' if field.choices else '填'}{field.label}"
        if wrong := problem(field, value, label=field.label, today=today) if value else missing:
            found[code] = wrong
    if given.get("agent_id") and given["agent_id"] == answers.get("id_no"):
        found["agent_id"] = "这是申请人本人的号码；本人来办的，代办人几项都不填"
    return found


def short(answers: Mapping[str, Any]) -> str:
    """代办人王芳（配偶）; empty where the person came."""
    given = of(answers)
    return f"代办人{given['agent_name']}（{given['agent_relation']}）" if given else ""


def full(answers: Mapping[str, Any]) -> str:
    """For papers: name, relation, masked number, and the right."""
    given = of(answers)
    if not given:
        return ""
    right = display(FIELDS["agent_authority"], given["agent_authority"])
    return f"{given['agent_name']}（{given['agent_relation']}）　身份证号 {masked_document(given['agent_id'])}　{right}"
