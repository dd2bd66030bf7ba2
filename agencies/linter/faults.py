"""What pydantic found, said in the words and the notation of the region file."""

import difflib
from typing import Any

from agencies.fields import FIELDS
from agencies.layers import DIRECTIONS, KEYS, Data
from agencies.spec import SchemeSpec


def path_in(content: Data, loc: tuple[int | str, ...]) -> str:
    """A place of the merged content in the notation of the file: entries by code, not by position."""
    parts: list[str] = []
    here: Any = content
    for step in loc:
        if isinstance(here, list) and isinstance(step, int) and step < len(here):
            here = here[step]
            key = KEYS.get(".".join(parts))
            parts.append(str(here.get(key, step)) if key and isinstance(here, dict) else str(step))
        else:
            here = here.get(step) if isinstance(here, dict) else None
            parts.append(str(step))
    return ".".join(parts)


def explained(fault: Any) -> tuple[str, str]:
    """(problem, advice) of one fault."""
    name = str(fault["loc"][-1])
    match fault["type"]:
        case "extra_forbidden":
            near = difflib.get_close_matches(name, _words(), n=1)
            return f"不认识“{name}”", f"是不是“{near[0]}”？改正或删除" if near else "改正拼写或删除"
        case "missing":
            return f"缺少“{name}”", "补上"
        case "enum" | "literal_error":
            return f"“{fault['input']}”不在可选值中", f"只能是 {fault['ctx']['expected'].replace(' or ', '、')}"
        case "int_parsing" | "int_type":
            return f"“{fault['input']}”不是整数", "改成数字"
        case "bool_parsing" | "bool_type":
            return f"“{fault['input']}”不是 true 或 false", "改成 true 或 false"
        case "date_from_datetime_parsing" | "date_parsing" | "date_type" | "date_from_datetime_inexact":
            return f"“{fault['input']}”不是日期", "写成 2026-09-01 这样"
        case "model_type" | "model_attributes_type" | "dict_type":
            return "这里要写成“键: 值”", "对照 docs/regions.md 的说明改正"
        case "tuple_type" | "list_type":
            return "这里要写成列表", "用 [甲, 乙] 或每行一个“- ”的写法"
        case "string_type":
            return f"“{fault['input']}”不是文字", "数字也要加引号"
        case _:
            return f"写法不对（{fault['msg']}）", "对照 docs/regions.md 的说明改正"


def _words() -> list[str]:
    """Every key that a region file may have."""
    schema = SchemeSpec.model_json_schema(by_alias=True)
    return [*DIRECTIONS, *schema["properties"]] + [
        name for part in schema["$defs"].values() for name in part.get("properties", {})
    ]


def near(code: str) -> str:
    near = difflib.get_close_matches(code, FIELDS, n=1)
    return f"，是不是“{near[0]}”" if near else ""
