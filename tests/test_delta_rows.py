"""The rows of a Delta state: every way a file can differ from its table, and no wrong row."""

import datetime as dt
import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from catalogs.delta.partition_values import value_of
from delta_files import data_file, read, table
from delta_logs import add, column, metadata, source
from snapshots.errors import UnknownNameError, UnreadableError, UnsupportedError


def _mapped(name: str, of: object, number: int, physical: str) -> dict[str, object]:
    told = {"delta.columnMapping.id": number, "delta.columnMapping.physicalName": physical}
    return column(name, of, **told)


def test_a_file_older_than_a_column_reads_as_nulls_and_extra_columns_stay_out(
    tmp_path: Path,
) -> None:
    told = metadata(column("a", "long"), column("b", "string"))
    file = data_file(tmp_path, "f", pa.table({"gone": ["x"], "a": [1]}))
    found = table(tmp_path, told, file)
    assert found.to_pylist() == [{"a": 1, "b": None}]


def test_widened_types_are_cast_as_ieee_and_decimals_say(tmp_path: Path) -> None:
    told = metadata(
        column("f", "double"),
        column("i", "long"),
        column("d", "decimal(12,4)"),
        column("n", "decimal(10,0)"),
        column("t", "timestamp_ntz"),
    )
    old = pa.table(
        {
            "f": pa.array([3.4], pa.float32()),
            "i": pa.array([7], pa.int8()),
            "d": pa.array([Decimal("1.25")], pa.decimal128(5, 2)),
            "n": pa.array([9], pa.int32()),
            "t": pa.array([dt.date(2026, 11, 17)], pa.date32()),
        }
    )
    found = table(tmp_path, told, data_file(tmp_path, "f", old), features=["typeWidening"])
    assert found.to_pylist() == [
        {
            "f": 3.4000000953674316,
            "i": 7,
            "d": Decimal("1.2500"),
            "n": Decimal(9),
            "t": dt.datetime(2026, 11, 17),  # noqa: DTZ001 - a timestamp without a zone
        }
    ]


@pytest.mark.parametrize(
    ("written", "type_name"),
    [
        (pa.array(["1"]), "long"),
        (pa.array([1]), "string"),
        (pa.array([1.5]), "long"),
        (pa.array([2**40]), "integer"),
        (pa.array([1.5], pa.float64()), "float"),
        (pa.array([1]), "timestamp"),
        (pa.array([[1]]), "long"),
        (pa.array([1]), {"type": "array", "elementType": "long", "containsNull": True}),
        (pa.array([1]), {"type": "struct", "fields": [column("x", "long")]}),
    ],
)
def test_a_file_of_another_kind_is_refused_and_not_guessed_at(
    tmp_path: Path, written: pa.Array, type_name: object
) -> None:
    file = data_file(tmp_path, "f", pa.table({"a": written}))
    with pytest.raises(UnreadableError, match="/f"):
        table(tmp_path, metadata(column("a", type_name)), file)


def test_nanoseconds_and_int96_come_as_microseconds_far_beyond_their_range(
    tmp_path: Path,
) -> None:
    moment = dt.datetime(9999, 12, 31, 23, 59, 59, 999999, tzinfo=dt.UTC)
    rows = pa.table({"t": pa.array([moment], pa.timestamp("us", tz="UTC"))})
    pq.write_table(rows, tmp_path / "f", use_deprecated_int96_timestamps=True)
    file = add("f", rows=1, size=(tmp_path / "f").stat().st_size)
    assert table(tmp_path, metadata(column("t", "timestamp")), file).to_pylist() == [{"t": moment}]


def test_mapped_names_are_found_however_deep(tmp_path: Path) -> None:
    inner = {
        "type": "struct",
        "fields": [_mapped("x", "long", 3, "c3"), _mapped("y", "long", 4, "c4")],
    }
    array = {"type": "array", "elementType": inner, "containsNull": True}
    keyed = {"type": "map", "keyType": "string", "valueType": inner, "valueContainsNull": True}
    told = metadata(
        _mapped("a", "long", 1, "b"),
        _mapped("b", "long", 2, "a"),  # swapped by renaming
        _mapped("list", array, 5, "c5"),
        _mapped("map", keyed, 6, "c6"),
        delta_columnMapping_mode="name",
    )
    rows = {
        "a": [1, 2],
        "b": [3, 4],
        "c5": [[{"c4": 40, "c3": 30}, None], None],
        "c6": [[("k", {"c4": 41, "c3": 31})], []],
    }
    schema = pa.schema(
        [
            ("a", pa.int64()),
            ("b", pa.int64()),
            ("c5", pa.list_(pa.struct([("c4", pa.int64()), ("c3", pa.int64())]))),
            ("c6", pa.map_(pa.string(), pa.struct([("c4", pa.int64()), ("c3", pa.int64())]))),
        ]
    )
    file = data_file(tmp_path, "f", pa.table(rows, schema=schema))
    assert table(tmp_path, told, file).to_pylist() == [
        {"a": 3, "b": 1, "list": [{"x": 30, "y": 40}, None], "map": [("k", {"x": 31, "y": 41})]},
        {"a": 4, "b": 2, "list": None, "map": []},
    ]


def test_columns_mapped_by_id_are_found_by_the_ids_in_the_file(tmp_path: Path) -> None:
    told = metadata(
        _mapped("a", "long", 1, "col-a"),
        _mapped("b", "long", 2, "col-b"),
        delta_columnMapping_mode="id",
    )
    by_id = pa.schema(
        [
            pa.field("whatever", pa.int64(), metadata={b"PARQUET:field_id": b"2"}),
            pa.field("col-b", pa.int64(), metadata={b"PARQUET:field_id": b"1"}),
        ]
    )
    converted = data_file(tmp_path, "f", pa.table([[20], [10]], schema=by_id))
    plain = data_file(tmp_path, "g", pa.table({"col-a": [11], "col-b": [21]}))
    found = table(tmp_path, told, converted, plain)
    assert found.to_pylist() == [{"a": 10, "b": 20}, {"a": 11, "b": 21}]


def test_names_match_without_letter_case_where_that_decides(tmp_path: Path) -> None:
    told = metadata(column("Name", "long"), column("day", "string"), partitions=["day"])
    file = data_file(tmp_path, "f", pa.table({"NAME": [1]}), partitionValues={"DAY": "x"})
    assert table(tmp_path, told, file).to_pylist() == [{"Name": 1, "day": "x"}]


def test_of_two_columns_that_differ_in_letter_case_alone_none_is_taken(tmp_path: Path) -> None:
    file = data_file(tmp_path, "f", pa.table({"NAME": [1], "name": [2]}))
    assert table(tmp_path, metadata(column("name", "long")), file).to_pylist() == [{"name": 2}]
    with pytest.raises(UnreadableError, match="holds NAME, name: which is Name, nothing tells"):
        table(tmp_path, metadata(column("Name", "long")), file)


def test_partition_values_come_from_the_log(tmp_path: Path) -> None:
    nine = dt.datetime(2026, 11, 17, 9, tzinfo=dt.UTC)
    types: dict[str, tuple[str, str | None, object]] = {
        "i": ("integer", "7", 7),
        "s": ("string", "ä b", "ä b"),
        "e": ("string", "", None),
        "n": ("long", None, None),
        "b": ("boolean", "true", True),
        "d": ("date", "2026-11-17", dt.date(2026, 11, 17)),
        "m": ("decimal(10,2)", "1.5", Decimal("1.50")),
        "t": ("timestamp", "2026-11-17 09:00:00.5", nine.replace(microsecond=500_000)),
        "z": ("timestamp", "2026-11-17T09:00:00.000001Z", nine.replace(microsecond=1)),
        "x": ("binary", "\u0001a", b"\x01a"),
    }
    told = metadata(
        column("v", "long"),
        *(column(n, of) for n, (of, _, _) in types.items()),
        partitions=[*types],
    )
    values = {name: text for name, (_, text, _) in types.items()}
    file = data_file(tmp_path, "f", pa.table({"v": [1]}), partitionValues=values)
    expected = {name: value for name, (_, _, value) in types.items()}
    assert table(tmp_path, told, file).to_pylist() == [{"v": 1} | expected]


@pytest.mark.parametrize(
    ("text", "type_name", "value"),
    [
        ("1970-01-01", "date", 0),
        ("10000-01-01", "date", 2_932_897),
        ("0000-12-31", "date", -719_163),
        ("10000-01-01 00:59:59.999999", "timestamp", 253_402_304_399_999_999),
        ("1970-01-01T00:00:00.000000Z", "timestamp", 0),
        ("1970-01-01 01:00:00+01:00", "timestamp_ntz", 0),
        ("-Infinity", "float", float("-inf")),
        ("5", "varchar(3)", "5"),
    ],
)
def test_a_partition_value_is_read_as_its_type(text: str, type_name: str, value: object) -> None:
    assert value_of(text, type_name) == value


@pytest.mark.parametrize(
    ("text", "type_name"),
    [
        ("x", "long"),
        ("maybe", "boolean"),
        ("2026-13-01", "date"),
        ("x", "decimal(3,1)"),
        ("x", "timestamp"),
    ],
)
def test_a_partition_value_that_is_none_is_refused(
    tmp_path: Path, text: str, type_name: str
) -> None:
    told = metadata(column("v", "long"), column("p", type_name), partitions=["p"])
    file = data_file(tmp_path, "f", pa.table({"v": [1]}), partitionValues={"p": text})
    with pytest.raises(UnreadableError, match="/f"):
        table(tmp_path, told, file)


def test_columns_are_chosen_in_the_order_asked_for(tmp_path: Path) -> None:
    told = metadata(column("a", "long"), column("p", "long"), partitions=["p"])
    file = data_file(tmp_path, "f", pa.table({"a": [1, 2]}), partitionValues={"p": "5"})
    table(tmp_path, told, file)
    assert read(tmp_path, columns=["p", "a"]).to_pydict() == {"p": [5, 5], "a": [1, 2]}
    assert read(tmp_path, columns=["p"]).to_pydict() == {"p": [5, 5]}
    with pytest.raises(UnknownNameError, match="#aa") as caught:
        read(tmp_path, columns=["aa"])
    assert caught.value.nearest == ("a",)


def test_a_file_with_other_rows_than_the_log_says_is_refused(tmp_path: Path) -> None:
    told = metadata(column("a", "long"))
    file = data_file(tmp_path, "f", pa.table({"a": [1, 2, 3]}))
    file["add"]["stats"] = json.dumps({"numRecords": 2})
    with pytest.raises(UnreadableError, match="3 rows where the log says 2"):
        table(tmp_path, told, file)


def test_a_file_that_is_gone_or_no_parquet_is_named(tmp_path: Path) -> None:
    told = metadata(column("a", "long"))
    with pytest.raises(UnreadableError, match="/f: there is no such file"):
        table(tmp_path, told, add("f"))
    (tmp_path / "f").write_bytes(b"PAR1 no")
    with pytest.raises(UnreadableError, match="/f"):
        read(tmp_path)


def test_a_damaged_page_is_an_error_where_the_writer_left_checksums(tmp_path: Path) -> None:
    rows = pa.table({"a": pa.array(range(1000), pa.int64())})
    path = tmp_path / "f"
    pq.write_table(rows, path, write_page_checksum=True, compression="none", use_dictionary=False)
    body = bytearray(path.read_bytes())
    body[len(body) // 2] ^= 1
    path.write_bytes(body)
    with pytest.raises(UnreadableError, match="/f"):
        table(tmp_path, metadata(), add("f", rows=1000, size=len(body)))


def test_a_file_without_a_column_that_is_required_is_refused(tmp_path: Path) -> None:
    told = metadata(column("a", "long"), column("b", "long") | {"nullable": False})
    file = data_file(tmp_path, "f", pa.table({"a": [1]}))
    with pytest.raises(UnreadableError, match="lacks the column b"):
        table(tmp_path, told, file)


def test_paths_in_the_log_are_decoded_once(tmp_path: Path) -> None:
    told = metadata(column("a", "long"))
    file = data_file(tmp_path, "at=09%3A30/a b.parquet", pa.table({"a": [1]}))
    file["add"]["path"] = "at=09%253A30/a%20b.parquet"
    assert table(tmp_path, told, file).num_rows == 1
    state: Any = source(tmp_path).state(1, kept=())
    assert state.missing() == ()
    assert state.files[0].path == str(tmp_path / "at=09%3A30" / "a b.parquet")


def test_a_shallow_clone_reads_the_files_of_another_table(tmp_path: Path) -> None:
    there = tmp_path / "there"
    file = data_file(there, "f", pa.table({"a": [1]}))
    for number, path in enumerate((f"{there}/f", f"file://{there}/f", f"file:{there}/f")):
        file["add"]["path"] = path
        assert table(tmp_path / str(number), metadata(), file).num_rows == 1


def test_columns_mapped_in_an_unknown_way_are_not_read_by_their_names(tmp_path: Path) -> None:
    told = metadata(delta_columnMapping_mode="hash")
    file = data_file(tmp_path, "f", pa.table({"a": [1]}))
    with pytest.raises(UnsupportedError, match="the column mapping mode hash"):
        table(tmp_path, told, file)


def test_types_no_reader_here_has_are_refused_by_name(tmp_path: Path) -> None:
    told = metadata(column("a", "long"), column("i", "interval year to month"))
    file = data_file(tmp_path, "f", pa.table({"a": [1]}))
    with pytest.raises(UnsupportedError, match="interval year to month"):
        table(tmp_path, told, file)
    assert read(tmp_path, columns=["a"]).num_rows == 1
