"""Seals over the logs: a row that is changed, removed or slipped in past the triggers is named."""

from datetime import timedelta

import pytest
from django.core.management import CommandError, call_command
from django.db import DatabaseError, connection, transaction
from django.utils import timezone

from applications import auditing, detectors
from applications.models import AuditSeal, StatusLog, Ticket
from tests import factories

pytestmark = pytest.mark.usefixtures("directory")


def sealed() -> list[StatusLog]:
    """The log of a case, in two rounds of seals."""
    factories.submitted(ticked=["I01"])
    auditing.seal(timezone.now())
    assert auditing.seal(timezone.now() + timedelta(hours=1)) == StatusLog.objects.count()
    return list(StatusLog.objects.order_by("pk"))


def words() -> list[str]:
    return [str(breach).partition("，")[2] for breach in auditing.compare()]


def test_row_is_sealed_an_hour_later_and_once() -> None:
    factories.submitted(ticked=["I01"])
    assert auditing.seal(timezone.now()) == 0  # somebody may still be writing a row before the newest
    count = StatusLog.objects.count()
    factories.submitted(ticked=["I01"])

    assert auditing.seal(timezone.now()) == count
    assert auditing.seal(timezone.now()) == StatusLog.objects.count() - count
    assert auditing.seal(timezone.now()) == 0
    before = AuditSeal.objects.count()
    auditing.seal(timezone.now())
    assert AuditSeal.objects.count() == before
    assert words() == []


def test_changed_row_is_named() -> None:
    row = sealed()[0]
    factories.past_the_triggers("UPDATE applications_statuslog SET note = %s WHERE id = %s", "改过", row.pk)

    assert words() == [f"statuslog 第 {row.pk} 行：被改动了"]


def test_change_of_case_alone_is_a_change() -> None:
    row = sealed()[0]
    factories.past_the_triggers("UPDATE applications_statuslog SET action = upper(action) WHERE id = %s", row.pk)

    assert words() == [f"statuslog 第 {row.pk} 行：被改动了"]


def test_removed_row_is_named() -> None:
    row = sealed()[-1]
    factories.past_the_triggers("DELETE FROM applications_statuslog WHERE id = %s", row.pk)

    assert words() == [f"statuslog 第 {row.pk} 行：被删掉了"]


def test_row_slipped_in_later_is_named() -> None:
    """Into a gap that a transaction left that came to nothing."""
    factories.submitted(ticked=["I01"])
    with connection.cursor() as cursor:
        cursor.execute("SELECT nextval(pg_get_serial_sequence('applications_statuslog', 'id'))")
        gap = cursor.fetchone()[0]
    first = sealed()[0]
    factories.past_the_triggers(
        "INSERT INTO applications_statuslog (id, application_id, action, from_status, to_status, party, note, data, at)"
        " SELECT %s, application_id, action, from_status, to_status, party, note, data, at"
        " FROM applications_statuslog WHERE id = %s",
        gap,
        first.pk,
    )

    assert words() == [f"statuslog 第 {gap} 行：后来塞进来的"]


def test_seals_change_nothing_unseen_and_the_newest_are_known_elsewhere(capsys: pytest.CaptureFixture[str]) -> None:
    sealed()
    mark = auditing.newest_mark()
    call_command("audit", mark=mark)
    assert "都一致" in capsys.readouterr().out
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
        AuditSeal.objects.update(noted=0)

    factories.past_the_triggers(
        "DELETE FROM applications_auditseal WHERE id = (SELECT max(id) FROM applications_auditseal)"
    )
    with pytest.raises(CommandError, match="截掉"):
        call_command("audit", mark=mark)

    first = AuditSeal.objects.order_by("pk")[0]
    factories.past_the_triggers("UPDATE applications_auditseal SET noted = noted - 1 WHERE id = %s", first.pk)
    with pytest.raises(CommandError, match="处不一致"):
        call_command("audit")
    assert "封条：被改动" in capsys.readouterr().out


def test_breach_is_a_ticket_until_somebody_explains_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """It stays open when newer seals have pushed its own out of what is looked at every hour."""
    row = sealed()[0]
    factories.past_the_triggers("UPDATE applications_statuslog SET note = %s WHERE id = %s", "改过", row.pk)
    detectors.run()
    assert Ticket.objects.open().filter(kind="log_was_changed").count() == 1

    monkeypatch.setattr(detectors, "SEALS_LOOKED_AT", 1)
    factories.submitted(ticked=["I01"])
    auditing.seal(timezone.now())
    auditing.seal(timezone.now())
    detectors.run()

    assert Ticket.objects.open().filter(kind="log_was_changed").count() == 1
