"""Hostile bytes: files made to take all memory or all time, each by its name.

All are small; each must be read or refused within the bounds below.
"""

from __future__ import annotations

import gzip
import json
import struct
import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from io import BytesIO

MEMORY_MIB_MAX = 1_536
"""The address space that one decoder may take beside the libraries' own."""

SECONDS_MAX = 60
"""Beyond it a decoder is said to hang; on an idle machine none takes a tenth of it."""

_MAGIC = b"Obj\x01"
_SYNC = bytes(16)
_BOMB_BYTES = 300 << 20
_DEEP = 100_000


@dataclass(frozen=True, slots=True)
class Hostile:
    """Bytes for one decoder; `refused` tells whether they must be, or may be read."""

    decoder: str
    make: Callable[[], bytes]
    refused: bool


def number(value: int) -> bytes:
    """Write a number as Avro does."""
    rest = (value << 1) ^ (value >> 63)
    written = bytearray()
    while rest > 0x7F:
        written.append(rest & 0x7F | 0x80)
        rest >>= 7
    written.append(rest)
    return bytes(written)


def avro(schema: object, block: bytes, *, count: int = 1, codec: str = "null") -> bytes:
    """Write an Avro file of one block."""
    texts = {"avro.schema": json.dumps(schema).encode(), "avro.codec": codec.encode()}
    header = number(len(texts)) + b"".join(
        number(len(name)) + name.encode() + number(len(text)) + text for name, text in texts.items()
    )
    head = number(count) + number(len(block))
    return _MAGIC + header + number(0) + _SYNC + head + block + _SYNC


def record(*fields: object) -> dict[str, object]:
    """Give the schema of a record of fields of these types."""
    named = [{"name": f"f{place}", "type": one} for place, one in enumerate(fields)]
    return {"type": "record", "name": "r", "fields": named}


def _array(items: object) -> dict[str, object]:
    return {"type": "array", "items": items}


def _doubled(levels: int) -> dict[str, object]:
    """Give a schema whose types double at each level once their names are looked up."""
    inner: object = {"type": "record", "name": "d0", "fields": [{"name": "x", "type": "int"}]}
    fields = [inner]
    for level in range(1, levels):
        both = [{"name": side, "type": f"d{level - 1}"} for side in "ab"]
        fields.append({"type": "record", "name": f"d{level}", "fields": both})
    return record(*fields)


def _deflated(plain_bytes: int) -> bytes:
    squeeze = zlib.compressobj(9, wbits=-15)
    chunk = bytes(1 << 20)
    parts = [squeeze.compress(chunk) for _ in range(plain_bytes >> 20)]
    return b"".join([*parts, squeeze.flush()])


def _zstd(plain_bytes: int) -> bytes:
    import pyarrow as pa

    packed: bytes = pa.compress(bytes(plain_bytes), codec="zstd", asbytes=True)
    return packed


def _zstd_window() -> bytes:
    """Write the head of a frame that asks for a window of two GiB; its block is one byte."""
    return b"\x28\xb5\x2f\xfd" + b"\x00" + bytes([21 << 3]) + b"\x09\x00\x00" + b"x"


def _metadata(**more: object) -> dict[str, object]:
    spec = {"spec-id": 0, "fields": []}
    return {
        "format-version": 2,
        "table-uuid": "u",
        "location": "/t",
        "last-sequence-number": 1,
        "last-updated-ms": 1,
        "last-column-id": 1,
        "schemas": [{"type": "struct", "schema-id": 0, "fields": []}],
        "current-schema-id": 0,
        "partition-specs": [spec],
        "default-spec-id": 0,
        "last-partition-id": 999,
        "sort-orders": [{"order-id": 0, "fields": []}],
        "default-sort-order-id": 0,
        **more,
    }


def _deep_type(levels: int) -> bytes:
    inner = '"long"'
    for _ in range(levels):
        inner = f'{{"type":"list","element-id":2,"element-required":true,"element":{inner}}}'
    field = f'{{"id":1,"name":"a","required":true,"type":{inner}}}'
    text = json.dumps(_metadata(schemas="HERE"))
    return text.replace(
        '"HERE"', f'[{{"type":"struct","schema-id":0,"fields":[{field}]}}]'
    ).encode()


def _deep_value(head: str) -> bytes:
    return f"{head}{'[' * _DEEP}{']' * _DEEP}}}".encode()


def _parquet_of_nulls() -> bytes:
    import pyarrow as pa
    import pyarrow.parquet as pq

    file = BytesIO()
    kind = pa.struct({"path": pa.string(), "size": pa.int64()})
    rows = pa.table({"add": pa.nulls(2_000_000, kind), "remove": pa.nulls(2_000_000, kind)})
    with pq.ParquetWriter(file, rows.schema, compression="zstd") as writer:
        for _ in range(20):
            writer.write_table(rows)
    return file.getvalue()


def _parquet_of_one_path() -> bytes:
    import pyarrow as pa
    import pyarrow.parquet as pq

    file = BytesIO()
    add = pa.array([{"path": "p" * 1_000, "size": 1}] * 200_000)
    rows = pa.table({"add": add})
    with pq.ParquetWriter(file, rows.schema, compression="zstd") as writer:
        for _ in range(20):
            writer.write_table(rows)
    return file.getvalue()


def _parquet_footer() -> bytes:
    """Write a file whose footer claims to be four GiB long."""
    return b"PAR1" + bytes(100) + struct.pack("<I", 0xFFFFFFF0) + b"PAR1"


def _vector(*, bitmaps: int, containers: int) -> bytes:
    return struct.pack("<iqIII", 1681511377, bitmaps, 0, 12346, containers)


def _commit(nested: int) -> bytes:
    opened, closed = '{"a":' * nested, "}" * nested
    return f'{{"commitInfo":{opened}1{closed}}}\n'.encode()


CASES: Mapping[str, Hostile] = {
    "metadata: an endless list": Hostile(
        "iceberg-metadata", lambda: _deep_value('{"format-version":2,"x":'), refused=True
    ),
    "metadata: a type in a type, 3,000 times": Hostile(
        "iceberg-metadata", lambda: _deep_type(3_000), refused=True
    ),
    "metadata: a type in a type, 300 times": Hostile(
        "iceberg-metadata", lambda: _deep_type(300), refused=True
    ),
    "metadata: gzip that becomes 300 MiB of spaces": Hostile(
        "iceberg-metadata", lambda: gzip.compress(b" " * _BOMB_BYTES), refused=True
    ),
    "metadata: a number of 100,000 digits": Hostile(
        "iceberg-metadata",
        lambda: (
            json.dumps(_metadata(**{"last-updated-ms": "HERE"}))
            .replace('"HERE"', "9" * 100_000)
            .encode()
        ),
        refused=True,
    ),
    "manifest list: deflate that becomes 300 MiB": Hostile(
        "iceberg-manifest-list",
        lambda: avro(record("bytes"), _deflated(_BOMB_BYTES), codec="deflate"),
        refused=True,
    ),
    "manifest list: zstandard that becomes 300 MiB": Hostile(
        "iceberg-manifest-list",
        lambda: avro(record("bytes"), _zstd(_BOMB_BYTES), codec="zstandard"),
        refused=True,
    ),
    "manifest list: a zstandard window of 2 GiB": Hostile(
        "iceberg-manifest-list",
        lambda: avro(record("bytes"), _zstd_window(), codec="zstandard"),
        refused=True,
    ),
    "manifest list: snappy that claims to become 900 MiB": Hostile(
        "iceberg-manifest-list",
        lambda: avro(record("bytes"), b"\x80\x80\x80\xc1\x03" + bytes(20), codec="snappy"),
        refused=True,
    ),
    "manifest list: two to the 60 records of no bytes": Hostile(
        "iceberg-manifest-list", lambda: avro(record(), b"", count=1 << 60), refused=True
    ),
    "manifest list: two to the 60 records and no bytes left": Hostile(
        "iceberg-manifest-list", lambda: avro(record("int"), b"\0", count=1 << 60), refused=True
    ),
    "manifest list: a block of a negative size": Hostile(
        "iceberg-manifest-list",
        lambda: avro(record("int"), b"")[:-17] + number(-20) + _SYNC,
        refused=True,
    ),
    "rows: an array of two to the 60 nulls": Hostile(
        "avro-rows",
        lambda: avro(record(_array("null")), number(1 << 60) + number(0)),
        refused=True,
    ),
    "manifest: items that are stepped over backwards": Hostile(
        "iceberg-manifest",
        lambda: avro(record(_array("string")), number(-1) + number(-3) + number(0)),
        refused=True,
    ),
    "manifest: a fixed type of minus three bytes": Hostile(
        "iceberg-manifest",
        lambda: avro(record({"type": "fixed", "name": "x", "size": -3}), b"", count=1 << 60),
        refused=True,
    ),
    "manifest: two to the 60 floats to step over": Hostile(
        "iceberg-manifest",
        lambda: avro(record(_array("float")), number(1 << 60) + number(0)),
        refused=True,
    ),
    "manifest: two to the 40 numbers to step over": Hostile(
        "iceberg-manifest",
        lambda: avro(record(_array("long")), number(1 << 40) + number(0)),
        refused=True,
    ),
    "manifest: a number without an end": Hostile(
        "iceberg-manifest", lambda: avro(record("long"), b"\xff" * (8 << 20)), refused=True
    ),
    "manifest: a type that contains itself": Hostile(
        "iceberg-manifest", lambda: avro(record("r"), b"\0"), refused=True
    ),
    "manifest: types that double 60 times": Hostile(
        "iceberg-manifest", lambda: avro(_doubled(60), b"\0" * 100), refused=True
    ),
    "rows: types that double 60 times": Hostile(
        "avro-rows", lambda: avro(_doubled(60), b"\0" * 100), refused=True
    ),
    "manifest: a schema nested 100,000 times": Hostile(
        "iceberg-manifest",
        lambda: avro("HERE", b"").replace(b'"HERE"', b"[[[[[[", 1),
        refused=True,
    ),
    "checkpoint: 40 million rows of nothing in a small file": Hostile(
        "delta-checkpoint", _parquet_of_nulls, refused=True
    ),
    "checkpoint: one path four million times": Hostile(
        "delta-checkpoint", _parquet_of_one_path, refused=True
    ),
    "checkpoint: a footer of four GiB": Hostile("delta-checkpoint", _parquet_footer, refused=True),
    "checkpoint: cut after its first bytes": Hostile(
        "delta-checkpoint", lambda: b"PAR1PAR1", refused=True
    ),
    "commit: objects nested 900 times": Hostile(
        "delta-actions", lambda: _commit(900), refused=False
    ),
    "commit: objects nested 100,000 times": Hostile(
        "delta-actions", lambda: _commit(100_000), refused=True
    ),
    "deletion vector: two to the 62 bitmaps": Hostile(
        "deletion-vector", lambda: _vector(bitmaps=1 << 62, containers=0), refused=True
    ),
    "deletion vector: four billion containers": Hostile(
        "deletion-vector", lambda: _vector(bitmaps=1, containers=0xFFFFFFFF), refused=True
    ),
    **{
        f"{name}: an endless list": Hostile(name, lambda: _deep_value('{"a":'), refused=refused)
        for name, refused in (
            *(("openlineage", False), ("dbt-manifest", True), ("dbt-run-results", True)),
            *(("lock", True), ("erasure-case", True), ("metrics-report", True)),
        )
    },
    "sql: 20,000 brackets": Hostile(
        "sql", lambda: b"select " + b"(" * 20_000 + b"1" + b")" * 20_000, refused=False
    ),
    "sql: a sum of 20,000": Hostile(
        "sql", lambda: b"select " + b"a + " * 20_000 + b"1", refused=False
    ),
    "condition: not, 20,000 times": Hostile(
        "condition", lambda: b"not " * 20_000 + b"a = 1", refused=True
    ),
    "address: 200,001 quotes": Hostile("address", lambda: b'"' * 200_001, refused=False),
    "instant: 100,000 digits": Hostile("instant", lambda: b"9" * 100_000, refused=True),
}
