"""Sealed columns: plain on the row, sealed in the table, asked for equality alone, bound to their row."""

from typing import Any

import pytest
from django.core.exceptions import FieldError
from django.db import IntegrityError, connection

from applications.models import Application, Dispatch, Draft, LostAddress, Notice
from portal.accounts.models import User
from portal.security import crypto
from tests import factories

pytestmark = pytest.mark.usefixtures("directory")


def stored(row: Any, column: str) -> str:
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {column} FROM {row._meta.db_table} WHERE {row._meta.pk.column} = %s", [row.pk])
        return str(cursor.fetchone()[0])


def put(row: Any, column: str, value: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            f"UPDATE {row._meta.db_table} SET {column} = %s WHERE {row._meta.pk.column} = %s", [value, row.pk]
        )


def test_row_reads_what_the_table_does_not_show() -> None:
    application = factories.submitted(ticked=["I01"])

    assert stored(application, "answers").startswith("v1.test.")
    assert stored(application, "subject_id_no").startswith("v1.test.")
    again = Application.objects.get(pk=application.pk)
    assert (again.answers, again.subject_id_no) == (application.answers, application.answers["id_no"])


def test_account_number_of_one_case_put_into_another_does_not_open() -> None:
    """S-10: who can write in the database cannot pay one person's money to another."""
    mine, theirs = factories.submitted(ticked=["I01"]), factories.submitted(ticked=["I01"])
    put(theirs, "answers", stored(mine, "answers"))

    with pytest.raises(crypto.CannotOpen):
        Application.objects.get(pk=theirs.pk).answers  # noqa: B018 - reading opens


def test_row_is_found_by_the_whole_value_and_by_nothing_less() -> None:
    application = factories.submitted(ticked=["I01"])
    number = application.subject_id_no

    assert Application.objects.filter(subject_id_no=number.lower()).get() == application
    assert Application.objects.filter(subject_id_no__in=["", number]).get() == application
    assert User.objects.exclude(id_no="").get(id_no=number) == application.applicant
    assert not Application.objects.filter(subject_id_no=number[:17]).exists()
    for lookup in ("contains", "startswith", "gt"):
        with pytest.raises(FieldError):
            Application.objects.filter(**{f"subject_id_no__{lookup}": number[:6]})
    with pytest.raises(FieldError):
        list(User.objects.filter(phone="13800001111"))
    with pytest.raises(FieldError):
        Draft.objects.filter(answers__id_no=number)


def test_index_follows_the_value() -> None:
    person = factories.person()
    other = factories.person().id_no
    User.objects.filter(id_no=other).delete()

    person.id_no = other
    person.save()

    assert User.objects.get(id_no=other) == person
    with pytest.raises(IntegrityError):
        factories.person(id_no=other)


def test_column_is_never_written_past_its_row() -> None:
    person = factories.person()

    for value in ("110105200009029993", ""):
        with pytest.raises(FieldError, match="sealed"):
            User.objects.filter(pk=person.pk).update(id_no=value)
    person.phone = "13900002222"
    with pytest.raises(FieldError, match="sealed"):
        User.objects.bulk_update([person], ["phone"])


def test_only_what_is_read_is_opened(monkeypatch: pytest.MonkeyPatch) -> None:
    for _ in range(3):
        factories.submitted(ticked=["I01"])
    opened: list[str] = []
    unseal = crypto.unseal
    monkeypatch.setattr(crypto, "unseal", lambda text, context: opened.append(context) or unseal(text, context))

    cases = list(Application.objects.all())
    assert opened == []
    assert [case.subject_id_no for case in cases] == [case.subject_id_no for case in cases]
    assert len(opened) == 3


def test_column_that_was_not_fetched_is_fetched_when_it_is_read() -> None:
    application = factories.submitted(ticked=["I01"])
    dispatch = Dispatch.objects.only("pk").get(task__application=application)

    assert dispatch.payload["fields"]
    dispatch.refresh_from_db()
    assert dispatch.payload["fields"]


def test_lost_address_is_known_again_and_not_kept() -> None:
    LostAddress.note("13800001111", "空号")
    LostAddress.note("13800001111", "空号")
    lost = LostAddress.objects.get()

    assert str(lost) == "138****1111"
    assert LostAddress.among(["13800001111", "", "13800002222"]) == {"13800001111"}
    LostAddress.forget(["13800001111", ""])
    assert not LostAddress.objects.exists()


def test_texts_to_one_number_are_counted_by_its_index() -> None:
    application = factories.submitted(ticked=["I01"])
    notice = Notice.objects.filter(application=application).first()
    assert notice is not None
    notice.sent_to = "13800001111"
    notice.save()

    assert list(Notice.objects.filter(sent_to="13800001111")) == [notice]
