"""Key columns: the columns by which equality deletes find rows, whatever their names are now.

Iceberg spec, "Equality Delete Files". A key may be dropped from the table since, or renamed, or
promoted: it is read under the newest schema that has it, whose type is the widest. Null equals
null, and a field of a null struct is null. Fields in lists and maps are refused.

The spec forbids float and double, which some writers use all the same. Those are compared by their
bits, as Iceberg's own readers do; where engines differ, on whether -0 equals 0 and NaN equals NaN,
there is no exact answer, and whoever compares is told which keys that concerns.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
from pyiceberg.io.pyarrow import schema_to_pyarrow
from pyiceberg.schema import Schema

from catalogs.iceberg.metadata import TableMetadata
from snapshots.errors import UnreadableError, UnsupportedError

_COMPARABLE = re.compile(
    r"boolean|int|long|float|double|date|time|timestamp|timestamptz|timestamp_ns|timestamptz_ns"
    r"|string|uuid|binary|fixed\[\d+\]|decimal\(\s*\d+\s*,\s*\d+\s*\)"
)
_ADVICE = "read this state with an engine that has it, such as Spark"


@dataclass(frozen=True, slots=True)
class KeyColumn:
    """A column to compare by; `kind` is its Iceberg type, `comparable` the Arrow type for that.

    `schema` has one column, in which all is left out that does not lead to the field; `depth` is
    how many structs are around the field.
    """

    field_id: int
    kind: str
    comparable: pa.DataType
    schema: Schema
    depth: int

    @property
    def is_floating(self) -> bool:
        """Tell whether some values of it are equal for one engine and different for another."""
        return self.kind in _FLOATING

    def values(self, batch: pa.RecordBatch) -> pa.Array:
        """Give the field's values of rows under `schema`, in the one type for comparing.

        Floats are given as the bits of a double, with one NaN for all.
        """
        column = batch.column(0)
        for _ in range(self.depth):
            column = pc.struct_field(column, [0])
        if isinstance(column, pa.ExtensionArray):
            column = column.storage
        if self.is_floating:
            plain = column.cast(pa.float64())
            column = pc.if_else(pc.is_nan(plain), math.nan, plain).view(pa.int64())
        return column.cast(self.comparable)


DISPUTED_BITS = (0, -(1 << 63), *pa.array([math.nan]).view(pa.int64()).to_pylist())
"""The bits of 0, of -0 and of NaN."""
_FLOATING = frozenset({"float", "double"})
_LARGE = {
    "string": pa.large_string(),
    "binary": pa.large_binary(),
    "fixed": pa.large_binary(),
    "uuid": pa.large_binary(),
}


class KeyColumns:
    """Finds the key columns of one table by field id."""

    def __init__(self, metadata: TableMetadata) -> None:
        """Take the metadata that lists the state."""
        schemas = sorted(metadata.all_schemas(), key=lambda one: one.get("schema-id", 0))
        self._schemas: Sequence[Mapping[str, Any]] = schemas[::-1]
        self._found: dict[int, KeyColumn] = {}

    def column(self, field_id: int, *, location: str) -> KeyColumn:
        """Find a column; `location` is the delete file, for errors.

        Raises UnsupportedError where its values cannot be compared for certain, UnreadableError
        where no schema has it.
        """
        if field_id not in self._found:
            self._found[field_id] = self._find(field_id, location)
        return self._found[field_id]

    def _find(self, field_id: int, location: str) -> KeyColumn:
        path = next((path for one in self._schemas if (path := _path(one, field_id))), None)
        if path is None:
            reason = f"it deletes by field {field_id}, which no schema of the table has"
            raise UnreadableError(location, reason, "read another state")
        kind = path[-1]["type"]
        is_comparable = isinstance(kind, str) and _COMPARABLE.fullmatch(kind)
        if not is_comparable or any("name" not in field for field in path):
            name = ".".join(str(field.get("name", "[]")) for field in path)
            told = kind if isinstance(kind, str) else kind["type"]
            feature = f"equality deletes by {name}, of type {told}"
            raise UnsupportedError(location, feature, _ADVICE)
        # A writer that no longer has the column leaves it out, though it was required.
        column: dict[str, Any] = {**path[-1], "required": False}
        for field in path[-2::-1]:
            inside = {"type": "struct", "fields": [column]}
            column = {**field, "type": inside, "required": False}
        schema = Schema.model_validate({"type": "struct", "fields": [column]})
        return KeyColumn(field_id, str(kind), _comparable(str(kind)), schema, len(path) - 1)


def _comparable(kind: str) -> pa.DataType:
    """Give the Arrow type that all values of an Iceberg type are compared as."""
    if kind in _FLOATING:
        return pa.int64()
    large = _LARGE.get(kind.partition("[")[0])
    if large is not None:
        return large
    plain = {"id": 1, "name": "key", "required": False, "type": kind}
    schema = Schema.model_validate({"type": "struct", "fields": [plain]})
    return schema_to_pyarrow(schema, include_field_ids=False).field(0).type


def _path(kind: Any, field_id: int) -> list[Mapping[str, Any]] | None:  # noqa: ANN401 - JSON
    """Give the fields that lead to a field; those in lists and maps have no name."""
    if not isinstance(kind, dict):
        return None
    unnamed = [
        {"id": kind.get(f"{part}-id"), "type": kind[part]}
        for part in ("element", "key", "value")
        if part in kind
    ]
    for field in (*kind.get("fields", ()), *unnamed):
        if field.get("id") == field_id:
            return [field]
        if (path := _path(field.get("type"), field_id)) is not None:
            return [field, *path]
    return None
