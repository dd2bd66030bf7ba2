from django.db import migrations, models

from portal.security import crypto
from portal.security.fields import BlindIndexField, SealedJSONField, SealedTextField

def hash_lost_addresses(apps, schema_editor):
    from portal.accounts.masking import masked

    Lost = apps.get_model("applications", "LostAddress")
    for row in Lost.objects.all():
        row.address_index, row.shown = crypto.index_of(row.address, "lost_address"), masked(row.address)
        row.save()


class Migration(migrations.Migration):
    dependencies = [("accounts", "0005_sealed_numbers"), ("applications", "0019_indexes_for_long_lists")]

    operations = [
        migrations.AlterField("draft", "answers", SealedJSONField("填写内容", default=dict)),
        migrations.AddField(
            "draft", "id_no_index", BlindIndexField("公民身份号码索引", of="answers.id_no", db_index=True)
        ),
        migrations.AlterField(
            "application",
            "subject_id_no",
            SealedTextField("公民身份号码", max_length=18, blank=True, bound_to="number"),
        ),
        migrations.AddField(
            "application",
            "subject_id_no_index",
            BlindIndexField("公民身份号码索引", of="subject_id_no", db_index=True),
        ),
        migrations.AlterField("application", "answers", SealedJSONField("登记表内容", default=dict, bound_to="number")),
        migrations.AlterField("dispatch", "payload", SealedJSONField("共享数据", bound_to="key")),
        migrations.AlterField("document", "facts", SealedJSONField("内容", default=dict, bound_to="number")),
        migrations.AlterField(
            "correction", "kept", SealedJSONField("已填未交", default=dict, blank=True, bound_to="task_id")
        ),
        migrations.AlterField(
            "question", "phone", SealedTextField("联系电话", max_length=20, blank=True, bound_to="number")
        ),
        migrations.RemoveIndex("notice", "notice_to_address"),
        migrations.AlterField("notice", "sent_to", SealedTextField("发到", max_length=254, blank=True, bound_to="key")),
        migrations.AddField("notice", "sent_to_index", BlindIndexField("发到索引", of="sent_to")),
        migrations.AlterField(
            "notice",
            "given_up",
            SealedJSONField("没有成功的方式", default=list, blank=True, bound_to="key"),
        ),
        migrations.AddIndex(
            "notice", models.Index(fields=["sent_to_index", "sent_at"], name="notice_to_address")
        ),
        migrations.AddField(
            "lostaddress", "address_index", models.CharField("号码或邮箱索引", max_length=64, null=True)
        ),
        migrations.AddField("lostaddress", "shown", models.CharField("号码或邮箱", max_length=254, default="")),
        migrations.RunPython(hash_lost_addresses, migrations.RunPython.noop),
        migrations.RemoveField("lostaddress", "address"),
        migrations.AlterField(
            "lostaddress", "address_index", models.CharField("号码或邮箱索引", max_length=64, unique=True)
        ),
        migrations.AlterField("lostaddress", "shown", models.CharField("号码或邮箱", max_length=254)),
        migrations.RenameField("exchangekey", "sealed", "secret_base64"),
        migrations.AlterField(
            "exchangekey", "secret_base64", SealedTextField("密钥", editable=False, bound_to="kid")
        ),
    ]
