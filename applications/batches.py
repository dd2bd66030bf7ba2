"""离线交换: exports for an office whose network is not joined, and its results brought back, with a verdict per row.

An exported task counts as on its way until the office's receipt comes back; exporting again gives the same rows with the
same keys. A result file is tried in a dry run first; a bad row stops no good one.
"""

import hashlib
import json
import time
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import IO, Any
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.template.loader import render_to_string
from django.utils import timezone

from agencies.enums import GatewayKind
from agencies.gateways import batch
from agencies.gateways.base import SigningKey
from agencies.models import Office
from agencies.routing import Way
from applications import delivery, holders, incoming, printing
from applications.enums import ON_ITS_WAY, DispatchKind, DispatchStatus, Outcome
from applications.errors import Refused
from applications.models import Dispatch, ExchangeKey, ItemTask, Material
from applications.papers.words import moment

# What was handed over and not answered is due again after this time.
HANDED_OVER = timedelta(days=7)


@dataclass(frozen=True)
class Line:
    """One line of the printed hand-over list; no personal data."""

    number: str
    item: str
    words: str
    files: int


@dataclass(frozen=True)
class Export:
    """The signed rows, the lines of the hand-over list, and the material files by their place in the package."""

    name: str
    office: Office
    key: SigningKey
    content: bytes
    lines: list[Line]
    materials: dict[str, Material]
    dispatches: tuple[int, ...]


@dataclass(frozen=True)
class Verdict:
    """What became of one row of a result file."""

    row: int
    is_good: bool
    words: str


class Changed(Exception):
    """Something was withdrawn while it was being packed: the package is not to leave the house."""


def export(office: Office) -> Export:
    """Everything that waits for the office, and it counts as handed over. Raises Refused as `gather`."""
    made = gather(office)
    hand_over(made)
    return made


def hand_over(made: Export) -> None:
    """What a package holds is on its way now. Raises Changed when part of it was withdrawn since it was gathered."""
    with transaction.atomic():
        rows = Dispatch.objects.select_for_update(of=("self",)).filter(pk__in=made.dispatches, status__in=ON_ITS_WAY)
        found = list(rows.select_related("task__office").order_by("pk"))
        if len(found) != len(made.dispatches):
            raise Changed
        holders.note_all(found, Way(GatewayKind.BATCH))
        Dispatch.objects.filter(pk__in=made.dispatches).update(
            status=DispatchStatus.SENDING, last_outcome=Outcome.SENT, leased_until=timezone.now() + HANDED_OVER
        )


def gather(office: Office) -> Export:
    """Everything that waits for the office, only read: packing takes long, and nobody waits for it.

    Raises Refused when nothing goes to it by hand or it has no key.
    """
    now = timezone.now()
    found = list(
        Dispatch.objects.filter(status__in=ON_ITS_WAY)
        .with_way()
        .filter(to_office=office.pk, way=GatewayKind.BATCH)
        .select_related("task__application", "task__item__scheme", "task__office")
        .order_by("pk")
    )
    # The word that a task moved away is not true any more when the task comes back in the same package.
    coming = {row.task_id for row in found if row.kind == DispatchKind.TASK}
    found = [row for row in found if row.kind == DispatchKind.TASK or row.task_id not in coming]
    # An office that left this way still gets the words about what it was brought.
    if not found and GatewayKind.BATCH not in (office.gateway, *office.routes.values_list("gateway", flat=True)):
        raise Refused("这个机构不是离线交换")
    key = _key(office)
    name = f"{office.agency_id}-{office.region_id}-{timezone.localtime(now):%Y%m%d%H%M%S}"
    said = delivery.data_of(found)
    found, rows = [row for row, _ in said], _without_links([data for _, data in said])
    return Export(
        name,
        office,
        key,
        batch.seal(rows, key, batch=name, timestamp=int(time.time())),
        [_line(row, data) for row, data in zip(found, rows, strict=True)],
        _materials(rows),
        tuple(row.pk for row in found),
    )


def _files(rows: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    for row in rows:
        for material in row.get("materials", []):
            yield from material["files"]


def _without_links(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The files go along on the carrier; a link would lead nowhere from there."""
    kinds = {
        str(pk): extension
        for pk, extension in Material.objects.filter(pk__in=[file["id"] for file in _files(rows)]).values_list(
            "pk", "extension"
        )
    }
    for file in _files(rows):
        del file["url"]
        file["path"] = f"materials/{file['id']}.{kinds[file['id']]}"
    return rows


def _materials(rows: list[dict[str, Any]]) -> dict[str, Material]:
    paths = {file["id"]: file["path"] for file in _files(rows)}
    return {paths[str(found.pk)]: found for found in Material.objects.filter(pk__in=paths)}


def _line(row: Dispatch, data: dict[str, Any]) -> Line:
    words = f"第 {row.version} 次内容" if row.kind == DispatchKind.TASK else f"{row.get_kind_display()}：不用再办"
    return Line(row.task.application.number, row.task.item.name, words, len(list(_files([data]))))


def package(made: Export, target: IO[bytes]) -> None:
    """The zip that goes along on the carrier: signed rows, files, signed manifest of digests, and the printed list.

    Raises Refused when a stored file is not what was registered: a wrong file must not leave the house.
    """
    parts: list[dict[str, Any]] = []

    def add(path: str, content: bytes) -> None:
        bundle.writestr(path, content)
        parts.append({"path": path, "sha256": hashlib.sha256(content).hexdigest(), "bytes": len(content)})

    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as bundle:
        add("rows.jsonl", made.content)
        for path, material in made.materials.items():
            with material.file.open("rb") as file:
                content = file.read()
            if hashlib.sha256(content).hexdigest() != material.sha256:
                raise Refused(f"材料文件与登记的摘要不一致：{path}")
            add(path, content)
        if printing.is_available():
            add("移交清单.pdf", printing.print_pdf(list_html(made), identifier=made.name).pdf)
        manifest = batch.seal(parts, made.key, batch=made.name, timestamp=int(time.time()))
        bundle.writestr("manifest.jsonl", manifest)


def list_html(made: Export) -> str:
    """移交清单 as a paper, in the dress of the other papers."""
    content = {"file_name": f"{made.name}.zip", "lines": made.lines}
    return render_to_string("pdf/hand_over.html", _frame("离线交换移交清单", made.name, made.office) | content)


def _frame(title: str, number: str, office: Office) -> dict[str, Any]:
    now = timezone.now()
    return {
        "title": title,
        "service_name": settings.SERVICE_NAME,
        "place": office.region.full_name,
        "office": office.name,
        "number": number,
        "made_at": moment(now),
        "made_iso": now.isoformat(),
        "notice_of_environment": settings.ENVIRONMENT_NOTICE,
    }


def sheet_html(dispatch: Dispatch) -> str:
    """移交单: one dispatch on paper, exactly what would have been sent."""
    task = dispatch.task
    number = f"{task.application.number}-{task.item.code}-{dispatch.version}"
    content = {
        "case_number": task.application.number,
        "item": task.item.name,
        "version": dispatch.version,
        "fields": dispatch.payload["fields"],
        "materials": dispatch.payload["materials"],
    }
    return render_to_string("pdf/hand_over_one.html", _frame("共享数据移交单", number, task.office) | content)


def sheet(dispatch: Dispatch, target: IO[bytes]) -> list[Material]:
    """The zip for handing over one dispatch on paper: the sheet and the files. Gives the files that are in it.

    Raises printing.Unavailable on a machine that cannot make PDF files.
    """
    wanted = [file["id"] for material in dispatch.payload["materials"] for file in material["files"]]
    found = list(Material.objects.filter(pk__in=wanted).order_by("pk"))
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as bundle:
        html = sheet_html(dispatch)
        bundle.writestr("移交单.pdf", printing.print_pdf(html, identifier=str(dispatch.key)).pdf)
        for number, material in enumerate(found, 1):
            with material.file.open("rb") as file:
                bundle.writestr(f"材料{number:02d}-{material.code}.{material.extension}", file.read())
    return found


def _key(office: Office) -> SigningKey:
    keys = delivery.keys_of(office)
    if not keys:
        raise Refused("这个机构还没有密钥，请先建立")
    return keys[0]


class _DryRun(Exception):
    pass


@dataclass(frozen=True)
class Results:
    """A genuine result file, and the key that signed it: its rows can do what this key can."""

    key: ExchangeKey
    name: str
    rows: list[batch.Row]


def open_results(office: Office, content: bytes) -> Results:
    """Raises Refused when the file as a whole is not genuine."""
    keys = {key.kid: key for key in ExchangeKey.objects.for_office(office)}
    try:
        opened = batch.unseal(content, {kid: key.secret for kid, key in keys.items()})
    except batch.BadFile as error:
        raise Refused(str(error)) from None
    return Results(keys[opened.kid], opened.name, opened.rows)


def bring_back(office: Office, content: bytes, *, dry_run: bool) -> list[Verdict]:
    """Applies a result file row by row: `receipt` rows make a task delivered, the others are results as over the wire.

    Each row is a transaction of its own, so that no case waits for the rest of the file and a file that was broken off
    goes on when it is brought again. Raises Refused when the file as a whole is not genuine. With `dry_run` everything is
    tried and nothing kept.
    """
    found = open_results(office, content)
    if not dry_run:
        return [apply(found, row) for row in found.rows]
    verdicts = [verdict for rows in by_case(found.rows) for verdict in tried(found, rows)]
    return sorted(verdicts, key=lambda verdict: verdict.row)


def tried(found: Results, rows: list[batch.Row]) -> list[Verdict]:
    """The verdicts of rows that build on one another; all is undone."""
    verdicts: list[Verdict] = []
    try:
        with transaction.atomic():
            verdicts += [apply(found, row) for row in rows]
            raise _DryRun
    except _DryRun:
        return verdicts


def by_case(rows: list[batch.Row]) -> list[list[batch.Row]]:
    """The rows of each case together, in the order of the file: cases are tried one by one, so none is locked for long."""
    cases = _cases_of(rows)
    groups: dict[object, list[batch.Row]] = {}
    for row in rows:
        groups.setdefault(cases.get(_named(row)) or f"row {row.number}", []).append(row)
    return list(groups.values())


def _named(row: batch.Row) -> str:
    """The task or the dispatch that a row is about."""
    return str(row.value.get("dispatch") or row.value.get("subject") or "")


def _cases_of(rows: list[batch.Row]) -> dict[str, int]:
    names = {_named(row) for row in rows}
    tasks = [int(text) for text in names if text.isascii() and text.isdigit() and len(text) < 19]
    sent = {str(UUID(text)): text for text in names if _is_uuid(text)}
    found = {str(pk): case for pk, case in ItemTask.objects.filter(pk__in=tasks).values_list("pk", "application")}
    keys = Dispatch.objects.filter(key__in=sent).values_list("key", "task__application")
    return found | {sent[str(key)]: case for key, case in keys}


def _is_uuid(text: str) -> bool:
    try:
        return bool(UUID(text))
    except ValueError:
        return False


def apply(found: Results, row: batch.Row) -> Verdict:
    """One row in a transaction of its own; what is wrong with it is its verdict."""
    if row.problem:
        return Verdict(row.number, False, row.problem)
    try:
        with transaction.atomic():
            return Verdict(row.number, True, _apply(found.key, found.name, row))
    except incoming.Problem as error:
        return Verdict(row.number, False, error.detail)


def _apply(key: ExchangeKey, name: str, row: batch.Row) -> str:
    try:
        body = json.dumps(row.value, ensure_ascii=False, sort_keys=True).encode()
    except UnicodeEncodeError:  # half of a character, which JSON can write and no text can hold
        raise incoming.Problem(422, "invalid", "这一行有不能接收的字符") from None
    if "receipt_number" in row.value:
        given = str(row.value.get("dispatch"))
        if not _is_uuid(given):
            raise incoming.Problem(422, "invalid", "这一行没有推送标识")
        incoming.acknowledge(key, str(UUID(given)), body)
        return "已登记对方回执"
    reply = incoming.receive(key, f"{name}#{row.number}", body)
    return {"applied": "已登记", "stale": "比已登记的早，没有采用"}[reply.body["outcome"]]
