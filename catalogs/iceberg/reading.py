"""Readings: what is kept of each metadata file, and the union of what all of them tell."""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

import msgspec

from catalogs.iceberg.commits import snapshot_of
from catalogs.iceberg.definition import definition_of
from catalogs.iceberg.metadata import (
    MetadataLogEntry,
    RefEntry,
    SnapshotEntry,
    TableMetadata,
    reading_of,
)
from catalogs.iceberg.schema import schema_version
from snapshots.definition import TableDefinition
from snapshots.instant import Instant
from snapshots.refs import MAIN, Branch, SnapshotRef, Tag
from snapshots.schema import Field, SchemaVersion
from snapshots.snapshot import Snapshot
from snapshots.time_travel import RecordedEntry


@dataclass(frozen=True, slots=True)
class Reading:
    """One metadata file, without what it repeats from the file before it.

    `uuid` is None in old v1 files; `snapshot_id` while the table has no snapshot.
    """

    path: str
    uuid: str | None
    at: Instant
    snapshot_id: int | None
    schema_id: int
    schema_ids: tuple[int, ...]
    refs: tuple[SnapshotRef, ...]
    odd_refs: tuple[str, ...]
    """Names of refs that are neither branch nor tag."""
    properties: Mapping[str, str]
    listed: frozenset[int]
    metadata_log: tuple[MetadataLogEntry, ...]
    features: tuple[str, ...]
    definition: TableDefinition


@dataclass(frozen=True, slots=True)
class Listing:
    """Where a snapshot's file lists are, and the newest metadata file seen to list it.

    `reading` is what that file says of how files are read; see `metadata.reading_of`.
    """

    entry: SnapshotEntry
    path: str
    reading: bytes


class Readings:
    """Takes metadata files in, newest first, and holds the union of what they say."""

    def __init__(self, *, snapshots: Iterable[Snapshot], schemas: Iterable[SchemaVersion]) -> None:
        """Start from what is known of the table already."""
        self.snapshots = {one.snapshot_id: one for one in snapshots}
        self.schemas = {one.schema_id: one for one in schemas}
        self.listings: dict[int, Listing] = {}
        self._log: set[tuple[int, int]] = set()
        self._whole: set[int] = set()
        """Snapshots of which an older file could tell nothing more."""
        self._claimed: dict[tuple[int, bytes], int] = {}
        self._read = ("", b"")

    def recorded(self) -> frozenset[RecordedEntry]:
        """Give the union of the snapshot-logs."""
        return frozenset(RecordedEntry(Instant.from_millis(ms), number) for ms, number in self._log)

    def take(self, path: str, metadata: TableMetadata) -> Reading:
        """Take one metadata file in. Raises UnreadableError where a schema of it is broken."""
        ids = self._take_schemas(path, metadata)
        current = metadata.current_schema()
        features = tuple(_features(metadata, self.schemas[ids[current.get("schema-id", 0)]]))
        for entry in metadata.snapshots or ():
            # Each file repeats nearly all of the one before it.
            if entry.snapshot_id not in self._whole:
                self._take_snapshot(path, entry, ids, metadata)
        self._log.update((one.timestamp_ms, one.snapshot_id) for one in metadata.snapshot_log or ())
        return Reading(
            path=path,
            uuid=metadata.table_uuid,
            at=Instant.from_millis(metadata.last_updated_ms),
            snapshot_id=metadata.current_snapshot(),
            schema_id=ids[current.get("schema-id", 0)],
            schema_ids=tuple(ids.values()),
            refs=tuple(_refs(metadata)),
            odd_refs=tuple(n for n, r in (metadata.refs or {}).items() if r.type not in _KINDS),
            properties=metadata.text_properties(),
            listed=frozenset(one.snapshot_id for one in metadata.snapshots or ()),
            metadata_log=tuple(metadata.metadata_log or ()),
            features=features,
            definition=definition_of(metadata, features=features),
        )

    def _take_snapshot(
        self, path: str, entry: SnapshotEntry, ids: Mapping[int, int], metadata: TableMetadata
    ) -> None:
        if entry.snapshot_id not in self.listings:
            self.listings[entry.snapshot_id] = Listing(entry, path, self._reading(path, metadata))
        seen = self.snapshots.get(entry.snapshot_id)
        if seen is None:
            schema_id = None if entry.schema_id is None else ids.get(entry.schema_id)
            self.snapshots[entry.snapshot_id] = snapshot_of(entry, schema_id=schema_id)
        elif seen.parent_id is None and entry.parent_snapshot_id is not None:
            # Some writers forget the parent when they expire it; an older file still knows.
            self.snapshots[entry.snapshot_id] = replace(seen, parent_id=entry.parent_snapshot_id)
        if self.snapshots[entry.snapshot_id].parent_id is not None:
            self._whole.add(entry.snapshot_id)

    def _reading(self, path: str, metadata: TableMetadata) -> bytes:
        if self._read[0] != path:
            self._read = (path, reading_of(metadata))
        return self._read[1]

    def _take_schemas(self, path: str, metadata: TableMetadata) -> dict[int, int]:
        """Give what this history calls each schema id that the file declares."""
        names: dict[int, int] = {}
        for schema in metadata.all_schemas():
            declared = schema.get("schema-id", 0)
            text = msgspec.json.encode(schema, order="deterministic")
            if (declared, text) not in self._claimed:
                version = schema_version(schema, schema_id=declared, location=path)
                self._claimed[declared, text] = self._claim(version)
            names[declared] = self._claimed[declared, text]
        return names

    def _claim(self, version: SchemaVersion) -> int:
        """Find the id for a schema: its own, unless another schema of this history has that.

        Old v1 files do not number their schemas, and a table restored from an earlier metadata
        file numbers anew. Then the fields decide, under a negative number made from them alone.
        """
        wanted = version.schema_id
        while wanted in self.schemas and self.schemas[wanted].fields != version.fields:
            wanted = -1 - zlib.crc32(f"{wanted} {_written(version.fields)}".encode())
        self.schemas.setdefault(wanted, SchemaVersion(wanted, version.fields))
        return wanted


_ROW_LINEAGE_SINCE = 3
_TYPES_SINCE_V3 = ("variant", "geometry", "geography", "unknown", "timestamp_ns", "timestamptz_ns")
_KINDS = frozenset({"branch", "tag"})


def _features(metadata: TableMetadata, schema: SchemaVersion) -> Iterator[str]:
    """Name what a reader of the table must know, in the words of the specification."""
    yield f"format-version={metadata.format_version}"
    if metadata.format_version >= _ROW_LINEAGE_SINCE:
        yield "row-lineage"
    if metadata.encryption_keys:
        yield "encryption-keys"
    types = {field.type.partition("(")[0] for field in schema.fields}
    yield from (name for name in _TYPES_SINCE_V3 if name in types)


def _written(fields: tuple[Field, ...]) -> str:
    return msgspec.json.encode(fields).decode()


def _refs(metadata: TableMetadata) -> Iterable[SnapshotRef]:
    """Yield the refs, main among them wherever there is a snapshot, as older versions imply."""
    current = metadata.current_snapshot()
    refs = metadata.refs or {}
    if current is not None:
        limits = refs.get(MAIN) or RefEntry(snapshot_id=current, type="branch")
        yield _ref(MAIN, msgspec.structs.replace(limits, snapshot_id=current, type="branch"))
    for name, ref in refs.items():
        if name != MAIN and ref.type in _KINDS:
            yield _ref(name, ref)


def _ref(name: str, ref: RefEntry) -> SnapshotRef:
    if ref.type == "tag":
        return Tag(name, ref.snapshot_id, ref.max_ref_age_ms)
    return Branch(
        name=name,
        snapshot_id=ref.snapshot_id,
        min_snapshots_to_keep=ref.min_snapshots_to_keep,
        max_snapshot_age_ms=ref.max_snapshot_age_ms,
        max_ref_age_ms=ref.max_ref_age_ms,
    )
