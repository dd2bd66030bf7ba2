import base64
import hashlib

from cryptography.fernet import Fernet
from django.conf import settings
from django.db import migrations

from portal.security import resealing

SEALED = ("Draft", "Application", "Dispatch", "Document", "Correction", "Question", "Notice")
WITH_FILES = ("Material", "Document", "Export", "Import")


def seal(apps, schema_editor):
    for name in SEALED:
        resealing.seal_rows(apps.get_model("applications", name))
    for name in WITH_FILES:
        resealing.seal_files(apps.get_model("applications", name))


def seal_exchange_keys(apps, schema_editor):
    """They were sealed with a key made of SECRET_KEY before."""
    digest = hashlib.sha256(f"exchange:{settings.SECRET_KEY}".encode()).digest()
    before = Fernet(base64.urlsafe_b64encode(digest))
    for row in apps.get_model("applications", "ExchangeKey").objects.all():
        secret = before.decrypt(str(row.__dict__["secret_base64"]).encode())
        row.secret_base64 = base64.b64encode(secret).decode()
        row.save(update_fields=["secret_base64"])


class Migration(migrations.Migration):
    dependencies = [("applications", "0020_sealed_personal_data")]

    operations = [
        migrations.RunPython(seal_exchange_keys, migrations.RunPython.noop),
        migrations.RunPython(seal, migrations.RunPython.noop),
    ]
