"""The rows that the test database begins with, kept beside the tables: putting them back costs a tenth of loading them.

A transactional test ends with all tables emptied; what it began with comes back from a schema of its own.
"""

from django.core.management.color import no_style
from django.db import connection, transaction

# The triggers of these ask whether the scheme is published: in an empty table none is.
LAST = "agencies_scheme"


def keep() -> None:
    """Copies every table that has rows into the schema `kept`."""
    with connection.cursor() as cursor:
        cursor.execute("DROP SCHEMA IF EXISTS kept CASCADE; CREATE SCHEMA kept")
        for table in _tables():
            cursor.execute(f'SELECT EXISTS (SELECT FROM "{table}")')
            if cursor.fetchone()[0]:
                cursor.execute(f'CREATE TABLE kept."{table}" AS TABLE "{table}"')


def restore() -> None:
    """Empties all tables and puts the kept rows back; sequences go on from where they are."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT tablename FROM pg_tables WHERE schemaname = 'kept'")
        kept = sorted((name for (name,) in cursor.fetchall()), key=lambda name: name == LAST)
        for statement in connection.ops.sql_flush(no_style(), _tables()):
            cursor.execute(statement)
        for table in kept:
            cursor.execute(f'INSERT INTO "{table}" TABLE kept."{table}"')


def _tables() -> list[str]:
    return connection.introspection.django_table_names(only_existing=True, include_views=False)
