"""Delta types: a table's schema text as a tree of columns, lists, maps and primitive types."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from snapshots.errors import UnreadableError, UnsupportedError

DEPTH_MAX = 64
_ID = "delta.columnMapping.id"
_NESTED_IDS = "delta.columnMapping.nested.ids"
_PHYSICAL = "delta.columnMapping.physicalName"
_MODE = "delta.columnMapping.mode"
_UNMAPPED = "none"
_MAPPED_MODES = frozenset({"id", "name"})


@dataclass(frozen=True, slots=True)
class Primitive:
    """A type without parts, as the log writes it: `long`, `decimal(10,2)`, `timestamp_ntz`."""

    name: str


@dataclass(frozen=True, slots=True)
class ListType:
    """A list; `required` where it holds no nulls."""

    element: DeltaType
    required: bool


@dataclass(frozen=True, slots=True)
class MapType:
    """A map; `required` where its values are never null. Keys never are."""

    key: DeltaType
    value: DeltaType
    required: bool


@dataclass(frozen=True, slots=True)
class StructType:
    """Named columns, of the table or of a column."""

    columns: tuple[Column, ...]


@dataclass(frozen=True, slots=True)
class Column:
    """A named column.

    `physical_name` is its name in the files and `mapping_id` its id there; both are None on a
    table without column mapping. `nested_ids` are those of list elements, map keys and values by
    physical path, mostly empty. `comment` and `default` are None where there is none.
    """

    name: str
    type: DeltaType
    required: bool
    physical_name: str | None
    mapping_id: int | None
    nested_ids: dict[str, int]
    comment: str | None
    default: str | None


DeltaType = Primitive | ListType | MapType | StructType


def mapping_mode(properties: dict[str, str]) -> str | None:
    """Give the column mapping mode, `id` or `name`; None where columns are found by name."""
    mode = properties.get(_MODE, _UNMAPPED).casefold()
    return mode if mode in _MAPPED_MODES else None


def refuse_unknown_mode(properties: dict[str, str], *, location: str) -> None:
    """Raise UnsupportedError where a table maps its columns in a way of which nothing is known."""
    mode = properties.get(_MODE, _UNMAPPED)
    if mode.casefold() not in {*_MAPPED_MODES, _UNMAPPED}:
        advice = "read it with a reader that has it"
        raise UnsupportedError(location, f"the column mapping mode {mode}", advice)


def parsed(schema_string: str | None, *, mapped: bool, location: str) -> StructType:
    """Read a schema. None is a table without columns.

    Raises UnreadableError where the text is no schema.
    """
    if not schema_string:
        return StructType(())
    try:
        told = json.loads(schema_string)
        return StructType(tuple(_column(one, mapped, DEPTH_MAX) for one in told["fields"]))
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        reason = f"the schema in its log cannot be understood: {error!r}"
        raise UnreadableError(
            location, reason, "restore the log from a copy of the table"
        ) from error


def _type(told: Any, mapped: bool, depth: int) -> DeltaType:  # noqa: ANN401, FBT001 - it is JSON
    if depth == 0:
        msg = f"it is nested more than {DEPTH_MAX} deep"
        raise ValueError(msg)
    if isinstance(told, str):
        return Primitive(told)
    kind = told["type"]
    if kind == "struct":
        return StructType(tuple(_column(one, mapped, depth - 1) for one in told["fields"]))
    if kind == "array":
        element = _type(told["elementType"], mapped, depth - 1)
        return ListType(element, not told.get("containsNull", True))
    if kind == "map":
        key = _type(told["keyType"], mapped, depth - 1)
        value = _type(told["valueType"], mapped, depth - 1)
        return MapType(key, value, not told.get("valueContainsNull", True))
    if kind == "udt":
        return _type(told["sqlType"], mapped, depth - 1)
    msg = f"unknown type {kind!r}"
    raise ValueError(msg)


def _column(told: Any, mapped: bool, depth: int) -> Column:  # noqa: ANN401, FBT001 - it is JSON
    metadata = told.get("metadata") or {}
    nested = metadata.get(_NESTED_IDS) if mapped else None
    mapping_id = metadata.get(_ID) if mapped else None
    physical_name = metadata.get(_PHYSICAL) if mapped else None
    return Column(
        name=str(told["name"]),
        type=_type(told["type"], mapped, depth),
        required=not told.get("nullable", True),
        physical_name=None if physical_name is None else str(physical_name),
        mapping_id=None if mapping_id is None else int(mapping_id),
        nested_ids={str(path): int(one) for path, one in (nested or {}).items()},
        comment=_text(metadata.get("comment")),
        default=_text(metadata.get("CURRENT_DEFAULT")),
    )


def _text(told: Any) -> str | None:  # noqa: ANN401 - it is JSON
    return told if isinstance(told, str) else None
