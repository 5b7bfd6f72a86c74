"""Sought rows: a condition bound to the columns of a Delta table, whatever they are called when.

Names bind to the newest schema that has all of them; a column that was dropped is in the files all
the same. From there on the column mapping decides, or where there is none, the name.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import pyarrow as pa
import pyarrow.compute as pc

from catalogs.condition import Condition, Path, paths_in
from catalogs.delta.actions import Metadata
from catalogs.delta.conform import arrow_fields
from catalogs.delta.replay import LogicalFile
from catalogs.delta.types import Column, Primitive, StructType, mapping_mode, parsed
from catalogs.portion import BadFilterError
from catalogs.row_filter import arrow_filter, bound_condition, filter_columns
from catalogs.search import SearchedColumn
from snapshots.errors import UnsupportedError


@dataclass(frozen=True, slots=True)
class Sought:
    """A condition over the columns of a table, and how to read what it looks at.

    None of `columns` is required: files may be older. `kinds` are Delta types by path, and
    `physical` the names in files and statistics.
    """

    columns: tuple[Column, ...]
    schema: pa.Schema
    expression: pc.Expression
    condition: Condition
    kinds: Mapping[Path, str]
    physical: Mapping[Path, tuple[str, ...]]
    partitions: frozenset[str]
    by_id: bool
    searched: tuple[SearchedColumn, ...]

    def partitions_of(self, file: LogicalFile) -> frozenset[str]:
        """Give the columns whose values the log has for a file: others than now, where a table was
        partitioned otherwise when it was written.
        """
        told = {name.casefold() for name in file.partition_values}
        return frozenset(
            one.name for one in self.columns if (one.physical_name or one.name).casefold() in told
        )


def bound(where: str, told: Sequence[Metadata], *, location: str) -> Sought:
    """Bind a condition; `told` are the table's metadata, newest first.

    Raises BadFilterError where none has all its columns.
    """
    refused: BadFilterError | None = None
    for metadata in told:
        columns = dict(_readable(metadata, location))
        whole = _arrow(columns.values(), location)
        try:
            names = filter_columns(where, whole)
            arrow_filter(where, whole)
        except BadFilterError as error:
            refused = refused or error
        else:
            found = tuple(columns[name] for name in names)
            return _bound(where, found, metadata, told, location)
    raise refused or BadFilterError(where, "the table has no schema")


def _bound(
    where: str,
    columns: tuple[Column, ...],
    metadata: Metadata,
    told: Sequence[Metadata],
    location: str,
) -> Sought:
    current = _names(told[0], location)
    schema = _arrow(columns, location)
    condition = bound_condition(where, schema)
    leaves = {path: tuple(_along(path, columns)) for path in paths_in(condition)}
    return Sought(
        columns=columns,
        schema=schema,
        expression=arrow_filter(where, schema),
        condition=condition,
        kinds={path: _kind(way[-1]) for path, way in leaves.items()},
        physical={
            path: tuple(one.physical_name or one.name for one in way)
            for path, way in leaves.items()
        },
        partitions=frozenset(metadata.partition_columns),
        by_id=mapping_mode(metadata.properties) == "id",
        searched=tuple(
            SearchedColumn(
                ".".join(path),
                way[-1].mapping_id,
                way[0].physical_name in current.values()
                if way[0].physical_name
                else way[0].name in current,
                tuple(sorted(_namesakes(way[0], told, location))),
            )
            for path, way in leaves.items()
        ),
    )


def _readable(metadata: Metadata, location: str) -> Iterator[tuple[str, Column]]:
    for column in _root(metadata, location).columns:
        free = replace(column, required=False)
        try:
            arrow_fields(StructType((free,)), location=location)
        except UnsupportedError:
            continue  # a condition on it is refused as one on no column
        yield column.name, free


def _names(metadata: Metadata, location: str) -> dict[str, str]:
    return {
        column.name: column.physical_name or column.name
        for column in _root(metadata, location).columns
    }


def _namesakes(column: Column, told: Sequence[Metadata], location: str) -> set[int]:
    """Give the other columns that had a name once; a table without column mapping cannot tell."""
    return {
        one.mapping_id
        for metadata in told
        for one in _root(metadata, location).columns
        if one.name == column.name
        if one.mapping_id is not None and one.mapping_id != column.mapping_id
    }


def _root(metadata: Metadata, location: str) -> StructType:
    mapped = mapping_mode(metadata.properties) is not None
    return parsed(metadata.schema_string, mapped=mapped, location=location)


def _arrow(columns: Iterable[Column], location: str) -> pa.Schema:
    return pa.schema(arrow_fields(StructType(tuple(columns)), location=location))


def _along(path: Path, columns: tuple[Column, ...]) -> Iterator[Column]:
    inside = columns
    for part in path:
        column = next(one for one in inside if one.name == part)
        yield column
        inside = column.type.columns if isinstance(column.type, StructType) else ()


def _kind(column: Column) -> str:
    return column.type.name if isinstance(column.type, Primitive) else ""
