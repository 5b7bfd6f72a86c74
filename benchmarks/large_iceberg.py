"""One large Iceberg table, written by hand: ten thousand snapshots take seconds, not hours.

The files are those a JVM engine writes: manifests with column statistics, one more a commit, merged
a hundred at a time into manifests of at most eight megabytes; manifest lists with counts; and the
last hundred metadata files, each listing every snapshot so far.
"""

from __future__ import annotations

import json
import struct
import uuid
import zlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

MERGED_AT = 100
MANIFEST_FILES_MAX = 20_000
"""About eight megabytes of entries, the size up to which manifests are merged."""
METADATA_FILES = 100
ROWS = 1_000
_COLUMNS = 10
_SYNC = bytes(range(16))
_STARTED_MS = 1_767_225_600_000
_MINUTE_MS = 60_000

# The field ids of each map, of its keys and of its values.
_STATISTICS = {
    "column_sizes": (108, 117, 118, "long"),
    "value_counts": (109, 119, 120, "long"),
    "null_value_counts": (110, 121, 122, "long"),
    "lower_bounds": (125, 126, 127, "bytes"),
    "upper_bounds": (128, 129, 130, "bytes"),
}


@dataclass(slots=True)
class _File:
    number: int
    added_in: int
    body: bytes


@dataclass(slots=True)
class _Manifest:
    path: str
    size_bytes: int
    commit: int
    files: list[_File]
    added: int
    deleted: int


@dataclass(slots=True)
class LargeTable:
    """A table that grows commit by commit in a folder."""

    root: Path
    files_each: int
    commits: int = 0
    manifests: list[_Manifest] = field(default_factory=list)
    snapshots: list[str] = field(default_factory=list)
    log: list[tuple[int, str]] = field(default_factory=list)
    _files: int = 0

    def grow(self, commits: int) -> None:
        """Commit so often: files are added, and in one of a hundred commits as many leave."""
        last = self.commits + commits
        (self.root / "metadata").mkdir(parents=True, exist_ok=True)
        while self.commits < last:
            self._commit(keeps_metadata=self.commits + METADATA_FILES >= last)

    def snapshot_id(self, number: int) -> int:
        """Make a snapshot id as long as real ones are."""
        return uuid.uuid5(uuid.NAMESPACE_OID, f"snapshot {number}").int >> 65

    def _commit(self, *, keeps_metadata: bool) -> None:
        number = self.commits
        removed: list[_File] = []
        replaced: list[_Manifest] = []
        if number % MERGED_AT == MERGED_AT // 2:
            first = next(one for one in self.manifests if len(one.files) >= self.files_each)
            removed = first.files[: self.files_each]
            self.manifests.remove(first)
            replaced.append(self._written(first.files[self.files_each :], number, removed))
        new = [self._new_file(number) for _ in range(self.files_each)]
        self.manifests = [*replaced, *self.manifests, self._written(new, number, [])]
        if len(self.manifests) >= MERGED_AT:
            self._merge(number)
        self._snapshot(number, len(removed))
        self.commits += 1
        if keeps_metadata:
            self._metadata(number)

    def _new_file(self, commit: int) -> _File:
        number, self._files = self._files, self._files + 1
        name = uuid.uuid5(uuid.NAMESPACE_OID, f"file {number}")
        path = f"{self.root}/data/day={commit // 100}/{number:05d}-{commit}-{name}-00001.parquet"
        partition = _long(1) + _long(commit // 100)
        columns = range(1, _COLUMNS + 1)
        counts = _map((one, _long(4_000 + one)) for one in columns)
        bounds = _map((one, _bytes(struct.pack("<q", number + one))) for one in columns)
        body = _long(0) + _text(path) + _text("PARQUET") + partition + _long(ROWS)
        return _File(number, commit, body + _long(48_213 + number % 97) + counts * 3 + bounds * 2)

    def _written(self, files: Sequence[_File], commit: int, deleted: Sequence[_File]) -> _Manifest:
        number = len(self.snapshots)
        name = uuid.uuid5(uuid.NAMESPACE_OID, f"manifest {number} {len(files)} {len(deleted)}")
        path = self.root / "metadata" / f"{name}-m0.avro"
        entries = [
            _long(1 if one.added_in == commit else 0)
            + _long(1)
            + _long(self.snapshot_id(one.added_in))
            + (_long(0) if one.added_in == commit else _long(1) + _long(one.added_in + 1))
            + one.body
            for one in files
        ]
        entries += [
            _long(2)
            + (_long(1) + _long(self.snapshot_id(commit)))
            + (_long(1) + _long(one.added_in + 1))
            + one.body
            for one in deleted
        ]
        extra = {
            "schema": json.dumps(_schema()),
            "partition-spec": json.dumps(_SPEC["fields"]),
            "partition-spec-id": "0",
            "format-version": "2",
            "content": "data",
        }
        size = _write_avro(path, _ENTRY, entries, extra)
        added = sum(one.added_in == commit for one in files)
        return _Manifest(str(path), size, commit, list(files), added, len(deleted))

    def _merge(self, commit: int) -> None:
        """Put small manifests together, oldest first, as the appends of JVM engines do."""
        merged: list[_Manifest] = []
        waiting: list[_File] = []
        for one in self.manifests:
            if len(one.files) >= MANIFEST_FILES_MAX:
                merged.append(one)
                continue
            waiting += one.files
            if len(waiting) >= MANIFEST_FILES_MAX:
                merged.append(self._written(waiting, commit, []))
                waiting = []
        if waiting:
            merged.append(self._written(waiting, commit, []))
        self.manifests = merged

    def _snapshot(self, number: int, removed: int) -> None:
        own = self.snapshot_id(number)
        path = self.root / "metadata" / f"snap-{own}-1-{number:05d}.avro"
        lists = [
            _text(one.path)
            + _long(one.size_bytes)
            + _long(0)
            + _long(0)
            + _long(one.commit + 1)
            + _long(one.commit + 1)
            + _long(self.snapshot_id(one.commit))
            + b"".join(map(_long, (one.added, len(one.files) - one.added, one.deleted)))
            + b"".join(
                _long(ROWS * count)
                for count in (one.added, len(one.files) - one.added, one.deleted)
            )
            for one in self.manifests
        ]
        _write_avro(path, _LIST, lists, {"snapshot-id": str(own), "format-version": "2"})
        live = sum(len(one.files) for one in self.manifests)
        told = {
            "snapshot-id": own,
            **({"parent-snapshot-id": self.snapshot_id(number - 1)} if number else {}),
            "sequence-number": number + 1,
            "timestamp-ms": _STARTED_MS + number * _MINUTE_MS,
            "manifest-list": str(path),
            "summary": {
                "operation": "overwrite" if removed else "append",
                "spark.app.id": f"application_{number // 100}",
                "added-data-files": str(self.files_each),
                "added-records": str(ROWS * self.files_each),
                **({"deleted-data-files": str(removed)} if removed else {}),
                "total-data-files": str(live),
                "total-delete-files": "0",
                "total-records": str(ROWS * live),
            },
            "schema-id": 0,
        }
        self.snapshots.append(json.dumps(told, separators=(",", ":")))

    def _metadata(self, number: int) -> None:
        at = _STARTED_MS + number * _MINUTE_MS
        path = self.root / "metadata" / f"{number + 1:05d}-{uuid.UUID(int=number)}.metadata.json"
        current = self.snapshot_id(number)
        told = {
            "format-version": 2,
            "table-uuid": str(uuid.uuid5(uuid.NAMESPACE_URL, self.root.name)),
            "location": str(self.root),
            "last-sequence-number": number + 1,
            "last-updated-ms": at,
            "last-column-id": _COLUMNS,
            "current-schema-id": 0,
            "schemas": [_schema()],
            "default-spec-id": 0,
            "partition-specs": [_SPEC],
            "last-partition-id": 1000,
            "default-sort-order-id": 0,
            "sort-orders": [{"order-id": 0, "fields": []}],
            "properties": {"owner": "sales"},
            "current-snapshot-id": current,
            "refs": {"main": {"snapshot-id": current, "type": "branch"}},
            "snapshot-log": [
                {"timestamp-ms": _STARTED_MS + n * _MINUTE_MS, "snapshot-id": self.snapshot_id(n)}
                for n in range(number + 1)
            ],
            "metadata-log": [
                {"timestamp-ms": at, "metadata-file": path}
                for at, path in self.log[-METADATA_FILES:]
            ],
        }
        head = json.dumps(told, separators=(",", ":"))
        path.write_text(f'{head[:-1]},"snapshots":[{",".join(self.snapshots)}]}}')
        self.log.append((at, str(path)))


_SPEC = {
    "spec-id": 0,
    "fields": [{"name": "day", "transform": "identity", "source-id": 1, "field-id": 1000}],
}


def _schema() -> dict[str, object]:
    fields = [
        {"id": number, "name": f"column_{number}", "required": False, "type": "long"}
        for number in range(1, _COLUMNS + 1)
    ]
    return {"type": "struct", "schema-id": 0, "fields": fields}


def _map_type(key: int, value: int, kind: str) -> object:
    record = {
        "type": "record",
        "name": f"k{key}_v{value}",
        "fields": [
            {"name": "key", "type": "int", "field-id": key},
            {"name": "value", "type": kind, "field-id": value},
        ],
    }
    return ["null", {"type": "array", "items": record, "logicalType": "map"}]


_DATA_FILE = [
    {"name": "content", "type": "int", "field-id": 134},
    {"name": "file_path", "type": "string", "field-id": 100},
    {"name": "file_format", "type": "string", "field-id": 101},
    {
        "name": "partition",
        "field-id": 102,
        "type": {
            "type": "record",
            "name": "r102",
            "fields": [{"name": "day", "type": ["null", "long"], "field-id": 1000}],
        },
    },
    {"name": "record_count", "type": "long", "field-id": 103},
    {"name": "file_size_in_bytes", "type": "long", "field-id": 104},
    *(
        {"name": name, "type": _map_type(key, value, kind), "field-id": number}
        for name, (number, key, value, kind) in _STATISTICS.items()
    ),
]
_ENTRY = {
    "type": "record",
    "name": "manifest_entry",
    "fields": [
        {"name": "status", "type": "int", "field-id": 0},
        {"name": "snapshot_id", "type": ["null", "long"], "field-id": 1},
        {"name": "sequence_number", "type": ["null", "long"], "field-id": 3},
        {
            "name": "data_file",
            "type": {"type": "record", "name": "r2", "fields": _DATA_FILE},
            "field-id": 2,
        },
    ],
}
_LIST = {
    "type": "record",
    "name": "manifest_file",
    "fields": [
        {"name": "manifest_path", "type": "string", "field-id": 500},
        {"name": "manifest_length", "type": "long", "field-id": 501},
        {"name": "partition_spec_id", "type": "int", "field-id": 502},
        {"name": "content", "type": "int", "field-id": 517},
        {"name": "sequence_number", "type": "long", "field-id": 515},
        {"name": "min_sequence_number", "type": "long", "field-id": 516},
        {"name": "added_snapshot_id", "type": "long", "field-id": 503},
        {"name": "added_files_count", "type": "int", "field-id": 504},
        {"name": "existing_files_count", "type": "int", "field-id": 505},
        {"name": "deleted_files_count", "type": "int", "field-id": 506},
        {"name": "added_rows_count", "type": "long", "field-id": 512},
        {"name": "existing_rows_count", "type": "long", "field-id": 513},
        {"name": "deleted_rows_count", "type": "long", "field-id": 514},
    ],
}


def _write_avro(path: Path, kind: object, records: Sequence[bytes], extra: dict[str, str]) -> int:
    """Write an Avro container file of one deflated block; gives its size."""
    header = {"avro.schema": json.dumps(kind), "avro.codec": "deflate", **extra}
    body = b"Obj\x01" + _long(len(header))
    body += b"".join(_text(key) + _text(value) for key, value in header.items())
    body += _long(0) + _SYNC
    block = zlib.compress(b"".join(records), level=1, wbits=-15)
    body += _long(len(records)) + _bytes(block) + _SYNC
    path.write_bytes(body)
    return len(body)


def _map(items: Iterable[tuple[int, bytes]]) -> bytes:
    """Encode an optional map as Iceberg writes it: an array of keys and values."""
    pairs = [_long(key) + value for key, value in items]
    return _long(1) + _long(len(pairs)) + b"".join(pairs) + _long(0)


def _text(value: str) -> bytes:
    return _bytes(value.encode())


def _bytes(value: bytes) -> bytes:
    return _long(len(value)) + value


def _long(value: int) -> bytes:
    number = (value << 1) ^ (value >> 63)
    encoded = b""
    while number > 0x7F:  # noqa: PLR2004 - seven bits a byte
        encoded += bytes([number & 0x7F | 0x80])
        number >>= 7
    return encoded + bytes([number])
