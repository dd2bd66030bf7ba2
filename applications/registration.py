"""The merged form's answers: checking single values, deriving what the ID number says, cutting out an agency's part."""

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from agencies.enums import SettlementKind
from agencies.fields import FIELDS, Field, FieldKind, Hiding
from agencies.spec import FieldMapping, FormField, FormSection, SchemeSpec
from agencies.words import plain_day
from applications import person_name
from portal.accounts.masking import masked_document

_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
_CHECK_DIGITS = "10X98765432"
_MOBILE = re.compile(r"1[3-9][0-9]{9}")
_LANDLINE = re.compile(r"0[0-9]{2,3}-?[0-9]{7,8}")
# Numbers of machines, which nobody answers.
_OF_MACHINES = re.compile(r"14[0-4][0-9]*")
_PROVINCES = re.compile(r"1[1-5]|2[1-3]|3[1-7]|4[1-6]|5[0-4]|6[1-5]|71|8[1-3]")
_OLDEST = 130
_CONTROL = {"Cc", "Cf", "Zl", "Zp", "Cs"}

Answers = dict[str, Any]


def clean_text(value: str) -> str:
    """Text without control characters and outer blanks; the inner code points of a name stay as they are."""
    kept = "".join(ch for ch in value if ch in "\n" or unicodedata.category(ch) not in _CONTROL)
    return kept.strip(" \t\n　")


def check_digit(first17: str) -> str:
    """The 18th character of a citizen's number, ISO 7064 mod 11-2 (GB 11643-1999)."""
    return _CHECK_DIGITS[sum(int(digit) * weight for digit, weight in zip(first17, _WEIGHTS, strict=True)) % 11]


def id_number_problem(value: str, today: date) -> str | None:
    """What is wrong with a citizen's number as a sentence, or None. A county that is not known is no reason to refuse."""
    if re.fullmatch(r"[0-9]{15}", value):
        return "这是 15 位的旧号码，2013 年起不能再用，请填身份证上的 18 位号码"
    if len(value) < 18:
        return f"少 {18 - len(value)} 位，应为 18 位"
    if len(value) > 18:
        return f"多 {len(value) - 18} 位，应为 18 位"
    if not re.fullmatch(r"[0-9]{17}[0-9X]", value):
        return "只能有数字，最后一位可以是字母 X，请对照证件再看一遍"
    if not _PROVINCES.fullmatch(value[:2]):
        return "前两位不是一个省的代码，请对照证件再看一遍"
    born = birth_of(value)
    if born is None:
        return "第 7 至 14 位不是一个日期，请对照证件再看一遍"
    if born > today:
        return "第 7 至 14 位的出生日期在今天以后，请对照证件再看一遍"
    if born.year < today.year - _OLDEST:
        return f"第 7 至 14 位的出生日期在 {_OLDEST} 年以前，请对照证件再看一遍"
    if check_digit(value[:17]) != value[17]:
        return "第 18 位校验码不对，请对照证件再看一遍"
    return None


def birth_of(id_no: str) -> date | None:
    try:
        return date(int(id_no[6:10]), int(id_no[10:12]), int(id_no[12:14]))
    except ValueError:
        return None


def derived_from(id_no: str) -> Answers:
    """What the number already says: sex (17th digit, odd is male) and birth date."""
    born = birth_of(id_no)
    if len(id_no) != 18 or born is None:
        return {}
    return {"sex": "男" if int(id_no[16]) % 2 else "女", "birth": born.isoformat()}


def normalise(field: Field, value: Any) -> str:
    """The value as it is stored: full-width digits made plain where digits are asked, blanks and hyphens removed."""
    text = clean_text(str(value if value is not None else ""))
    if field.kind == FieldKind.ID_NUMBER:
        return re.sub(r"[\s-]", "", unicodedata.normalize("NFKC", text)).upper()
    if field.kind == FieldKind.PHONE:
        text = re.sub(r"[\s]", "", unicodedata.normalize("NFKC", text))
        return re.sub(r"^(\+?86|0086)-?(?=1\d{10}$)", "", text).replace("-", "") if "1" in text[:8] else text
    if field.kind == FieldKind.ACCOUNT:
        return re.sub(r"[\s-]", "", unicodedata.normalize("NFKC", text))
    if field.kind == FieldKind.NAME:
        return person_name.normal(text)
    if field.kind == FieldKind.DATE:
        return parse_date(text) or text
    return text


def parse_date(text: str) -> str | None:
    """An ISO date out of 2026-9-1, 2026.9.1, 2026/09/01, 20260901 or 2026年9月1日; None if it is none."""
    found = re.fullmatch(r"(\d{4})\D?(\d{1,2})\D?(\d{1,2})日?", unicodedata.normalize("NFKC", text).strip())
    if not found:
        return None
    try:
        return date(*(int(part) for part in found.groups())).isoformat()
    except ValueError:
        return None


def problem(field: Field, value: str, *, label: str, today: date) -> str | None:
    """What is wrong with a non-empty, normalised value as a sentence that says what to do, or None."""
    if len(value) > field.max_length:
        return f"{label}最多 {field.max_length} 个字，现在有 {len(value)} 个"
    if field.choices and value not in dict(field.choices):
        return f"请从列出的选项里选{label}"
    if field.kind == FieldKind.ID_NUMBER:
        return id_number_problem(value, today)
    if field.kind == FieldKind.PHONE and _OF_MACHINES.fullmatch(value):
        return "140 至 144 开头的是物联网号码，接不到电话和短信，请填您自己的手机号"
    if field.kind == FieldKind.PHONE and not (_MOBILE.fullmatch(value) or _LANDLINE.fullmatch(value)):
        return "请填 11 位手机号，或带区号的固定电话"
    if field.kind == FieldKind.DATE and parse_date(value) is None:
        return f"{label}不是一个日历上有的日期，请写成 2026-09-01 这样"
    if field.kind == FieldKind.ACCOUNT and not re.fullmatch(r"[0-9]{12,19}", value):
        return "银行账号是 12 至 19 位数字，请对照银行卡再看一遍"
    if field.kind == FieldKind.NAME:
        return person_name.problem(value, label)
    return None


def cross_problems(answers: Answers, today: date) -> dict[str, str]:
    """What does not fit together, by the field where it is mended (DOMAIN.md 4.2)."""
    found: dict[str, str] = {}
    birth = answers.get("birth") or derived_from(str(answers.get("id_no", ""))).get("birth")
    enlisted, discharged = answers.get("enlist_date"), answers.get("discharge_date")
    if birth and enlisted and enlisted < f"{int(birth[:4]) + 17}{birth[4:]}":
        found["enlist_date"] = "入伍时不满 17 周岁，请核对入伍时间和身份证号"
    if enlisted and discharged and discharged <= enlisted:
        found["discharge_date"] = "退役时间应晚于入伍时间，请核对"
    elif discharged and parse_date(discharged) and date.fromisoformat(discharged) > today + timedelta(days=90):
        found["discharge_date"] = "退役时间在三个月以后，请核对，或等临近退役再来办"
    if answers.get("host_id") and answers.get("host_id") == answers.get("id_no"):
        found["host_id"] = "被投靠人不能是您自己，请填户主的身份证号"
    return found


@dataclass(frozen=True)
class Registration:
    """The answers of one merged form under one scheme, with the items ticked."""

    spec: SchemeSpec
    ticked: frozenset[str]
    answers: Mapping[str, Any]

    @property
    def needed(self) -> set[str]:
        """Codes of the fields that the ticked items and the automatic ones call for."""
        items = [*self.spec.asked_anyway, *(item for item in self.spec.items if item.code in self.ticked)]
        return {code for item in items for code in item.fields}

    def sections(self) -> list[tuple[FormSection, list[FormField]]]:
        """The sections with the fields to ask, in the scheme's order; sections without a field are left out.

        A field is asked when a ticked item needs it (a field that no item of the scheme needs belongs to the form
        itself) and its own condition holds.
        """
        claimed = {code for item in self.spec.items for code in item.fields}
        needed = self.needed
        answers = dict(self.answers)
        sections = []
        for section in self.spec.form.sections:
            asked = [
                field.asked_for(self.ticked)
                for field in section.fields
                if (field.field in needed or field.field not in claimed)
                and (field.when is None or field.when.holds(answers, self.ticked))
            ]
            if asked:
                sections.append((section, asked))
        return sections

    def asked(self) -> list[FormField]:
        return [field for _, fields in self.sections() for field in fields]

    def problems(self, today: date) -> dict[str, str]:
        """Every problem of the whole form by field code; empty when it may be submitted."""
        found: dict[str, str] = {}
        for form_field in self.asked():
            field = FIELDS[form_field.field]
            value = str(self.answers.get(field.code) or "")
            label = form_field.label or field.label
            if not value:
                if form_field.required and not field.derived:
                    found[field.code] = f"请{'选' if field.choices else '填'}{label}"
                continue
            if wrong := problem(field, value, label=label, today=today):
                found[field.code] = wrong
        codes = {form_field.field for form_field in self.asked()}
        crossed = cross_problems(dict(self.answers), today)
        if "settlement" in codes and (wrong_audience := self._audience_problem()):
            crossed["settlement"] = wrong_audience
        return {**{code: text for code, text in crossed.items() if code in codes}, **found}

    def _audience_problem(self) -> str | None:
        """Why this person may not have the service, or one of the ticked items, going by 安置方式."""
        settlement = str(self.answers.get("settlement") or "")
        if not self.spec.is_for(settlement):
            kinds = "、".join(SettlementKind(kind).label for kind in self.spec.applies_to)
            return f"“{self.spec.service_name}”只面向安置方式为{kinds}的人，请核对证件；如果没有选错，请到窗口咨询"
        for item in self.spec.offered:
            if item.code in self.ticked and not item.is_for(settlement):
                kinds = "、".join(SettlementKind(kind).label for kind in item.applies_to)
                return f"“{item.title}”只面向安置方式为{kinds}的人，请回到办理事项把它改为“否”"
        return None

    def disclosed(self) -> Answers:
        """The answers that belong to what is asked now; values of items switched off again are not among them."""
        codes = {form_field.field for form_field in self.asked()} | {"sex", "birth"}
        return {code: value for code, value in self.answers.items() if code in codes and value not in (None, "")}

    def payload(self, field_map: tuple[FieldMapping, ...]) -> list[dict[str, str]]:
        """An agency's part of the form: target name, label and value, in the order of the map; nothing else leaves."""
        lines = []
        disclosed = self.disclosed()
        for mapping in field_map:
            if mapping.field is None:
                fixed = mapping.default or ""
                lines.append(
                    {"target": mapping.target, "label": mapping.label or mapping.target, "value": fixed, "text": fixed}
                )
                continue
            field = FIELDS[mapping.field]
            value = disclosed.get(field.code, mapping.default or "")
            if value == "":
                continue
            lines.append(
                {
                    "field": field.code,
                    "target": mapping.target,
                    "label": mapping.label or field.label,
                    "value": str(value),
                    "text": display(field, str(value)),
                }
            )
        return lines


def display_hidden(field: Field, value: str) -> str:
    """A value for members of staff who have not asked to see it in full."""
    if field.hides == Hiding.WHOLE:
        return "（已隐去）" if value else ""
    return masked_document(value) if field.hides == Hiding.NUMBER else display(field, value)


def display(field: Field, value: str) -> str:
    """A value in words: labels of choices, dates as 2026年9月1日."""
    if field.choices:
        return dict(field.choices).get(value, value)
    if field.kind == FieldKind.DATE and parse_date(value):
        return plain_day(date.fromisoformat(value))
    return value
