"""Rows of the status log are never changed or deleted, whoever tries."""

from django.db import migrations

GUARD = """
    CREATE FUNCTION applications_statuslog_is_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        RAISE EXCEPTION 'applications_statuslog is append-only';
    END $$;
    CREATE TRIGGER statuslog_append_only BEFORE UPDATE OR DELETE ON applications_statuslog
        FOR EACH ROW EXECUTE FUNCTION applications_statuslog_is_append_only();
"""
UNGUARD = """
    DROP TRIGGER statuslog_append_only ON applications_statuslog;
    DROP FUNCTION applications_statuslog_is_append_only();
"""


class Migration(migrations.Migration):
    dependencies = [("applications", "0001_initial")]
    operations = [migrations.RunSQL(GUARD, UNGUARD)]
