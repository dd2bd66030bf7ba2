import django.db.models.deletion
from django.db import migrations, models


def copy_years(apps, schema_editor):
    """Every year that was loaded becomes the nation's first version of it."""
    new = apps.get_model("agencies", "CalendarYear")
    for old in apps.get_model("agencies", "FormerCalendarYear").objects.all():
        row = new.objects.create(
            year=old.year, notice=old.notice, days_off=old.days_off, make_up_days=old.make_up_days, names=old.names
        )
        new.objects.filter(pk=row.pk).update(loaded_at=old.loaded_at)


class Migration(migrations.Migration):
    dependencies = [("agencies", "0002_published_schemes_never_change")]

    operations = [
        migrations.RenameModel("CalendarYear", "FormerCalendarYear"),
        migrations.CreateModel(
            name="CalendarYear",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("year", models.PositiveSmallIntegerField(verbose_name="年份")),
                ("version", models.PositiveSmallIntegerField(default=1, verbose_name="版本")),
                ("notice", models.CharField(max_length=200, verbose_name="依据")),
                ("days_off", models.JSONField(default=list, verbose_name="放假日")),
                ("make_up_days", models.JSONField(default=list, verbose_name="调休上班日")),
                ("names", models.JSONField(default=dict, verbose_name="节日名称")),
                ("loaded_at", models.DateTimeField(auto_now_add=True, verbose_name="导入时间")),
                (
                    "region",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="calendars",
                        to="agencies.region",
                        verbose_name="地方（空为全国）",
                    ),
                ),
            ],
            options={
                "verbose_name": "工作日历",
                "verbose_name_plural": "工作日历",
                "ordering": ["region", "year", "version"],
                "constraints": [
                    models.UniqueConstraint(
                        fields=("region", "year", "version"),
                        name="calendar_once_per_place_and_version",
                        nulls_distinct=False,
                    )
                ],
            },
        ),
        migrations.RunPython(copy_years, migrations.RunPython.noop),
        migrations.DeleteModel("FormerCalendarYear"),
    ]
