"""Schemas: from an Iceberg schema's JSON to a SchemaVersion, types nobody knows yet included."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import msgspec

from snapshots.errors import UnreadableError
from snapshots.schema import Field, SchemaVersion

NESTING_MAX = 100
"""How deep types may nest; past it a schema is hostile, not rich."""

_ADVICE = "let the table's owner repair the schema"


def schema_version(schema: Mapping[str, Any], *, schema_id: int, location: str) -> SchemaVersion:
    """Read a schema's JSON: all fields, parents before children. Iceberg spec, Appendix C.

    A primitive type is kept as its text, whatever it says, and so is a kind of nested type that is
    neither struct, list nor map. Raises UnreadableError where a field has no id, no name or no
    type, or shares its id with another.
    """
    fields = tuple(_struct_fields(schema, None, "", location, NESTING_MAX))
    ids = [field.field_id for field in fields]
    twice = sorted({number for number in ids if ids.count(number) > 1}) if _repeat(ids) else []
    if twice:
        reason = f"schema {schema_id} gives field ids {twice} to several fields"
        raise UnreadableError(location, reason, _ADVICE)
    return SchemaVersion(schema_id, fields)


def _repeat(ids: list[int]) -> bool:
    return len(set(ids)) < len(ids)


def _struct_fields(
    struct: Mapping[str, Any], parent: int | None, above: str, location: str, depth: int
) -> Iterator[Field]:
    if depth == 0:
        raise UnreadableError(location, f"a type nests deeper than {NESTING_MAX}", _ADVICE)
    for field in struct.get("fields") or ():
        try:
            field_id, name, kind = int(field["id"]), str(field["name"]), _known(field["type"])
        except (KeyError, TypeError, ValueError) as error:
            reason = f"a field of {above or 'the schema'} lacks an id, a name or a type"
            raise UnreadableError(location, reason, _ADVICE) from error
        path = f"{above}.{name}" if above else name
        yield Field(
            field_id=field_id,
            name=name,
            path=path,
            parent_id=parent,
            type=_type_text(kind),
            required=bool(field.get("required", False)),
            doc=field.get("doc"),
            initial_default=_default(field.get("initial-default")),
            write_default=_default(field.get("write-default")),
            physical_name=None,
        )
        yield from _inside(kind, field_id, path, location, depth - 1)


def _inside(kind: object, parent: int, path: str, location: str, depth: int) -> Iterator[Field]:
    """Yield the fields inside a nested type: the spec gives list and map parts ids as well."""
    if not isinstance(kind, dict):
        return
    if kind.get("type") == "struct":
        yield from _struct_fields(kind, parent, path, location, depth)
    elif kind.get("type") == "list":
        parts = [_part(kind, "element", "element-required")]
        yield from _struct_fields({"fields": parts}, parent, path, location, depth)
    elif kind.get("type") == "map":
        parts = [_part(kind, "key", None), _part(kind, "value", "value-required")]
        yield from _struct_fields({"fields": parts}, parent, path, location, depth)


def _part(kind: Mapping[str, Any], name: str, required: str | None) -> dict[str, Any]:
    """Write the part of a list or map as the field that the spec says it is; keys are required."""
    return {
        "id": kind.get(f"{name}-id"),
        "name": name,
        "type": kind.get(name),
        "required": True if required is None else kind.get(required, False),
    }


def _known(kind: object) -> object:
    if kind is None:
        raise TypeError
    return kind


def _type_text(kind: object) -> str:
    if isinstance(kind, str):
        return kind
    if isinstance(kind, dict) and kind.get("type") in {"struct", "list", "map"}:
        return str(kind["type"])
    return msgspec.json.encode(kind).decode()


def _default(value: object) -> str | None:
    return None if value is None else msgspec.json.encode(value).decode()
