"""Layers of a scheme: nation, province, city, district, each a plain mapping read from a file. Pure.

The written rule of merging, from the top down:

* a plain value, a limit or a plain list of the lower layer takes the place of the one above;
* `key+` appends to the list above instead;
* items, materials, agencies, facts, sources and places are joined by their code, value by value; `remove: true` drops one;
* a mapping (form, result, field_map) is joined key by key; a limit and a fee are replaced whole;
* `replaces` names lists that start anew in this layer; `offers` keeps exactly the named items, in that order;
* `source` names the document row of a whole entry or layer, `source_of` that of single values by their path;
* what describes the layer itself (region, version, title, dates, offices) is never inherited.

After merging, whatever points to an item or a form field that the place does not have is left out, and so are inherited
form fields that only dropped items needed; a layer need not repeat its parent to drop something. Every value remembers the layer and the source row it comes from.
"""

from collections.abc import Sequence
from copy import deepcopy
from datetime import date
from pathlib import Path
from typing import Any

import yaml

from agencies import plain_yaml
from agencies.fields import FIELDS

Data = dict[str, Any]

KEYS = {"items": "code", "materials": "code", "agencies": "code", "facts": "code", "sources": "id", "places": "region"}
OWN = ("region", "version", "title", "valid_from", "valid_until", "offices")
# What a limit and a fee are known by.
WHOLE = {"unit", "text"}
DIRECTIONS = ("offers", "opens", "replaces", "source", "source_of")


class LayerError(ValueError):
    """A layer that cannot be read or merged; the message is for the person who keeps the file."""


def read_layer(path: Path) -> Data:
    """One region file as a mapping of plain values (dates as ISO text). Raises LayerError naming file and line."""
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise LayerError(f"{path}：读不出来（{error}），请确认文件存在并且是 UTF-8 编码。") from None
    return parse_layer(text, str(path))


def parse_layer(text: str, name: str) -> Data:
    """The text of a region file as `read_layer` gives it; `name` is what messages call it. Raises LayerError."""
    try:
        data = plain_yaml.read(text)
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 0
        raise LayerError(f"{name} 第{line}行：不是正确的 YAML（{error.problem}），请检查缩进和引号。") from None
    except yaml.YAMLError:
        raise LayerError(f"{name}：不是文字文件，请上传 YAML 文件。") from None
    if not isinstance(data, dict) or "region" not in data or "version" not in data:
        raise LayerError(f"{name}：缺少 region（区划代码）或 version（版本），请在文件开头写上。")
    return normalise(data)


def normalise(data: Data) -> Data:
    """The layer in its long form: notes for editors (`x-…`) dropped, dates as text, short field maps spelt out."""
    layer: Data = {key: _plain(value) for key, value in data.items() if not str(key).startswith("x-")}
    for key in ("region", "version"):
        layer[key] = str(layer[key])
    items = layer.get("items")
    for item in items if isinstance(items, list) else ():
        if isinstance(item, dict) and isinstance(item.get("field_map"), dict):
            item["field_map"] = {agency: _lines(lines) for agency, lines in item["field_map"].items()}
    return layer


def _plain(value: Any) -> Any:
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, dict):
        return {str(key): _plain(part) for key, part in value.items()}
    if isinstance(value, list):
        return [_plain(part) for part in value]
    return value


def _lines(lines: Any) -> Any:
    """`name` and `name: 申请人姓名` are short for a mapping line with the same key there, and the agency's label."""
    return [_line(line) for line in lines] if isinstance(lines, list) else lines


def _line(line: Any) -> Any:
    if isinstance(line, str):
        return {"field": line, "target": line}
    if isinstance(line, dict) and len(line) == 1:
        ((field, label),) = line.items()
        return {"field": field, "target": field, "label": label}
    return line


def merge(above: Data | None, layer: Data) -> Data:
    """What stands above with this layer laid over, nothing left out yet. Neither argument is changed."""
    content = {key: value for key, value in deepcopy(above or {}).items() if key not in OWN}
    provenance: dict[str, str] = content.pop("provenance", {})
    origin = _Origin(str(layer["region"]), layer.get("source", ""), provenance)
    for key in layer.get("replaces", []):
        content.pop(key, None)
        origin.forget(key)
    for key, value in deepcopy(layer).items():
        if key in DIRECTIONS:
            continue
        if key.rstrip("+") in KEYS:
            name = key.rstrip("+")
            content[name] = _join(content.get(name, []), value, name, origin)
        else:
            _set(content, key, value, "", origin)
    for path, row in layer.get("source_of", {}).items():
        origin.note(path, row)
    if "offers" in layer:
        content["items"] = _offered(content.get("items", []), layer["offers"], layer["region"])
    content["provenance"] = provenance
    return content


def effective(layers: Sequence[Data]) -> Data:
    """The effective content of a place out of the layers above it and its own, from the top down."""
    content: Data = {}
    claimed: set[str] = set()
    for layer in layers:
        content = merge(content, layer)
        if "sections" in layer.get("form", {}):
            claimed = set()  # a layer that writes the form means every field of it
        claimed |= _claimed(content)
    _prune(content)
    _drop_unclaimed(content, claimed)
    provenance: dict[str, str] = content.pop("provenance", {})
    kept = {path: row for path, row in sorted(provenance.items()) if _exists(content, path.split("."))}
    return {**content, "provenance": kept}


class _Origin:
    """Notes for each path which layer and which source row set it."""

    def __init__(self, region: str, source: str, provenance: dict[str, str]) -> None:
        self.region, self.source, self.provenance = region, source, provenance

    def note(self, path: str, source: str) -> None:
        if path in OWN:
            return
        self.provenance[path] = f"{self.region} {source or self.source}".strip()

    def forget(self, path: str) -> None:
        for known in [known for known in self.provenance if known == path or known.startswith(f"{path}.")]:
            del self.provenance[known]


def _set(target: Data, key: str, value: Any, path: str, origin: _Origin, source: str = "") -> None:
    name = key.rstrip("+")
    where = f"{path}{name}"
    own_source = value.get("source", source) if isinstance(value, dict) else source
    if key.endswith("+"):
        target[name] = [*target.get(name, []), *value]
    elif isinstance(value, dict) and isinstance(target.get(name), dict) and not WHOLE & value.keys():
        for part, inner in value.items():
            _set(target[name], part, inner, f"{where}.", origin, own_source)
        return
    else:
        target[name] = value
    origin.note(where, own_source)


def _join(above: list[Data], entries: list[Data], name: str, origin: _Origin) -> list[Data]:
    key = KEYS[name]
    joined = {str(entry[key]): entry for entry in above}
    for entry in entries:
        code = str(entry[key])
        if entry.pop("remove", False):
            joined.pop(code, None)
            origin.forget(f"{name}.{code}")
            continue
        target = joined.setdefault(code, {})
        for part, value in entry.items():
            _set(target, part, value, f"{name}.{code}.", origin, entry.get("source", ""))
    return list(joined.values())


def _offered(items: list[Data], codes: list[str], region: str) -> list[Data]:
    found = {item["code"]: item for item in items}
    unknown = [code for code in codes if code not in found]
    if unknown:
        raise LayerError(f"{region}：offers 中的事项“{'、'.join(unknown)}”没有定义，请在 items 中写出或改正代码。")
    return [found[code] for code in codes]


def form_fields(content: Data) -> set[str]:
    """The codes of the fields that the form of this content has."""
    return {line["field"] for section in content.get("form", {}).get("sections", []) for line in section["fields"]}


def _prune(content: Data) -> None:
    """Leave out what points to an item or a form field that is not there."""
    items = content.get("items", [])
    codes = {item["code"] for item in items}
    fields = form_fields(content)
    for item in items:
        item["fields"] = [code for code in item.get("fields", []) if code in fields or code not in FIELDS]
        item["requires"] = [edge for edge in item.get("requires", []) if edge.get("item") in codes | {None}]
        item["field_map"] = {
            agency: [line for line in lines if _is_sent(line, fields)]
            for agency, lines in item.get("field_map", {}).items()
            if agency in item.get("agencies", [])
        }
    kept = []
    for material in content.get("materials", []):
        serves = material.get("serves", [])
        material["serves"] = [code for code in serves if code in codes]
        if material["serves"] or not serves:
            kept.append(material)
    content["materials"] = kept
    form = content.get("form", {})
    if "item_order" in form:
        form["item_order"] = [code for code in form["item_order"] if code in codes]


def _claimed(content: Data) -> set[str]:
    """The fields that items need; a field of the form that no item needs belongs to the form itself."""
    return {code for item in content.get("items", []) for code in item.get("fields", [])}


def _drop_unclaimed(content: Data, before: set[str]) -> None:
    """A field that only dropped items needed leaves the inherited form with them, or everybody would be asked for it."""
    gone = before - _claimed(content)
    form = content.get("form", {})
    for section in form.get("sections", []) if gone else ():
        section["fields"] = [line for line in section["fields"] if line["field"] not in gone]
    if gone:
        form["sections"] = [section for section in form.get("sections", []) if section["fields"]]
        rows = ([code for code in row if code not in gone] for row in form.get("printed_rows", []))
        form["printed_rows"] = [row for row in rows if row]


def _is_sent(line: Data, fields: set[str]) -> bool:
    code = line.get("field")
    return code is None or code in fields or code not in FIELDS


def _exists(content: Any, path: list[str]) -> bool:
    """Whether a provenance path still leads to a value of the content."""
    here = content
    for position, part in enumerate(path):
        if isinstance(here, list):
            key = KEYS[path[position - 1]]
            here = next((entry for entry in here if str(entry.get(key)) == part), None)
        elif isinstance(here, dict):
            here = here.get(part)
        if here is None:
            return False
    return True
