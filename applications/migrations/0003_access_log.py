"""Who looked at what; rows of the access log are never changed or deleted."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

GUARD = """
    CREATE FUNCTION applications_accesslog_is_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        RAISE EXCEPTION 'applications_accesslog is append-only';
    END $$;
    CREATE TRIGGER accesslog_append_only BEFORE UPDATE OR DELETE ON applications_accesslog
        FOR EACH ROW EXECUTE FUNCTION applications_accesslog_is_append_only();
"""
UNGUARD = """
    DROP TRIGGER accesslog_append_only ON applications_accesslog;
    DROP FUNCTION applications_accesslog_is_append_only();
"""


class Migration(migrations.Migration):

    dependencies = [
        ('agencies', '0001_initial'),
        ('applications', '0002_status_log_is_append_only'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='AccessLog',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('fields', models.JSONField(blank=True, default=list, verbose_name='字段')),
                ('reason', models.CharField(blank=True, max_length=100, verbose_name='用途')),
                ('at', models.DateTimeField(verbose_name='时间')),
                ('material', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='accesses', to='applications.material', verbose_name='材料')),
                ('posting', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='agencies.posting', verbose_name='岗位')),
                ('task', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='accesses', to='applications.itemtask', verbose_name='事项办理')),
                ('viewer', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='查看人')),
            ],
            options={
                'verbose_name': '访问记录',
                'verbose_name_plural': '访问记录',
                'ordering': ['id'],
                'indexes': [models.Index(fields=['task', 'id'], name='access_of_task')],
                'constraints': [models.CheckConstraint(condition=models.Q(models.Q(('fields', []), ('material__isnull', False)), models.Q(models.Q(('fields', []), _negated=True), ('material__isnull', True), models.Q(('reason', ''), _negated=True)), _connector='OR'), name='access_names_fields_with_reason_or_material')],
            },
        ),
        migrations.CreateModel(
            name='MaterialCheck',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('verdict', models.CharField(choices=[('fine', '齐'), ('unreadable', '看不清'), ('wrong', '不符合')], max_length=10, verbose_name='结论')),
                ('note', models.CharField(blank=True, max_length=200, verbose_name='说明')),
                ('checked_at', models.DateTimeField(verbose_name='审核时间')),
                ('checked_by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='审核人')),
                ('material', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='checks', to='applications.material', verbose_name='材料')),
                ('task', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='checks', to='applications.itemtask', verbose_name='事项办理')),
            ],
            options={
                'verbose_name': '材料审核',
                'verbose_name_plural': '材料审核',
                'ordering': ['id'],
                'constraints': [models.UniqueConstraint(fields=('task', 'material'), name='material_check_once_per_task')],
            },
        ),
        migrations.RunSQL(GUARD, UNGUARD),
    ]
