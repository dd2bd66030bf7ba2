"""A published version of a scheme and its items are never changed or deleted, whoever tries; a draft may be."""

from django.db import migrations

GUARD = """
    CREATE FUNCTION agencies_published_scheme_never_changes() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        RAISE EXCEPTION 'a published version of a scheme never changes: publish a new version';
    END $$;
    CREATE TRIGGER published_scheme_never_changes BEFORE UPDATE OR DELETE ON agencies_scheme
        FOR EACH ROW WHEN (OLD.published_at IS NOT NULL)
        EXECUTE FUNCTION agencies_published_scheme_never_changes();

    CREATE FUNCTION agencies_items_of_a_published_scheme_never_change() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        IF EXISTS (
            SELECT FROM agencies_scheme
            WHERE published_at IS NOT NULL
                AND ((TG_OP <> 'INSERT' AND id = OLD.scheme_id) OR (TG_OP <> 'DELETE' AND id = NEW.scheme_id))
        ) THEN
            RAISE EXCEPTION 'items of a published version of a scheme never change: publish a new version';
        END IF;
        RETURN COALESCE(NEW, OLD);
    END $$;
    CREATE TRIGGER items_of_a_published_scheme_never_change BEFORE INSERT OR UPDATE OR DELETE ON agencies_item
        FOR EACH ROW EXECUTE FUNCTION agencies_items_of_a_published_scheme_never_change();
"""
UNGUARD = """
    DROP TRIGGER items_of_a_published_scheme_never_change ON agencies_item;
    DROP FUNCTION agencies_items_of_a_published_scheme_never_change();
    DROP TRIGGER published_scheme_never_changes ON agencies_scheme;
    DROP FUNCTION agencies_published_scheme_never_changes();
"""


class Migration(migrations.Migration):
    dependencies = [("agencies", "0001_initial")]
    operations = [migrations.RunSQL(GUARD, UNGUARD)]
