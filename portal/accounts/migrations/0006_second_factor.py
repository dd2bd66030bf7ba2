import uuid

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

import portal.security.fields


class Migration(migrations.Migration):
    dependencies = [("accounts", "0005_sealed_numbers")]

    operations = [
        migrations.CreateModel(
            name="SecondFactor",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("key", models.UUIDField(default=uuid.uuid4, editable=False, unique=True, verbose_name="标识")),
                (
                    "secret_base32",
                    portal.security.fields.SealedTextField(bound_to="key", editable=False, verbose_name="密钥"),
                ),
                ("spare_codes", models.JSONField(default=list, editable=False, verbose_name="备用码")),
                ("last_step", models.BigIntegerField(default=0, verbose_name="上次口令的时段")),
                ("confirmed_at", models.DateTimeField(blank=True, null=True, verbose_name="启用时间")),
                (
                    "user",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="second_factor",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="工作人员",
                    ),
                ),
            ],
            options={"verbose_name": "动态口令", "verbose_name_plural": "动态口令"},
        ),
    ]
