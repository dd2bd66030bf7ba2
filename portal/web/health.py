"""Whether this process can do its work: asked by the service manager, not by people."""

from django.db import DatabaseError, connection


def database_answers() -> bool:
    """True when PostgreSQL answers a query on this process's connection."""
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
            return cursor.fetchone() == (1,)
    except DatabaseError:
        return False
