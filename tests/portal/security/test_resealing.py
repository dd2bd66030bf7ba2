"""`manage.py reseal`: after it the old key may go, and what was stored plain is not any more."""

import base64
from typing import Any

import pytest
from django.core.management import call_command
from django.db import connection

from applications import documents
from applications.models import Application, Document, ExchangeKey, Material
from portal.accounts.models import User
from portal.security import resealing
from portal.security.crypto import CannotOpen
from tests import factories

pytestmark = pytest.mark.usefixtures("directory")


def test_after_it_the_old_key_may_go(settings: Any, capsys: pytest.CaptureFixture[str]) -> None:
    application = factories.submitted(ticked=["I01"])
    document = documents.render(Document.objects.filter(application=application)[0].pk)
    key = ExchangeKey.issue(agency=application.tasks.all()[0].office.agency)
    answers, number, secret = application.answers, application.subject_id_no, key.secret
    new = "next:aes:" + base64.b64encode(b"n" * 32).decode()

    settings.SEALING_KEYS = [new, *settings.SEALING_KEYS]
    call_command("reseal")
    assert "办件：1 行" in capsys.readouterr().out
    call_command("reseal")
    assert capsys.readouterr().out == "全部用最新的密钥加密\n"

    settings.SEALING_KEYS = [new]
    again = Application.objects.get(subject_id_no=number)
    assert again.answers == answers
    assert ExchangeKey.objects.get(pk=key.pk).secret == secret
    for file in (Document.objects.get(pk=document.pk).file, Material.objects.all()[0].file):
        with file.open("rb") as content:
            assert content.read()


def test_without_it_nothing_is_readable_with_the_new_key_alone(settings: Any) -> None:
    person = factories.person()

    settings.SEALING_KEYS = ["next:sm4:" + base64.b64encode(b"n" * 32).decode()]

    with pytest.raises(CannotOpen):
        User.objects.get(pk=person.pk).id_no  # noqa: B018 - reading opens


def test_plain_values_of_before_are_sealed() -> None:
    person = factories.person()
    number = person.id_no
    with connection.cursor() as cursor:
        cursor.execute("UPDATE accounts_user SET id_no = %s, id_no_index = '' WHERE id = %s", [number, person.pk])

    assert resealing.seal_rows(User) == 1

    assert User.objects.get(id_no=number).id_no == number
    assert resealing.seal_rows(User) == 0
