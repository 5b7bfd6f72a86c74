"""A past state as a table of its own: one snapshot, with metadata that any reader opens."""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from typing import Any

from catalogs.iceberg.aimed_anew import aimed_anew
from catalogs.iceberg.manifest_writing import (
    Shape,
    WrittenManifest,
    manifest_body,
    manifest_list_body,
)
from catalogs.iceberg.manifests import ManifestEntry
from catalogs.iceberg.metadata import (
    NAME_MAPPING,
    SnapshotEntry,
    SortFieldEntry,
    TableMetadata,
    file_name,
)
from catalogs.iceberg.partition_columns import partition_columns, spec_fields
from catalogs.iceberg.relocation import Relocation
from catalogs.moved import normal
from catalogs.storage import is_local
from catalogs.table import NewTable
from snapshots.errors import UnsupportedError
from snapshots.files import FileContent

Json = Any

_V2, _V3 = 2, 3
_DELETES = (FileContent.POSITION_DELETES, FileContent.EQUALITY_DELETES, FileContent.DELETION_VECTOR)
_NAMING = (FileContent.POSITION_DELETES, FileContent.DELETION_VECTOR)
_TYPES_OF_V3 = ("variant", "geometry", "geography", "unknown", "timestamp_ns", "timestamptz_ns")
ORIGIN = "temporal-lineage.recovered-from"
"""The property of the new table that says which state it is."""


@dataclass(frozen=True, slots=True)
class Recovered:
    """A state that is to be written: what defines it, and its files."""

    metadata: TableMetadata
    schema: Mapping[str, Json]
    entry: SnapshotEntry
    entries: Sequence[ManifestEntry]
    relocation: Relocation
    read: Callable[[str], bytes]


def files_of_table(state: Recovered, new: NewTable) -> Iterator[tuple[str, bytes]]:
    """Yield the metadata files of the new table: names below its folder, and bytes.

    Snapshot id, instant, schema and data sequence numbers are those of the state; the table's uuid
    is new. Raises UnsupportedError where the state cannot be said that way.
    """
    location = uri(new.location)
    version = _format_version(state)
    places = _Places(state, new, location)
    entries = [places.placed(one) for one in state.entries]
    yield from places.anew.values()
    sequence_number = max([1, *(one.sequence_number or 0 for one in entries)])
    written: list[WrittenManifest] = []
    for number, (shape, group) in enumerate(_shaped(state, entries)):
        name = f"metadata/manifest-{number}.avro"
        body = manifest_body(
            shape,
            group,
            schema=dict(state.schema),
            snapshot_id=state.entry.snapshot_id,
            format_version=version,
        )
        yield name, body
        written.append(WrittenManifest(f"{location}/{name}", body, shape, group))
    list_name = f"metadata/snap-{state.entry.snapshot_id}.avro"
    yield (
        list_name,
        manifest_list_body(
            written,
            snapshot_id=state.entry.snapshot_id,
            sequence_number=sequence_number,
            format_version=version,
        ),
    )
    snapshot = _snapshot(state, entries, f"{location}/{list_name}", sequence_number, version)
    metadata = _metadata(state, new, location, snapshot, version)
    # As tables without a catalog are named: then a folder is enough to open it.
    yield "metadata/v1.metadata.json", json.dumps(metadata, indent=2).encode()
    yield "metadata/version-hint.text", b"1"


def uri(path: str) -> str:
    """Write a path of this machine as engines with several file systems take it."""
    return f"file://{normal(path)}" if is_local(path) else path


def _format_version(state: Recovered) -> int:
    """Choose the oldest version that can say the state: more readers know it."""
    kinds = json.dumps(state.metadata.all_schemas())
    needs = any(f'"{one}' in kinds for one in (*_TYPES_OF_V3, "initial-default"))
    vectors = any(one.content is FileContent.DELETION_VECTOR for one in state.entries)
    sources = any(
        field.source_ids
        for fields in state.metadata.all_partition_specs().values()
        for field in fields
    )
    return _V3 if needs or vectors or sources else _V2


class _Places:
    """Where the files of a state are found from the new table."""

    def __init__(self, state: Recovered, new: NewTable, location: str) -> None:
        self._state = state
        self._new = new
        self._location = location
        data = (one.path for one in state.entries if one.content is FileContent.DATA)
        self._moves = any(self.of(path) != path for path in data)
        self.anew: dict[str, tuple[str, bytes]] = {}
        """Files that are written anew, by recorded path: their names and bytes."""

    def of(self, recorded: str) -> str:
        """Give the path of a file that stays as it is."""
        found, places = self._state.relocation.find(recorded), self._new.places
        if places is not None and found in places:
            return f"{self._location}/{places[found]}"
        return recorded if normal(recorded) == found else uri(found)

    def placed(self, entry: ManifestEntry) -> ManifestEntry:
        """Give an entry as the new table has it; a file that names data files names them anew."""
        if entry.is_encrypted:
            raise UnsupportedError(entry.path, "its encryption key", "read it with its own engine")
        referenced = entry.referenced_path and self.of(entry.referenced_path)
        if entry.content not in _NAMING or not self._moves:
            return replace(entry, path=self.of(entry.path), referenced_path=referenced)
        if entry.path not in self.anew:
            found = self._state.relocation.find(entry.path)
            places = self._new.places or {}
            name = places.get(found, f"data/{len(self.anew)}-{file_name(found)}")
            body = self._state.read(found)
            anew = aimed_anew(body, entry.file_format, self.of, location=found)
            self.anew[entry.path] = name, anew
        name, body = self.anew[entry.path]
        path = f"{self._location}/{name}"
        return replace(entry, path=path, referenced_path=referenced, size_bytes=len(body))


def _shaped(
    state: Recovered, entries: Sequence[ManifestEntry]
) -> Iterator[tuple[Shape, list[ManifestEntry]]]:
    def group(one: ManifestEntry) -> tuple[bool, int]:
        return one.content in _DELETES, one.spec_id

    for (holds_deletes, spec_id), found in groupby(sorted(entries, key=group), key=group):
        columns = partition_columns(state.metadata, spec_id, location=state.relocation.root)
        yield Shape(spec_id, columns, holds_deletes), list(found)


def _snapshot(
    state: Recovered,
    entries: Sequence[ManifestEntry],
    manifest_list: str,
    sequence_number: int,
    version: int,
) -> dict[str, Json]:
    data = [one for one in entries if one.content is FileContent.DATA]
    rows = sum(one.rows for one in data)
    summary = {
        "operation": "append",
        "added-data-files": str(len(data)),
        "added-records": str(rows),
        "total-data-files": str(len(data)),
        "total-delete-files": str(len(entries) - len(data)),
        "total-records": str(rows),
        "total-files-size": str(sum(one.size_bytes for one in entries)),
    }
    lineage = {"first-row-id": 0, "added-rows": rows} if version >= _V3 else {}
    return {
        "snapshot-id": state.entry.snapshot_id,
        "sequence-number": sequence_number,
        "timestamp-ms": state.entry.timestamp_ms,
        "manifest-list": manifest_list,
        "summary": summary,
        "schema-id": state.schema.get("schema-id", 0),
        **lineage,
    }


def _metadata(
    state: Recovered, new: NewTable, location: str, snapshot: dict[str, Json], version: int
) -> dict[str, Json]:
    known = state.metadata
    snapshot_id, at = snapshot["snapshot-id"], snapshot["timestamp-ms"]
    specs = {number: spec_fields(fields) for number, fields in known.all_partition_specs().items()}
    ids = [one["field-id"] for fields in specs.values() for one in fields]
    mapping = known.text_properties().get(NAME_MAPPING)
    lineage = {"next-row-id": snapshot["added-rows"]} if version >= _V3 else {}
    return {
        "format-version": version,
        "table-uuid": str(uuid.uuid4()),
        "location": location,
        "last-sequence-number": snapshot["sequence-number"],
        "last-updated-ms": max(at, new.made_at.micros // 1000),
        "last-column-id": known.last_column_id or 0,
        "schemas": [{"schema-id": 0, **one} for one in known.all_schemas()],
        "current-schema-id": snapshot["schema-id"],
        "partition-specs": [{"spec-id": one, "fields": fields} for one, fields in specs.items()],
        "default-spec-id": known.default_spec_id or 0,
        "last-partition-id": known.last_partition_id or max(ids, default=999),
        "sort-orders": _sort_orders(known),
        "default-sort-order-id": known.default_sort_order_id or 0,
        "properties": {
            ORIGIN: new.origin,
            # Its files are another table's: to clean up here must not delete them there.
            **({"gc.enabled": "false"} if new.places is None else {}),
            **({NAME_MAPPING: mapping} if mapping is not None else {}),
        },
        "current-snapshot-id": snapshot_id,
        "refs": {"main": {"snapshot-id": snapshot_id, "type": "branch"}},
        "snapshots": [snapshot],
        "snapshot-log": [{"timestamp-ms": at, "snapshot-id": snapshot_id}],
        "metadata-log": [],
        **lineage,
    }


def _sort_orders(known: TableMetadata) -> list[Json]:
    found: dict[int, Json] = {0: []}
    for one in known.sort_orders or ():
        found[one.order_id] = [_sort_field(field) for field in one.fields]
    return [{"order-id": number, "fields": fields} for number, fields in found.items()]


def _sort_field(one: SortFieldEntry) -> dict[str, Json]:
    told = {
        "transform": one.transform,
        "source-id": one.source_id,
        "source-ids": one.source_ids,
        "direction": one.direction,
        "null-order": one.null_order,
    }
    return {name: value for name, value in told.items() if value is not None}
