"""The form of a layer: the form of a scheme with everything optional, `key+` for lists, and the layer's own directions.

Checked before merging, so that what is merged has its lists and mappings where they belong.
"""

from types import UnionType
from typing import Any, Literal, Union, get_args, get_origin

from pydantic import BaseModel, ConfigDict, Field, ValidationError, create_model

from agencies.layers import KEYS, Data
from agencies.spec import FormSpec, ResultSpec, SchemeSpec

_made: dict[type[BaseModel], type[BaseModel]] = {}


def _loosened(kind: Any) -> Any:
    """The same type with every specification in it loosened that is merged key by key; others are replaced whole."""
    if isinstance(kind, type) and issubclass(kind, BaseModel):
        return _partial(kind) if kind in _entries() or kind in (FormSpec, ResultSpec) else kind
    origin, inside = get_origin(kind), get_args(kind)
    if origin in (tuple, dict):
        return origin[tuple(part if part is Ellipsis else _loosened(part) for part in inside)]
    if origin in (Union, UnionType):
        return Union[tuple(_loosened(part) for part in inside)]  # noqa: UP007
    return kind


def _partial(model: type[BaseModel], **extra: Any) -> type[BaseModel]:
    if model in _made:
        return _made[model]
    fields: dict[str, Any] = dict(extra)
    for name, info in model.model_fields.items():
        kind = _loosened(info.annotation)
        is_key = name in ("code", "id") or (model.__name__ == "PlaceSpec" and name == "region")
        fields[name] = (kind, ... if is_key and model in _entries() else None)
        if get_origin(kind) is tuple:
            fields[f"{name}_more"] = (kind, Field(default=None, alias=f"{name}+"))
    if model in _entries():
        fields["remove"] = (bool, False)
    config = ConfigDict(extra="forbid", populate_by_name=False)
    _made[model] = create_model(f"{model.__name__}InLayer", __config__=config, **fields)
    return _made[model]


def _entries() -> set[type[BaseModel]]:
    """The specifications that are joined by their code."""
    return {get_args(SchemeSpec.model_fields[name].annotation)[0] for name in KEYS}


LayerSpec = _partial(
    SchemeSpec,
    offers=(tuple[str, ...], None),
    opens=(Literal["all"] | tuple[str, ...], None),
    replaces=(tuple[str, ...], None),
    source=(str, ""),
    source_of=(dict[str, str], None),
)


def faults_of(layer: Data) -> list[tuple[tuple[int | str, ...], Any]]:
    """(place, pydantic's fault) for everything in the layer that has the wrong form; [] for a sound one."""
    try:
        LayerSpec.model_validate(layer)
    except ValidationError as error:
        return [(tuple(part for part in fault["loc"] if part != "tuple[str, ...]"), fault) for fault in error.errors()]
    return []
