"""Identities: what the columns of a state and the fields inside them are for ever."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import pyarrow as pa

from snapshots.fingerprint import key_of
from snapshots.schema import Field, SchemaVersion

_VARIANT = "variant"


@dataclass(frozen=True, slots=True)
class Identity:
    """The key of a column, or of a part of one, and of the parts in it by their names there.

    Lists have a part `element`, maps `key` and `value`.
    """

    key: int
    is_variant: bool
    parts: Mapping[str, Identity]


def identities(
    schema: SchemaVersion, identity_of: Callable[[Field], int | str]
) -> dict[str, Identity]:
    """Give the identities of a state's columns by name."""
    inside: dict[int | None, list[Field]] = {}
    for field in schema.fields:
        inside.setdefault(field.parent_id, []).append(field)

    def of(parent: int | None) -> dict[str, Identity]:
        return {
            field.name: Identity(
                key_of(identity_of(field)), field.type == _VARIANT, of(field.field_id)
            )
            for field in inside.get(parent, ())
        }

    return of(None)


def identities_by_name(schema: Any) -> dict[str, Identity]:  # noqa: ANN401 - pyarrow has no types
    """Give the identities of columns that are nothing but their names."""
    return {field.name: _named(field) for field in schema}


def _named(field: Any) -> Identity:  # noqa: ANN401
    kind, types = field.type, pa.types
    parts: dict[str, Identity] = {}
    if types.is_struct(kind):
        parts = {one.name: _named(one) for one in kind}
    elif types.is_map(kind):
        parts = {"key": _named(kind.key_field), "value": _named(kind.item_field)}
    elif any(tell(kind) for tell in _LISTS):
        parts = {"element": _named(kind.value_field)}
    return Identity(key_of(field.name), False, parts)


_LISTS = (
    *(pa.types.is_list, pa.types.is_large_list, pa.types.is_fixed_size_list),
    *(pa.types.is_list_view, pa.types.is_large_list_view),
)


def is_any_list(kind: Any) -> bool:  # noqa: ANN401
    """Tell whether a type is one of the ways in which Arrow keeps lists."""
    return any(tell(kind) for tell in _LISTS)
