"""Scans: the rows of one snapshot, streamed under its own schema."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from functools import partial
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
from pyiceberg.io.pyarrow import schema_to_pyarrow
from pyiceberg.schema import Schema
from pyiceberg.table.name_mapping import NameMapping, parse_mapping_from_json

from catalogs.choice import chosen
from catalogs.iceberg.data_files import DataFiles, translated
from catalogs.iceberg.deletes import Deletes
from catalogs.iceberg.equality import EqualityDeletes
from catalogs.iceberg.file_schema import FieldNames, field_names
from catalogs.iceberg.key_columns import KeyColumn, KeyColumns
from catalogs.iceberg.lowered_types import lowered_field, nanosecond_defaults
from catalogs.iceberg.manifests import ManifestEntry
from catalogs.iceberg.metadata import NAME_MAPPING, TableMetadata
from catalogs.iceberg.partition_constants import (
    holders,
    loosened,
    partition_constants,
    struct_types,
)
from catalogs.iceberg.projection import project
from catalogs.iceberg.reach import Reach
from snapshots.errors import UnreadableError, UnsupportedError
from snapshots.files import FileContent

_FORMAT_VERSION_MAX = 3
_ADVICE = "read this state with an engine that has it, such as Spark"


class Scan:
    """Reads the rows of a snapshot: chosen columns of its schema, less what was deleted."""

    def __init__(
        self,
        metadata: TableMetadata,
        schema: Mapping[str, Any],
        entries: Sequence[ManifestEntry],
        *,
        files: DataFiles,
        location: str,
    ) -> None:
        """Take the snapshot's schema and its live files; `metadata` is where it was listed."""
        self._metadata = metadata
        self._schema = schema
        self._data = [one for one in entries if one.content is FileContent.DATA]
        self._entries = entries
        self._reach = Reach(metadata)
        self._deletes = Deletes(entries, files=files, reach=self._reach)
        self._files = files
        self._location = location
        with translated(location, {}):
            self._defaults = dict(nanosecond_defaults(dict(schema)))

    def batches(self, *, columns: Sequence[str] | None) -> pa.RecordBatchReader:
        """Stream the rows. Raises what `TableState.batches` says, before or while they are read.

        What can be refused is refused before the first row.
        """
        if self._metadata.format_version > _FORMAT_VERSION_MAX:
            feature = f"format version {self._metadata.format_version}"
            raise UnsupportedError(self._location, feature, _ADVICE)
        wanted = self._wanted(columns)
        known = field_names(self._metadata.all_schemas(), self._name_mapping())
        for entry in self._data:
            self._files.refuse_format(entry)
        equalities = EqualityDeletes(
            self._entries,
            files=self._files,
            reach=self._reach,
            keys=KeyColumns(self._metadata),
            read=partial(self._keys, known),
        )
        with translated(self._location, {}):
            schema = Schema.model_validate({**wanted, "type": "struct"})
            target = schema_to_pyarrow(schema, include_field_ids=False)
        rows = self._rows(wanted, known, equalities)
        return pa.RecordBatchReader.from_batches(target, self._cast(rows, target))

    def _cast(self, rows: Iterator[pa.RecordBatch], target: pa.Schema) -> Iterator[pa.RecordBatch]:
        for one in rows:
            with translated(self._location, {}):  # such as a null where the column is required
                found = one.cast(target)
            yield found

    def _rows(
        self,
        wanted: Mapping[str, Any],
        known: FieldNames,
        equalities: EqualityDeletes,
    ) -> Iterator[pa.RecordBatch]:
        """Yield the rows of one data file after the other, all that is deleted left out."""
        types = dict(struct_types(wanted["fields"]))
        specs = self._metadata.all_partition_specs()
        for entry in self._data:
            deleted = equalities.applying(entry)
            keys = {key.field_id: key for one in deleted for key in one.columns}
            key_types = {key.field_id: key.kind for key in keys.values()}
            own = partition_constants(entry, specs.get(entry.spec_id, []), key_types | types)
            fields = loosened(wanted["fields"], own)
            schemas = [Schema.model_validate({**wanted, "fields": fields})]
            schemas += (key.schema for key in keys.values())
            held = set(holders(wanted["fields"], own))
            gone = self._deletes.positions(entry)
            read = self._projected(entry, schemas, known, self._defaults | own, held=held)
            for start, found in read:
                values = {
                    key.field_id: key.values(batch)
                    for key, batch in zip(keys.values(), found[1:], strict=True)
                }
                yield _without(found[0], start, gone, [one.places(values) for one in deleted])

    def _keys(
        self, known: FieldNames, entry: ManifestEntry, columns: Sequence[KeyColumn]
    ) -> Iterator[Sequence[pa.RecordBatch]]:
        """Read an equality delete file, under the schema of each key column."""
        needed = frozenset(one.field_id for one in columns)
        schemas = [one.schema for one in columns]
        for _, batches in self._projected(entry, schemas, known, {}, needed=needed):
            yield batches

    def _projected(
        self,
        entry: ManifestEntry,
        schemas: Sequence[Schema],
        known: FieldNames,
        constants: Mapping[int, Any],
        *,
        needed: Collection[int] = (),
        held: Collection[int] = (),
    ) -> Iterator[tuple[int, list[pa.RecordBatch]]]:
        """Read a file whole, and make sure that it is the one that was committed."""
        end = 0
        with self._files.fragment(entry) as fragment:
            for start, batches in project(
                fragment,
                schemas=schemas,
                known=known,
                constants=constants,
                needed=needed,
                held=held,
                format_version=self._metadata.format_version,
                location=self._files.found(entry),
            ):
                end = start + batches[0].num_rows
                yield start, batches
        if end != entry.rows:
            reason = f"it holds {end} rows, and its manifest says {entry.rows}"
            advice = "do not trust the file: it is not the one that was committed"
            raise UnreadableError(self._files.found(entry), reason, advice)

    def _wanted(self, columns: Sequence[str] | None) -> dict[str, Any]:
        """Choose columns of the snapshot's schema, and refuse types that nothing here reads."""
        by_name = {str(field["name"]): field for field in self._schema["fields"]}
        names = chosen(columns, columns=list(by_name), state=self._location)
        fields = [lowered_field(by_name[name], location=self._location) for name in names]
        return {"type": "struct", "fields": fields}

    def _name_mapping(self) -> NameMapping | None:
        text = (self._metadata.properties or {}).get(NAME_MAPPING)
        if not isinstance(text, str):
            return None
        with translated(self._location, {}):
            return parse_mapping_from_json(text)


def _without(
    batch: pa.RecordBatch, start: int, gone: pa.Array | None, places: Sequence[pa.Array]
) -> pa.RecordBatch:
    """Leave out the rows whose positions in the file, or whose places in the batch, are gone."""
    if gone is not None:
        places = [*places, pc.subtract(gone, start)]
    if not places:
        return batch
    own = pa.arange(0, batch.num_rows)
    return batch.filter(pc.invert(pc.is_in(own, value_set=pa.concat_arrays(places))))
