"""What a form says lies nowhere in plain: not in a table, not in a file, not in a message of the broker's."""

import re
from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone

from applications import corrections, delivery, documents, notices, review
from applications.models import Dispatch, Document, Notice
from applications.review import Deficit
from tests import factories

pytestmark = pytest.mark.usefixtures("directory")

# Plain on purpose: people are searched for by their name.
PLAIN = {"name"}
_TELLING = re.compile(r"\d{5}|[\u4e00-\u9fff]{3}")  # a number, an address; no day, no word of a choice


def told(answers: dict[str, Any]) -> dict[str, str]:
    """The values of a form that tell of its person."""
    texts = {code: value for code, value in answers.items() if code not in PLAIN and isinstance(value, str)}
    return {code: text for code, text in texts.items() if _TELLING.search(text)}


def tables() -> str:
    """Every row of every table, as text."""
    with connection.cursor() as cursor:
        found = []
        for table in connection.introspection.table_names(cursor):
            cursor.execute(f'SELECT t::text FROM "{table}" t')
            found += [row[0] for row in cursor.fetchall()]
    return "\n".join(found)


def test_what_a_form_says_is_nowhere_in_plain(settings: Any, tmp_path: Path) -> None:
    settings.MEDIA_ROOT = str(tmp_path)
    person = factories.person(phone="13912345678")
    application = factories.submitted(person, ticked=["I01", "I04"])
    other = factories.submitted(region=factories.HEPING)
    values = {**told(other.answers), **told(application.answers)}
    assert {"id_no", "mobile", "account", "contact_addr"} <= set(values)
    values |= {f"{code} again": text for code, text in told(other.answers).items()}
    delivery.deliver(Dispatch.objects.values_list("pk", flat=True))
    task = factories.task_of(application, "I01")
    deficit = Deficit("写到门牌号", field="contact_addr")
    review.request_correction(task, reviewer=factories.reviewer_of(task), deficits=[deficit])
    corrections.keep(application, {"contact_addr": "内蒙古自治区东胜区新地址八号院"})
    for document in Document.objects.all():
        documents.render(document.pk)
    Notice.objects.update(next_attempt_at=timezone.now())
    notices.send(Notice.objects.values_list("pk", flat=True))

    text = tables()

    values |= {"phone": person.phone, "kept": "新地址八号院"}
    assert [code for code, value in values.items() if value in text] == []
    assert application.number in text  # the dump is not empty
    assert Notice.objects.exclude(sent_to="").exists()
    files = [path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()]
    assert files
    assert [content[:20] for content in files if not content.startswith(b"v1.test.")] == []
