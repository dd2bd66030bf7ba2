"""Result files of offline offices, gone through by a worker: every row once, whatever dies in the middle."""

import time
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from agencies.enums import GatewayKind
from agencies.gateways import batch
from agencies.models import Office
from applications import batches, imports, relay, tasks
from applications.enums import DispatchStatus, ImportStatus
from applications.errors import Refused
from applications.models import Dispatch, ExchangeKey, Import, InboundMessage, ItemTask
from portal.accounts.models import User
from tests import factories
from tests.factories import exchange

pytestmark = pytest.mark.usefixtures("directory")


@pytest.fixture
def user() -> User:
    return factories.staff("administrator")


@pytest.fixture
def offline() -> tuple[Office, ExchangeKey, list[Dispatch]]:
    """Three tasks of an office that is not joined to the network."""
    made = [exchange.case_of()[1] for _ in range(3)]
    Office.objects.filter(pk=made[0].office_id).update(gateway=GatewayKind.BATCH)
    office = Office.objects.get(pk=made[0].office_id)
    key = ExchangeKey.issue(agency=office.agency, office=office)
    return office, key, list(Dispatch.objects.filter(task__in=made).order_by("pk"))


def results(key: ExchangeKey, dispatches: list[Dispatch]) -> bytes:
    """For each task its receipt and that it was accepted; at the end a row that is nothing."""
    receipts: list[Any] = [
        {"dispatch": str(one.key), "receipt_number": f"收{one.pk}", "digest": one.digest} for one in dispatches
    ]
    accepted = [exchange.event(one.task, "accepted", 1) for one in dispatches]
    rows = [*receipts, *accepted, {"x": 1}]
    return batch.seal(rows, exchange.signing_key(key), batch="back-1", timestamp=int(time.time()))


def verdicts(made: Import) -> list[bool]:
    return list(made.verdicts.values_list("is_good", flat=True))


def test_dry_run_says_what_would_be_and_keeps_nothing(offline: Any, user: User) -> None:
    office, key, dispatches = offline
    made = imports.ask(office, results(key, dispatches), user=user, is_dry_run=True)

    made = imports.carry_on(made.pk)

    assert (made.status, made.name, made.rows, verdicts(made)) == (ImportStatus.DONE, "back-1", 7, [True] * 6 + [False])
    assert not Dispatch.objects.filter(status=DispatchStatus.DELIVERED).exists()
    assert not InboundMessage.objects.exists()


def test_file_that_was_tried_is_registered_without_a_second_upload(offline: Any, user: User) -> None:
    office, key, dispatches = offline
    tried = imports.carry_on(imports.ask(office, results(key, dispatches), user=user, is_dry_run=True).pk)

    done = imports.carry_on(imports.register(tried, user=user).pk)

    assert (done.status, verdicts(done)) == (ImportStatus.DONE, verdicts(tried))
    assert set(ItemTask.objects.filter(office=office).values_list("status", flat=True)) == {"in_review"}


def test_worker_that_ends_in_the_middle_is_followed_by_one_that_goes_on(
    offline: Any, user: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A15: the fifth row breaks it off; the second worker gives the first four no second thought."""
    office, key, dispatches = offline
    made = imports.ask(office, results(key, dispatches), user=user, is_dry_run=False)
    apply, seen = batches.apply, []

    def breaking(found: Any, row: Any) -> Any:
        seen.append(row.number)
        if seen.count(5) == 1 and row.number == 5:
            raise OSError
        return apply(found, row)

    monkeypatch.setattr(batches, "apply", breaking)
    broken = imports.carry_on(made.pk)
    assert (broken.status, broken.error, verdicts(broken)) == (ImportStatus.WAITING, "OSError", [True] * 4)
    assert broken.next_attempt_at > timezone.now()

    done = imports.carry_on(made.pk)

    assert seen == [1, 2, 3, 4, 5, 5, 6, 7]
    assert (done.status, verdicts(done)) == (ImportStatus.DONE, [True] * 6 + [False])


def test_verdict_and_deed_are_one_transaction(offline: Any, user: User, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever dies between the two leaves neither."""
    office, key, dispatches = offline
    made = imports.ask(office, results(key, dispatches), user=user, is_dry_run=False)
    monkeypatch.setattr(imports.ImportRow.objects, "bulk_create", _dies)

    imports.carry_on(made.pk)

    assert (verdicts(made), Dispatch.objects.filter(status=DispatchStatus.DELIVERED).count()) == ([], 0)


def _dies(*_: object) -> None:
    raise OSError


def test_long_file_is_gone_through_in_slices(offline: Any, user: User, monkeypatch: pytest.MonkeyPatch) -> None:
    office, key, dispatches = offline
    made = imports.ask(office, results(key, dispatches), user=user, is_dry_run=False)
    monkeypatch.setattr(imports, "SLICE_SECONDS", -1.0)
    first = imports.carry_on(made.pk)
    assert (first.status, first.rows, verdicts(first)) == (ImportStatus.WAITING, 7, [])
    assert (first.published_at, first.next_attempt_at <= timezone.now()) == (None, True)

    monkeypatch.undo()

    assert imports.carry_on(made.pk).status == ImportStatus.DONE


def test_file_that_kills_every_worker_calls_a_person(offline: Any, user: User, monkeypatch: pytest.MonkeyPatch) -> None:
    office, key, dispatches = offline
    made = imports.ask(office, results(key, dispatches), user=user, is_dry_run=False)

    class Killed(BaseException):
        pass

    def kill(*_: object) -> None:
        raise Killed

    monkeypatch.setattr(batches, "apply", kill)
    for _ in range(imports.MAX_ATTEMPTS):
        with pytest.raises(Killed):
            imports.carry_on(made.pk)

    assert imports.carry_on(made.pk).status == ImportStatus.FAILED


@pytest.mark.parametrize("is_dry_run", [True, False])
def test_row_that_breaks_off_every_start_stops_no_other_and_calls_a_person(
    is_dry_run: bool, offline: Any, user: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The results behind it were never registered, however often the file was brought."""
    office, key, dispatches = offline
    made = imports.ask(office, results(key, dispatches), user=user, is_dry_run=is_dry_run)
    apply = batches.apply

    def breaking(found: Any, row: Any) -> Any:
        if row.number == 2:
            raise OSError
        return apply(found, row)

    monkeypatch.setattr(batches, "apply", breaking)
    seen = [
        imports.carry_on(made.pk) for _ in range(imports.MAX_ATTEMPTS + 1)
    ]  # the first gives the first row a verdict

    assert [one.status for one in seen] == [ImportStatus.WAITING] * imports.MAX_ATTEMPTS + [ImportStatus.FAILED]
    bad = dict(made.verdicts.filter(is_good=False).values_list("row", "words"))
    assert (bad[2], seen[-1].error.partition(" ")[2]) == (imports.CANNOT, "行没有处理")
    assert set(made.verdicts.values_list("row", flat=True)) == set(range(1, 8))
    assert made.verdicts.get(row=6).is_good


def test_same_file_again_registers_nothing_twice(offline: Any, user: User) -> None:
    office, key, dispatches = offline
    content = results(key, dispatches)
    for _ in range(2):
        done = imports.carry_on(imports.ask(office, content, user=user, is_dry_run=False).pk)
        assert verdicts(done) == [True] * 6 + [False]

    assert InboundMessage.objects.filter(outcome="applied").count() == 3


@pytest.mark.parametrize("content", [b"", b"x" * (imports.RESULT_BYTES + 1)], ids=["empty", "big"])
def test_file_that_cannot_be_one_is_refused_at_once(offline: Any, user: User, content: bytes) -> None:
    with pytest.raises(Refused):
        imports.ask(offline[0], content, user=user, is_dry_run=True)


def test_file_that_is_not_genuine_ends_with_words(offline: Any, user: User) -> None:
    made = imports.carry_on(imports.ask(offline[0], b"nothing", user=user, is_dry_run=False).pk)

    assert (made.status, "没有完整的结尾行" in made.error) == (ImportStatus.REFUSED, True)


def test_relay_rings_the_queue_of_imports_one_file_at_a_time(
    offline: Any, user: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    rung: list[tuple[str, list[int]]] = []
    monkeypatch.setattr(tasks.carry_on_imports, "apply_async", lambda args, queue: rung.append((queue, args[0])))
    monkeypatch.setattr(relay, "waiting_in", lambda queue: 0)
    first, second = (imports.ask(offline[0], b"x", user=user, is_dry_run=True).pk for _ in range(2))

    relay.publish_imports()
    relay.publish_imports()

    assert rung == [("imports", [first]), ("imports", [second])]


def test_file_is_thrown_away_and_its_verdicts_stay(offline: Any, user: User, settings: Any) -> None:
    office, key, dispatches = offline
    done = imports.carry_on(imports.ask(office, results(key, dispatches), user=user, is_dry_run=True).pk)
    storage, name = done.file.storage, done.file.name
    assert imports.throw_away() == 0

    Import.objects.update(ended_at=timezone.now() - timedelta(days=settings.EXPORT_DAYS, hours=1))

    assert (imports.throw_away(), storage.exists(name), len(verdicts(done))) == (1, False, 7)
    done.refresh_from_db()
    with pytest.raises(Refused, match="保存期"):
        imports.register(done, user=user)
