"""Brings everything that is sealed to the newest key: for the rotation of keys, and once for what was stored plain.

Goes by rows and files, each whole, so it may be stopped and started again and pages stay open meanwhile.
"""

from collections.abc import Iterable
from typing import Any

from django.db import models, transaction

from portal.security import crypto
from portal.security.fields import BlindIndexField, SealedTextField, Stored
from portal.security.storage import SealedStorage

_CHUNK = 500


def sealed_fields(model: type[models.Model]) -> list[SealedTextField]:
    return [field for field in model._meta.local_concrete_fields if isinstance(field, SealedTextField)]


def seal_rows(model: type[models.Model]) -> int:
    """Rows with a value of an older key, or with a plain one; returns how many were written anew."""
    fields = sealed_fields(model)
    indexes = [field for field in model._meta.local_concrete_fields if isinstance(field, BlindIndexField)]
    names = [field.name for field in [*fields, *indexes]]
    newest, count = crypto.provider().newest, 0
    rows = model._base_manager.order_by("pk")
    for row in rows.iterator(chunk_size=_CHUNK) if fields else ():
        if _needs_sealing(row, fields, newest):
            with transaction.atomic():
                current = rows.select_for_update(of=("self",)).filter(pk=row.pk).first()
                if current is None:  # deleted meanwhile
                    continue
                _open_plain(current, fields)
                current.save(update_fields=names)
            count += 1
    return count


def _needs_sealing(row: models.Model, fields: Iterable[SealedTextField], newest: str) -> bool:
    stored = (row.__dict__[field.attname] for field in fields)
    return any(isinstance(value, Stored) and crypto.key_of(value.encode()) != newest for value in stored)


def _open_plain(row: models.Model, fields: Iterable[SealedTextField]) -> None:
    for field in fields:
        value: Any = row.__dict__[field.attname]
        if isinstance(value, Stored) and not crypto.key_of(value.encode()):
            row.__dict__[field.attname] = field.unpacked(str(value))


def seal_files(model: type[models.Model]) -> int:
    """The files that the model's rows name; one that is gone is passed over. Returns how many were written anew."""
    count = 0
    for field in model._meta.local_concrete_fields:
        if isinstance(field, models.FileField) and isinstance(storage := field.storage, SealedStorage):
            names = model._base_manager.exclude(**{field.name: ""}).order_by("pk").values_list(field.name, flat=True)
            for name in names.iterator(chunk_size=_CHUNK):
                try:
                    count += storage.seal_again(name)
                except FileNotFoundError:
                    continue
    return count
