"""Where in a region file a value stands, so that a message can name the line."""

from pathlib import Path

import yaml

from agencies.layers import KEYS

Lines = dict[str, int]


def lines_of(path: Path) -> Lines:
    """Line numbers by path, in the notation of provenance: `items.I02.fulfilment`, `form.sections.0.title`."""
    return lines_in(path.read_text(encoding="utf-8"))


def lines_in(text: str) -> Lines:
    node = yaml.compose(text, Loader=yaml.SafeLoader)
    found: Lines = {}
    if node is not None:
        _walk(node, "", found)
    return found


def _walk(node: yaml.Node, path: str, found: Lines) -> None:
    if path and path not in found:
        found[path] = node.start_mark.line + 1
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            name = str(key.value).rstrip("+")
            where = f"{path}.{name}" if path else name
            found.setdefault(where, key.start_mark.line + 1)
            _walk(value, where, found)
    elif isinstance(node, yaml.SequenceNode):
        for position, value in enumerate(node.value):
            _walk(value, f"{path}.{_code_of(value, path) or position}", found)


def _code_of(node: yaml.Node, path: str) -> str:
    """The code of an entry in a list that is joined by code; empty elsewhere."""
    key = KEYS.get(path)
    if key is None or not isinstance(node, yaml.MappingNode):
        return ""
    return next((str(value.value) for name, value in node.value if name.value == key), "")


def line_for(lines: Lines, path: str) -> int | None:
    """The line of a path, or of the nearest part of it that is in the file."""
    while path:
        if path in lines:
            return lines[path]
        path = path.rpartition(".")[0]
    return None
