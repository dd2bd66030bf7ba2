"""好差评 and 差评整改. What was said is never changed or deleted, whoever tries; only its seal may be renewed."""

import django.db.models.deletion
import portal.security.fields
import uuid
from django.conf import settings
from django.db import migrations, models


GUARD = """
    CREATE FUNCTION applications_rating_is_append_only() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
        RAISE EXCEPTION 'applications_rating is append-only';
    END $$;
    CREATE TRIGGER rating_append_only BEFORE DELETE OR UPDATE
        OF key, application_id, task_id, follows_id, channel, grade, reasons, rated_by_id, rated_at ON applications_rating
        FOR EACH ROW EXECUTE FUNCTION applications_rating_is_append_only();
"""
UNGUARD = """
    DROP TRIGGER rating_append_only ON applications_rating;
    DROP FUNCTION applications_rating_is_append_only();
"""


class Migration(migrations.Migration):

    dependencies = [
        ('applications', '0031_taking'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='Rating',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('key', models.UUIDField(default=uuid.uuid4, editable=False, unique=True, verbose_name='键')),
                ('channel', models.CharField(choices=[('online', '网上'), ('window', '窗口')], max_length=10, verbose_name='渠道')),
                ('grade', models.PositiveSmallIntegerField(choices=[(5, '非常满意'), (4, '满意'), (3, '基本满意'), (2, '不满意'), (1, '非常不满意')], verbose_name='评价')),
                ('reasons', models.JSONField(blank=True, default=list, verbose_name='原因')),
                ('text', portal.security.fields.SealedTextField(blank=True, bound_to='key', max_length=500, verbose_name='想说的话')),
                ('rated_at', models.DateTimeField(db_index=True, verbose_name='评价时间')),
                ('application', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='ratings', to='applications.application', verbose_name='办件')),
                ('follows', models.OneToOneField(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='addition', to='applications.rating', verbose_name='追评的评价')),
                ('rated_by', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='录入人')),
                ('task', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='ratings', to='applications.itemtask', verbose_name='事项办理')),
            ],
            options={
                'verbose_name': '好差评',
                'verbose_name_plural': '好差评',
                'ordering': ['id'],
            },
        ),
        migrations.CreateModel(
            name='Rectification',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('answer_by', models.DateField(verbose_name='答复期限')),
                ('answer', portal.security.fields.SealedTextField(blank=True, bound_to='rating_id', max_length=2000, verbose_name='核实和整改')),
                ('answered_at', models.DateTimeField(blank=True, null=True, verbose_name='答复时间')),
                ('answered_by', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='答复人')),
                ('rating', models.OneToOneField(on_delete=django.db.models.deletion.PROTECT, related_name='rectification', to='applications.rating', verbose_name='好差评')),
            ],
            options={
                'verbose_name': '差评整改',
                'verbose_name_plural': '差评整改',
                'ordering': ['answer_by', 'id'],
            },
        ),
        migrations.AddConstraint(
            model_name='rating',
            constraint=models.UniqueConstraint(condition=models.Q(('follows__isnull', True)), fields=('application', 'task'), name='rating_once_per_case_or_task', nulls_distinct=False),
        ),
        migrations.AddConstraint(
            model_name='rating',
            constraint=models.CheckConstraint(condition=models.Q(('grade__range', (1, 5))), name='rating_has_one_of_five_grades'),
        ),
        migrations.RunSQL(GUARD, UNGUARD),
    ]
