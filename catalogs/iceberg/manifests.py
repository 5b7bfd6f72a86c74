"""Manifests: which files a snapshot is made of, as its manifest list and manifests say."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import IntEnum
from typing import Any

from catalogs.iceberg.avro import read_header, read_records
from catalogs.iceberg.avro_types import Wanted
from snapshots.errors import UnreadableError
from snapshots.files import FileContent

_ADVICE = "restore the file from a backup"
_ALL: Wanted = {}
_LIST_FIELDS = (
    "manifest_path",
    "partition_spec_id",
    "content",
    "sequence_number",
    "added_snapshot_id",
    "manifest_length",
    *("added_files_count", "existing_files_count"),
    *("added_data_files_count", "existing_data_files_count"),  # as they were called in v1
)
_FILE_FIELDS = (
    "content",
    "file_path",
    "file_format",
    "partition",
    "record_count",
    "file_size_in_bytes",
    "key_metadata",
    "equality_ids",
    "referenced_data_file",
    "content_offset",
    "content_size_in_bytes",
)
_ENTRY_FIELDS: Wanted = {
    "status": _ALL,
    "snapshot_id": _ALL,
    "sequence_number": _ALL,
    "data_file": dict.fromkeys(_FILE_FIELDS, _ALL),
}
_DELETE_ENTRY_FIELDS: Wanted = {
    **_ENTRY_FIELDS,
    "data_file": dict.fromkeys((*_FILE_FIELDS, "lower_bounds", "upper_bounds"), _ALL),
}
_FILE_PATH_ID = 2147483546
"""The reserved id of the column of data file paths in position delete files."""

_DELETES = 1
"""What a manifest list calls a manifest of delete files."""

_CONTENTS = {
    0: FileContent.DATA,
    1: FileContent.POSITION_DELETES,
    2: FileContent.EQUALITY_DELETES,
}


class Status(IntEnum):
    """What a manifest entry says of its file."""

    EXISTING = 0
    ADDED = 1
    DELETED = 2


@dataclass(frozen=True, slots=True)
class Manifest:
    """A manifest, as a manifest list names it.

    `path` is the recorded one. All else is None where no list says it: the inline manifests of an
    old v1 snapshot. `live_files` counts the entries that are not DELETED; v1 need not say it.
    `holds_deletes` tells a manifest of delete files from one of data files.
    """

    path: str
    spec_id: int | None
    sequence_number: int | None
    snapshot_id: int | None
    size_bytes: int | None
    live_files: int | None
    holds_deletes: bool


@dataclass(frozen=True, slots=True)
class PartitionField:
    """A column of the partition tuples of one manifest; `field_id` is None where unwritten."""

    field_id: int | None
    name: str


@dataclass(frozen=True, slots=True)
class ManifestEntry:
    """A file, as a manifest names it; what it inherits from the manifest list is filled in.

    `path` is the recorded one. `snapshot_id` is the snapshot that added the file.
    `sequence_number` is the data sequence number, None where neither the entry nor the manifest
    list tells it. `partition` holds the values as Avro stores them, under `partition_fields`.
    `referenced_path` is the one data file that a delete file is about, None where it is not told.
    `offset` and `length` belong to a deletion vector, and are None elsewhere.
    `equality_ids` are the fields that an equality delete compares by; empty elsewhere.
    """

    status: Status
    snapshot_id: int | None
    sequence_number: int | None
    content: FileContent
    path: str
    file_format: str
    spec_id: int
    partition_fields: tuple[PartitionField, ...]
    partition: tuple[Any, ...]
    rows: int
    size_bytes: int
    is_encrypted: bool
    referenced_path: str | None
    offset: int | None
    length: int | None
    equality_ids: tuple[int, ...]

    @property
    def key(self) -> str:
        """What counts as one file: the path, and in a Puffin file the place of the vector."""
        if self.content is FileContent.DELETION_VECTOR:
            return f"{self.path}#{self.offset}"
        return self.path


def read_manifest_list(body: bytes, *, location: str) -> tuple[Manifest, ...]:
    """Decode a manifest list of any format version. Iceberg spec, "Manifest Lists".

    Raises UnreadableError where it is none.
    """
    header = read_header(body, location=location)
    wanted = dict.fromkeys(_LIST_FIELDS, _ALL)
    records = read_records(body, header, wanted=wanted, location=location)
    try:
        return tuple(_manifest(record) for record in records)
    except (KeyError, TypeError) as error:
        raise UnreadableError(location, "it is no manifest list", _ADVICE) from error


def read_manifest(body: bytes, manifest: Manifest, *, location: str) -> Iterator[ManifestEntry]:
    """Decode a manifest of any format version, its DELETED entries too. Iceberg spec, "Manifests".

    Raises UnreadableError where it is none, or holds what the specification does not know.
    """
    # Bounds are most of a manifest, and only those of delete files tell something here.
    wanted = _DELETE_ENTRY_FIELDS if manifest.holds_deletes else _ENTRY_FIELDS
    for entry, _ in _entries(body, manifest, wanted, location):
        yield entry


def read_measured(
    body: bytes, manifest: Manifest, *, measures: Sequence[str], location: str
) -> Iterator[tuple[ManifestEntry, Mapping[str, Any]]]:
    """Decode a manifest, each entry with what it measures of its file's columns, as Avro has it.

    `measures` are the fields to read beside the others. Raises UnreadableError as `read_manifest`.
    """
    fields = dict.fromkeys((*_FILE_FIELDS, "lower_bounds", "upper_bounds", *measures), _ALL)
    wanted: Wanted = {**_ENTRY_FIELDS, "data_file": fields}
    yield from _entries(body, manifest, wanted, location)


def _entries(
    body: bytes, manifest: Manifest, wanted: Wanted, location: str
) -> Iterator[tuple[ManifestEntry, Mapping[str, Any]]]:
    header = read_header(body, location=location)
    try:
        fields = tuple(_partition_fields(header.schema))
        in_header = int(header.text("partition-spec-id") or 0)
    except (LookupError, TypeError, ValueError, AttributeError) as error:
        raise UnreadableError(location, "it is no manifest", _ADVICE) from error
    spec_id = in_header if manifest.spec_id is None else manifest.spec_id
    for record in read_records(body, header, wanted=wanted, location=location):
        try:
            entry = _entry(record, manifest, spec_id, fields)
        except (KeyError, TypeError, ValueError) as error:
            reason = f"it holds an entry that is none ({type(error).__name__}: {error})"
            raise UnreadableError(location, reason, _ADVICE) from error
        yield entry, record["data_file"]


def _manifest(record: Mapping[str, Any]) -> Manifest:
    return Manifest(
        path=str(record["manifest_path"]),
        spec_id=int(record["partition_spec_id"]),
        sequence_number=record.get("sequence_number") or 0,
        snapshot_id=record.get("added_snapshot_id"),
        size_bytes=record.get("manifest_length"),
        live_files=_live_files(record),
        holds_deletes=record.get("content") == _DELETES,
    )


def _live_files(record: Mapping[str, Any]) -> int | None:
    added = record.get("added_files_count", record.get("added_data_files_count"))
    existing = record.get("existing_files_count", record.get("existing_data_files_count"))
    return None if added is None or existing is None else added + existing


def _entry(
    record: Mapping[str, Any],
    manifest: Manifest,
    spec_id: int,
    fields: tuple[PartitionField, ...],
) -> ManifestEntry:
    file = record["data_file"]
    status = Status(record["status"])
    snapshot_id = record.get("snapshot_id")
    file_format = str(file["file_format"]).lower()
    content = _CONTENTS[file.get("content") or 0]
    if content is FileContent.POSITION_DELETES and file_format == "puffin":
        content = FileContent.DELETION_VECTOR
    partition = file.get("partition") or {}
    return ManifestEntry(
        status=status,
        snapshot_id=manifest.snapshot_id if snapshot_id is None else snapshot_id,
        sequence_number=_sequence_number(record, status, manifest),
        content=content,
        path=str(file["file_path"]),
        file_format=file_format,
        spec_id=spec_id,
        partition_fields=fields,
        partition=tuple(partition.get(field.name) for field in fields),
        rows=int(file["record_count"]),
        size_bytes=int(file["file_size_in_bytes"]),
        is_encrypted=file.get("key_metadata") is not None,
        referenced_path=_referenced(file, content),
        offset=file.get("content_offset"),
        length=file.get("content_size_in_bytes"),
        equality_ids=tuple(file.get("equality_ids") or ()),
    )


def _referenced(file: Mapping[str, Any], content: FileContent) -> str | None:
    """Find the one data file that a delete file is about: it is named, or both bounds of the
    paths in it are one path.
    """
    told: str | None = file.get("referenced_data_file")
    if told is not None or content is not FileContent.POSITION_DELETES:
        return told
    bounds = [_bound(file.get(name)) for name in ("lower_bounds", "upper_bounds")]
    if bounds[0] is None or bounds[0] != bounds[1]:
        return None
    return bounds[0].decode("utf-8", "replace")


def _bound(told: Any) -> bytes | None:  # noqa: ANN401 - a map as Avro has it, or an array of pairs
    if isinstance(told, Mapping):
        return told.get(str(_FILE_PATH_ID))
    pairs = told or ()
    return next((one["value"] for one in pairs if one["key"] == _FILE_PATH_ID), None)


def _sequence_number(record: Mapping[str, Any], status: Status, manifest: Manifest) -> int | None:
    """Inherit as the spec says: v1 files have number 0, added ones that of their manifest."""
    if "sequence_number" not in record:
        return 0
    own: int | None = record["sequence_number"]
    if own is None and (status is Status.ADDED or manifest.sequence_number == 0):
        return manifest.sequence_number
    return own


def _partition_fields(schema: Any) -> Iterator[PartitionField]:  # noqa: ANN401 - Avro schemas are JSON
    """Find the fields of the partition tuple in a manifest's Avro schema."""
    files = _type_of(schema, "data_file")
    partition = _type_of(files, "partition") if files else None
    for field in partition["fields"] if partition else ():
        yield PartitionField(field.get("field-id"), field["name"])


def _type_of(record: Mapping[str, Any], name: str) -> Mapping[str, Any] | None:
    """Give the record type of a field of a record type; None where it has no such field."""
    for field in record.get("fields", ()):
        if field["name"] == name:
            kind = field["type"]
            choices = kind if isinstance(kind, list) else [kind]
            return next((one for one in choices if isinstance(one, dict)), None)
    return None
