"""The published description of the machine API: OpenAPI 3.1 and the JSON Schema of a task, made from the code's models."""

from typing import Any

from django.conf import settings

from agencies.fields import FIELDS, FieldKind
from agencies.models import Item
from agencies.spec import FieldMapping
from applications import incoming, outgoing
from applications.enums import DispatchKind

_EXAMPLES: dict[str, dict[str, Any]] = {
    "yjs.task.accepted.v1": {"handler": "王秀兰"},
    "yjs.task.correction_required.v1": {
        "handler": "王秀兰",
        "deficits": [{"field": "hukou_before", "reason": "请写到社区或村"}],
    },
    "yjs.task.not_accepted.v1": {
        "handler": "王秀兰",
        "opinion": "不属于本机构受理范围",
        "remedy": "可向同级人民政府申请行政复议",
    },
    "yjs.task.suspended.v1": {"handler": "王秀兰", "opinion": "需要外地核查", "days": 10},
    "yjs.task.resumed.v1": {"handler": "王秀兰"},
    "yjs.task.approved.v1": {"handler": "王秀兰", "opinion": "准予办结", "reference": "（2026）第 12 号"},
    "yjs.task.refused.v1": {"handler": "王秀兰", "opinion": "不符合条件", "remedy": "可在六十日内申请行政复议"},
    "yjs.task.delivered.v1": {"handler": "王秀兰", "fulfilment": "delivered", "receiver": "赵明远"},
}


def examples() -> dict[str, dict[str, Any]]:
    """One example per kind of message, as published; the contract tests send each of them."""
    return {
        kind: {
            "specversion": "1.0",
            "type": kind,
            "source": "urn:agency:example",
            "subject": "1024",
            "sequence": number,
            "time": "2026-11-26T09:30:00+08:00",
            "data": data,
        }
        for number, (kind, data) in enumerate(_EXAMPLES.items(), 1)
    }


def _schema_of(kind: str) -> dict[str, Any]:
    data = incoming.KINDS[kind].model_json_schema(ref_template="#/components/schemas/{model}")
    data.pop("$defs", None)
    return {
        "type": "object",
        "required": ["type", "subject", "sequence", "time", "data"],
        "properties": {
            "specversion": {"const": "1.0"},
            "type": {"const": kind},
            "source": {"type": "string"},
            "subject": {"type": "string", "pattern": "^[0-9]{1,18}$", "description": "推送里的 task"},
            "sequence": {"type": "integer", "minimum": 1, "maximum": 2_000_000_000, "description": "同一件逐次加大"},
            "time": {"type": "string", "format": "date-time"},
            "data": data,
        },
    }


def task_schema() -> dict[str, Any]:
    """JSON Schema of a task as pushed or polled; within version 1 fields are only added."""
    text = {"type": "string"}
    file = _object(
        id=text, sha256=_hex(), pages={"type": "integer"}, grade=text, url={"type": "string", "format": "uri"}
    )
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": f"{settings.SITE_URL}/exchange/schemas/task-v1.json",
        "title": "推送给部门的一件",
        **_object(
            task=text,
            case_number=text,
            item=_object(code=text, name=text),
            office=text,
            version={"type": "integer", "minimum": 1},
            dispatch={"type": "string", "format": "uuid"},
            digest=_hex(),
            schema={"type": "string", "format": "uri", "description": "本事项对本部门的数据格式"},
            fields={"type": "array", "items": _object(name=text, label=text, value=text, text=text)},
            materials={
                "type": "array",
                "items": _object(code=text, name=text, files={"type": "array", "items": file}),
            },
        ),
    }


def item_schema(item: Item, agency: str) -> dict[str, Any]:
    """JSON Schema of one item's task for one agency in one version of the region's scheme; such a version never changes.

    It is the general schema with the item's own lines: which names can come, with which labels and kinds of values.
    """
    spec = item.spec
    whole = task_schema()
    parts = whole["properties"]
    parts["item"]["properties"]["code"] = {"const": item.code}
    mappings = spec.field_map.get(agency, ())
    parts["fields"] = {"type": "array", "items": {"anyOf": [_line_schema(mapping) for mapping in mappings]}}
    if not mappings:
        parts["fields"] = {"type": "array", "maxItems": 0}
    served = [material.code for material in item.scheme.spec.materials if material.is_for(item.code)]
    parts["materials"]["items"]["properties"]["code"] = {"enum": served}
    if not served:
        parts["materials"] = {"type": "array", "maxItems": 0}
    return whole | {
        "$id": outgoing.schema_address(item, agency),
        "title": f"{item.name}（{item.scheme.region.full_name} {item.scheme.version}）",
    }


def _line_schema(mapping: FieldMapping) -> dict[str, Any]:
    field = FIELDS[mapping.field] if mapping.field else None
    label = mapping.label or (field.label if field else mapping.target)
    if field is None:
        value: dict[str, Any] = {"const": mapping.default or ""}
    elif field.choices:
        value = {
            "enum": sorted({code for code, _ in field.choices} | ({mapping.default} if mapping.default else set()))
        }
    else:
        value = {"type": "string", "minLength": 1, **_PATTERNS.get(field.kind, {})}
    return _object(name={"const": mapping.target}, label={"const": label}, value=value, text={"type": "string"})


_PATTERNS = {
    FieldKind.DATE: {"format": "date"},
    FieldKind.MONTH: {"pattern": r"^\d{4}-\d{2}$"},
    FieldKind.ID_NUMBER: {"pattern": r"^\d{17}[\dX]$"},
}


def word_schema() -> dict[str, Any]:
    """JSON Schema of the word that a task is no more."""
    text = {"type": "string"}
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": settings.SITE_URL + outgoing.WORD_SCHEMA,
        "title": "告知部门：这一件不用再办",
        **_word(text),
    }


def _word(text: dict[str, Any]) -> dict[str, Any]:
    return _object(
        task=text,
        case_number=text,
        dispatch={"type": "string", "format": "uuid"},
        digest=_hex(),
        status={"enum": [kind.value for kind in DispatchKind if kind != DispatchKind.TASK]},
        reason=text,
        at={"type": "string", "format": "date-time"},
    )


def _hex() -> dict[str, Any]:
    return {"type": "string", "pattern": "^[0-9a-f]{64}$"}


def _object(**properties: Any) -> dict[str, Any]:
    return {"type": "object", "required": list(properties), "properties": properties}


def document() -> dict[str, Any]:
    """The OpenAPI 3.1 document."""
    body = {"oneOf": [_schema_of(kind) for kind in incoming.KINDS]}
    shown = {kind.split(".")[2]: {"value": value} for kind, value in examples().items()}
    task = task_schema()
    del task["$schema"], task["$id"]
    line = incoming.Line.model_json_schema()
    signed = [
        {"name": name, "in": "header", "required": True, "schema": {"type": "string", "pattern": pattern}}
        for name, pattern in SIGNED.items()
    ]
    page = [
        {
            "name": "after",
            "in": "query",
            "schema": {"type": "string", "pattern": "^[A-Za-z0-9_:.-]{0,500}$"},
            "description": "上次答复里的 cursor",
        },
        {"name": "limit", "in": "query", "schema": {"type": "integer", "minimum": 1, "maximum": 100, "default": 50}},
        {"name": "If-None-Match", "in": "header", "schema": {"type": "string"}},
    ]
    return {
        "openapi": "3.1.0",
        "info": {"title": f"{settings.SERVICE_NAME}部门对接接口", "version": "1.0.0", "description": _WORDS},
        "servers": [{"url": f"{settings.SITE_URL}/exchange"}],
        "paths": {
            "/v1/events": {
                "post": _operation("回传办理结果", signed, {200: "Applied", 202: "Stale"}, body=body, examples=shown)
            },
            "/v1/tasks": {"get": _operation("按游标取任务", signed + page, {200: "Tasks", 304: None})},
            "/v1/tasks/{dispatch}/ack": {
                "post": _operation(
                    "确认收到",
                    [*signed, {"name": "dispatch", "in": "path", "required": True,
                               "schema": {"type": "string", "format": "uuid"}}],
                    {200: "Acknowledged"},
                    body=incoming.Acknowledgement.model_json_schema(),
                    examples={"acknowledged": {"value": ACKNOWLEDGED}},
                )
            },
            "/v1/materials/{token}": {"get": _material()},
        },
        "webhooks": {
            "task": {"post": _pushed("推送一件，到 {机构地址}/tasks", "submitted", "Task", signed)},
            "word": {"post": _pushed("告知一件不用再办，到 {机构地址}/events", "withdrawn、terminated 或 moved", "Word", signed)},
        },
        "components": {
            "schemas": {
                "Line": line,
                "Task": task,
                "Word": _word({"type": "string"}),
                "Tasks": _object(
                    tasks={"type": "array", "items": {"$ref": "#/components/schemas/Task"}},
                    words={"type": "array", "items": {"$ref": "#/components/schemas/Word"}},
                    cursor={"type": "string"},
                ),
                "Applied": _object(outcome={"type": "string"}, task={"type": "string"}, status={"type": "string"}),
                "Stale": _object(outcome={"type": "string"}, task={"type": "string"}, status={"type": "string"}),
                "Acknowledged": _object(
                    outcome={"type": "string"}, dispatch={"type": "string"}, receipt_number={"type": "string"}
                ),
                "Problem": _object(
                    type={"type": "string"},
                    title={"type": "string"},
                    status={"type": "integer"},
                    detail={"type": "string"},
                    errors={"type": "array", "items": {"type": "object"}},
                ),
            }
        },
    }  # fmt: skip


SIGNED = {
    "webhook-id": "^[!-~]{1,80}$",
    "webhook-timestamp": "^[0-9]{1,12}$",
    "webhook-signature": "^v1(sm)?,[A-Za-z0-9+/=]+( v1(sm)?,[A-Za-z0-9+/=]+)*$",
    "webhook-key-id": "^[A-Za-z0-9._-]{1,40}$",
}
_WORDS = (
    "每次调用都按 Standard Webhooks 签名：HMAC 的内容是 id.timestamp.body，v1 用 SHA-256，v1sm 用 SM3，可同时给出。"
    "GET 没有报文，以“GET 路径?查询”作为 body。时间与本平台相差不超过 5 分钟。同一 webhook-id 只处理一次，重复的得到第一次的答复。"
)


ACKNOWLEDGED = {"receipt_number": "东公户〔2026〕0012", "digest": "0" * 64}


def _material() -> dict[str, Any]:
    """A file behind a link that was given with a task; the link is its own proof."""
    form = {"type": "string", "pattern": "^[A-Za-z0-9_:-]{10,500}$"}
    token = {"name": "token", "in": "path", "required": True, "schema": form}
    file = {"schema": {"type": "string", "format": "binary"}}
    digest = {"Repr-Digest": {"schema": {"type": "string"}, "description": "RFC 9530，供核对"}}
    found = _operation("取材料文件，用任务里给的链接", [token], {})
    found["responses"]["200"] = {
        "description": "200",
        "headers": digest,
        "content": {"application/pdf": file, "image/jpeg": file},
    }
    return found


def _pushed(summary: str, kind: str, data: str, signed: list[dict[str, Any]]) -> dict[str, Any]:
    """What the portal sends to an agency's own system, and how its answer is understood."""
    text = {"type": "string"}
    envelope = _object(
        specversion={"const": "1.0"}, id={"type": "string", "format": "uuid"},
        type={"type": "string", "description": f"yjs.task.{kind}.v1"}, source=text, subject=text,
        time={"type": "string", "format": "date-time"}, dataschema={"type": "string", "format": "uri"},
        data={"$ref": f"#/components/schemas/{data}"},
    )  # fmt: skip
    key = {"name": "idempotency-key", "in": "header", "required": True, "schema": text}
    receipt = {"content": {"application/json": {"schema": _object(receipt_number=text)}}}
    answers = {"201": "收到，带回执号", "409": "先前已收到，带同一个回执号", "503": "暂时不能接收，可带 Retry-After"}
    return {
        "summary": summary,
        "parameters": [*signed, key],
        "requestBody": {"required": True, "content": {"application/json": {"schema": envelope}}},
        "responses": {
            status: {"description": words, **(receipt if status != "503" else {})} for status, words in answers.items()
        },
    }


def _operation(
    summary: str,
    parameters: list[dict[str, Any]],
    answers: dict[int, str | None],
    *,
    body: dict[str, Any] | None = None,
    examples: dict[str, Any] | None = None,
) -> dict[str, Any]:
    problem = {"content": {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}}}
    responses: dict[str, Any] = {
        str(status): {
            "description": str(status),
            **({"content": {"application/json": {"schema": {"$ref": f"#/components/schemas/{name}"}}}} if name else {}),
        }
        for status, name in answers.items()
    }
    for status in (400, 401, 404, 405, 409, 413, 415, 422, 500):
        responses[str(status)] = {"description": str(status), **problem}
    found: dict[str, Any] = {"summary": summary, "parameters": parameters, "responses": responses}
    if body is not None:
        content: dict[str, Any] = {"schema": body}
        if examples:
            content["examples"] = examples
        found["requestBody"] = {"required": True, "content": {"application/json": content}}
    return found
