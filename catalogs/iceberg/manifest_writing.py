"""Manifest writing: file lists for a table of one snapshot. Iceberg spec, "Manifests".

All files count as added by that snapshot, each with the data sequence number it has, by which
deletes apply to it. Column statistics are left out: readers plan without them.
"""

from __future__ import annotations

import json
import struct
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from catalogs.iceberg.avro_writing import container
from catalogs.iceberg.manifests import ManifestEntry, Status
from catalogs.iceberg.partition_columns import PartitionColumn, partition_record, spec_fields
from snapshots.errors import UnsupportedError
from snapshots.files import FileContent

Json = Any

_SINCE_V3 = 3
_CONTENTS = {
    FileContent.DATA: 0,
    FileContent.POSITION_DELETES: 1,
    FileContent.DELETION_VECTOR: 1,
    FileContent.EQUALITY_DELETES: 2,
}


@dataclass(frozen=True, slots=True)
class Shape:
    """What the files of one manifest share: the partition spec, and what kind they are."""

    spec_id: int
    columns: Sequence[PartitionColumn]
    holds_deletes: bool


@dataclass(frozen=True, slots=True)
class WrittenManifest:
    """A manifest as its list names it; `path` is where it will lie."""

    path: str
    body: bytes
    shape: Shape
    entries: Sequence[ManifestEntry]


def manifest_body(
    shape: Shape,
    entries: Iterable[ManifestEntry],
    *,
    schema: Json,
    snapshot_id: int,
    format_version: int,
) -> bytes:
    """Write a manifest; the paths of the entries are written as they are.

    Raises UnsupportedError where a partition value is none of its column's type.
    """
    metadata = {
        "schema": json.dumps(schema),
        "schema-id": str(schema.get("schema-id", 0)),
        "partition-spec": json.dumps(spec_fields([one.field for one in shape.columns])),
        "partition-spec-id": str(shape.spec_id),
        "format-version": str(format_version),
        "content": "deletes" if shape.holds_deletes else "data",
    }
    kind = _entry_type(shape, format_version)
    records = (_record(one, shape, snapshot_id) for one in entries)
    try:
        return container(kind, records, metadata=metadata)
    except (TypeError, ValueError, AttributeError, OverflowError, struct.error) as error:
        place = f"partition spec {shape.spec_id}"
        needs = f"a partition value that its type does not allow ({error})"
        raise UnsupportedError(place, needs, "write its rows with tl reproduce --out") from error


def manifest_list_body(
    manifests: Sequence[WrittenManifest],
    *,
    snapshot_id: int,
    sequence_number: int,
    format_version: int,
) -> bytes:
    """Write the manifest list of a snapshot without parent."""
    metadata = {
        "snapshot-id": str(snapshot_id),
        "parent-snapshot-id": "null",
        "sequence-number": str(sequence_number),
        "format-version": str(format_version),
    }
    records, row_id = [], 0
    for one in manifests:
        rows = sum(entry.rows for entry in one.entries)
        holds_data = not one.shape.holds_deletes
        records.append(
            {
                "manifest_path": one.path,
                "manifest_length": len(one.body),
                "partition_spec_id": one.shape.spec_id,
                "content": 1 if one.shape.holds_deletes else 0,
                "sequence_number": sequence_number,
                "min_sequence_number": min(entry.sequence_number or 0 for entry in one.entries),
                "added_snapshot_id": snapshot_id,
                "added_files_count": len(one.entries),
                "existing_files_count": 0,
                "deleted_files_count": 0,
                "added_rows_count": rows,
                "existing_rows_count": 0,
                "deleted_rows_count": 0,
                "first_row_id": row_id if holds_data else None,
            }
        )
        row_id += rows if holds_data else 0
    return container(_list_type(format_version), records, metadata=metadata)


def _record(entry: ManifestEntry, shape: Shape, snapshot_id: int) -> dict[str, Json]:
    return {
        "status": Status.ADDED,
        "snapshot_id": snapshot_id,
        "sequence_number": entry.sequence_number or 0,
        "file_sequence_number": None,
        "data_file": {
            "content": _CONTENTS[entry.content],
            "file_path": entry.path,
            "file_format": entry.file_format.upper(),
            "partition": partition_record(shape.columns, entry),
            "record_count": entry.rows,
            "file_size_in_bytes": entry.size_bytes,
            "equality_ids": list(entry.equality_ids) or None,
            "first_row_id": None,
            "referenced_data_file": entry.referenced_path,
            "content_offset": entry.offset,
            "content_size_in_bytes": entry.length,
        },
    }


def _entry_type(shape: Shape, format_version: int) -> Json:
    partition = [_field(one.name, one.field_id, ["null", one.type]) for one in shape.columns]
    file = [
        _field("content", 134, "int"),
        _field("file_path", 100, "string"),
        _field("file_format", 101, "string"),
        _field("partition", 102, {"type": "record", "name": "r102", "fields": partition}),
        _field("record_count", 103, "long"),
        _field("file_size_in_bytes", 104, "long"),
        _field("equality_ids", 135, ["null", {"type": "array", "items": "int", "element-id": 136}]),
        _field("referenced_data_file", 143, ["null", "string"]),
    ]
    if format_version >= _SINCE_V3:
        file += [
            _field("first_row_id", 142, ["null", "long"]),
            _field("content_offset", 144, ["null", "long"]),
            _field("content_size_in_bytes", 145, ["null", "long"]),
        ]
    fields = [
        _field("status", 0, "int"),
        _field("snapshot_id", 1, ["null", "long"]),
        _field("sequence_number", 3, ["null", "long"]),
        _field("file_sequence_number", 4, ["null", "long"]),
        _field("data_file", 2, {"type": "record", "name": "r2", "fields": file}),
    ]
    return {"type": "record", "name": "manifest_entry", "fields": fields}


def _list_type(format_version: int) -> Json:
    longs = {"added_rows_count": 512, "existing_rows_count": 513, "deleted_rows_count": 514}
    counts = {"added_files_count": 504, "existing_files_count": 505, "deleted_files_count": 506}
    fields = [
        _field("manifest_path", 500, "string"),
        _field("manifest_length", 501, "long"),
        _field("partition_spec_id", 502, "int"),
        _field("content", 517, "int"),
        _field("sequence_number", 515, "long"),
        _field("min_sequence_number", 516, "long"),
        _field("added_snapshot_id", 503, "long"),
        *(_field(name, field_id, "int") for name, field_id in counts.items()),
        *(_field(name, field_id, "long") for name, field_id in longs.items()),
    ]
    if format_version >= _SINCE_V3:
        fields.append(_field("first_row_id", 520, ["null", "long"]))
    return {"type": "record", "name": "manifest_file", "fields": fields}


def _field(name: str, field_id: int, kind: Json) -> dict[str, Json]:
    optional = {"default": None} if isinstance(kind, list) else {}
    return {"name": name, "type": kind, **optional, "field-id": field_id}
