"""The rows of a Delta state: every way a file can differ from its table, and no wrong row."""

import datetime as dt
import json
import struct
import zlib
from collections.abc import Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from catalogs.delta.actions import DeletionVector
from catalogs.delta.partition_values import value_of
from catalogs.delta.vectors import deleted_rows
from catalogs.storage import Storage
from delta_logs import Action, add, column, commit_info, metadata, protocol, source, write
from snapshots.errors import UnknownNameError, UnreadableError, UnsupportedError


def _file(root: Path, name: str, table: pa.Table, **more: Any) -> Action:  # noqa: ANN401
    root.mkdir(exist_ok=True, parents=True)
    path = root / name
    path.parent.mkdir(exist_ok=True, parents=True)
    pq.write_table(table, path)
    return add(name, rows=table.num_rows, size=path.stat().st_size, **more)


def _read(root: Path, version: int = 1, columns: Sequence[str] | None = None) -> pa.Table:
    state: Any = source(root).state(version, kept=())
    return state.batches(columns=columns).read_all()


def _table(root: Path, told: Action, *adds: Action, features: Sequence[str] = ()) -> pa.Table:
    write(root, 0, commit_info("CREATE TABLE"), protocol(*features), told)
    write(root, 1, commit_info("WRITE"), *adds)
    return _read(root)


def _mapped(name: str, of: object, number: int, physical: str) -> dict[str, object]:
    told = {"delta.columnMapping.id": number, "delta.columnMapping.physicalName": physical}
    return column(name, of, **told)


def test_a_file_older_than_a_column_reads_as_nulls_and_extra_columns_stay_out(
    tmp_path: Path,
) -> None:
    told = metadata(column("a", "long"), column("b", "string"))
    file = _file(tmp_path, "f", pa.table({"gone": ["x"], "a": [1]}))
    found = _table(tmp_path, told, file)
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
    found = _table(tmp_path, told, _file(tmp_path, "f", old), features=["typeWidening"])
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
    file = _file(tmp_path, "f", pa.table({"a": written}))
    with pytest.raises(UnreadableError, match="/f"):
        _table(tmp_path, metadata(column("a", type_name)), file)


def test_nanoseconds_and_int96_come_as_microseconds_far_beyond_their_range(
    tmp_path: Path,
) -> None:
    moment = dt.datetime(9999, 12, 31, 23, 59, 59, 999999, tzinfo=dt.UTC)
    rows = pa.table({"t": pa.array([moment], pa.timestamp("us", tz="UTC"))})
    pq.write_table(rows, tmp_path / "f", use_deprecated_int96_timestamps=True)
    file = add("f", rows=1, size=(tmp_path / "f").stat().st_size)
    assert _table(tmp_path, metadata(column("t", "timestamp")), file).to_pylist() == [{"t": moment}]


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
    file = _file(tmp_path, "f", pa.table(rows, schema=schema))
    assert _table(tmp_path, told, file).to_pylist() == [
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
    converted = _file(tmp_path, "f", pa.table([[20], [10]], schema=by_id))
    plain = _file(tmp_path, "g", pa.table({"col-a": [11], "col-b": [21]}))
    found = _table(tmp_path, told, converted, plain)
    assert found.to_pylist() == [{"a": 10, "b": 20}, {"a": 11, "b": 21}]


def test_names_match_without_letter_case_where_that_decides(tmp_path: Path) -> None:
    told = metadata(column("Name", "long"), column("day", "string"), partitions=["day"])
    file = _file(tmp_path, "f", pa.table({"NAME": [1]}), partitionValues={"DAY": "x"})
    assert _table(tmp_path, told, file).to_pylist() == [{"Name": 1, "day": "x"}]


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
    file = _file(tmp_path, "f", pa.table({"v": [1]}), partitionValues=values)
    expected = {name: value for name, (_, _, value) in types.items()}
    assert _table(tmp_path, told, file).to_pylist() == [{"v": 1} | expected]


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
    file = _file(tmp_path, "f", pa.table({"v": [1]}), partitionValues={"p": text})
    with pytest.raises(UnreadableError, match="/f"):
        _table(tmp_path, told, file)


def test_columns_are_chosen_in_the_order_asked_for(tmp_path: Path) -> None:
    told = metadata(column("a", "long"), column("p", "long"), partitions=["p"])
    file = _file(tmp_path, "f", pa.table({"a": [1, 2]}), partitionValues={"p": "5"})
    _table(tmp_path, told, file)
    assert _read(tmp_path, columns=["p", "a"]).to_pydict() == {"p": [5, 5], "a": [1, 2]}
    assert _read(tmp_path, columns=["p"]).to_pydict() == {"p": [5, 5]}
    with pytest.raises(UnknownNameError, match="#aa") as caught:
        _read(tmp_path, columns=["aa"])
    assert caught.value.nearest == ("a",)


def test_a_file_with_other_rows_than_the_log_says_is_refused(tmp_path: Path) -> None:
    told = metadata(column("a", "long"))
    file = _file(tmp_path, "f", pa.table({"a": [1, 2, 3]}))
    file["add"]["stats"] = json.dumps({"numRecords": 2})
    with pytest.raises(UnreadableError, match="3 rows where the log says 2"):
        _table(tmp_path, told, file)


def test_a_file_that_is_gone_or_no_parquet_is_named(tmp_path: Path) -> None:
    told = metadata(column("a", "long"))
    with pytest.raises(UnreadableError, match="/f: there is no such file"):
        _table(tmp_path, told, add("f"))
    (tmp_path / "f").write_bytes(b"PAR1 no")
    with pytest.raises(UnreadableError, match="/f"):
        _read(tmp_path)


def test_paths_in_the_log_are_decoded_once(tmp_path: Path) -> None:
    told = metadata(column("a", "long"))
    file = _file(tmp_path, "at=09%3A30/a b.parquet", pa.table({"a": [1]}))
    file["add"]["path"] = "at=09%253A30/a%20b.parquet"
    assert _table(tmp_path, told, file).num_rows == 1
    state: Any = source(tmp_path).state(1, kept=())
    assert state.missing() == ()
    assert state.files[0].path == str(tmp_path / "at=09%3A30" / "a b.parquet")


def test_a_shallow_clone_reads_the_files_of_another_table(tmp_path: Path) -> None:
    there = tmp_path / "there"
    file = _file(there, "f", pa.table({"a": [1]}))
    for number, path in enumerate((f"{there}/f", f"file://{there}/f", f"file:{there}/f")):
        file["add"]["path"] = path
        assert _table(tmp_path / str(number), metadata(), file).num_rows == 1


def test_types_no_reader_here_has_are_refused_by_name(tmp_path: Path) -> None:
    told = metadata(column("a", "long"), column("i", "interval year to month"))
    file = _file(tmp_path, "f", pa.table({"a": [1]}))
    with pytest.raises(UnsupportedError, match="interval year to month"):
        _table(tmp_path, told, file)
    assert _read(tmp_path, columns=["a"]).num_rows == 1


# --- deletion vectors --------------------------------------------------------------------------


def _roaring(rows: Sequence[int], *, runs: bool) -> bytes:
    """Encode row numbers below 2^32 as the protocol's bitmap array, portable form."""
    containers: dict[int, list[int]] = {}
    for row in sorted(set(rows)):
        containers.setdefault(row >> 16, []).append(row & 0xFFFF)
    bodies = [_container(values, runs=runs) for values in containers.values()]
    heads = b"".join(struct.pack("<HH", key, len(values) - 1) for key, values in containers.items())
    if runs:
        flags = bytes([0xFF] * ((len(containers) + 7) // 8))
        head = struct.pack("<I", 12347 | (len(containers) - 1) << 16) + flags + heads
    else:
        head = struct.pack("<II", 12346, len(containers)) + heads
    offsets = b"\0\0\0\0" * len(containers) if not runs or len(containers) >= 4 else b""
    return struct.pack("<iqI", 1681511377, 1, 0) + head + offsets + b"".join(bodies)


def _container(values: Sequence[int], *, runs: bool) -> bytes:
    if runs:
        members = set(values)
        starts = [one for one in values if one - 1 not in members]
        ends = [one for one in values if one + 1 not in members]
        spans = (
            struct.pack("<HH", start, end - start) for start, end in zip(starts, ends, strict=True)
        )
        return struct.pack("<H", len(starts)) + b"".join(spans)
    if len(values) > 4096:
        bits = sum(1 << one for one in values)
        return bits.to_bytes(8192, "little")
    return b"".join(struct.pack("<H", one) for one in values)


def _stored(root: Path, blob: bytes, cardinality: int, *, lead: bytes = b"") -> DeletionVector:
    body = b"\1" + lead + struct.pack(">i", len(blob)) + blob + struct.pack(">I", zlib.crc32(blob))
    root.mkdir(exist_ok=True, parents=True)
    (root / "vectors.bin").write_bytes(body)
    return DeletionVector("p", str(root / "vectors.bin"), len(blob), cardinality, 1 + len(lead))


def _deleted(root: Path, vector: DeletionVector, rows: int) -> set[int]:
    bits, _ = deleted_rows(vector, rows=rows, root=str(root), storage=Storage({}))
    return {row for row in range(rows) if bits[row >> 3] >> (row & 7) & 1}


@settings(max_examples=30)
@given(
    rows=st.one_of(
        st.sets(st.integers(0, 199_999), min_size=1, max_size=50),
        st.builds(
            lambda start, step: set(range(start, 199_999, step)),
            st.integers(0, 9),
            st.integers(1, 40),
        ),
    ),
    runs=st.booleans(),
)
def test_a_deletion_vector_deletes_exactly_its_rows(
    tmp_path_factory: pytest.TempPathFactory, rows: set[int], *, runs: bool
) -> None:
    root = tmp_path_factory.mktemp("vector")
    vector = _stored(root, _roaring(sorted(rows), runs=runs), len(rows), lead=b"other vector")
    assert _deleted(root, vector, 200_000) == rows


@pytest.mark.parametrize(
    ("spoil", "reason"),
    [
        (lambda body: b"\2" + body[1:], "format version"),
        (lambda body: body[:-1] + b"\0", "checksum"),
        (lambda body: body[:9], "buffer"),
        (lambda body: body[:1] + b"\0\0\0\1" + body[5:], "where the log says"),
    ],
)
def test_a_damaged_deletion_vector_is_refused(tmp_path: Path, spoil: Any, reason: str) -> None:  # noqa: ANN401
    vector = _stored(tmp_path, _roaring([1, 5], runs=False), 2)
    file = tmp_path / "vectors.bin"
    file.write_bytes(spoil(file.read_bytes()))
    with pytest.raises(UnreadableError, match=reason):
        _deleted(tmp_path, vector, 10)


def test_a_deletion_vector_must_delete_as_many_rows_as_the_log_says(tmp_path: Path) -> None:
    vector = _stored(tmp_path, _roaring([1, 5], runs=False), 3)
    with pytest.raises(UnreadableError, match="2 rows where the log says 3"):
        _deleted(tmp_path, vector, 10)


@pytest.mark.parametrize("beyond", [10, 15, 16, 70_000])
def test_a_deletion_vector_must_not_delete_rows_the_file_lacks(tmp_path: Path, beyond: int) -> None:
    vector = _stored(tmp_path, _roaring([1, beyond], runs=False), 2)
    with pytest.raises(UnreadableError, match="beyond"):
        _deleted(tmp_path, vector, 10)


def test_masked_rows_stay_out_of_every_batch(tmp_path: Path) -> None:
    gone = {0, 65_535, 65_536, 99_999}
    vector = _stored(tmp_path, _roaring(sorted(gone), runs=True), len(gone))
    told = {
        "storageType": vector.storage_type,
        "pathOrInlineDv": vector.path_or_inline,
        "sizeInBytes": vector.size_in_bytes,
        "cardinality": vector.cardinality,
        "offset": vector.offset,
    }
    rows = pa.table({"a": pa.array(range(100_000), pa.int64())})
    file = _file(tmp_path, "f", rows, deletionVector=told)
    found = _table(tmp_path, metadata(), file, features=["deletionVectors"])
    assert set(range(100_000)) - set(found["a"].to_pylist()) == gone
    assert _read(tmp_path, columns=["a"]).num_rows == 99_996


def test_a_state_lists_its_deletion_vectors_and_misses_them(tmp_path: Path) -> None:
    vector = _stored(tmp_path, _roaring([0], runs=False), 1)
    told = {"storageType": "p", "pathOrInlineDv": vector.path_or_inline, "offset": 1}
    told |= {"sizeInBytes": vector.size_in_bytes, "cardinality": 1}
    file = _file(tmp_path, "f", pa.table({"a": [1, 2]}), deletionVector=told)
    _table(tmp_path, metadata(), file, features=["deletionVectors"])
    state: Any = source(tmp_path).state(1, kept=())
    data, mask = state.files
    assert (data.rows, mask.path) == (1, vector.path_or_inline)
    assert state.missing() == ()
    body = (tmp_path / "vectors.bin").read_bytes()
    (tmp_path / "vectors.bin").write_bytes(body + b"another vector")
    assert state.missing() == ()
    (tmp_path / "vectors.bin").write_bytes(body[:-1])
    assert state.missing() == (mask,)
    (tmp_path / "vectors.bin").unlink()
    assert state.missing() == (mask,)
    with pytest.raises(UnreadableError, match=r"vectors\.bin"):
        state.batches(columns=None).read_all()
