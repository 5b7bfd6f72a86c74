"""Sought rows: a condition bound to the fields of an Iceberg table, whatever they are called when.

Names bind to the current schema, or where that has not all of them, to the newest that has: a
column that was dropped is in the files all the same. From there on field ids decide.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
from pyiceberg.io.pyarrow import schema_to_pyarrow
from pyiceberg.schema import Schema

from catalogs.condition import Condition, Path, paths_in
from catalogs.iceberg.lowered_types import lowered_field
from catalogs.iceberg.metadata import TableMetadata
from catalogs.portion import BadFilterError
from catalogs.row_filter import arrow_filter, bound_condition, filter_columns
from catalogs.search import SearchedColumn
from snapshots.errors import UnsupportedError


@dataclass(frozen=True, slots=True)
class Aim:
    """A column that a condition looks at: its field id and Iceberg type."""

    field_id: int
    kind: str
    is_top: bool


@dataclass(frozen=True, slots=True)
class Sought:
    """A condition over the fields of a table, and how to read what it looks at.

    `fields` are the top-level columns that it needs, none of them required: files may be older.
    `target` is their Arrow schema, under the names that the condition has for them.
    """

    fields: tuple[dict[str, Any], ...]
    target: pa.Schema
    expression: pc.Expression
    condition: Condition
    aims: Mapping[Path, Aim]
    columns: tuple[SearchedColumn, ...]


def bound(where: str, metadata: TableMetadata, *, location: str) -> Sought:
    """Bind a condition. Raises BadFilterError where no schema of the table has all its columns."""
    others = sorted(metadata.all_schemas(), key=lambda one: -int(one.get("schema-id", 0)))
    refused: BadFilterError | None = None
    for schema in (metadata.current_schema(), *others):
        readable = dict(_readable(schema, location))
        whole = _arrow(list(readable.values()))
        try:
            names = filter_columns(where, whole)
            arrow_filter(where, whole)
        except BadFilterError as error:
            refused = refused or error
        else:
            return _bound(where, [readable[name] for name in names], metadata)
    raise refused or BadFilterError(where, "the table has no schema")


def _bound(where: str, fields: list[dict[str, Any]], metadata: TableMetadata) -> Sought:
    target = _arrow(fields)
    condition = bound_condition(where, target)
    aims = {path: _aim(path, fields) for path in paths_in(condition)}
    known = set(_ids(metadata.current_schema()))
    schemas = metadata.all_schemas()
    return Sought(
        fields=tuple(fields),
        target=target,
        expression=arrow_filter(where, target),
        condition=condition,
        aims=aims,
        columns=tuple(
            SearchedColumn(
                ".".join(path),
                aim.field_id,
                aim.field_id in known,
                tuple(sorted(_named(path, schemas) - {aim.field_id})),
            )
            for path, aim in aims.items()
        ),
    )


def _readable(schema: Mapping[str, Any], location: str) -> Iterator[tuple[str, dict[str, Any]]]:
    for field in schema.get("fields", ()):
        try:
            lowered = lowered_field(field, location=location)
        except UnsupportedError:
            continue  # a condition on it is refused as one on no column
        yield str(field["name"]), {**lowered, "required": False}


def _arrow(fields: list[dict[str, Any]]) -> pa.Schema:
    schema = Schema.model_validate({"type": "struct", "fields": fields})
    return schema_to_pyarrow(schema, include_field_ids=False)


def _aim(path: Path, fields: list[dict[str, Any]]) -> Aim:
    field = next(one for one in fields if one["name"] == path[0])
    for part in path[1:]:
        field = next(one for one in field["type"]["fields"] if one["name"] == part)
    return Aim(int(field["id"]), str(field["type"]), is_top=len(path) == 1)


def _named(path: Path, schemas: Sequence[Mapping[str, Any]]) -> set[int]:
    """Give the fields that any schema has at a path."""
    found: set[int] = set()
    for schema in schemas:
        inside: Any = schema.get("fields", ())
        field: Any = None
        for part in path:
            field = next((one for one in inside if one["name"] == part), None)
            kind = field["type"] if field is not None else None
            inside = kind.get("fields", ()) if isinstance(kind, dict) else ()
        if field is not None:
            found.add(int(field["id"]))
    return found


def _ids(kind: Any) -> Iterator[int]:  # noqa: ANN401 - a type is any JSON
    for field in kind.get("fields", ()) if isinstance(kind, dict) else ():
        yield field["id"]
        yield from _ids(field["type"])
