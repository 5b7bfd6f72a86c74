"""Partition columns: the partition tuple of a manifest that is to be written, as Avro has it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from catalogs.iceberg.manifests import ManifestEntry
from catalogs.iceberg.metadata import PartitionFieldEntry, TableMetadata
from catalogs.iceberg.partition_constants import struct_types
from snapshots.errors import UnsupportedError

Json = Any

_FIRST_FIELD = 1000
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_DECIMAL = re.compile(r"decimal\(\s*(\d+)\s*,\s*(\d+)\s*\)")
_FIXED = re.compile(r"fixed\[\s*(\d+)\s*\]")
_PLAIN = {"boolean", "int", "long", "float", "double", "string"}
_LOGICAL: Mapping[str, Json] = {
    "binary": "bytes",
    "date": {"type": "int", "logicalType": "date"},
    "time": {"type": "long", "logicalType": "time-micros"},
    "timestamp": {"type": "long", "logicalType": "timestamp-micros", "adjust-to-utc": False},
    "timestamptz": {"type": "long", "logicalType": "timestamp-micros", "adjust-to-utc": True},
    "timestamp_ns": {"type": "long", "logicalType": "timestamp-nanos", "adjust-to-utc": False},
    "timestamptz_ns": {"type": "long", "logicalType": "timestamp-nanos", "adjust-to-utc": True},
}


@dataclass(frozen=True, slots=True)
class PartitionColumn:
    """One column of the tuple: its field of the spec, and its Avro name and type."""

    field: PartitionFieldEntry
    field_id: int
    name: str
    type: Json


def partition_columns(
    metadata: TableMetadata, spec_id: int, *, location: str
) -> tuple[PartitionColumn, ...]:
    """Give the columns of a spec's tuple. Raises UnsupportedError for one of unknown type."""
    fields = metadata.all_partition_specs().get(spec_id)
    if fields is None:
        advice = "nothing tells how its files are partitioned; write its rows with tl reproduce"
        raise UnsupportedError(location, f"partition spec {spec_id}", advice)
    kinds = dict(_kinds(metadata))
    columns = []
    for place, field in enumerate(fields):
        kind = _type(field, kinds, place)
        if kind is None:
            needs = f"a partition by {field.transform} of field {field.source_id}"
            raise UnsupportedError(location, needs, "write its rows with tl reproduce --out")
        field_id = _field_id(field, place)
        name = field.name if _NAME.fullmatch(field.name) else f"field_{field_id}"
        columns.append(PartitionColumn(field, field_id, name, kind))
    return tuple(columns)


def partition_record(columns: Sequence[PartitionColumn], entry: ManifestEntry) -> dict[str, Json]:
    """Give the tuple of a file by Avro name; what it does not hold is null."""
    by_id = {
        one.field_id: value
        for one, value in zip(entry.partition_fields, entry.partition, strict=True)
    }
    if None in by_id:  # a writer that gave no ids: then the order decides
        values = (*entry.partition, *(None for _ in columns))
        by_id = {one.field_id: value for one, value in zip(columns, values, strict=False)}
    return {one.name: _fitting(by_id.get(one.field_id), one.type) for one in columns}


def spec_fields(fields: Sequence[PartitionFieldEntry]) -> list[dict[str, Json]]:
    """Write the fields of a spec as metadata files and manifests have them, each with its id."""
    return [_spec_field(one, _field_id(one, place)) for place, one in enumerate(fields)]


def _spec_field(one: PartitionFieldEntry, field_id: int) -> dict[str, Json]:
    told = {
        "name": one.name,
        "transform": one.transform,
        "source-id": one.source_id,
        "source-ids": one.source_ids,
        "field-id": field_id,
    }
    return {name: value for name, value in told.items() if value is not None}


def _field_id(field: PartitionFieldEntry, place: int) -> int:
    """Give the id of a field; old v1 writers left them out, and counted from the first on."""
    return _FIRST_FIELD + place if field.field_id is None else field.field_id


def _fitting(value: Json, kind: Json) -> Json:
    """Give a value as long as its type is by now: a decimal of less precision is shorter."""
    if isinstance(kind, dict) and kind.get("logicalType") == "decimal" and isinstance(value, bytes):
        return int.from_bytes(value, "big", signed=True).to_bytes(kind["size"], "big", signed=True)
    return value


def _kinds(metadata: TableMetadata) -> Iterator[tuple[int, Json]]:
    """Yield the type of every field of any schema: partitions outlive the columns they are by."""
    for schema in metadata.all_schemas():
        yield from struct_types(schema.get("fields") or ())


def _type(field: PartitionFieldEntry, kinds: Mapping[int, Json], place: int) -> Json | None:
    source = kinds.get(field.source_id) if field.source_id is not None else None
    match field.transform.partition("[")[0]:
        case "bucket" | "year" | "month" | "hour":
            return "int"
        case "day":
            return _LOGICAL["date"]
        case "identity" | "truncate" | "void":
            return _avro_type(source, place) if isinstance(source, str) else None
        case _:
            return None


def _avro_type(kind: str, place: int) -> Json | None:
    """Give the Avro type of a primitive one; fixed ones are named, and each name stands once."""
    if kind in _PLAIN:
        return kind
    if kind in _LOGICAL:
        return _LOGICAL[kind]
    if kind == "uuid":
        name = f"uuid_{place}"
        return {"type": "fixed", "size": 16, "name": name, "logicalType": "uuid"}
    if fixed := _FIXED.fullmatch(kind):
        return {"type": "fixed", "size": int(fixed[1]), "name": f"fixed_{place}"}
    if decimal := _DECIMAL.fullmatch(kind):
        precision, scale = int(decimal[1]), int(decimal[2])
        size = ((10**precision - 1).bit_length() + 8) // 8
        return {
            "type": "fixed",
            "size": size,
            "name": f"decimal_{place}",
            "logicalType": "decimal",
            "precision": precision,
            "scale": scale,
        }
    return None
