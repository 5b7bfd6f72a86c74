"""Columns that a data file lacks are its identity partition, their default, or null."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any
from uuid import UUID

import pyarrow as pa
import pytest

from iceberg_files import field, schema, write_parquet
from iceberg_states import rows_in, state_of
from snapshots.errors import UnreadableError, UnsupportedError

PLACE = {"type": "struct", "fields": [field(3, "town", "string", required=True)]}
DEEPER = {"type": "struct", "fields": [field(8, "number", "int", required=True)]}
LIST = {"type": "list", "element-id": 6, "element": "int", "element-required": True}


def test_a_field_of_a_struct_that_files_leave_out_is_its_partition(tmp_path: Path) -> None:
    place = {**PLACE, "fields": [*PLACE["fields"], field(4, "street", "string")]}
    columns = schema(field(1, "id", "long"), field(2, "place", place))
    kind = pa.struct([pa.field("street", pa.string(), metadata={"PARQUET:field_id": "4"})])
    told = pa.array([{"street": "Kirchgasse"}, None, {"street": None}], kind)
    found = _rows(tmp_path, columns, {"place": told}, source=3, value="Ulm")
    assert found == [
        {"id": 0, "place": {"town": "Ulm", "street": "Kirchgasse"}},
        {"id": 1, "place": None},
        {"id": 2, "place": {"town": "Ulm", "street": None}},
    ]


def test_a_file_without_the_struct_around_its_partition_is_refused(tmp_path: Path) -> None:
    columns = schema(field(1, "id", "long"), field(2, "place", PLACE))
    with pytest.raises(UnsupportedError, match="without the struct that its partition column"):
        _rows(tmp_path, columns, {}, source=3, value="Ulm")
    assert _rows(tmp_path, columns, {}, source=3, value=None)[0] == {"id": 0, "place": None}
    assert _rows(tmp_path, schema(field(1, "id", "long")), {}, source=3, value="Ulm")


def test_a_partition_of_null_is_null_whatever_default_the_column_has(tmp_path: Path) -> None:
    told = field(2, "town", "string", **{"initial-default": "Bonn"})
    columns = schema(field(1, "id", "long"), told)
    assert _rows(tmp_path, columns, {}, source=2, value=None)[0]["town"] is None
    assert _rows(tmp_path, columns, {}, source=2, value="Ulm")[0]["town"] == "Ulm"
    assert _rows(tmp_path, columns, {}, source=9, value="Ulm")[0]["town"] == "Bonn"


@pytest.mark.parametrize(
    ("kind", "avro", "value", "read"),
    [
        ("boolean", "boolean", True, True),
        ("long", "int", 7, 7),
        ("double", "float", 0.5, 0.5),
        ("string", "string", "", ""),
        ("binary", "bytes", b"\x00", b"\x00"),
        ("fixed[2]", {"type": "fixed", "name": "f", "size": 2}, b"ab", b"ab"),
        ("decimal(9, 2)", "bytes", b"\xff\x38", "-2.00"),
        ("decimal(9, 2)", {"type": "fixed", "name": "d", "size": 4}, b"\0\0\0\x05", "0.05"),
        ("uuid", {"type": "fixed", "name": "u", "size": 16}, bytes(range(16)), None),
        ("date", "int", -1, "1969-12-31"),
        ("time", "long", 1, "00:00:00.000001"),
        ("timestamp", "long", -1, "1969-12-31 23:59:59.999999"),
        ("timestamptz", "long", 1, "1970-01-01 00:00:00.000001+00:00"),
        ("timestamp_ns", "long", 1001, "1970-01-01 00:00:00.000001001"),
    ],
)
def test_partitions_of_any_type_are_values_of_it(
    tmp_path: Path,
    kind: str,
    avro: Any,  # noqa: ANN401
    value: Any,  # noqa: ANN401
    read: Any,  # noqa: ANN401
) -> None:
    columns = schema(field(1, "id", "long"), field(2, "v", kind))
    row = _rows(tmp_path, columns, {}, source=2, value=value, avro=avro)[0]
    wanted = UUID(bytes=value) if kind == "uuid" else read
    assert row["v"] == wanted if type(row["v"]) is type(wanted) else str(row["v"]) == wanted


def test_structs_of_required_fields_are_null_in_files_older_than_they_are(tmp_path: Path) -> None:
    inside = [
        field(4, "at", "uuid", required=True),
        field(5, "all", LIST, required=True),
        field(7, "deeper", DEEPER, required=True),
    ]
    more = {"type": "struct", "fields": inside}
    columns = schema(field(1, "id", "long"), field(2, "place", more))
    assert _rows(tmp_path, columns, {})[0] == {"id": 0, "place": None}
    town = pa.field("town", pa.string(), metadata={"PARQUET:field_id": "3"})
    told = pa.array([{"town": "Ulm"}, None, {"town": "Bonn"}], pa.struct([town]))
    wider = {"type": "struct", "fields": [*PLACE["fields"], field(9, "more", more)]}
    columns = schema(field(1, "id", "long"), field(2, "place", wider))
    found = _rows(tmp_path, columns, {"place": told})
    assert found[0]["place"] == {"town": "Ulm", "more": None}
    assert found[1]["place"] is None


def test_a_file_without_a_value_for_a_required_column_is_refused(tmp_path: Path) -> None:
    columns = schema(field(1, "id", "long"), field(2, "place", "string", required=True))
    with pytest.raises(UnreadableError, match="place"):
        _rows(tmp_path, columns, {})
    with pytest.raises(UnreadableError, match="place"):
        _rows(tmp_path, columns, {"place": pa.array(["Ulm", None, "Bonn"])})


def test_a_file_with_two_columns_for_one_field_is_refused(tmp_path: Path) -> None:
    table = pa.table({"a": [1], "b": [2]})
    data = write_parquet(tmp_path / "data" / "one.parquet", table, ids={"a": 1, "b": 1})
    state = state_of(tmp_path, [data])
    with pytest.raises(UnreadableError, match="several columns for field 1"):
        state.batches(columns=None).read_all()


def _rows(
    root: Path,
    columns: Mapping[str, Any],
    told: Mapping[str, pa.Array],
    *,
    source: int = 9,
    value: Any = None,  # noqa: ANN401
    avro: Any = "string",  # noqa: ANN401
) -> Sequence[dict[str, Any]]:
    """Write three rows of ids and what is told, and read them with a partition of one column."""
    table = pa.table({"id": pa.array(range(3), pa.int64()), **told})
    data = write_parquet(root / "data" / "one.parquet", table, ids={"id": 1, "place": 2})
    data["partition_field"] = {"name": "p", "type": ["null", avro], "field-id": 1000}
    spec = [{"name": "p", "transform": "identity", "source-id": source, "field-id": 1000}]
    state = state_of(
        root,
        [data | {"partition": {"p": value}}],
        schemas=[columns],
        partition_specs=[{"spec-id": 0, "fields": spec}],
        format_version=3,
    )
    return rows_in(state)
