"""What every test begins with, after one that commits."""

import pytest
from django.contrib.auth.models import Permission
from django.db import connection

from agencies.models import CalendarYear, Item, Office
from portal.accounts.models import User
from tests import factories, kept

pytestmark = pytest.mark.django_db(transaction=True)


def rows() -> dict[str, str]:
    """Every table with the digest of its rows, whatever their order."""
    found = {}
    with connection.cursor() as cursor:
        for table in connection.introspection.table_names(cursor):
            cursor.execute(f'SELECT md5(string_agg(one::text, chr(10) ORDER BY one::text)) FROM "{table}" AS one')
            found[table] = cursor.fetchone()[0]
    return found


def test_rows_come_back_and_no_other_stays() -> None:
    before = rows()
    factories.submitted()
    CalendarYear.objects.all().delete()
    Permission.objects.first().delete()
    Office.objects.update(phone="1")
    assert rows() != before

    kept.restore()

    assert rows() == before
    assert Item.objects.exists() and Office.objects.exists() and not User.objects.exists()
    factories.submitted()  # no number is given twice
