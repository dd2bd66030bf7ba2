"""The JSON Schema of a region file, for editors that check while one types. Derived from the form of a scheme."""

from typing import Any

from agencies.fields import FIELDS
from agencies.layers import KEYS
from agencies.spec import SchemeSpec

Schema = dict[str, Any]

TEXT: Schema = {"type": "string"}
DIRECTIONS: dict[str, Schema] = {
    "offers": {"type": "array", "items": TEXT, "description": "本地办理的事项，按这个次序；没有列出的不办"},
    "opens": {
        "anyOf": [{"const": "all"}, {"type": "array", "items": TEXT}],
        "description": "开通网上办理的地方：all 或区划代码",
    },
    "replaces": {"type": "array", "items": TEXT, "description": "不沿用上级、从头写的列表"},
    "source": {"type": "string", "description": "这一级规定的出处"},
    "source_of": {"type": "object", "additionalProperties": TEXT, "description": "单个值的出处：路径 → 文件和条款"},
}


def layer_schema() -> Schema:
    """A layer says only what differs from above, so nothing is required but what names it and codes of entries."""
    schema = SchemeSpec.model_json_schema(by_alias=True)
    definitions: dict[str, Schema] = schema["$defs"]
    entries = {_entry(schema["properties"][name]): key for name, key in KEYS.items()}
    for name, part in definitions.items():
        if "properties" not in part:
            continue
        if name in entries:
            part["required"] = [entries[name]]
            part["properties"]["remove"] = {"type": "boolean", "description": "不沿用上级的这一条"}
        elif name == "FormSpec":
            part.pop("required", None)
        _allow_appending(part)
    definitions["FieldMapping"] = {
        "anyOf": [
            {"enum": sorted(FIELDS), "description": "字段，部门那边用同样的名字"},
            {"type": "object", "minProperties": 1, "maxProperties": 1, "additionalProperties": TEXT,
             "propertyNames": {"enum": sorted(FIELDS)}, "description": "字段: 部门的叫法"},
            definitions["FieldMapping"],
        ]
    }  # fmt: skip
    schema["properties"] = {**DIRECTIONS, **schema["properties"]}
    for computed in ("provenance",):
        schema["properties"].pop(computed)
    schema["required"] = ["region", "version", "title", "valid_from", "source"]
    schema["patternProperties"] = {"^x-": {}}
    _allow_appending(schema)
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **schema, "title": "地区实施方案文件"}


def _entry(part: Schema) -> str:
    return str(part["items"]["$ref"]).rpartition("/")[2]


def _allow_appending(part: Schema) -> None:
    """`key+` appends to the list above, for every key that holds a list."""
    for name, value in list(part["properties"].items()):
        if value.get("type") == "array" and not name.endswith("+"):
            part["properties"][f"{name}+"] = value
