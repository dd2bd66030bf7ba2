"""What goes over the wire to an agency's own system: an envelope around the dispatch's payload, versioned by schema.

The payload is the one stored with the dispatch, made by the item's field map when it was written; a new field of a model
changes nothing here. Materials go as short-lived links bound to the dispatch.
"""

import base64
import json
from typing import Any
from urllib.parse import quote

from django.conf import settings
from django.core import signing

from agencies import tracing
from agencies.gateways.base import Message, SigningKey
from agencies.models import Item
from applications.enums import DispatchKind
from applications.models import Dispatch, Material

WORD_SCHEMA = "/exchange/schemas/word-v1.json"
LINK_SECONDS = 15 * 60
_SALT = "exchange.material"


def message_of(dispatch: Dispatch, keys: tuple[SigningKey, ...]) -> Message:
    """The signed-to-be message of one try. Everything but the links is the same on every try."""
    body = json.dumps(envelope(dispatch), ensure_ascii=False, separators=(",", ":")).encode()
    return Message(
        key=str(dispatch.key),
        body=body,
        digest=dispatch.digest,
        keys=keys,
        is_word=dispatch.kind != DispatchKind.TASK,
        trace=tracing.parent_now() or dispatch.trace,
        request_id=dispatch.request_id,
    )


def envelope(dispatch: Dispatch) -> dict[str, Any]:
    """CloudEvents attributes with the task, or the word about it, as data."""
    is_task = dispatch.kind == DispatchKind.TASK
    return {
        "specversion": "1.0",
        "id": str(dispatch.key),
        "type": f"yjs.task.{'submitted' if is_task else dispatch.kind}.v1",
        "source": f"{settings.SITE_URL}/exchange",
        "subject": str(dispatch.task_id),
        "time": dispatch.created_at.isoformat(),
        "datacontenttype": "application/json",
        "dataschema": schema_address(*_addressed(dispatch)) if is_task else settings.SITE_URL + WORD_SCHEMA,
        "data": task_data(dispatch) if is_task else word_data(dispatch),
    }


def _addressed(dispatch: Dispatch) -> tuple[Item, str]:
    return dispatch.task.item, dispatch.task.office.agency_id


def schema_address(item: Item, agency: str) -> str:
    """Where the JSON Schema of this item's payload for this agency is published, in the version it was made by."""
    scheme = item.scheme
    place = f"{scheme.region_id}/{quote(scheme.version, safe='')}/{item.code}/{agency}.json"
    return f"{settings.SITE_URL}/exchange/schemas/{place}"


def published_item(region: str, version: str, code: str, agency: str) -> Item | None:
    """The item of a published scheme that the agency handles; None if there is none such."""
    found = Item.objects.select_related("scheme__region").filter(
        scheme__region=region, scheme__version=version, scheme__published_at__isnull=False, code=code
    )
    return next((item for item in found if agency in item.agency_codes), None)


def word_data(dispatch: Dispatch) -> dict[str, Any]:
    """The word that a task is no more: which, why, since when. Nothing about the person."""
    return {
        "task": str(dispatch.task_id),
        "case_number": dispatch.task.application.number,
        "dispatch": str(dispatch.key),
        "digest": dispatch.digest,
        **dispatch.payload,
    }


def task_data(dispatch: Dispatch) -> dict[str, Any]:
    """The task as an agency's system gets it, pushed or polled."""
    task = dispatch.task
    return {
        "task": str(task.pk),
        "case_number": task.application.number,
        "item": {"code": task.item.code, "name": task.item.name},
        "office": task.office.name,
        "version": dispatch.version,
        "dispatch": str(dispatch.key),
        "digest": dispatch.digest,
        "schema": schema_address(*_addressed(dispatch)),
        "fields": [
            {"name": line["target"], "label": line["label"], "value": line["value"], "text": line["text"]}
            for line in dispatch.payload["fields"]
        ],
        "materials": [
            {
                "code": material["code"],
                "name": material["name"],
                "files": [{**file, "url": material_link(dispatch, file["id"])} for file in material["files"]],
            }
            for material in dispatch.payload["materials"]
        ],
    }


def material_link(dispatch: Dispatch, material_id: str) -> str:
    token = signing.dumps([str(dispatch.key), material_id], salt=_SALT, compress=False)
    return f"{settings.SITE_URL}/exchange/v1/materials/{token}"


def material_of(token: str) -> Material | None:
    """The file behind a link, for fifteen minutes and as long as the dispatch is not cancelled."""
    try:
        key, material_id = signing.loads(token, salt=_SALT, max_age=LINK_SECONDS)
    except signing.BadSignature:
        return None
    dispatch = Dispatch.objects.of_tasks().exclude(status="cancelled").filter(key=key).first()
    if dispatch is None:
        return None
    sent = {file["id"] for material in dispatch.payload["materials"] for file in material["files"]}
    return Material.objects.filter(pk=material_id).first() if material_id in sent else None


def media_type(material: Material) -> str:
    return "application/pdf" if material.extension == "pdf" else "image/jpeg"


def repr_digest(material: Material) -> str:
    """RFC 9530, so that the receiver can tell a torn file or an error page from the file (A19)."""
    return f"sha-256=:{base64.b64encode(bytes.fromhex(material.sha256)).decode()}:"
