"""Iceberg files written by hand: metadata, manifest lists and manifests no writer here makes."""

from __future__ import annotations

import json
import struct
import zlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
from pyiceberg.io.pyarrow import schema_to_pyarrow
from pyiceberg.schema import Schema
from pyroaring import BitMap64

UUID = "11111111-2222-3333-4444-555555555555"
SYNC = bytes(range(16))


def field(number: int, name: str, kind: Any, **more: Any) -> dict[str, Any]:  # noqa: ANN401
    """Write a field of an Iceberg schema."""
    return {"id": number, "name": name, "required": False, "type": kind, **more}


def schema(*fields: dict[str, Any], number: int = 0) -> dict[str, Any]:
    """Write an Iceberg schema."""
    return {"type": "struct", "schema-id": number, "fields": list(fields)}


ID_ONLY = schema(field(1, "id", "long"))


def snapshot(number: int, at: int, **more: Any) -> dict[str, Any]:  # noqa: ANN401
    """Write one of a metadata file's snapshots; its id is also its sequence number."""
    parent = more.pop("parent", None)
    written = {
        "snapshot-id": number,
        "timestamp-ms": at,
        "sequence-number": number,
        "summary": {"operation": "append"},
        "manifest-list": f"nowhere/snap-{number}.avro",
        "schema-id": 0,
    }
    return written | ({} if parent is None else {"parent-snapshot-id": parent}) | more


def metadata(at: int, **more: Any) -> dict[str, Any]:  # noqa: ANN401
    """Write a metadata file's JSON of format version 2; `more` may use _ for -."""
    written: dict[str, Any] = {
        "format-version": 2,
        "table-uuid": UUID,
        "location": "/lake/orders",
        "last-updated-ms": at,
        "last-sequence-number": 9,
        "last-column-id": 1,
        "schemas": [ID_ONLY],
        "current-schema-id": 0,
        "partition-specs": [{"spec-id": 0, "fields": []}],
        "default-spec-id": 0,
        "last-partition-id": 999,
        "sort-orders": [{"order-id": 0, "fields": []}],
        "default-sort-order-id": 0,
    }
    return written | {name.replace("_", "-"): value for name, value in more.items()}


def write_metadata(root: Path, name: str, at: int, **more: Any) -> str:  # noqa: ANN401
    """Write a metadata file below a table's root, and give its path."""
    path = root / "metadata" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(metadata(at, location=str(root), **more)))
    return str(path)


def write_commits(root: Path, *commits: Mapping[str, Any], log_max: int = 100) -> list[str]:
    """Write a chain of metadata files, numbered from 0, each naming those before it.

    Each commit holds `at` and what differs from the defaults; `name` overrides the file name.
    """
    log: list[dict[str, Any]] = []
    paths = []
    for number, commit in enumerate(commits):
        more = {key: value for key, value in commit.items() if key not in {"at", "name"}}
        name = commit.get("name", f"{number:05d}-{number:08x}.metadata.json")
        path = write_metadata(root, name, commit["at"], metadata_log=log[-log_max:], **more)
        log.append({"metadata-file": path, "timestamp-ms": commit["at"]})
        paths.append(path)
    return paths


def current(number: int, *listed: dict[str, Any], **more: Any) -> dict[str, Any]:  # noqa: ANN401
    """Say in a commit which snapshots are listed and which is current."""
    refs = {"main": {"snapshot-id": number, "type": "branch"}} | more.pop("refs", {})
    return {"current_snapshot_id": number, "snapshots": list(listed), "refs": refs, **more}


DATA_FILE = [
    {"name": "content", "type": "int"},
    {"name": "file_path", "type": "string"},
    {"name": "file_format", "type": "string"},
    {"name": "record_count", "type": "long"},
    {"name": "file_size_in_bytes", "type": "long"},
    {"name": "key_metadata", "type": ["null", "bytes"]},
    {"name": "equality_ids", "type": ["null", {"type": "array", "items": "int"}]},
    {"name": "referenced_data_file", "type": ["null", "string"]},
    {"name": "content_offset", "type": ["null", "long"]},
    {"name": "content_size_in_bytes", "type": ["null", "long"]},
]


def write_manifest(
    path: Path, files: Sequence[Mapping[str, Any]], *, partition: Sequence[Mapping[str, Any]] = ()
) -> str:
    """Write a manifest; a file's own keys go into `data_file`, status and numbers beside it."""
    kind = {"type": "record", "name": "r102", "fields": list(partition)}
    data_file = [*DATA_FILE, {"name": "partition", "type": kind}]
    entry = {
        "type": "record",
        "name": "manifest_entry",
        "fields": [
            {"name": "status", "type": "int"},
            {"name": "snapshot_id", "type": ["null", "long"]},
            {"name": "sequence_number", "type": ["null", "long"]},
            {"name": "data_file", "type": {"type": "record", "name": "r2", "fields": data_file}},
        ],
    }
    empty = {"content": 0, "file_format": "PARQUET", "file_size_in_bytes": 1, "partition": {}}
    records = [
        {
            "status": file.get("status", 1),
            "snapshot_id": file.get("snapshot_id"),
            "sequence_number": file.get("sequence_number"),
            "data_file": empty | dict(file),
        }
        for file in files
    ]
    return write_avro(path, entry, records)


def write_manifest_list(path: Path, manifests: Iterable[Mapping[str, Any]]) -> str:
    """Write a manifest list of format version 2; the counts of files may be left out."""
    names = ("manifest_length", "partition_spec_id", "content", "sequence_number")
    fields: list[dict[str, Any]] = [{"name": "manifest_path", "type": "string"}]
    fields += [{"name": name, "type": "long"} for name in (*names, "added_snapshot_id")]
    counts = ("added_files_count", "existing_files_count")
    fields += [{"name": name, "type": ["null", "int"]} for name in counts]
    kind = {"type": "record", "name": "manifest_file", "fields": fields}
    empty = {"manifest_length": 0, "partition_spec_id": 0, "content": 0}
    return write_avro(path, kind, [empty | dict(one) for one in manifests])


def write_avro(
    path: Path,
    kind: Any,  # noqa: ANN401
    records: Sequence[Any],
    *,
    codec: str = "deflate",
) -> str:
    """Write an Avro container file of one block a record, and give its path."""
    header = {"avro.schema": json.dumps(kind).encode(), "avro.codec": codec.encode()}
    body = b"Obj\x01" + _long(len(header))
    body += b"".join(_bytes(key.encode()) + _bytes(value) for key, value in header.items())
    body += _long(0) + SYNC
    for record in records:
        body += _long(1) + _bytes(_CODECS[codec](encode(kind, record))) + SYNC
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(body)
    return str(path)


def encode(kind: Any, value: Any) -> bytes:  # noqa: ANN401
    """Encode a value by its Avro type: the plainest encoder that can be."""
    if isinstance(kind, list):
        branch = next(n for n, one in enumerate(kind) if (one == "null") == (value is None))
        return _long(branch) + encode(kind[branch], value)
    bare = kind if isinstance(kind, str) else kind["type"]
    if bare in _PRIMITIVES:
        return _PRIMITIVES[bare](value)
    return _COMPLEX[kind["type"]](kind, value)


def _items(encoded: Sequence[bytes]) -> bytes:
    return (_long(len(encoded)) + b"".join(encoded) if encoded else b"") + _long(0)


def _bytes(value: bytes) -> bytes:
    return _long(len(value)) + value


def _long(value: int) -> bytes:
    number = (value << 1) ^ (value >> 63)
    encoded = b""
    while number > 0x7F:
        encoded += bytes([number & 0x7F | 0x80])
        number >>= 7
    return encoded + bytes([number])


_PRIMITIVES: dict[str, Callable[[Any], bytes]] = {
    "null": lambda _: b"",
    "boolean": lambda value: bytes([value]),
    "int": _long,
    "long": _long,
    "float": lambda value: struct.pack("<f", value),
    "double": lambda value: struct.pack("<d", value),
    "bytes": _bytes,
    "string": lambda value: _bytes(value.encode()),
}
_COMPLEX: dict[str, Callable[[Any, Any], bytes]] = {
    "fixed": lambda _, value: bytes(value),
    "enum": lambda kind, value: _long(kind["symbols"].index(value)),
    "array": lambda kind, value: _items([encode(kind["items"], one) for one in value]),
    "map": lambda kind, value: _items(
        [_bytes(key.encode()) + encode(kind["values"], one) for key, one in value.items()]
    ),
    "record": lambda kind, value: b"".join(
        encode(one["type"], value.get(one["name"])) for one in kind["fields"]
    ),
}
_CODECS: dict[str, Callable[[bytes], bytes]] = {
    "null": bytes,
    "deflate": lambda block: zlib.compress(block, wbits=-15),
    "snappy": lambda block: (
        pa.compress(block, codec="snappy", asbytes=True) + zlib.crc32(block).to_bytes(4, "big")
    ),
    "zstandard": lambda block: pa.compress(block, codec="zstd", asbytes=True),
}


def write_parquet(path: Path, table: pa.Table, *, ids: Mapping[str, int] | None) -> dict[str, Any]:
    """Write a Parquet file, its columns with field ids unless None; give its manifest entry."""
    if ids is not None:
        fields = [
            one.with_metadata({"PARQUET:field_id": str(ids[one.name])}) for one in table.schema
        ]
        table = table.cast(pa.schema(fields))
    path.parent.mkdir(parents=True, exist_ok=True)
    pq.write_table(table, path)
    size = path.stat().st_size
    return {"file_path": str(path), "record_count": table.num_rows, "file_size_in_bytes": size}


def write_rows(
    path: Path, columns: Mapping[str, Any], rows: Iterable[Mapping[str, Any]]
) -> dict[str, Any]:
    """Write a Parquet file under an Iceberg schema, times from numbers; give its manifest entry."""
    kinds = schema_to_pyarrow(Schema.model_validate(columns))
    arrays = []
    for one in kinds:
        values, kind = [row.get(one.name) for row in rows], one.type
        plain = pa.int32() if pa.types.is_date(kind) else pa.int64()
        is_time = pa.types.is_temporal(kind)
        arrays.append(pa.array(values, plain).cast(kind) if is_time else pa.array(values, kind))
    return write_parquet(path, pa.Table.from_arrays(arrays, schema=kinds), ids=None)


def write_position_deletes(path: Path, deleted: Sequence[tuple[str | None, int | None]]) -> Any:  # noqa: ANN401
    """Write a position delete file; give its manifest entry."""
    columns = {
        "file_path": pa.array([name for name, _ in deleted], pa.string()),
        "pos": pa.array([position for _, position in deleted], pa.int64()),
    }
    ids = {"file_path": 2147483546, "pos": 2147483545}
    return write_parquet(path, pa.table(columns), ids=ids) | {"content": 1}


def write_deletion_vector(path: Path, data_path: str, positions: Sequence[int]) -> dict[str, Any]:
    """Write a Puffin file with one deletion vector; give its manifest entry."""
    vector = b"\xd1\xd3\x39\x64" + BitMap64(positions).serialize()
    blob = len(vector).to_bytes(4, "big") + vector + zlib.crc32(vector).to_bytes(4, "big")
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"PFA1" + blob + b"PFA1")
    return {
        "content": 1,
        "file_path": str(path),
        "file_format": "PUFFIN",
        "record_count": len(positions),
        "file_size_in_bytes": path.stat().st_size,
        "referenced_data_file": data_path,
        "content_offset": 4,
        "content_size_in_bytes": len(blob),
    }


def write_table(root: Path, files: Sequence[Mapping[str, Any]], **more: Any) -> str:  # noqa: ANN401
    """Write a table of one snapshot, 1, of these files; `sequence_number` of a file defaults to 1.

    A file's `partition_field` is the Avro field of its partition, `spec_id` its partition spec, 0
    by default; `at_schema` is the snapshot's schema id. Give the metadata file's path.
    """
    kinds = {_kind(file) for file in files}
    manifests = []
    for number, kind in enumerate(sorted(kinds)):
        same = [file for file in files if _kind(file) == kind]
        spec_id, field = json.loads(kind)
        partition = [field] if field else []
        path = root / "metadata" / f"m{number}.avro"
        entries = [{"sequence_number": 1, "snapshot_id": 1} | dict(file) for file in same]
        write_manifest(path, entries, partition=partition)
        told = {"sequence_number": 1, "added_snapshot_id": 1, "partition_spec_id": spec_id}
        manifests.append({"manifest_path": str(path)} | told)
    listed = write_manifest_list(root / "metadata" / "snap-1.avro", manifests)
    told = {"manifest-list": listed, "schema-id": more.pop("at_schema", 0)}
    one = snapshot(1, 10, **told)
    return write_metadata(root, "00001-a.metadata.json", 10, **current(1, one, **more))


def _kind(file: Mapping[str, Any]) -> str:
    return json.dumps([file.get("spec_id", 0), file.get("partition_field")])
