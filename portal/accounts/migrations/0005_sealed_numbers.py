import uuid

from django.db import migrations, models

import portal.security.fields
from portal.security import resealing


def name_rows(apps, schema_editor):
    User = apps.get_model("accounts", "User")
    for user in User.objects.filter(key=None).only("pk").iterator():
        User.objects.filter(pk=user.pk).update(key=uuid.uuid4())


def seal(apps, schema_editor):
    resealing.seal_rows(apps.get_model("accounts", "User"))


class Migration(migrations.Migration):
    dependencies = [("accounts", "0004_confirmed_email")]

    operations = [
        migrations.AddField(
            "user", "key", models.UUIDField("标识", default=None, null=True, editable=False), preserve_default=False
        ),
        migrations.RunPython(name_rows, migrations.RunPython.noop),
        migrations.AlterField(
            "user", "key", models.UUIDField("标识", default=uuid.uuid4, unique=True, editable=False)
        ),
        migrations.RemoveConstraint("user", "account_one_per_id_no"),
        migrations.AddField(
            "user", "id_no_index", portal.security.fields.BlindIndexField("公民身份号码索引", of="id_no")
        ),
        migrations.AlterField(
            "user",
            "id_no",
            portal.security.fields.SealedTextField("公民身份号码", max_length=18, blank=True, bound_to="key"),
        ),
        migrations.AlterField(
            "user",
            "phone",
            portal.security.fields.SealedTextField("联系电话", max_length=20, blank=True, bound_to="key"),
        ),
        migrations.RunPython(seal, migrations.RunPython.noop),
        migrations.AddConstraint(
            "user",
            models.UniqueConstraint(
                fields=["id_no_index"], condition=~models.Q(id_no_index=""), name="account_one_per_id_no"
            ),
        ),
    ]
