"""Avro rows: data and delete files in Avro, streamed as Arrow batches. Iceberg spec, Appendix A.

Field ids stand in the Avro schema, and are put where Arrow keeps those of Parquet files; so all
that follows is the same for both formats.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, BinaryIO

import pyarrow as pa

from catalogs.iceberg.avro import open_stream, sound, stream_records
from catalogs.iceberg.fragment import as_batch
from snapshots.errors import UnreadableError, UnsupportedError

BATCH_ROWS = 16_384
_ADVICE = "read this state with an engine that has it, such as Spark"

Convert = Callable[[Any], Any]
"""Turns a value as Avro decodes it into one that Arrow takes."""


class AvroFragment:
    """One Avro file, to be read as a fragment of an Arrow dataset is."""

    def __init__(self, file: BinaryIO, *, location: str) -> None:
        """Read the header. Raises UnreadableError, and UnsupportedError for a type unknown here."""
        self._file = file
        self._location = location
        self._header, self._start = open_stream(file, location=location)
        with sound(location):
            kind = _Kinds(location).kind(self._header.schema)
        if not pa.types.is_struct(kind.arrow):
            raise UnreadableError(location, "its Avro rows are no records", "restore the file")
        self._convert = kind.convert
        with sound(location):
            self.physical_schema = pa.schema(list(kind.arrow))

    def to_batches(self, *, columns: Sequence[str]) -> Iterator[pa.RecordBatch]:
        """Stream some columns, in the order of the file. Once only: the file is read along."""
        chosen = set(columns)
        wanted: Mapping[str, Any] = {name: {} for name in chosen}
        fields = [one for one in self.physical_schema if one.name in chosen]
        if not wanted:
            # An empty choice would mean all of them: one column tells how many rows there are.
            wanted = {name: {} for name in self.physical_schema.names[:1]}
        blocks = stream_records(
            self._file, self._header, self._start, wanted=wanted, location=self._location
        )
        for records in _gathered(blocks):
            with sound(self._location):
                rows = pa.array([self._convert(one) for one in records], pa.struct(fields))
            yield as_batch(rows)

    def to_table(self, *, columns: Sequence[str]) -> pa.Table:
        """Read some columns whole."""
        fields = [one for one in self.physical_schema if one.name in columns]
        table = pa.Table.from_batches(self.to_batches(columns=columns), pa.schema(fields))
        return table.select(list(columns))


def decimal_of(body: bytes, scale: int) -> Decimal:
    """Read a decimal as Avro stores it, all of its up to 38 digits.

    >>> decimal_of((12345678901234567890123456789012).to_bytes(16, "big"), 2)
    Decimal('123456789012345678901234567890.12')
    """
    number = int.from_bytes(body, "big", signed=True)
    digits = tuple(int(one) for one in str(abs(number)))
    return Decimal((int(number < 0), digits, -scale))


def _gathered(blocks: Iterator[list[Any]]) -> Iterator[list[Any]]:
    """Join small blocks into batches worth an Arrow array."""
    held: list[Any] = []
    for records in blocks:
        held += records
        if len(held) >= BATCH_ROWS:
            yield held
            held = []
    if held:
        yield held


@dataclass(frozen=True, slots=True)
class _Kind:
    """A type for Arrow, and how its values are made of what Avro decodes."""

    arrow: pa.DataType
    nullable: bool
    convert: Convert


class _Kinds:
    """Reads the types of one file's schema; remembers the types it names."""

    def __init__(self, location: str) -> None:
        self._location = location
        self._named: dict[str, _Kind] = {}

    def kind(self, schema: Any) -> _Kind:  # noqa: ANN401 - Avro schemas are JSON
        if isinstance(schema, list):
            return self._union(schema)
        if isinstance(schema, str):
            if schema in self._named:
                return self._named[schema]
            return _Kind(_PRIMITIVES[schema], schema == "null", _same)
        match schema["type"]:
            case "record":
                found = self._record(schema)
            case "array":
                found = self._array(schema)
            case "map":
                found = self._map(schema)
            case "fixed" | "enum":
                found = _leaf(schema)
            case str() if "logicalType" in schema:
                found = _leaf(schema)
            case nested:
                found = self.kind(nested)
        if "name" in schema:
            self._named[schema["name"]] = found
            self._named[f"{schema.get('namespace', '')}.{schema['name']}"] = found
        return found

    def _union(self, branches: Sequence[Any]) -> _Kind:
        rest = [one for one in branches if one != "null"]
        if len(rest) != 1:
            feature = f"a column that is one of {len(rest)} types"
            raise UnsupportedError(self._location, feature, _ADVICE)
        kind = self.kind(rest[0])

        def convert(value: Any) -> Any:  # noqa: ANN401
            return None if value is None else kind.convert(value)

        has_null = len(rest) < len(branches)
        return _Kind(kind.arrow, has_null, kind.convert if kind.convert is _same else convert)

    def _record(self, schema: Mapping[str, Any]) -> _Kind:
        fields, converts = [], []
        for field in schema["fields"]:
            kind = self.kind(field["type"])
            fields.append(_field(field["name"], kind, field.get("field-id")))
            if kind.convert is not _same:
                converts.append((field["name"], kind.convert))

        def convert(record: dict[str, Any]) -> dict[str, Any]:
            for name, inside in converts:
                if name in record:
                    record[name] = inside(record[name])
            return record

        return _Kind(pa.struct(fields), False, convert if converts else _same)

    def _array(self, schema: Mapping[str, Any]) -> _Kind:
        item = self.kind(schema["items"])
        if schema.get("logicalType") == "map":
            # Maps whose keys are no strings are arrays of key and value.
            key, value = (item.arrow.field(name) for name in ("key", "value"))

            def pairs(records: list[Any]) -> list[Any]:
                converted = [item.convert(one) for one in records]
                return [(one["key"], one["value"]) for one in converted]

            return _Kind(pa.map_(key, value), False, pairs)
        element = _field("element", item, schema.get("element-id"))

        def convert(values: list[Any]) -> list[Any]:
            return [item.convert(one) for one in values]

        return _Kind(pa.list_(element), False, _same if item.convert is _same else convert)

    def _map(self, schema: Mapping[str, Any]) -> _Kind:
        item = self.kind(schema["values"])
        key = _field("key", _Kind(pa.string(), False, _same), schema.get("key-id"))
        value = _field("value", item, schema.get("value-id"))

        def convert(entries: dict[str, Any]) -> list[Any]:
            return [(name, item.convert(one)) for name, one in entries.items()]

        return _Kind(pa.map_(key, value), False, convert)


def _field(name: str, kind: _Kind, number: int | None) -> pa.Field:
    metadata = None if number is None else {"PARQUET:field_id": str(number)}
    return pa.field(name, kind.arrow, nullable=kind.nullable, metadata=metadata)


def _leaf(schema: Mapping[str, Any]) -> _Kind:
    """Read a type without parts, logical or not; an unknown logical type is the one under it."""
    bare, logical = schema["type"], str(schema.get("logicalType"))
    match bare, logical:
        case "fixed" | "bytes", "decimal":
            scale = int(schema.get("scale", 0))
            kind = pa.decimal128(int(schema["precision"]), scale)
            found = _Kind(kind, False, lambda body: decimal_of(body, scale))
        case "string", "uuid":
            found = _Kind(pa.binary(16), False, lambda text: uuid.UUID(text).bytes)
        case "int", "date":
            found = _Kind(pa.date32(), False, _same)
        case "int", "time-millis":
            found = _Kind(pa.time64("us"), False, lambda millis: millis * 1000)
        case "long", "time-micros":
            found = _Kind(pa.time64("us"), False, _same)
        case "long", _ if logical.removeprefix("local-") in _UNITS:
            zone = "UTC" if schema.get("adjust-to-utc") is True else None
            unit = _UNITS[logical.removeprefix("local-")]
            found = _Kind(pa.timestamp(unit, zone), False, _same)
        case "fixed", _:
            found = _Kind(pa.binary(int(schema["size"])), False, _same)
        case _:
            found = _Kind(pa.string() if bare == "enum" else _PRIMITIVES[bare], False, _same)
    return found


def _same(value: Any) -> Any:  # noqa: ANN401
    return value


_UNITS = {"timestamp-millis": "ms", "timestamp-micros": "us", "timestamp-nanos": "ns"}
_PRIMITIVES: dict[str, pa.DataType] = {
    "null": pa.null(),
    "boolean": pa.bool_(),
    "int": pa.int32(),
    "long": pa.int64(),
    "float": pa.float32(),
    "double": pa.float64(),
    "bytes": pa.binary(),
    "string": pa.string(),
}
