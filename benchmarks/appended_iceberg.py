"""An Iceberg table of many appends as its last snapshot leaves it, written by pyiceberg."""

from __future__ import annotations

import json
import struct
import uuid
from pathlib import Path

from pyiceberg.io.pyarrow import PyArrowFileIO
from pyiceberg.manifest import (
    DataFile,
    DataFileContent,
    FileFormat,
    ManifestEntry,
    ManifestEntryStatus,
    write_manifest,
    write_manifest_list,
)
from pyiceberg.partitioning import UNPARTITIONED_PARTITION_SPEC
from pyiceberg.schema import Schema
from pyiceberg.typedef import Record
from pyiceberg.types import LongType, NestedField

ROWS = 1_000
_SCHEMA = Schema(NestedField(1, "value", LongType(), required=False), schema_id=0)
_STARTED_MS = 1_767_225_600_000
_HOUR_MS = 3_600_000


def write_appended(root: Path, appends: int) -> Path:
    """Write what a reader of the last snapshot needs: each snapshot added one file, none left.

    Snapshots are numbered from 1. All files are in one manifest, as after merges; there are no
    data files, and of older snapshots no manifest lists. Gives the metadata file.
    """
    folder = root / "metadata"
    folder.mkdir(parents=True)
    io = PyArrowFileIO()
    output = io.new_output(str(folder / "merged-m0.avro"))
    with write_manifest(
        2, UNPARTITIONED_PARTITION_SPEC, _SCHEMA, output, appends, "deflate"
    ) as manifest:
        for number in range(1, appends + 1):
            manifest.add_entry(_entry(root, number, last=appends))
    merged = manifest.to_manifest_file()
    output = io.new_output(str(folder / f"snap-{appends}.avro"))
    with write_manifest_list(2, output, appends, appends - 1, appends, "deflate") as manifests:
        manifests.add_manifests([merged])
    path = folder / f"{appends:05d}.metadata.json"
    path.write_text(json.dumps(_metadata(root, appends)))
    return path


def _entry(root: Path, number: int, *, last: int) -> ManifestEntry:
    file = DataFile.from_args(
        content=DataFileContent.DATA,
        file_path=f"{root}/data/{number:05d}.parquet",
        file_format=FileFormat.PARQUET,
        partition=Record(),
        record_count=ROWS,
        file_size_in_bytes=48_213,
        column_sizes={1: 4_000},
        value_counts={1: ROWS},
        null_value_counts={1: 0},
        nan_value_counts={},
        lower_bounds={1: struct.pack("<q", number)},
        upper_bounds={1: struct.pack("<q", number + ROWS)},
    )
    status = ManifestEntryStatus.ADDED if number == last else ManifestEntryStatus.EXISTING
    return ManifestEntry.from_args(
        status=status,
        snapshot_id=number,
        sequence_number=number,
        file_sequence_number=number,
        data_file=file,
    )


def _metadata(root: Path, appends: int) -> dict[str, object]:
    snapshots = [
        {
            "snapshot-id": number,
            **({"parent-snapshot-id": number - 1} if number > 1 else {}),
            "sequence-number": number,
            "timestamp-ms": _STARTED_MS + number * _HOUR_MS,
            "manifest-list": str(root / "metadata" / f"snap-{number}.avro"),
            "summary": {"operation": "append", "added-data-files": "1"},
            "schema-id": 0,
        }
        for number in range(1, appends + 1)
    ]
    return {
        "format-version": 2,
        "table-uuid": str(uuid.uuid5(uuid.NAMESPACE_URL, root.name)),
        "location": str(root),
        "last-sequence-number": appends,
        "last-updated-ms": _STARTED_MS + appends * _HOUR_MS,
        "last-column-id": 1,
        "schemas": [_SCHEMA.model_dump(mode="json")],
        "current-schema-id": 0,
        "partition-specs": [UNPARTITIONED_PARTITION_SPEC.model_dump(mode="json")],
        "default-spec-id": 0,
        "last-partition-id": 999,
        "current-snapshot-id": appends,
        "snapshots": snapshots,
    }
