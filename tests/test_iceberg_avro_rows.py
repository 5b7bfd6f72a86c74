"""Rows in Avro files are the rows they would be in Parquet files, field by field."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, time
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from catalogs.iceberg.state import IcebergState
from iceberg_files import field, schema, write_avro
from iceberg_states import rows_in, state_of
from snapshots.errors import UnreadableError, UnsupportedError, UsageError

LONG = {"name": "id", "type": "long", "field-id": 1}
ID = schema(field(1, "id", "long"), field(2, "name", "string"))
BIG = Decimal("123456789012345678901234567890123456.78")
ONE = UUID("12345678-1234-5678-1234-567812345678")

TYPES: list[tuple[Any, Any, Any, Any]] = [
    ("boolean", "boolean", True, True),
    ("int", "int", -5, -5),
    ("long", "int", 7, 7),
    ("double", "float", 0.5, 0.5),
    ("binary", "bytes", b"\x00\xff", b"\x00\xff"),
    ("fixed[3]", {"type": "fixed", "name": "f3", "size": 3}, b"abc", b"abc"),
    ("date", {"type": "int", "logicalType": "date"}, -1, date(1969, 12, 31)),
    ("time", {"type": "long", "logicalType": "time-micros"}, 61_000_001, time(0, 1, 1, 1)),
    ("time", {"type": "int", "logicalType": "time-millis"}, 1, time(0, 0, 0, 1000)),
    (
        "timestamp",
        {"type": "long", "logicalType": "timestamp-micros", "adjust-to-utc": False},
        -1,
        datetime(1969, 12, 31, 23, 59, 59, 999_999),  # noqa: DTZ001 - a type without a zone
    ),
    (
        "timestamptz",
        {"type": "long", "logicalType": "timestamp-micros", "adjust-to-utc": True},
        0,
        datetime(1970, 1, 1, tzinfo=UTC),
    ),
    (
        "timestamp",
        {"type": "long", "logicalType": "local-timestamp-millis"},
        1,
        datetime(1970, 1, 1, 0, 0, 0, 1000),  # noqa: DTZ001 - a type without a zone
    ),
    (
        "decimal(38,2)",
        {"type": "fixed", "name": "d", "size": 16, "logicalType": "decimal"}
        | {"precision": 38, "scale": 2},
        (12345678901234567890123456789012345678).to_bytes(16, "big"),
        BIG,
    ),
    ("uuid", {"type": "fixed", "name": "u", "size": 16, "logicalType": "uuid"}, ONE.bytes, ONE),
    ("uuid", {"type": "string", "logicalType": "uuid"}, str(ONE), ONE),
    ("string", {"type": "enum", "name": "e", "symbols": ["a", "b"]}, "b", "b"),
    ("unknown", "null", None, None),
    ("geometry(OGC:CRS84)", "bytes", b"\x01\x01", b"\x01\x01"),
    (
        {"type": "list", "element-id": 10, "element": "int", "element-required": False},
        {"type": "array", "items": ["null", "int"], "element-id": 10},
        [1, None],
        [1, None],
    ),
    (
        {"type": "map", "key-id": 10, "key": "string", "value-id": 11, "value": "long"}
        | {"value-required": False},
        {"type": "map", "values": "long", "key-id": 10, "value-id": 11},
        {"a": 1},
        [("a", 1)],
    ),
]


@pytest.mark.parametrize(("kind", "avro", "written", "expected"), TYPES)
def test_values_of_every_type_are_read(
    tmp_path: Path,
    kind: Any,  # noqa: ANN401
    avro: Any,  # noqa: ANN401
    written: Any,  # noqa: ANN401
    expected: Any,  # noqa: ANN401
) -> None:
    union = avro if avro == "null" else ["null", avro]
    fields = [LONG, {"name": "v", "type": union, "field-id": 2}]
    rows = [{"id": 1, "v": written}, {"id": 2, "v": None}]
    columns = schema(field(1, "id", "long"), field(2, "v", kind))
    found = _read(tmp_path, [_avro(tmp_path, "one", fields, rows)], columns)
    assert found == [{"id": 1, "v": expected}, {"id": 2, "v": None}]


def test_maps_with_keys_of_any_type_are_arrays_of_pairs(tmp_path: Path) -> None:
    pair = {
        "type": "record",
        "name": "k3_v4",
        "fields": [
            {"name": "key", "type": "int", "field-id": 3},
            {"name": "value", "type": ["null", "string"], "field-id": 4},
        ],
    }
    avro = {"type": "array", "logicalType": "map", "items": pair}
    fields = [LONG, {"name": "v", "type": avro, "field-id": 2}]
    rows = [{"id": 1, "v": [{"key": 5, "value": "x"}, {"key": 6, "value": None}]}]
    kind = {"type": "map", "key-id": 3, "key": "int", "value-id": 4, "value": "string"}
    columns = schema(field(2, "v", kind | {"value-required": False}))
    found = _read(tmp_path, [_avro(tmp_path, "one", fields, rows)], columns)
    assert found == [{"v": [(5, "x"), (6, None)]}]


def test_fields_are_found_by_id_renamed_promoted_added_with_defaults(tmp_path: Path) -> None:
    fields = [{"name": "old", "type": "int", "field-id": 1}, {"name": "x", "type": "int"}]
    data = _avro(tmp_path, "one", fields, [{"old": 3, "x": 4}])
    added = field(9, "plus", "string") | {"initial-default": "d"}
    columns = schema(field(1, "new", "long"), added)
    assert _read(tmp_path, [data], columns) == [{"new": 3, "plus": "d"}]


def test_fields_without_ids_are_found_by_the_name_mapping(tmp_path: Path) -> None:
    fields = [{"name": "a", "type": "long"}, {"name": "b", "type": "string"}]
    data = _avro(tmp_path, "one", fields, [{"a": 3, "b": "x"}])
    mapping = '[{"field-id": 2, "names": ["b"]}, {"field-id": 1, "names": ["z", "a"]}]'
    properties = {"schema.name-mapping.default": mapping}
    found = _read(tmp_path, [data], ID, properties=properties)
    assert found == [{"id": 3, "name": "x"}]


def test_large_files_are_streamed_block_by_block(tmp_path: Path) -> None:
    rows = [{"id": n, "name": "x" * (n % 50)} for n in range(40_000)]
    data = _avro(tmp_path, "one", [LONG, _text("name", 2)], rows)
    state = _state(tmp_path, [data], ID)
    batches = list(state.batches(columns=["id"]))
    assert len(batches) > 1
    assert [n for one in batches for n in one["id"].to_pylist()] == list(range(40_000))
    with pytest.raises(UsageError, match="name one or more of id, name"):
        state.batches(columns=[])


def test_deletes_in_avro_files_apply(tmp_path: Path) -> None:
    rows = [{"id": n, "name": name} for n, name in enumerate("abcd")]
    data = _avro(tmp_path, "data", [LONG, _text("name", 2)], rows)
    equal = _avro(tmp_path, "equal", [_text("name", 2)], [{"name": "b"}])
    equal |= {"content": 2, "equality_ids": [2], "sequence_number": 2}
    fields = [_text("file_path", 2147483546), {"name": "pos", "type": "long"}]
    fields[1]["field-id"] = 2147483545
    place = _avro(tmp_path, "place", fields, [{"file_path": data["file_path"], "pos": 3}])
    place |= {"content": 1, "sequence_number": 2}
    found = _read(tmp_path, [data, equal, place], ID)
    assert [one["name"] for one in found] == ["a", "c"]


def test_what_is_no_table_of_rows_is_refused_or_named(tmp_path: Path) -> None:
    path = write_avro(tmp_path / "data" / "one.avro", "long", [1])
    with pytest.raises(UnreadableError, match="no records"):
        _read(tmp_path, [_entry(path, 1)], ID)
    either = [{"name": "id", "type": ["null", "long", "string"], "field-id": 1}]
    path = write_avro(tmp_path / "two.avro", _record(either), [{"id": None}])
    with pytest.raises(UnsupportedError, match="one of 2 types"):
        _read(tmp_path, [_entry(path, 1)], ID)
    whole = _avro(tmp_path, "three", [LONG], [{"id": 1}])
    body = Path(whole["file_path"]).read_bytes()
    Path(whole["file_path"]).write_bytes(body[:-3])
    with pytest.raises(UnreadableError, match="a block is cut off"):
        _read(tmp_path, [whole], schema(field(1, "id", "long")))


def _text(name: str, number: int) -> dict[str, Any]:
    return {"name": name, "type": "string", "field-id": number}


def _record(fields: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    return {"type": "record", "name": "table", "fields": list(fields)}


def _avro(root: Path, name: str, fields: Sequence[Any], rows: Sequence[Any]) -> dict[str, Any]:
    path = write_avro(root / "data" / f"{name}.avro", _record(fields), rows)
    return _entry(path, len(rows))


def _entry(path: str, rows: int) -> dict[str, Any]:
    told = {"file_path": path, "file_format": "AVRO", "record_count": rows}
    return told | {"sequence_number": 1}


def _read(
    root: Path,
    files: Sequence[Mapping[str, Any]],
    columns: Mapping[str, Any],
    **more: Any,  # noqa: ANN401
) -> list[dict[str, Any]]:
    return rows_in(_state(root, files, columns, **more))


def _state(
    root: Path,
    files: Sequence[Mapping[str, Any]],
    columns: Mapping[str, Any],
    **more: Any,  # noqa: ANN401
) -> IcebergState:
    return state_of(root, files, schemas=[columns], format_version=3, **more)
