"""Every column that can tell of a person stands in the table of data classes (数据安全法 第二十一条); a new one fails until it does."""

import csv
from collections.abc import Iterator

from django.apps import apps
from django.db import models

from portal.security.fields import BlindIndexField, SealedTextField
from portal.security.storage import SealedStorage
from tests.consistency.test_repository import ROOT

TABLE = ROOT / "docs" / "data-classes.csv"
OWN = ("accounts", "agencies", "applications")
CLASSES = {"敏感个人信息", "个人信息", "鉴别信息", "工作用语", "不含个人信息"}
KEPT = {"密文", "密钥散列", "散列", "隐去中间", "明文"}
_TELLING = (models.CharField, models.TextField, models.JSONField, models.GenericIPAddressField, models.FileField)


def rows() -> list[dict[str, str]]:
    with TABLE.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def columns() -> Iterator[models.Field]:
    """Whatever is free text, a file or sealed; not choices, keys, numbers and days."""
    for model in apps.get_models():
        for field in model._meta.local_concrete_fields if model._meta.app_label in OWN else ():
            is_free = isinstance(field, (*_TELLING, SealedTextField, BlindIndexField)) and not field.choices
            if is_free and not field.primary_key:
                yield field


def is_sealed(field: models.Field) -> bool:
    return isinstance(field, SealedTextField) or (
        isinstance(field, models.FileField) and isinstance(field.storage, SealedStorage)
    )


def test_every_column_has_a_row_with_its_name() -> None:
    found = [(field.model._meta.label, field.name, str(field.verbose_name)) for field in columns()]

    assert sorted((row["表"], row["列"], row["名称"]) for row in rows()) == sorted(found)


def test_what_the_table_calls_sealed_is_sealed_and_nothing_else() -> None:
    sealed = {(field.model._meta.label, field.name) for field in columns() if is_sealed(field)}
    hashed = {(field.model._meta.label, field.name) for field in columns() if isinstance(field, BlindIndexField)}

    assert {(row["表"], row["列"]) for row in rows() if row["保存"] == "密文"} == sealed
    assert hashed <= {(row["表"], row["列"]) for row in rows() if row["保存"] == "密钥散列"}


def test_what_is_sensitive_or_opens_something_is_never_plain() -> None:
    plain = [f"{row['表']}.{row['列']}" for row in rows() if row["保存"] == "明文"]
    strict = [f"{row['表']}.{row['列']}" for row in rows() if row["类别"] in ("敏感个人信息", "鉴别信息")]

    assert sorted(set(plain) & set(strict)) == []
    assert {row["类别"] for row in rows()} == CLASSES
    assert {row["保存"] for row in rows()} == KEPT
