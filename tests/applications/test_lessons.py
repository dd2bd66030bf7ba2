"""Cases of LESSONS.md that no other test file has a place for; `tests/consistency/test_lessons.py` lists them all."""

import hashlib
import inspect
import io
import re
from datetime import timedelta
from typing import Any

import pytest
from django.conf import settings as live_settings
from django.db import connection
from django.utils import timezone
from PIL import Image

import run as launcher
from agencies.enums import Role
from agencies.gateways.simulator import Server
from agencies.queues import EXPORTS, IMPORTS, NOTICES, PAPERS, all_queues
from applications import (
    delivery,
    detectors,
    exports,
    imports,
    materials,
    operations,
    reconciliation,
    relay,
    review,
    submission,
    tasks,
)
from applications.enums import Action, ApplicationStatus, Channel, DispatchStatus, ExportKind
from applications.errors import AlreadyDone, Refused
from applications.management.commands import background
from applications.models import Application, Dispatch, Draft, Material, Notice, OperatorDeed, Result, StatusLog, Ticket
from tests import factories
from tests.applications.test_races import at_once
from tests.factories import exchange

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("directory")]


# -- A: lost, stuck or silent ------------------------------------------------------------------------------------------


@pytest.fixture
def bells(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, list[int]]]:
    """What the relay rings, instead of a broker that can lose it."""
    rung: list[tuple[str, list[int]]] = []

    def ring(args: tuple[list[int]], queue: str) -> None:
        rung.append((queue, args[0]))

    long = (tasks.make_exports, tasks.carry_on_imports)
    for task in (tasks.deliver, tasks.render_documents, tasks.send_notices, *long):
        monkeypatch.setattr(task, "apply_async", ring)
    monkeypatch.setattr(relay, "waiting_in", lambda queue: 0)
    return rung


def test_hundred_pending_are_all_rung_for_again_in_the_first_sweep_after_the_loss(
    bells: list[tuple[str, list[int]]],
) -> None:
    """A1: flush the broker with a hundred pending; what a sweep rings for, a worker delivers: two sweeps at most."""
    factories.pending(100)
    relay.publish_dispatches()
    bells.clear()  # the broker lost its memory
    assert relay.publish_dispatches() == 0

    Dispatch.objects.update(published_at=timezone.now() - timedelta(seconds=live_settings.RELAY_STALE_SECONDS + 1))
    relay.publish_dispatches()

    rung = [pk for _, ids in bells for pk in ids]
    assert rung == list(Dispatch.objects.order_by("pk").values_list("pk", flat=True))
    assert len(rung) == 100


def test_task_rung_for_again_while_the_first_still_works_has_one_effect(agency_system: Server, settings: Any) -> None:
    """A14: a message redelivered because its work takes longer than the broker waits."""
    settings.EXCHANGE_TOTAL_SECONDS = 60
    _, task = exchange.case_of()
    key = exchange.joined(task.office, agency_system.endpoint)
    agency_system.simulator.key = exchange.signing_key(key)
    dispatch = Dispatch.objects.get(task=task)
    second: list[int] = []
    write = agency_system.simulator.write

    def write_and_ring_again(what: str, **facts: Any) -> None:
        """The first worker waits for the answer to what is written here; now the second one comes."""
        write(what, **facts)
        second.append(delivery.deliver([dispatch.pk]))
        connection.close()

    agency_system.simulator.write = write_and_ring_again  # type: ignore[method-assign]

    assert (delivery.deliver([dispatch.pk]), second) == (1, [0])
    assert sum(agency_system.simulator.requests.values()) == 1
    dispatch.refresh_from_db()
    assert (dispatch.status, dispatch.attempts) == (DispatchStatus.DELIVERED, 1)


def test_no_task_may_work_longer_than_the_broker_waits() -> None:
    """A14: else each long task would run twice."""
    options = live_settings.CELERY_BROKER_TRANSPORT_OPTIONS

    assert live_settings.CELERY_TASK_SOFT_TIME_LIMIT < live_settings.CELERY_TASK_TIME_LIMIT
    assert options["visibility_timeout"] > live_settings.CELERY_TASK_TIME_LIMIT
    assert live_settings.EXCHANGE_TOTAL_SECONDS < live_settings.CELERY_TASK_SOFT_TIME_LIMIT


def test_long_jobs_have_queues_of_their_own(bells: list[tuple[str, list[int]]]) -> None:
    """A17: papers, messages, exports and imports never stand in the way of an agency's tasks."""
    case = factories.submitted(ticked=["I01", "I04"])
    supervisor = factories.staff(Role.SUPERVISOR, region=case.region)
    exports.ask(ExportKind.TASKS, user=supervisor, posting=supervisor.postings.get(), format="csv")
    imports.ask(case.tasks.all()[0].office, b"x", user=supervisor, is_dry_run=True)

    while relay.pump():
        pass

    rung = {queue for queue, _ in bells}
    assert rung == {"agency.veterans", "agency.police", PAPERS, NOTICES, EXPORTS, IMPORTS}
    assert rung < set(all_queues())


def test_all_processes_together_hold_fewer_connections_than_the_server_gives() -> None:
    """A18: there is no pool that could be empty at the peak; each thread keeps one connection of its own."""
    command = launcher.web({}, 1).command
    threads = int(command[command.index("--workers") + 1]) * int(command[command.index("--threads") + 1])
    behind = background.Command()
    behind.names, behind.parts = frozenset(), {}
    behind._look()
    others = len(behind.parts)
    given = re.search(r"max_connections=(\d+)", inspect.getsource(launcher.start_postgres))

    assert given is not None
    assert (threads + others) * 2 < int(given[1])


def test_case_without_the_message_it_should_have_is_found() -> None:
    """A20: a message that is never written leaves no failed row; events are counted against messages."""
    case = factories.submitted(ticked=["I01"])
    later = timezone.now() + timedelta(hours=2)
    assert not list(detectors.event_without_notice(later))

    Notice.objects.all().delete()

    assert [finding.subject for finding in detectors.event_without_notice(later)] == [f"submitted:{case.number}"]


def test_result_that_got_lost_is_found_that_night_and_its_ticket_closes_once_it_is_there(agency_system: Server) -> None:
    """A22: what should exist is asked for, not waited for. The nightly comparison finds the result we never heard, over
    the wire; when the agency has sent it again the next night closes the ticket by itself, and it counted once."""
    _, task = exchange.case_of()
    key = exchange.joined(task.office, agency_system.endpoint)
    agency_system.simulator.key = exchange.signing_key(key)
    delivery.deliver([Dispatch.objects.get(task=task).pk])
    (taken,) = agency_system.simulator.taken.values()
    exchange.post(key, exchange.event(task, "accepted", 1))
    taken.state = "approved"  # it said so, and its message was lost
    yesterday = timezone.localdate()

    found = [reconciliation.run(yesterday) for _ in range(2)]
    ticket = task.tickets.get()
    assert (found, ticket.title) == ([1, 1], "对方已办结，我方没有收到结果")
    assert "重发结果" in ticket.suggestion

    result = exchange.event(task, "approved", 2)
    again = [exchange.post(key, result, message_id="again").status_code for _ in range(2)]
    found_then = reconciliation.run(yesterday + timedelta(days=1))

    ticket.refresh_from_db()
    assert (again, found_then, ticket.closed_note) == ([200, 200], 0, "再次对账时已经一致")
    assert Result.objects.filter(task=task).count() == 1


def test_what_should_exist_and_does_not_is_made_with_a_reason() -> None:
    """A22: a ticked item without its task and a task without its dispatch are found by the hourly check, and made up for."""
    case = factories.submitted(ticked=["I01", "I04"])
    lost, unsent = factories.task_of(case, "I01"), factories.task_of(case, "I04")
    lost.delete()
    unsent.dispatches.all().delete()
    detectors.heard(detectors.BEAT)
    detectors.run()
    operator = factories.staff(Role.ADMINISTRATOR)

    for kind in ("item_without_task", "pending_without_dispatch"):
        ticket = Ticket.objects.open().get(kind=kind)
        with pytest.raises(Refused, match="请写明原因"):
            operations.repair(ticket, operator=operator, note=" ")
        assert operations.repair(ticket, operator=operator, note="核对过登记表") == 1
        with pytest.raises(AlreadyDone):
            operations.repair(ticket, operator=operator, note="再来一次")

    assert factories.deliver_all() == 2
    assert detectors.run() == 0
    assert not Ticket.objects.open().exists()
    assert list(OperatorDeed.objects.values_list("deed", "note")) == [("补建", "核对过登记表")] * 2


# -- B: duplicates and races -------------------------------------------------------------------------------------------


def test_two_relays_at_once_ring_for_each_row_once(bells: list[tuple[str, list[int]]]) -> None:
    """B2: one claim for the prompt bell and for the sweep."""
    factories.pending(100)

    counts = at_once(*[relay.publish_dispatches for _ in range(4)])

    rung = [pk for _, ids in bells for pk in ids]
    assert sum(int(str(count)) for count in counts) == 100
    assert sorted(rung) == sorted(set(rung)) == list(Dispatch.objects.order_by("pk").values_list("pk", flat=True))


def test_twenty_files_given_at_once_are_twenty_files() -> None:
    """B5: nothing is a list that is read, changed and written back."""
    draft = factories.draft(ticked=["I01"])
    code = draft.scheme.spec.materials_for(frozenset(draft.ticked), draft.answers)[0].code

    def give(number: int) -> Material:
        content = a_picture(number)
        return materials.add(
            draft=draft, code=code, name=f"{number}.jpg", size=len(content), stream=io.BytesIO(content),
            user=draft.entered_by,
        )  # fmt: skip

    given = at_once(*[lambda number=number: give(number) for number in range(20)])

    assert [error for error in given if isinstance(error, Exception)] == []
    names = Draft.objects.get(pk=draft.pk).materials.values_list("original_name", flat=True)
    assert sorted(names) == sorted(f"{number}.jpg" for number in range(20))


def a_picture(shade: int) -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (60, 60), (shade * 12, 40, 90)).save(out, "JPEG")
    return out.getvalue()


def test_every_file_stays_with_its_own_material_from_upload_to_agency() -> None:
    """B6: the digest under each material is the same when uploaded, in the case, in the payload and on disk."""
    draft = factories.draft(ticked=["I01", "I04"])
    wanted = draft.scheme.spec.materials_for(frozenset(draft.ticked), draft.answers)
    uploaded = {}
    for number, spec in enumerate(wanted):
        content = a_picture(number)
        material = materials.add(
            draft=draft, code=spec.code, name="a.jpg", size=len(content), stream=io.BytesIO(content),
            user=draft.entered_by,
        )  # fmt: skip
        uploaded[spec.code] = material.sha256
    assert len(set(uploaded.values())) == len(wanted)

    case = submission.submit(draft, user=draft.entered_by, channel=Channel.ONLINE, promised=True, agreed=True)

    assert dict(case.materials.values_list("code", "sha256")) == uploaded
    for material in case.materials.all():
        with material.file.open() as file:
            assert hashlib.sha256(file.read()).hexdigest() == uploaded[material.code]
    for dispatch in Dispatch.objects.filter(task__application=case):
        sent = {line["code"]: [file["sha256"] for file in line["files"]] for line in dispatch.payload["materials"]}
        assert sent == {code: [uploaded[code]] for code in sent}
        assert sent


def test_item_of_two_agencies_signed_off_by_both_at_once_is_done_once() -> None:
    """B13: parallel sign-off; each agency has its own result, the case closes once."""
    for _ in range(4):
        case = factories.delivered(region=factories.HEPING, ticked=["I10"])
        both = list(case.tasks.select_related("item__scheme", "application__scheme", "office"))
        reviewers = [factories.reviewer_of(task) for task in both]
        assert len(both) == 2
        for task, reviewer in zip(both, reviewers, strict=True):
            review.accept(task, reviewer=reviewer)

        outcome = at_once(
            *[
                lambda task=task, who=who: review.complete(task, reviewer=who, summary="准予")
                for task, who in zip(both, reviewers, strict=True)
            ]
        )

        assert [error for error in outcome if isinstance(error, Exception)] == []
        case = Application.objects.get(pk=case.pk)
        assert (case.status, case.closed_at is None) == (ApplicationStatus.COMPLETED, False)
        assert Result.objects.filter(task__application=case).count() == 2
        assert StatusLog.objects.filter(application=case, action=Action.COMPLETE).count() == 2
        assert case.documents.filter(kind="result_sheet").count() == 1
