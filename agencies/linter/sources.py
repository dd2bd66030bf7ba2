"""Every figure names its source; every source names a document that is listed."""

from collections.abc import Iterator
from typing import Any

from agencies.layers import KEYS, Data
from agencies.linter.findings import Findings
from agencies.spec import SchemeSpec

FIGURES = ("legal_limit", "promised_limit", "fulfilment", "overall_limit", "receiving_limit", "reporting_limit", "fee")


def check_sources(layer: Data, found: Findings) -> None:
    """A figure without its source cannot be checked by anybody, so it is not published."""
    own = layer.get("source_of", {})

    def need(path: str, value: Any) -> None:
        if isinstance(value, dict) and value and not value.get("source") and path not in own:
            found.error(path, "没有写出处", "加上 source，写明文件和条款；出处没有写的数字不要填")

    for name in FIGURES:
        need(name, layer.get(name))
    for item in layer.get("items", []):
        for name in FIGURES:
            need(f"items.{item['code']}.{name}", item.get(name))
        for key in ("faq", "faq+"):
            for position, entry in enumerate(item.get(key, [])):
                need(f"items.{item['code']}.{key}.{position}", entry)
        if item.get("phones") and not item.get("source"):
            found.error(f"items.{item['code']}.phones", "电话没有写出处", "给这个事项加上 source")
    for name in ("claims", "windows", "places", "facts", "offices", "materials", "channels", "faq", "faq+"):
        for position, entry in enumerate(layer.get(name, [])):
            if not entry.get("remove"):
                need(f"{name}.{entry.get(KEYS.get(name, ''), position)}", entry)
    need("pre_review", layer.get("pre_review"))
    if layer.get("supervision_phone") and "supervision_phone" not in own:
        found.error("supervision_phone", "没有写出处", "在 source_of 里写 supervision_phone 的出处")
    if not layer.get("source"):
        found.error("source", "这一级规定没有写出处", "在文件开头加上 source")


def check_documents(spec: SchemeSpec, layer: Data, found: Findings) -> None:
    """Every source row that this layer writes names a document that is listed; one out of a repealed one is told."""
    for path, source in _sources_in(layer, ""):
        document = spec.document_of(source)
        if document is None:
            found.error(path, f"出处“{source}”不在 sources 里", "在 sources 里登记这个文件，或改正出处")
        elif spec.repealed(source, spec.valid_from):
            found.notice(path, f"出处《{document.title}》已经失效", "有现行的规定就改；没有就不改，页面会写明已废止")


def _sources_in(value: Any, path: str) -> Iterator[tuple[str, str]]:
    """(path, source row) of everything in the layer that names a source."""
    if isinstance(value, dict):
        for key, part in value.items():
            here = f"{path}.{key}".lstrip(".")
            if key == "source" and part:
                yield here, str(part)
            elif key == "source_of":
                yield from ((f"source_of.{name}", str(row)) for name, row in part.items())
            elif key != "sources":
                yield from _sources_in(part, here)
    elif isinstance(value, list):
        name = KEYS.get(path.rstrip("+"), "")
        for position, part in enumerate(value):
            code = part.get(name, position) if isinstance(part, dict) else position
            yield from _sources_in(part, f"{path}.{code}")
