"""Log lines hold no personal data, whatever failed."""

import json
import logging
import sys

import pytest
from django.db import IntegrityError, transaction

from portal.accounts.models import User
from portal.web.logs import JsonFormatter


@pytest.mark.django_db
def test_row_that_the_database_refused_is_not_in_the_log() -> None:
    User.objects.create_user("once", legal_name="乌云其其格")
    try:
        with transaction.atomic():
            User.objects.create(username="once", legal_name="乌云其其格")
    except IntegrityError:
        record = logging.LogRecord("portal", logging.ERROR, "", 0, "failed", (), sys.exc_info())

    line = json.loads(JsonFormatter().format(record))

    assert "duplicate key" in line["traceback"]
    assert "(once)" not in line["traceback"]
    assert line["traceback"].count("DETAIL: (left out)") == 2
