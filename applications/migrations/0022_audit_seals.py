from django.db import migrations, models

# The trigger's function of the status log says its table's name; this one says whichever it guards.
GUARD = """
    CREATE FUNCTION applications_is_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        RAISE EXCEPTION '% is append-only', TG_TABLE_NAME;
    END $$;
    CREATE TRIGGER auditseal_append_only BEFORE UPDATE OR DELETE ON applications_auditseal
        FOR EACH ROW EXECUTE FUNCTION applications_is_append_only();
    CREATE TRIGGER operatordeed_append_only BEFORE UPDATE OR DELETE ON applications_operatordeed
        FOR EACH ROW EXECUTE FUNCTION applications_is_append_only();
"""
UNGUARD = """
    DROP TRIGGER auditseal_append_only ON applications_auditseal;
    DROP TRIGGER operatordeed_append_only ON applications_operatordeed;
    DROP FUNCTION applications_is_append_only();
"""


class Migration(migrations.Migration):
    dependencies = [("applications", "0021_seal_what_is_there")]

    operations = [
        migrations.CreateModel(
            name="AuditSeal",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("log", models.CharField(max_length=60, verbose_name="记录")),
                ("columns", models.JSONField(verbose_name="列")),
                ("rows", models.JSONField(verbose_name="各行摘要")),
                ("last", models.BigIntegerField(verbose_name="到")),
                ("noted", models.BigIntegerField(verbose_name="当时最新")),
                ("made_at", models.DateTimeField(verbose_name="时间")),
                ("digest", models.CharField(max_length=64, verbose_name="摘要")),
            ],
            options={
                "verbose_name": "审计封条",
                "verbose_name_plural": "审计封条",
                "ordering": ["id"],
                "indexes": [models.Index(fields=["log", "-id"], name="seal_of_log")],
            },
        ),
        migrations.RunSQL(GUARD, UNGUARD),
    ]
