"""Each detector finds what is planted, and is silent on a healthy case; tickets open once and close by themselves."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.core import mail
from django.core.management import CommandError, call_command
from django.utils import timezone

from agencies.enums import GatewayKind, Role
from agencies.models import Office
from agencies.queues import all_queues
from applications import auditing, detectors, exports, imports, notices, operations, reconciliation, review, visits
from applications.detectors import DETECTORS, State
from applications.enums import (
    ApplicationStatus,
    DispatchStatus,
    DocumentStatus,
    ExportKind,
    NoticeKind,
    NoticeStatus,
    TaskStatus,
)
from applications.models import (
    Application,
    Dispatch,
    Document,
    Export,
    Heartbeat,
    Import,
    ItemTask,
    Notice,
    OfficeLink,
    PreReview,
    Rating,
    Rectification,
    Ticket,
    Visit,
)
from portal.accounts.models import User
from tests import factories

pytestmark = pytest.mark.usefixtures("directory")

LONG_AGO = timedelta(days=2)


def _age_dispatches() -> None:
    Dispatch.objects.update(created_at=timezone.now() - LONG_AGO)


def _log_was_changed(case: Application) -> None:
    auditing.seal(timezone.now())
    auditing.seal(timezone.now())
    factories.past_the_triggers("UPDATE applications_statuslog SET note = 'x'")


def _pending_without_dispatch(case: Application) -> None:
    Dispatch.objects.filter(task__application=case).update(status=DispatchStatus.CANCELLED)


def _held_too_long(case: Application) -> None:
    for task in case.tasks.all():
        operations.hold(task.office, is_held=True, operator=factories.staff(Role.ADMINISTRATOR), note="检修")
    _age_dispatches()


def _unsent_too_long(case: Application) -> None:
    _age_dispatches()


def _receipt_late(case: Application) -> None:
    Dispatch.objects.update(status=DispatchStatus.SENDING, last_outcome="sent")
    _age_dispatches()


def _line_switched_off(case: Application) -> None:
    office = case.tasks.all()[0].office
    OfficeLink.objects.create(office=office, endpoint="https://a.invalid/", disabled_reason="410")


def _item_without_task(case: Application) -> None:
    case.tasks.all()[0].delete()


def _export_not_made(case: Application) -> None:
    admin = factories.staff(Role.ADMINISTRATOR)
    exports.ask(ExportKind.TASKS, user=admin, posting=admin.postings.get())
    Export.objects.update(status=DocumentStatus.FAILED)


def _import_not_done(case: Application) -> None:
    office, admin = case.tasks.all()[0].office, factories.staff(Role.ADMINISTRATOR)
    imports.ask(office, b"x", user=admin, is_dry_run=True)
    Import.objects.update(asked_at=timezone.now() - timedelta(hours=1))


def _reconciliation_not_done(case: Application) -> None:
    """Two days ago, since before three in the morning yesterday is not asked for yet."""
    Dispatch.objects.update(created_at=timezone.now() - timedelta(days=2))


def _waits_for_a_person(case: Application) -> None:
    Dispatch.objects.update(status=DispatchStatus.ATTENTION)


def _delivered_but_not_there(case: Application) -> None:
    Dispatch.objects.update(status=DispatchStatus.DELIVERED)


def _still_sent_though_ended(case: Application) -> None:
    ItemTask.objects.update(status=TaskStatus.WITHDRAWN)


def _waiting_for_nothing(case: Application) -> None:
    ItemTask.objects.update(status=TaskStatus.WAITING, open_items=[], open_facts=[])


def _status_does_not_follow(case: Application) -> None:
    Application.objects.update(status=ApplicationStatus.COMPLETED)


def _paper_without_file(case: Application) -> None:
    Document.objects.update(status=DocumentStatus.READY, file="")


def _notice_not_sent(case: Application) -> None:
    notice = notices.write(case, NoticeKind.PROGRESS)
    assert notice is not None
    Notice.objects.update(status=NoticeStatus.FAILED)


def _event_without_notice(case: Application) -> None:
    Application.objects.update(submitted_at=timezone.now() - LONG_AGO)
    Notice.objects.all().delete()


def _bad_rating_is_unanswered(case: Application) -> None:
    now = timezone.now()
    rating = Rating.objects.create(application=case, channel="online", grade=1, rated_by=case.entered_by, rated_at=now)
    Rectification.objects.create(rating=rating, answer_by=timezone.localdate(now) - LONG_AGO)


def _connections_run_out(case: Application) -> None:
    """As many as the server gives are more than a test can open; the line is moved instead, and back by `moved_line`."""
    detectors.CONNECTIONS_FULL = 0.0


def _account_not_used(case: Application) -> None:
    clerk = factories.clerk()
    User.objects.filter(pk=clerk.pk).update(last_login=timezone.now() - timedelta(days=91))


def _deaf_queue(case: Application) -> None:
    detectors.rung("papers")


def _step_not_done(case: Application) -> None:
    detectors.rung(detectors.STEP + "recompute")
    Heartbeat.objects.update(rung_at=timezone.now() - timedelta(hours=1))


def _pre_review_is_late(case: Application) -> None:
    waiting = factories.submitted(region=factories.NANGANG, ticked=["I01"])
    yesterday = timezone.localdate() - timedelta(days=1)
    PreReview.objects.filter(application=waiting).update(answer_by=yesterday)


def _visit_without_outcome(case: Application) -> None:
    factories.deliver_all()
    task = factories.task_of(case, "I01")
    reviewer = factories.reviewer_of(task)
    visits.call_in(review.accept(task, reviewer=reviewer), reviewer=reviewer, note="签字")
    Visit.objects.update(chosen_at=timezone.now() - LONG_AGO)


PLANTS: dict[str, Callable[[Application], None]] = {
    name.removeprefix("_"): plant for name, plant in list(globals().items()) if name.removeprefix("_") in
    {detector.kind for detector in DETECTORS}
}  # fmt: skip


def kinds_found() -> set[str]:
    return {detector.kind for detector in DETECTORS if list(detector.find(timezone.now()))}


@pytest.fixture(autouse=True)
def beating(directory: None) -> None:
    """Without a beat that was just heard its queue is a finding of its own."""
    detectors.heard(detectors.BEAT)


@pytest.fixture(autouse=True)
def moved_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(detectors, "CONNECTIONS_FULL", detectors.CONNECTIONS_FULL)


def test_account_is_not_missed_of_applicants_of_the_closed_and_where_nobody_asks(settings: Any) -> None:
    long_ago = timezone.now() - timedelta(days=91)
    person, closed, fresh, never = factories.person(), factories.clerk(), factories.clerk(), factories.clerk()
    User.objects.filter(pk__in=[person.pk, closed.pk]).update(last_login=long_ago)
    User.objects.filter(pk=closed.pk).update(is_active=False)
    User.objects.filter(pk=never.pk).update(date_joined=long_ago)

    found = [finding.name for finding in detectors.account_not_used(timezone.now())]
    settings.STAFF_UNUSED_DAYS = 0

    assert (found, fresh.username in found) == ([never.username], False)
    assert list(detectors.account_not_used(timezone.now())) == []


def test_every_detector_has_its_plant() -> None:
    assert set(PLANTS) == {detector.kind for detector in DETECTORS}


@pytest.mark.parametrize("kind", [detector.kind for detector in DETECTORS])
def test_detector_finds_what_is_planted(kind: str) -> None:
    case = factories.submitted(ticked=["I01", "I04"])
    assert kind not in kinds_found()

    PLANTS[kind](case)

    assert kind in kinds_found()


def test_healthy_case_gives_no_finding_at_any_stage() -> None:
    case = factories.submitted(ticked=["I01"])
    found = [kinds_found()]
    factories.deliver_all()
    found.append(kinds_found())
    (task,) = case.tasks.all()
    reviewer = factories.reviewer_of(task)
    review.accept(task, reviewer=reviewer)
    review.complete(task, reviewer=reviewer, summary="准予")
    found.append(kinds_found())

    assert found == [set(), set(), set()]


def test_detector_that_stopped_looking_closes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """What lies beyond its limit was not looked at, so its open ticket stays."""
    factories.submitted(ticked=["I01"])
    _age_dispatches()
    detectors.run()
    Ticket.objects.filter(kind="unsent_too_long").update(fingerprint="unsent_too_long:another")
    monkeypatch.setattr(detectors, "FOUND_AT_MOST", 1)

    detectors.run()

    assert Ticket.objects.open().filter(fingerprint="unsent_too_long:another").exists()


@pytest.mark.parametrize("kind", ["unsent_too_long", "receipt_late"])
def test_what_goes_by_hand_hides_nothing_that_is_stuck(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """However much of it is on its way for days, as it may be; what is overdue of it is found as well."""
    by_hand, stuck = factories.submitted(ticked=["I01"]), factories.submitted(ticked=["I04"])
    Office.objects.filter(tasks__application=by_hand).update(gateway=GatewayKind.BATCH)
    PLANTS[kind](stuck)
    now = timezone.now()
    rows = Dispatch.objects.filter(task__application=by_hand)
    rows.update(status=DispatchStatus.SENDING, leased_until=now + LONG_AGO)
    monkeypatch.setattr(detectors, "FOUND_AT_MOST", 1)
    find = next(detector.find for detector in DETECTORS if detector.kind == kind)

    (found,) = find(now)

    assert found.name == stuck.number
    rows.update(status=DispatchStatus.PENDING if kind == "unsent_too_long" else DispatchStatus.SENDING)
    assert [finding.name for finding in find(now + 2 * LONG_AGO)] == [by_hand.number]


def test_cases_that_nobody_can_reach_hide_no_other(monkeypatch: pytest.MonkeyPatch) -> None:
    mute, other = factories.submitted(ticked=["I01"]), factories.submitted(ticked=["I01"])
    mute.applicant, mute.answers = None, {**mute.answers, "mobile": ""}
    mute.save()
    for case in (mute, other):
        _event_without_notice(case)
    monkeypatch.setattr(detectors, "FOUND_AT_MOST", 1)

    found = list(detectors.event_without_notice(timezone.now()))

    assert [finding.subject for finding in found] == [f"submitted:{other.number}"]


@pytest.mark.parametrize("hour", [1, 4])
def test_day_that_was_never_compared_stays_a_finding_until_it_is(hour: int) -> None:
    """Also at night, when the day after it is not asked for yet."""
    case = factories.submitted(ticked=["I01"])
    _reconciliation_not_done(case)
    now = timezone.localtime().replace(hour=hour)
    office = factories.task_of(case, "I01").office
    day = now.date() - timedelta(days=2)

    assert [found.subject for found in detectors.reconciliation_not_done(now)] == [f"{office.pk}:{day}"]

    reconciliation.run(day)

    assert detectors.reconciliation_not_done(now) == []


def test_ticket_is_opened_once_and_closed_when_mended() -> None:
    factories.submitted(ticked=["I01"])
    Dispatch.objects.update(status=DispatchStatus.ATTENTION)

    assert [detectors.run(), detectors.run()] == [1, 0]
    ticket = Ticket.objects.get(kind="waits_for_a_person")
    assert (ticket.closed_at, ticket.dispatch, ticket.office) == (None, Dispatch.objects.get(), ticket.task.office)

    operations.resend(Dispatch.objects.get(), operator=factories.staff("administrator"), note="再推一次")
    factories.deliver_all()
    detectors.run()

    ticket.refresh_from_db()
    assert ticket.closed_at is not None


def test_detector_that_fails_does_not_silence_the_others(monkeypatch: pytest.MonkeyPatch) -> None:
    factories.submitted(ticked=["I01"])
    Dispatch.objects.update(status=DispatchStatus.ATTENTION)

    def broken(now: Any) -> Any:
        raise RuntimeError

    first = detectors.Detector("broken", "坏的", "", broken)
    monkeypatch.setattr(detectors, "DETECTORS", [first, *DETECTORS])

    assert detectors.run() == 1


def test_digest_names_every_kind_that_needs_somebody(settings: Any) -> None:
    """A5: whatever kind of ticket is open has its line."""
    settings.DIGEST_RECIPIENTS = ["duty@example.invalid"]
    for detector in DETECTORS:
        Ticket.objects.create(fingerprint=detector.kind, kind=detector.kind, title=detector.title, suggestion="")

    text = detectors.digest()

    assert all(f"{detector.title}：1 件" in text for detector in DETECTORS)
    assert mail.outbox[0].body == text


def test_digest_is_not_sent_when_there_is_nothing(settings: Any) -> None:
    settings.DIGEST_RECIPIENTS = ["duty@example.invalid"]

    assert (detectors.digest(), mail.outbox) == ("", [])


def test_pulse_tells_alive_silent_and_never_heard() -> None:
    """A6, A12, A13."""
    now = timezone.now()
    for queue in all_queues():
        detectors.rung(queue)
        detectors.heard(queue)
    Heartbeat.objects.filter(queue="papers").update(heard_at=now - timedelta(minutes=6))
    Heartbeat.objects.filter(queue="notices").update(heard_at=None)
    Heartbeat.objects.filter(queue="beat").update(heard_at=now - timedelta(minutes=16))

    states = {pulse.queue: pulse.state for pulse in detectors.pulses(now) if pulse.is_silent}
    assert states == {"papers": State.SILENT, "notices": State.NOBODY, "beat": State.SILENT}
    with pytest.raises(CommandError):
        call_command("pulse")


def test_relay_that_stopped_is_told_apart_from_workers_that_did() -> None:
    """A6: when nobody rings any more every queue falls silent, and the relay is named first."""
    now = timezone.now()
    assert detectors.pulses(now)[0].state == State.UNKNOWN
    for queue in all_queues():
        detectors.rung(queue)
        detectors.heard(queue)
    Heartbeat.objects.exclude(queue="beat").update(rung_at=now - timedelta(minutes=12))

    first = detectors.pulses(now)[0]

    assert (first.queue, first.state) == ("relay", State.SILENT)
    assert "relay" in {finding.subject for finding in detectors.deaf_queue(now)}


def test_connections_that_run_out_call_a_person(monkeypatch: pytest.MonkeyPatch) -> None:
    """A18: there is no pool to wait in, so the server's own count is watched."""
    held, given = detectors.connections()
    assert (0 < held < given, list(detectors.connections_run_out(timezone.now()))) == (True, [])

    monkeypatch.setattr(detectors, "CONNECTIONS_FULL", held / given / 2)

    assert len(list(detectors.connections_run_out(timezone.now()))) == 1


def test_pulse_of_a_healthy_system_ends_well() -> None:
    for queue in all_queues():
        detectors.rung(queue)
        detectors.heard(queue)

    call_command("pulse")
