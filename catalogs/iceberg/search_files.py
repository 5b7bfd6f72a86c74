"""Searched files: the rows of one data or delete file that meet a condition, by their positions.

A file is read once, and only the row groups that may match; of each only the columns that the
condition looks at, and the keys by which equality deletes would hide a row.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import pyarrow as pa
from pyiceberg.schema import Schema

from catalogs.condition import Path
from catalogs.iceberg.data_files import DataFiles
from catalogs.iceberg.file_schema import FieldNames, file_schema
from catalogs.iceberg.fragment import Fragment
from catalogs.iceberg.key_columns import KeyColumn
from catalogs.iceberg.manifests import ManifestEntry
from catalogs.iceberg.metadata import TableMetadata
from catalogs.iceberg.partition_constants import (
    holders,
    loosened,
    partition_constants,
    struct_types,
)
from catalogs.iceberg.projection import project
from catalogs.iceberg.sought import Sought
from catalogs.row_groups import Leaf, chosen_groups, look_of, runs_of
from catalogs.search import Look
from catalogs.sifting import Candidate, candidate
from snapshots.errors import TemporalLineageError, UnreadableError

POSITION = "\0position"
"""The column of positions in the file, beside those of the condition."""
UNCOUNTED = -1
"""The rows of a file that no manifest names."""


@dataclass(frozen=True, slots=True)
class Found:
    """The matching rows of a file: positions, and the values of key columns by field id.

    `look` says how far the file was read; `lacks` whether no column of the condition is in it, nor
    in its partition.
    """

    positions: pa.Array
    keys: Mapping[int, pa.Array]
    look: Look
    lacks: bool


class FileSearch:
    """Searches the files of one table for what is sought."""

    def __init__(
        self,
        sought: Sought,
        *,
        metadata: TableMetadata,
        known: FieldNames,
        defaults: Mapping[int, Any],
        files: DataFiles,
    ) -> None:
        """Take what is sought, and what the table's metadata says of its files."""
        self._sought = sought
        self._metadata = metadata
        self._known = known
        self._defaults = defaults
        self._files = files

    def found(self, entry: ManifestEntry, keys: Sequence[KeyColumn]) -> Found:
        """Read a file. Raises UnreadableError, and UnsupportedError where it cannot be sure."""
        sought = self._sought
        types = dict(struct_types(sought.fields))
        key_types = {key.field_id: key.kind for key in keys}
        specs = self._metadata.all_partition_specs()
        own = partition_constants(entry, specs.get(entry.spec_id, []), key_types | types)
        fields = loosened(sought.fields, own)
        schemas = [Schema.model_validate({"type": "struct", "fields": fields})]
        schemas += [key.schema for key in keys]
        self._files.refuse_format(entry)
        with self._files.fragment(entry) as fragment:
            location = self._files.found(entry)
            inside = self._inside(fragment, location)
            given = {*inside.field_ids, *own}
            lacks = all(aim.field_id not in given for aim in sought.aims.values())
            read = partial(
                project,
                schemas=schemas,
                known=self._known,
                constants=dict(self._defaults) | own,
                needed=(),
                held=set(holders(sought.fields, own)),
                format_version=self._metadata.format_version,
                location=location,
            )
            parts, look = self._parts(entry, fragment, inside)
            rows = [
                self._matching(start + at, batches, keys)
                for start, part in parts
                for at, batches in read(part)
            ]
        whole = pa.Table.from_batches(rows) if rows else None
        if whole is None:
            nothing = pa.array([], pa.int64())
            return Found(nothing, {key.field_id: nothing for key in keys}, look, lacks)
        return Found(
            positions=_joined(whole.column(POSITION)),
            keys={key.field_id: _joined(whole.column(_key(key))) for key in keys},
            look=look,
            lacks=lacks,
        )

    def candidate(self, entry: ManifestEntry) -> Candidate | None:
        """Make a candidate for an engine of a file; None where it has to be read here."""
        if entry.file_format != "parquet":
            return None
        spec = self._metadata.all_partition_specs().get(entry.spec_id, [])
        own = partition_constants(entry, spec, dict(struct_types(self._sought.fields)))
        if any(aim.field_id in own for aim in self._sought.aims.values()):
            return None
        location = self._files.found(entry)
        try:
            with self._files.fragment(entry) as fragment:
                inside = self._inside(fragment, location)
                parts, _ = self._parts(entry, fragment, inside)
                if next(parts, None) is None:
                    return None
                physical = fragment.physical_schema
                leaves = dict(self._leaves(physical, inside))
                condition = self._sought.condition
                return candidate(location, entry.rows, condition, leaves, physical)
        except TemporalLineageError:
            return None  # reading it here tells what is wrong with it

    def _inside(self, fragment: Fragment, location: str) -> Schema:
        return file_schema(
            fragment.physical_schema,
            self._known,
            format_version=self._metadata.format_version,
            location=location,
        )

    def _parts(
        self, entry: ManifestEntry, fragment: Fragment, inside: Schema
    ) -> tuple[Iterator[tuple[int, Fragment]], Look]:
        """Give the parts of a file that may match, each with the position of its first row."""
        if entry.file_format != "parquet":
            return iter([(0, _Counted(fragment, entry.rows, self._files.found(entry)))]), Look.READ
        metadata = fragment.metadata  # type: ignore[attr-defined]
        _check(metadata.num_rows, entry.rows, self._files.found(entry))
        leaves = dict(self._leaves(fragment.physical_schema, inside))

        def read(offset: int, length: int) -> bytes:
            return self._files.slice(entry, offset=offset, length=length)

        chosen = chosen_groups(metadata, self._sought.condition, leaves, read)
        parts = (
            (first, fragment.subset(row_group_ids=run))  # type: ignore[attr-defined]
            for first, run in runs_of(chosen)
        )
        return parts, look_of(chosen, metadata.num_row_groups)

    def _leaves(self, physical: pa.Schema, inside: Schema) -> Iterator[tuple[Path, Leaf]]:
        for path, aim in self._sought.aims.items():
            if aim.field_id not in inside.field_ids:
                continue
            name = inside.find_column_name(aim.field_id)
            stored = _type_at(physical, name)
            if stored is not None:
                yield path, Leaf(str(name), stored, _wanted(self._sought.target, path))

    def _matching(
        self, start: int, batches: Sequence[pa.RecordBatch], keys: Sequence[KeyColumn]
    ) -> pa.RecordBatch:
        rows = batches[0].cast(self._sought.target)
        count = rows.num_rows
        positions = pa.arange(start, start + count)
        values = {_key(key): key.values(one) for key, one in zip(keys, batches[1:], strict=True)}
        beside = {POSITION: positions, **values}
        columns = [*rows.columns, *beside.values()]
        whole = pa.RecordBatch.from_arrays(columns, [*rows.schema.names, *beside])
        return whole.filter(self._sought.expression).select(list(beside))


class _Counted:
    """A fragment that must hold as many rows as its manifest says."""

    def __init__(self, fragment: Fragment, rows: int, location: str) -> None:
        self._fragment = fragment
        self._rows = rows
        self._location = location

    @property
    def physical_schema(self) -> pa.Schema:
        """The file's own columns."""
        return self._fragment.physical_schema

    def to_batches(self, *, columns: Sequence[str]) -> Iterator[pa.RecordBatch]:
        """Stream some columns. Raises UnreadableError at the end where rows are lacking."""
        count = 0
        for batch in self._fragment.to_batches(columns=columns):
            count += batch.num_rows
            yield batch
        _check(count, self._rows, self._location)

    def to_table(self, *, columns: Sequence[str]) -> pa.Table:
        """Read some columns whole."""
        return self._fragment.to_table(columns=columns)


def _check(rows: int, recorded: int, location: str) -> None:
    if recorded not in {rows, UNCOUNTED}:
        reason = f"it holds {rows} rows, and its manifest says {recorded}"
        advice = "do not trust the file: it is not the one that was committed"
        raise UnreadableError(location, reason, advice)


def _type_at(schema: pa.Schema, name: str | None) -> pa.DataType | None:
    """Give the type of a field by its dotted name; None for one that is in no plain struct."""
    if name is None:
        return None
    if name in schema.names:
        return schema.field(name).type
    first, *rest = name.split(".")
    if first not in schema.names:
        return None
    found = schema.field(first).type
    for part in rest:
        if not pa.types.is_struct(found) or found.get_field_index(part) < 0:
            return None
        found = found.field(part).type
    return found


def _wanted(target: pa.Schema, path: Path) -> pa.DataType:
    found = target.field(path[0]).type
    for part in path[1:]:
        found = found.field(part).type
    return found


def _joined(column: pa.ChunkedArray) -> pa.Array:
    return pa.concat_arrays(column.chunks)


def _key(key: KeyColumn) -> str:
    return f"\0key {key.field_id}"
