"""Partition constants: values of identity partitions, which files may leave out. Iceberg spec,
"Column Projection".
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from catalogs.iceberg.avro_rows import decimal_of
from catalogs.iceberg.manifests import ManifestEntry
from catalogs.iceberg.metadata import PartitionFieldEntry

_FIRST_PARTITION_FIELD = 1000
_IDENTITY = "identity"


def partition_constants(
    entry: ManifestEntry, spec: Sequence[PartitionFieldEntry], types: Mapping[int, Any]
) -> dict[int, Any]:
    """Give the values of a file's identity partitions by the field id of their columns.

    `types` are those of the columns wanted; others are left out. A partition of null is None.
    """
    values = {
        column.field_id: value
        for column, value in zip(entry.partition_fields, entry.partition, strict=True)
    }
    constants: dict[int, Any] = {}
    for place, field in enumerate(spec):
        source = field.source_id
        field_id = _FIRST_PARTITION_FIELD + place if field.field_id is None else field.field_id
        if field.transform != _IDENTITY or source is None or source not in types:
            continue
        # Manifests of some writers carry no ids: then the order decides.
        if field_id in values and None not in values:
            constants[source] = _constant(values[field_id], types[source])
        elif place < len(entry.partition):
            constants[source] = _constant(entry.partition[place], types[source])
    return constants


def struct_types(fields: Sequence[Mapping[str, Any]]) -> Iterator[tuple[int, Any]]:
    """Yield id and type of each field that a partition can be made of: none in lists and maps."""
    for field in fields:
        yield field["id"], field["type"]
        yield from struct_types(_inside(field))


def loosened(
    fields: Sequence[Mapping[str, Any]], constants: Mapping[int, Any]
) -> list[dict[str, Any]]:
    """Let files leave out the fields that have a constant, without another default for them."""
    found = []
    for field in fields:
        one = dict(field)
        if field["id"] in constants:
            one["required"] = False
            one.pop("initial-default", None)
        if inside := _inside(field):
            one["type"] = {**field["type"], "fields": loosened(inside, constants)}
        found.append(one)
    return found


def holders(fields: Sequence[Mapping[str, Any]], constants: Mapping[int, Any]) -> Iterator[int]:
    """Yield the ids of the structs that a constant which is not null is inside of."""
    for field in fields:
        inside = _inside(field)
        if any(constants.get(number) is not None for number, _ in struct_types(inside)):
            yield field["id"]
        yield from holders(inside, constants)


def _inside(field: Mapping[str, Any]) -> Sequence[Mapping[str, Any]]:
    kind = field["type"]
    return kind["fields"] if isinstance(kind, dict) and kind.get("type") == "struct" else ()


def _constant(value: Any, kind: object) -> Any:  # noqa: ANN401 - any partition value
    """Turn a value as Avro stores it into one that Arrow takes for the column's type."""
    decimal = re.fullmatch(r"decimal\(\s*\d+\s*,\s*(\d+)\s*\)", str(kind))
    if decimal and isinstance(value, bytes):
        return decimal_of(value, int(decimal[1]))
    return value
