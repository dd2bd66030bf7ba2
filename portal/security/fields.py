"""Columns of personal data: sealed in the database, plain on the row's object, opened only when they are read.

A sealed column can be asked for equality if an index stands beside it, and for nothing else. It is written through its row
alone, since a value is bound to the row: `update()` of such a column is refused.
"""

import json
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from django.core.exceptions import FieldError
from django.db import models
from django.db.models.expressions import Col
from django.db.models.lookups import Lookup
from django.db.models.query_utils import DeferredAttribute
from django.forms import CharField

from portal.security import crypto

if TYPE_CHECKING:
    _Field = models.Field[Any, Any]
    _Lookup = Lookup[bool]
else:
    _Field, _Lookup = models.Field, Lookup


class Stored(str):
    """A value as it lies in the database."""

    __slots__ = ()


class _Opening(DeferredAttribute):
    """Opens the value when it is first read; rows whose column nobody reads cost nothing."""

    def __get__(self, row: Any, owner: Any = None) -> Any:
        if row is None:
            return self
        name = self.field.attname
        value = row.__dict__[name] if name in row.__dict__ else super().__get__(row, owner)
        if isinstance(value, Stored):
            field: Any = self.field
            value = row.__dict__[name] = field.opened(value, row)
        return value

    def __set__(self, row: Any, value: Any) -> None:
        row.__dict__[self.field.attname] = value


class SealedTextField(_Field):
    """A text. `bound_to` names the field that says which row it is: unique, known before the row is, never changed."""

    descriptor_class = _Opening

    def __init__(self, *args: Any, bound_to: str = "pk", **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.bound_to = bound_to

    def deconstruct(self) -> Any:
        name, path, args, kwargs = super().deconstruct()
        return name, path, args, {**kwargs, "bound_to": self.bound_to}

    def get_internal_type(self) -> str:
        return "TextField"

    def context(self, row: Any) -> str:
        """What a value is bound to."""
        return f"{row._meta.db_table}|{self.column}|{getattr(row, self.bound_to)}"

    def opened(self, stored: str, row: Any) -> Any:
        return self.unpacked(crypto.unseal(stored, self.context(row)))

    def packed(self, value: Any) -> str:
        return str(value)

    def unpacked(self, text: str) -> Any:
        return text

    def from_db_value(self, value: str | None, *_: object) -> str | None:
        return Stored(value) if value else value

    def pre_save(self, model_instance: Any, add: bool) -> Any:
        value = getattr(model_instance, self.attname)
        if value is None:
            return None
        return Stored() if value == "" else Stored(crypto.seal(self.packed(value), self.context(model_instance)))

    def get_prep_value(self, value: Any) -> Any:
        if value is None or isinstance(value, Stored) or hasattr(value, "resolve_expression"):
            return value
        raise FieldError(f"{self.model.__name__}.{self.name} is sealed: save its row instead")

    def get_lookup(self, lookup_name: str) -> Any:
        found = {"exact": SealedExact, "in": SealedIn, "isnull": super().get_lookup("isnull")}.get(lookup_name)
        if found is None:
            raise FieldError(f"{self.name} is sealed and cannot be asked for “{lookup_name}”")
        return found

    def formfield(self, **kwargs: Any) -> Any:
        return super().formfield(**{"form_class": CharField, "max_length": self.max_length, **kwargs})

    @property
    def index(self) -> "BlindIndexField":
        """The index beside it. Raises FieldError when it has none."""
        for field in self.model._meta.local_concrete_fields:
            if isinstance(field, BlindIndexField) and field.of == self.name:
                return field
        raise FieldError(f"{self.name} is sealed and has no index")


class SealedJSONField(SealedTextField):
    """What JSON can say: answers by field, a payload."""

    def packed(self, value: Any) -> str:
        return json.dumps(value, ensure_ascii=False, separators=(",", ":"))

    def unpacked(self, text: str) -> Any:
        return json.loads(text)


class BlindIndexField(_Field):
    """Finds the rows whose sealed field has a value, by a keyed hash. `of` is the field, or `field.key` of a JSON one.

    It follows its field whenever both are saved; whoever names `update_fields` names both.
    """

    def __init__(self, *args: Any, of: str, **kwargs: Any) -> None:
        kwargs.update(max_length=64, editable=False, blank=True, default="")
        super().__init__(*args, **kwargs)
        self.of = of

    def deconstruct(self) -> Any:
        name, path, args, kwargs = super().deconstruct()
        for fixed in ("max_length", "editable", "blank", "default"):
            kwargs.pop(fixed, None)
        return name, path, args, {**kwargs, "of": self.of}

    def get_internal_type(self) -> str:
        return "CharField"

    def of_value(self, value: str) -> str:
        return crypto.index_of(value, f"{self.model._meta.db_table}.{self.of}")

    def pre_save(self, model_instance: Any, add: bool) -> str:
        name, _, key = self.of.partition(".")
        value = getattr(model_instance, name)
        index = self.of_value(str((value.get(key) if key else value) or ""))
        setattr(model_instance, self.attname, index)
        return index


class SealedExact(_Lookup):
    lookup_name = "exact"
    prepare_rhs = False

    def as_sql(self, compiler: Any, connection: Any) -> tuple[str, tuple[Any, ...]]:
        return self._compared(compiler, "= %s", self._index.of_value(str(self.rhs)))

    @property
    def _index(self) -> BlindIndexField:
        field: SealedTextField = self.lhs.output_field
        return field.index

    def _compared(self, compiler: Any, how: str, value: Any) -> tuple[str, tuple[Any, ...]]:
        sql, params = compiler.compile(Col(self.lhs.alias, self._index))
        return f"{sql} {how}", (*params, value)


class SealedIn(SealedExact):
    lookup_name = "in"

    def as_sql(self, compiler: Any, connection: Any) -> tuple[str, tuple[Any, ...]]:
        values: Iterable[Any] = self.rhs
        return self._compared(compiler, "= ANY(%s)", [self._index.of_value(str(value)) for value in values])
