"""The machine API: agencies' own systems send results, ask for their tasks, acknowledge, and fetch files.

Every call is signed; the signature over the raw body is checked before anything is read out of it. Failures are problem
details (RFC 9457). No session, no cookie.
"""

import hashlib
import json
import logging
import time
from collections.abc import Callable
from functools import wraps
from typing import Any
from uuid import UUID

from django.core import signing
from django.http import FileResponse, HttpRequest, HttpResponse, HttpResponseBase, JsonResponse
from django.http.request import RawPostDataException
from django.views.decorators.csrf import csrf_exempt

from agencies.gateways import signatures
from applications import incoming, outgoing
from applications.incoming import Problem, Reply
from applications.models import ExchangeKey
from portal.exchange import description

logger = logging.getLogger(__name__)

BODY_BYTES = 64 * 1024
_CURSOR_SALT = "exchange.cursor"

Call = Callable[..., HttpResponseBase]


def problem(error: Problem) -> JsonResponse:
    """An RFC 9457 answer; its sentences are for the agency's own operators."""
    body = {
        "type": f"urn:yjs:problem:{error.code}",
        "title": _TITLES.get(error.status, "不能处理"),
        "status": error.status,
        "detail": error.detail,
        "errors": error.errors,
    }
    return _json(body, error.status, "application/problem+json")


_TITLES = {
    400: "报文不能读取", 401: "签名无效", 404: "没有这一件", 405: "方法不对", 409: "现在不能这样办", 413: "报文太大",
    415: "报文类型不对", 422: "内容不符合约定", 500: "本平台出错",
}  # fmt: skip


def _json(body: Any, status: int = 200, kind: str = "application/json") -> JsonResponse:
    # Sorted, so that an answer given again out of the database is the same to the byte.
    form = {"ensure_ascii": False, "sort_keys": True}
    return JsonResponse(body, status=status, content_type=kind, json_dumps_params=form)


def machine(method: str, *, is_signed: bool = True) -> Callable[[Call], Call]:
    """A view for machines: one method, signed by a key in force, problems instead of pages."""

    def decorate(view: Call) -> Call:
        @csrf_exempt
        @wraps(view)
        def wrapped(request: HttpRequest, **parts: Any) -> HttpResponseBase:
            try:
                if any("\x00" in text for text in (request.path, *request.GET, *_values(request))):
                    raise Problem(400, "unreadable", "地址里有不能接收的字符")
                if request.method != method:
                    raise Problem(405, "method", f"这个地址只接受 {method}")
                if not is_signed:
                    return view(request, **parts)
                key, message_id, body = believe(request)
                return view(request, key=key, message_id=message_id, body=body, **parts)
            except Problem as error:
                response = problem(error)
                if error.status == 405:
                    response["Allow"] = method
                return response
            except Exception:  # a machine is told in its own form too; the log has the rest
                logger.exception("call of %s failed", view.__name__)
                return problem(Problem(500, "internal", "本平台出错，报文没有处理，请稍后用同一标识重发"))

        wrapped.is_machine = True  # type: ignore[attr-defined]  # pages' middleware leaves it to answer by itself
        return wrapped

    return decorate


def _values(request: HttpRequest) -> list[str]:
    return [text for _, texts in request.GET.lists() for text in texts]


def believe(request: HttpRequest) -> tuple[ExchangeKey, str, bytes]:
    """The key, id and raw body of a genuine message; every doubt gives the same answer."""
    body = _body(request)
    key = ExchangeKey.objects.for_exchange(request.headers.get(signatures.KEY_ID, "")[:40]).first()
    content = body if request.method == "POST" else f"{request.method} {request.get_full_path()}".encode()
    try:
        if key is None:
            raise signatures.BadSignature("no such key")
        message_id = signatures.verify(key.secret, request.headers, content, now=time.time())
    except signatures.BadSignature as error:
        logger.warning("message refused: %s", error)
        raise Problem(401, "signature", "签名、时间或密钥编号不对，报文没有处理") from None
    incoming.note_use(key)
    return key, message_id, body


def _body(request: HttpRequest) -> bytes:
    length = request.headers.get("content-length") or "0"
    if not length.isdigit() or int(length) > BODY_BYTES:
        raise Problem(413, "too-large", f"报文最大 {BODY_BYTES // 1024} KB")
    if request.method == "POST" and request.content_type != "application/json":
        raise Problem(415, "media-type", "报文应是 application/json")
    try:
        return request.body
    except RawPostDataException:
        raise Problem(400, "not-json", "报文没有收全") from None


def _reply(reply: Reply) -> HttpResponse:
    return _json(reply.body, reply.status)


@machine("POST")
def events(request: HttpRequest, *, key: ExchangeKey, message_id: str, body: bytes) -> HttpResponse:
    return _reply(incoming.receive(key, message_id, body))


@machine("POST")
def acknowledge(request: HttpRequest, *, key: ExchangeKey, message_id: str, body: bytes, dispatch: str) -> HttpResponse:
    try:
        wanted = str(UUID(dispatch))
    except ValueError:
        raise Problem(404, "unknown-task", "没有这一件") from None
    return _reply(incoming.acknowledge(key, wanted, body))


@machine("GET")
def tasks(request: HttpRequest, *, key: ExchangeKey, message_id: str, body: bytes) -> HttpResponse:
    after, limit = _page(request)
    found = incoming.tasks_after(key, after, limit)
    cursor = signing.dumps(found.last, salt=_CURSOR_SALT, compress=False) if found.last else ""
    # Links change with every asking; whether there is something new does not.
    keys = [row["dispatch"] for row in [*found.tasks, *found.words]]
    tag = hashlib.sha256(json.dumps(keys).encode()).hexdigest()[:32]
    if request.headers.get("if-none-match") == f'"{tag}"':
        response: HttpResponse = HttpResponse(status=304)
    else:
        response = _json({"tasks": found.tasks, "words": found.words, "cursor": cursor})
    response["ETag"] = f'"{tag}"'
    return response


def _page(request: HttpRequest) -> tuple[int, int]:
    cursor, limit = request.GET.get("after", ""), request.GET.get("limit", "50")
    if not (limit.isascii() and limit.isdigit() and len(limit) < 7 and 1 <= int(limit) <= incoming.PAGE_LIMIT):
        raise Problem(
            422, "limit", f"limit 应是 1 到 {incoming.PAGE_LIMIT} 的数字", [{"pointer": "limit", "code": "range"}]
        )
    if not cursor:
        return 0, int(limit)
    try:
        return int(signing.loads(cursor, salt=_CURSOR_SALT)), int(limit)
    except (signing.BadSignature, ValueError, TypeError):
        raise Problem(
            404, "unknown-cursor", "after 不是本平台给的游标", [{"pointer": "after", "code": "unknown"}]
        ) from None


@machine("GET", is_signed=False)
def material(request: HttpRequest, *, token: str) -> HttpResponseBase:
    """A file by its short-lived link, which is itself signed and was given to one office alone."""
    found = outgoing.material_of(token)
    if found is None:
        raise Problem(404, "unknown-material", "链接已过期或不存在，请重新取任务")
    response = FileResponse(found.file.open("rb"), content_type=outgoing.media_type(found))
    response["Content-Disposition"] = f'attachment; filename="{found.pk}.{found.extension}"'
    response["Repr-Digest"] = outgoing.repr_digest(found)
    return response


@machine("GET", is_signed=False)
def openapi(request: HttpRequest) -> HttpResponse:
    return _json(description.document())


@machine("GET", is_signed=False)
def task_schema(request: HttpRequest) -> HttpResponse:
    return _json(description.task_schema(), kind="application/schema+json")


@machine("GET", is_signed=False)
def word_schema(request: HttpRequest) -> HttpResponse:
    return _json(description.word_schema(), kind="application/schema+json")


@machine("GET", is_signed=False)
def item_schema(request: HttpRequest, *, region: str, version: str, item: str, agency: str) -> HttpResponse:
    """The format of one item's data for one agency; named in every task."""
    found = outgoing.published_item(region, version, item, agency)
    if found is None:
        raise Problem(404, "unknown-schema", "没有这个版本的数据格式")
    return _json(description.item_schema(found, agency), kind="application/schema+json")


@machine("GET", is_signed=False)
def unknown(request: HttpRequest, *, rest: str) -> HttpResponse:
    raise Problem(404, "unknown-address", "没有这个地址，请对照 openapi.json")
