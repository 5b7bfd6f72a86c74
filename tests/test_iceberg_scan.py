"""Iceberg data files are read under the schema of their snapshot, by field id, or refused."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import date, datetime, time
from pathlib import Path
from typing import Any
from uuid import UUID

import pyarrow as pa
import pytest
from pyarrow import orc
from pyiceberg.io.pyarrow import schema_to_pyarrow
from pyiceberg.schema import Schema

from catalogs.iceberg.state import IcebergState
from iceberg_files import field, schema, write_parquet, write_table
from iceberg_states import ids_in, opened, state_of
from snapshots.errors import UnreadableError, UnsupportedError

IDS = {"id": 1, "day": 2}
POINT = {"type": "struct", "fields": [field(10, "x", "int")]}
POINTS = {"type": "list", "element-id": 11, "element": POINT, "element-required": False}
NESTED = {"type": "list", "element-id": 12, "element": POINTS, "element-required": False}
NAMED = {
    "type": "map",
    "key-id": 13,
    "key": "string",
    "value-id": 14,
    "value": POINT,
    "value-required": False,
}


def test_null_lists_and_maps_of_structs_stay_null(tmp_path: Path) -> None:
    for kind, value in (
        (POINTS, [{"x": 1}, None]),
        (NAMED, [("a", {"x": 1}), ("b", None)]),
        (NESTED, [None, [], [{"x": 1}, None]]),
        (POINT, {"x": None}),
    ):
        written = [value, None, [] if kind is not POINT else {"x": 2}, None, value]
        columns = schema(field(1, "id", "long"), field(2, "v", kind))
        state = _nested(tmp_path, columns, written)
        assert state.batches(columns=["v"]).read_all()["v"].to_pylist() == written


def test_large_files_are_streamed_in_batches_with_nested_columns_whole(tmp_path: Path) -> None:
    written = [[{"x": n}] * (n % 4) if n % 3 else None for n in range(300_000)]
    columns = schema(field(1, "id", "long"), field(2, "v", POINTS))
    found = list(_nested(tmp_path, columns, written).batches(columns=None))
    assert len(found) > 1
    read = pa.Table.from_batches(found)
    assert read["id"].to_pylist() == list(range(300_000))
    assert read["v"].to_pylist() == written


def test_a_struct_keeps_its_nulls_when_all_its_old_fields_are_gone(tmp_path: Path) -> None:
    columns = schema(field(1, "id", "long"), field(2, "v", POINT))
    table = _table(columns, [{"x": 1}, None])
    data = write_parquet(tmp_path / "data" / "one.parquet", table, ids=None)
    later = {"type": "struct", "fields": [field(20, "y", "int")]}
    now = schema(field(1, "id", "long"), field(2, "v", later))
    state = state_of(tmp_path, [data], schemas=[now])
    assert state.batches(columns=["v"]).read_all()["v"].to_pylist() == [{"y": None}, None]


def test_nested_fields_are_found_by_their_ids_whatever_their_names(tmp_path: Path) -> None:
    columns = schema(field(1, "id", "long"), field(2, "v", POINTS))
    data = write_parquet(tmp_path / "data" / "a.parquet", _table(columns, [[{"x": 1}]]), ids=None)
    renamed = {"type": "struct", "fields": [field(20, "x", "string"), field(10, "z", "long")]}
    now = schema(field(2, "w", {**POINTS, "element": renamed}))
    state = state_of(tmp_path, [data], schemas=[now])
    assert state.batches(columns=None).read_all().to_pylist() == [{"w": [{"x": None, "z": 1}]}]


def test_orc_files_are_read_like_parquet_files(tmp_path: Path) -> None:
    path = tmp_path / "data" / "one.orc"
    path.parent.mkdir(parents=True)
    orc.write_table(pa.table({"id": pa.array([5, 6], pa.int64())}), path)
    data = {"file_path": str(path), "file_format": "ORC", "record_count": 2}
    mapping = {"schema.name-mapping.default": '[{"field-id": 1, "names": ["id"]}]'}
    state = state_of(tmp_path, [data], properties=mapping)
    assert state.batches(columns=None).read_all()["id"].to_pylist() == [5, 6]


def test_times_and_fixed_bytes_are_numbers_and_bytes_in_orc_files(tmp_path: Path) -> None:
    path = tmp_path / "data" / "one.orc"
    path.parent.mkdir(parents=True)
    orc.write_table(pa.table({"t": [1], "u": [bytes(range(16))], "f": [b"ab"]}), path)
    data = {"file_path": str(path), "file_format": "ORC", "record_count": 1}
    names = [{"field-id": n, "names": [name]} for n, name in ((1, "t"), (2, "u"), (3, "f"))]
    columns = schema(field(1, "t", "time"), field(2, "u", "uuid"), field(3, "f", "fixed[2]"))
    mapping = {"schema.name-mapping.default": json.dumps(names)}
    state = state_of(tmp_path, [data], properties=mapping, schemas=[columns])
    row = {"t": time(0, 0, 0, 1), "u": UUID(bytes=bytes(range(16))), "f": b"ab"}
    assert state.batches(columns=None).read_all().to_pylist() == [row]


def test_files_of_an_unknown_format_are_refused(tmp_path: Path) -> None:
    data = {"file_path": "one.lance", "file_format": "LANCE", "record_count": 1}
    with pytest.raises(UnsupportedError, match="data files in lance"):
        ids_in(state_of(tmp_path, [data]))


def test_a_column_of_a_type_nobody_reads_is_refused_and_the_others_are_not(tmp_path: Path) -> None:
    fields = schema(field(1, "id", "long"), field(2, "v", "hologram"))
    state = state_of(tmp_path, [_data(tmp_path, "one", 2)], schemas=[fields])
    with pytest.raises(UnsupportedError, match="columns of type hologram"):
        state.batches(columns=None)
    assert state.batches(columns=["id"]).read_all().num_rows == 2


def test_variants_are_their_two_parts_shredded_or_not(tmp_path: Path) -> None:
    parts = [("metadata", pa.binary()), ("value", pa.binary()), ("typed_value", pa.int32())]
    empty = b"\x01\x00\x00"
    for kind in (pa.struct(parts[:2]), pa.struct(parts)):
        row = {"metadata": empty, "value": b"\x14*\x00\x00\x00"}
        typed = {"metadata": empty, "value": None, "typed_value": 42}
        written = pa.array([typed if kind.num_fields > 2 else row, None], kind)
        table = pa.table({"id": pa.array([1, 2], pa.int64()), "v": written})
        data = write_parquet(tmp_path / "data" / "one.parquet", table, ids={"id": 1, "v": 2})
        columns = schema(field(1, "id", "long"), field(2, "v", "variant"))
        state = state_of(tmp_path, [data], schemas=[columns])
        assert state.batches(columns=["v"]).read_all()["v"].to_pylist() == [row, None]


def test_geometries_are_the_bytes_they_are(tmp_path: Path) -> None:
    table = pa.table({"g": pa.array([b"\x01\x01", None], pa.binary())})
    data = write_parquet(tmp_path / "data" / "one.parquet", table, ids={"g": 1})
    for kind in ("geometry(EPSG:4326)", "geography"):
        state = state_of(tmp_path, [data], schemas=[schema(field(1, "g", kind))])
        assert state.batches(columns=None).read_all()["g"].to_pylist() == [b"\x01\x01", None]


def test_a_format_version_nobody_knows_is_refused(tmp_path: Path) -> None:
    state = state_of(tmp_path, [_data(tmp_path, "one", 2)], **{"format-version": 4})
    with pytest.raises(UnsupportedError, match="format version 4"):
        state.batches(columns=None)


def test_partition_columns_left_out_of_the_files_come_from_the_manifest(tmp_path: Path) -> None:
    kind = {"name": "day", "type": ["null", "int"], "field-id": 1000}
    partition = {"partition_field": kind, "partition": {"day": 0}}
    fields = schema(field(1, "id", "long"), field(2, "day", "date", required=True))
    spec = [{"name": "day", "transform": "identity", "source-id": 2, "field-id": 1000}]
    state = state_of(
        tmp_path,
        [_data(tmp_path, "one", 2) | partition],
        schemas=[fields],
        partition_specs=[{"spec-id": 0, "fields": spec}],
    )
    days = state.batches(columns=["day"]).read_all()["day"].cast(pa.int32()).to_pylist()
    assert days == [0, 0]


def test_files_without_field_ids_need_a_name_mapping(tmp_path: Path) -> None:
    table = pa.table({"other": pa.array([5], pa.int64())})
    data = write_parquet(tmp_path / "data" / "one.parquet", table, ids=None)
    with pytest.raises(UnsupportedError, match="without field ids"):
        ids_in(state_of(tmp_path, [data]))
    mapping = {"schema.name-mapping.default": '[{"field-id": 1, "names": ["other"]}]'}
    state = state_of(tmp_path, [data], properties=mapping)
    assert state.batches(columns=None).read_all()["id"].to_pylist() == [5]


def test_files_without_field_ids_are_read_where_order_and_names_agree(tmp_path: Path) -> None:
    table = pa.table({"a": pa.array([5], pa.int64()), "b": pa.array([6], pa.int64())})
    data = write_parquet(tmp_path / "data" / "one.parquet", table, ids=None)
    agreeing = schema(field(1, "a", "long"), field(2, "b", "long"), field(3, "c", "long"))
    state = state_of(tmp_path, [data], schemas=[agreeing])
    assert state.batches(columns=None).read_all().to_pylist() == [{"a": 5, "b": 6, "c": None}]
    for one, other in (("b", "a"), ("x", "b")):
        swapped = schema(field(1, one, "long"), field(2, other, "long"))
        with pytest.raises(UnsupportedError, match="without field ids"):
            state_of(tmp_path, [data], schemas=[swapped]).batches(columns=None).read_all()


def test_a_name_mapping_that_contradicts_the_schema_is_refused(tmp_path: Path) -> None:
    table = pa.table({"id": pa.array([5], pa.int64()), "s": pa.array([{"x": 1}])})
    data = write_parquet(tmp_path / "data" / "one.parquet", table, ids=None)
    inside = {"type": "struct", "fields": [field(3, "x", "long")]}
    columns = schema(field(1, "id", "long"), field(2, "s", inside))
    mapped = [{"field-id": 2, "names": ["s"], "fields": [{"field-id": 1, "names": ["x"]}]}]
    properties = {"schema.name-mapping.default": json.dumps(mapped)}
    state = state_of(tmp_path, [data], schemas=[columns], properties=properties)
    with pytest.raises(UnsupportedError, match="name mapping that has field 1 inside another"):
        state.batches(columns=None).read_all()


def test_a_column_without_an_id_is_refused_where_it_may_be_one_that_is_asked_for(
    tmp_path: Path,
) -> None:
    ids = pa.field("id", pa.int64(), metadata={"PARQUET:field_id": "1"})
    table = pa.table([[5], [6]], schema=pa.schema([ids, pa.field("name", pa.int64())]))
    data = write_parquet(tmp_path / "data" / "one.parquet", table, ids=None)
    columns = schema(field(1, "id", "long"), field(2, "name", "long"))
    state = state_of(tmp_path, [data], schemas=[columns])
    assert state.batches(columns=["id"]).read_all()["id"].to_pylist() == [5]
    with pytest.raises(UnsupportedError, match="in which name has no field id"):
        state.batches(columns=None).read_all()


def test_a_required_column_that_is_nowhere_is_an_error(tmp_path: Path) -> None:
    fields = schema(field(1, "id", "long"), field(2, "n", "int", required=True))
    state = state_of(tmp_path, [_data(tmp_path, "one", 2)], schemas=[fields])
    with pytest.raises(UnreadableError, match="required"):
        state.batches(columns=None).read_all()


@pytest.mark.parametrize(
    ("kind", "default", "value"),
    [
        ("int", 7, 7),
        ("date", "1969-12-31", date(1969, 12, 31)),
        ("decimal(38,2)", "123456789012345678901234567890123456.78", None),
        ("timestamp", "1969-12-31T23:59:59.999999", datetime(1969, 12, 31, 23, 59, 59, 999_999)),  # noqa: DTZ001 - a type without a zone
        ("uuid", "12345678-1234-5678-1234-567812345678", None),
        ("fixed[2]", "00ff", b"\x00\xff"),
        ("binary", "00", b"\x00"),
    ],
)
def test_a_column_added_later_has_its_default(
    tmp_path: Path,
    kind: str,
    default: Any,  # noqa: ANN401
    value: Any,  # noqa: ANN401
) -> None:
    fields = schema(field(1, "id", "long"), field(2, "n", kind, **{"initial-default": default}))
    state = state_of(tmp_path, [_data(tmp_path, "one", 2)], schemas=[fields])
    found = state.batches(columns=None).read_all()["n"].to_pylist()
    assert (
        found == [value] * 2 if value is not None else [str(one) for one in found] == [default] * 2
    )


@pytest.mark.parametrize(
    ("kind", "default", "nanos"),
    [
        ("timestamp_ns", "1969-12-31T23:59:59.999999999", -1),
        ("timestamptz_ns", "1970-01-01T01:00:00.5+01:00", 500_000_000),
        ("timestamptz_ns", "1970-01-01T00:00:01+00:00", 1_000_000_000),
    ],
)
def test_nanoseconds_can_be_a_default_too_however_deep(
    tmp_path: Path, kind: str, default: str, nanos: int
) -> None:
    told = {"initial-default": default, "write-default": default}
    inside = {"type": "struct", "fields": [field(10, "x", "int"), field(11, "n", kind, **told)]}
    columns = schema(field(1, "id", "long"), field(2, "s", inside), field(3, "n", kind, **told))
    x = pa.field("x", pa.int32(), metadata={"PARQUET:field_id": "10"})
    table = pa.table({"id": pa.array([1], pa.int64()), "s": pa.array([{"x": 1}], pa.struct([x]))})
    data = write_parquet(tmp_path / "data" / "one.parquet", table, ids={"id": 1, "s": 2})
    state = state_of(tmp_path, [data], schemas=[columns], format_version=3)
    found = state.batches(columns=None).read_all()
    assert found["n"].cast(pa.int64()).to_pylist() == [nanos]
    assert found["s"].combine_chunks().field("n").cast(pa.int64()).to_pylist() == [nanos]


def test_nanoseconds_are_cut_where_the_format_has_none_and_nobody_is_warned(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    kind = pa.timestamp("ns")
    lists = {"type": "list", "element-id": 3, "element": "timestamp", "element-required": False}
    fields = schema(field(1, "id", "timestamp"), field(2, "day", lists))
    item = pa.field("element", kind, metadata={"PARQUET:field_id": "3"})
    table = pa.table({"id": pa.array([1999], kind), "day": pa.array([[1999]], pa.list_(item))})
    data = write_parquet(tmp_path / "data" / "one.parquet", table, ids=IDS)
    found = state_of(tmp_path, [data], schemas=[fields]).batches(columns=None).read_all()
    assert found["id"].cast(pa.int64()).to_pylist() == [1]
    assert found["day"].cast(pa.list_(pa.int64())).to_pylist() == [[1]]
    assert caplog.records == []


def test_the_inline_manifests_of_old_tables_are_read(tmp_path: Path) -> None:
    location = write_table(tmp_path, [_data(tmp_path, "one", 2)])
    text = Path(location).read_text()
    listed = f'"manifest-list": "{tmp_path}/metadata/snap-1.avro"'
    inline = f'"manifests": ["{tmp_path}/metadata/m0.avro"]'
    assert listed in text
    Path(location).write_text(text.replace(listed, inline))
    assert ids_in(opened(location)) == [0, 1]


def _table(columns: Mapping[str, Any], values: Sequence[Any]) -> pa.Table:
    """Make a table of ids and values whose fields, nested ones too, carry their ids."""
    kinds = schema_to_pyarrow(Schema.model_validate(columns))
    ids = pa.array(range(len(values)), kinds.field("id").type)
    return pa.Table.from_arrays([ids, pa.array(values, kinds.field("v").type)], schema=kinds)


def _nested(root: Path, columns: Mapping[str, Any], values: Sequence[Any]) -> IcebergState:
    path = root / "data" / f"{columns['fields'][-1]['type']['type']}.parquet"
    data = write_parquet(path, _table(columns, values), ids=None)
    return state_of(root, [data], schemas=[columns])


def _data(root: Path, name: str, count: int) -> dict[str, Any]:
    table = pa.table({"id": pa.array(range(count), pa.int64())})
    return write_parquet(root / "data" / f"{name}.parquet", table, ids=IDS)
