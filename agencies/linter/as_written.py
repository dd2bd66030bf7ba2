"""The layer as it is written, before it is merged: codes, references, phones."""

import re
from typing import Any

from agencies.fields import FIELDS
from agencies.layers import KEYS, Data, form_fields
from agencies.linter.findings import Findings
from agencies.linter.sources import check_sources
from agencies.spec import SchemeSpec

PERSONAL_PHONE = re.compile(r"(?<!\d)1[3-9]\d{9}(?!\d)")
PHONE = re.compile(r"(0\d{2,3}-)?\d{7,8}(-\d{1,4})?|1\d{4}|12\d{3}")
VERSION = re.compile(r"[0-9A-Za-z][0-9A-Za-z.\-]*")


def check_as_written(layer: Data, above: Data, regions: set[str], found: Findings) -> None:
    """Codes are known and written once; only what the layer above has can be removed."""
    if not VERSION.fullmatch(str(layer.get("version", ""))):
        found.error("version", f"版本“{layer.get('version', '')}”不合规", "只用数字、字母、点和短横，例如 2026.1")
    if regions and layer["region"] not in regions:
        found.error("region", f"区划代码“{layer['region']}”不在行政区划表中", "先在 divisions.csv 中登记，或改正代码")
    for name in ("places", "offices"):
        for position, entry in enumerate(layer.get(name, [])):
            code = str(entry.get("region", ""))
            where = f"{name}.{code if name == 'places' else position}"
            if regions and code not in regions:
                found.error(where, f"区划代码“{code}”不在行政区划表中", "改正代码")
    for code in layer.get("opens", []) if isinstance(layer.get("opens"), list) else ():
        if regions and code not in regions:
            found.error("opens", f"区划代码“{code}”不在行政区划表中", "改正代码")
    for name in layer.get("replaces", []):
        if name not in SchemeSpec.model_fields:
            found.error("replaces", f"没有叫“{name}”的内容", "改正，或去掉")
    for name, key in KEYS.items():
        codes = [str(entry.get(key, "")) for entry in layer.get(name, [])]
        for code in sorted({code for code in codes if codes.count(code) > 1}):
            found.error(f"{name}.{code}", f"“{code}”写了两次", "合并成一条")
        known = {str(entry.get(key)) for entry in above.get(name, [])}
        for entry in layer.get(name, []):
            if entry.get("remove") and str(entry[key]) not in known:
                found.error(f"{name}.{entry[key]}", "要删除的内容上级没有", "去掉这一条，或改正代码")
    _check_references(layer, above, found)
    check_sources(layer, found)
    _check_phones(layer, "", found)


def _check_references(layer: Data, above: Data, found: Findings) -> None:
    """What the layer itself points to; references that it inherits are dropped with their target."""
    items = {entry["code"] for entry in [*above.get("items", []), *layer.get("items", [])] if not entry.get("remove")}
    form = layer.get("form", {})
    asked = form_fields({"form": {"sections": form.get("sections", []) + form.get("sections+", [])}})
    if "sections" not in form:
        asked |= form_fields(above)
    for item in layer.get("items", []):
        where = f"items.{item['code']}"
        for edge in item.get("requires", []) + item.get("requires+", []):
            if edge.get("item") and edge["item"] not in items:
                found.error(f"{where}.requires", f"前置事项“{edge['item']}”不存在", "改正代码，或去掉这条前置")
        for code in item.get("fields", []) + item.get("fields+", []):
            if code in FIELDS and code not in asked:
                found.notice(
                    f"{where}.fields",
                    f"字段“{code}”（{FIELDS[code].label}）不在登记表里，不会询问",
                    "需要就加进 form.sections",
                )
    for number, section in enumerate(form.get("sections", []) + form.get("sections+", [])):
        for position, line in enumerate(section.get("fields", [])):
            for code in line.get("required_for", []):
                if code not in items:
                    where = f"form.sections.{number}.fields.{position}.required_for"
                    found.error(where, f"事项“{code}”不存在", "改正代码")
    for material in layer.get("materials", []):
        for code in material.get("serves", []):
            if code not in items:
                found.error(f"materials.{material['code']}.serves", f"事项“{code}”不存在", "改正代码")


def _check_phones(value: Any, path: str, found: Findings) -> None:
    if isinstance(value, dict):
        for key, part in value.items():
            if key != "source_of":
                _check_phones(part, f"{path}.{key}".lstrip("."), found)
    elif isinstance(value, list):
        name = KEYS.get(path, "")
        for position, part in enumerate(value):
            code = part.get(name, position) if isinstance(part, dict) else position
            _check_phones(part, f"{path}.{code}", found)
    elif isinstance(value, str):
        if PERSONAL_PHONE.search(value.replace("-", "").replace(" ", "")):
            found.error(path, "这是个人手机号", "改成单位的固定电话；内部联系人不公开")
        elif path.rpartition(".")[2].endswith("phone") and not PHONE.fullmatch(value):
            found.error(path, f"电话“{value}”写法不对", "写成 0477-8575378 这样")
