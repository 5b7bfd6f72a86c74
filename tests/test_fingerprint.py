"""A fingerprint follows its specification, and changes with the rows and with nothing else."""

from __future__ import annotations

import math
import struct
from decimal import Decimal
from typing import Any

import duckdb
import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmarks.fingerprint_reference import reference
from benchmarks.fingerprint_sql import fingerprint_by_sql
from catalogs.fingerprint.identities import Identity, identities_by_name
from catalogs.fingerprint.rows import PIECE_ROWS, fingerprint_of
from snapshots.errors import UnsupportedError
from snapshots.fingerprint import NO_ROWS, BadFingerprintError, Fingerprint, key_of

_WORDS = st.integers(-(2**63), 2**63 - 1)
_TEXTS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=20)
_FLOATS = st.floats(allow_nan=True)

FLAT: dict[str, tuple[Any, st.SearchStrategy[Any]]] = {
    "boolean": (pa.bool_(), st.booleans()),
    "byte": (pa.int8(), st.integers(-128, 127)),
    "int": (pa.int32(), st.integers(-(2**31), 2**31 - 1)),
    "long": (pa.int64(), _WORDS),
    "float": (pa.float32(), st.floats(width=32)),
    "double": (pa.float64(), _FLOATS),
    "small decimal": (pa.decimal128(9, 2), st.decimals(-9999999, 9999999, places=2)),
    "decimal": (
        pa.decimal128(38, 9),
        st.decimals(-(10**28), 10**28, places=9, allow_nan=False, allow_infinity=False),
    ),
    "text": (pa.string(), _TEXTS),
    "bytes": (pa.binary(), st.binary(max_size=40)),
    "fixed": (pa.binary(5), st.binary(min_size=5, max_size=5)),
    "date": (pa.date32(), st.dates()),
    "time": (pa.time64("us"), st.times()),
    "date and time": (pa.timestamp("us"), st.datetimes()),
    "instant": (pa.timestamp("us", "UTC"), st.datetimes()),
}


def kinds() -> st.SearchStrategy[tuple[Any, st.SearchStrategy[Any]]]:
    """Give Arrow types with what makes their values, nested ones included."""
    return st.recursive(st.sampled_from(list(FLAT.values())), _nested, max_leaves=4)


def _nested(
    inside: st.SearchStrategy[tuple[Any, st.SearchStrategy[Any]]],
) -> st.SearchStrategy[tuple[Any, st.SearchStrategy[Any]]]:
    def listed(one: tuple[Any, st.SearchStrategy[Any]]) -> tuple[Any, st.SearchStrategy[Any]]:
        return pa.list_(one[0]), st.lists(st.none() | one[1], max_size=3)

    def mapped(one: tuple[Any, st.SearchStrategy[Any]]) -> tuple[Any, st.SearchStrategy[Any]]:
        values = st.dictionaries(st.text("abc", max_size=2), st.none() | one[1], max_size=3)
        return pa.map_(pa.string(), one[0]), values.map(lambda found: list(found.items()))

    def joined(
        both: tuple[tuple[Any, st.SearchStrategy[Any]], tuple[Any, st.SearchStrategy[Any]]],
    ) -> tuple[Any, st.SearchStrategy[Any]]:
        (first, one), (second, other) = both
        kind = pa.struct([("x", first), ("y", second)])
        return kind, st.fixed_dictionaries({"x": st.none() | one, "y": st.none() | other})

    return st.one_of(inside.map(listed), inside.map(mapped), st.tuples(inside, inside).map(joined))


@st.composite
def tables(draw: st.DrawFn) -> pa.Table:
    """Draw a small table of up to three columns of any types."""
    count = draw(st.integers(0, 5))
    columns = {}
    for name in draw(st.lists(st.sampled_from("abcde"), unique=True, min_size=1, max_size=3)):
        kind, values = draw(kinds())
        rows = draw(st.lists(st.none() | values, min_size=count, max_size=count))
        columns[name] = pa.array(rows, kind)
    return pa.table(columns)


def fingerprint(table: pa.Table) -> str:
    """Give the fingerprint as the program computes it, columns known by their names."""
    return str(fingerprint_of(table.to_batches(), identities_by_name(table.schema)))


@given(tables())
@settings(deadline=None, max_examples=150)
def test_columns_and_single_values_get_the_same_fingerprint(table: pa.Table) -> None:
    assert fingerprint(table) == reference(table)


@given(tables())
@settings(deadline=None, max_examples=25)
def test_another_engine_computes_the_same_fingerprint_in_sql(table: pa.Table) -> None:
    with duckdb.connect() as connection:
        connection.execute("SET TimeZone = 'UTC'")
        connection.register("rows", table)
        assert fingerprint_by_sql(connection, "rows") == fingerprint(table)


@given(tables(), st.data())
@settings(deadline=None)
def test_the_order_of_rows_does_not_matter_and_parts_add_up(
    table: pa.Table, data: st.DataObject
) -> None:
    names = identities_by_name(table.schema)
    whole = fingerprint_of(table.to_batches(), names)
    order = data.draw(st.permutations(range(table.num_rows)))
    cut = data.draw(st.integers(0, table.num_rows))
    shuffled = table.take(pa.array(order, pa.int64()))
    first, rest = shuffled.slice(0, cut), shuffled.slice(cut)
    one, other = (fingerprint_of(part.to_batches(), names) for part in (first, rest))
    assert one + other == whole
    assert whole - other == one
    assert Fingerprint.parse(str(whole)) == whole


def test_the_fingerprint_of_known_rows_never_changes() -> None:
    table = pa.table(
        {
            "id": [1, 2, None],
            "name": ["a", "a text of more than sixteen bytes", ""],
            "price": pa.array([Decimal("1.50"), Decimal("-0.01"), None], pa.decimal128(9, 2)),
            "share": [0.5, math.nan, -0.0],
            "tags": [["x", None], [], None],
        }
    )
    assert fingerprint(table) == reference(table) == "tlf1:3:070e9d02cbf5f2d48107fa03b45d6ab6"
    assert str(NO_ROWS) == f"tlf1:0:{'0' * 32}"


SAME: dict[str, tuple[pa.Array, pa.Array]] = {
    "an int widened to a long": (pa.array([1, -5, None], pa.int32()), pa.array([1, -5, None])),
    "an int widened to a double": (pa.array([1, -5], pa.int32()), pa.array([1.0, -5.0])),
    "an int widened to a decimal": (
        pa.array([1, -50], pa.int32()),
        pa.array([Decimal(1), Decimal(-50)], pa.decimal128(20, 5)),
    ),
    "a float widened to a double": (
        pa.array([0.1, 3.4, None], pa.float32()),
        pa.array([0.1, 3.4, None], pa.float32()).cast(pa.float64()),
    ),
    "a decimal of more digits": (
        pa.array([Decimal("1.50"), Decimal("-0.07"), Decimal(0)], pa.decimal128(9, 2)),
        pa.array([Decimal("1.50"), Decimal("-0.07"), Decimal(0)], pa.decimal256(60, 20)),
    ),
    "a date widened to its midnight": (
        pa.array([0, -1, 20_000], pa.int32()).cast(pa.date32()),
        pa.array([0, -1, 20_000], pa.int32()).cast(pa.date32()).cast(pa.timestamp("us")),
    ),
    "microseconds kept as nanoseconds": (
        pa.array([0, -1, 5], pa.timestamp("us")),
        pa.array([0, -1000, 5000], pa.timestamp("ns")),
    ),
    "another zone of the same instant": (
        pa.array([0, -1], pa.timestamp("us", "UTC")),
        pa.array([0, -1], pa.timestamp("us", "Asia/Tokyo")),
    ),
    "texts kept in another way": (
        pa.array(["a", None, ""]),
        pa.array(["a", None, ""], "large_string"),
    ),
    "texts kept as views": (
        pa.array(["a text that is longer than a view", None]),
        pa.array(["a text that is longer than a view", None], pa.string_view()),
    ),
    "texts kept in a dictionary": (
        pa.array(["a", None, "b", "a"]),
        pa.array(["a", None, "b", "a"]).dictionary_encode(),
    ),
    "runs of one value": (
        pa.array([1, 1, None]),
        pa.compute.run_end_encode(pa.array([1, 1, None])),
    ),
    "zero and minus zero": (pa.array([0.0]), pa.array([-0.0])),
    "whatever is no number": (
        pa.array([math.nan]),
        pa.array(np.frombuffer(struct.pack("<Q", 0xFFF8000000000123), "f8")),
    ),
    "lists of a fixed size": (
        pa.array([[1, 2], None], pa.list_(pa.int64())),
        pa.array([[1, 2], None], pa.list_(pa.int64(), 2)),
    ),
    "the order of a map": (
        pa.array([[("a", 1), ("b", None)]], pa.map_(pa.string(), pa.int64())),
        pa.array([[("b", None), ("a", 1)]], pa.map_(pa.string(), pa.int64())),
    ),
}


@pytest.mark.parametrize("case", SAME)
def test_the_same_values_kept_otherwise_have_the_same_fingerprint(case: str) -> None:
    one, other = (pa.table({"c": array}) for array in SAME[case])
    assert fingerprint(one) == fingerprint(other)


OTHER: dict[str, tuple[pa.Array, pa.Array]] = {
    "null and empty": (pa.array([None], pa.string()), pa.array([""])),
    "null and zero": (pa.array([None], pa.int64()), pa.array([0])),
    "null and no number": (pa.array([None], pa.float64()), pa.array([math.nan])),
    "texts and bytes": (pa.array(["a"]), pa.array([b"a"])),
    "a text with a zero byte more": (pa.array([b"a"]), pa.array([b"a\0"])),
    "naive and with a zone": (
        pa.array([0], pa.timestamp("us")),
        pa.array([0], pa.timestamp("us", "UTC")),
    ),
    "a nanosecond more": (pa.array([0], pa.timestamp("ns")), pa.array([1], pa.timestamp("ns"))),
    "one and true": (pa.array([1]), pa.array([True])),
    "no list and an empty one": (
        pa.array([None], pa.list_(pa.int64())),
        pa.array([[]], pa.list_(pa.int64())),
    ),
    "an empty list and one of a null": (
        pa.array([[]], pa.list_(pa.int64())),
        pa.array([[None]], pa.list_(pa.int64())),
    ),
    "the order of a list": (pa.array([[1, 2]]), pa.array([[2, 1]])),
    "where lists end": (pa.array([[[1], [2]]]), pa.array([[[1, 2]]])),
    "no struct and one of nulls": (
        pa.array([None], pa.struct([("x", pa.int64())])),
        pa.array([{"x": None}], pa.struct([("x", pa.int64())])),
    ),
    "two fields swapped": (pa.array([{"x": 1, "y": 2}]), pa.array([{"x": 2, "y": 1}])),
    "a key without value, and none": (
        pa.array([[("a", None)]], pa.map_(pa.string(), pa.int64())),
        pa.array([[]], pa.map_(pa.string(), pa.int64())),
    ),
    "a scale more": (
        pa.array([Decimal("1.5")], pa.decimal128(9, 2)),
        pa.array([Decimal("0.15")], pa.decimal128(9, 2)),
    ),
    "a row twice": (pa.array([1, 1]), pa.array([1])),
    "which row is twice": (pa.array([1, 1, 2]), pa.array([1, 2, 2])),
}


@pytest.mark.parametrize("case", OTHER)
def test_other_values_have_another_fingerprint(case: str) -> None:
    one, other = (pa.table({"c": array}) for array in OTHER[case])
    assert fingerprint(one) != fingerprint(other)


def test_values_swapped_between_rows_are_seen() -> None:
    one = pa.table({"a": [1, 2], "b": ["x", "y"]})
    other = pa.table({"a": [1, 2], "b": ["y", "x"]})
    assert fingerprint(one) != fingerprint(other)


def test_columns_are_known_by_what_they_are_and_not_by_name_or_place() -> None:
    def known(**ids: int) -> dict[str, Identity]:
        return {name: Identity(key_of(one), False, {}) for name, one in ids.items()}

    def of(table: pa.Table, **ids: int) -> Fingerprint:
        return fingerprint_of(table.to_batches(), known(**ids))

    table = pa.table({"a": [1, 2], "b": ["x", None]})
    renamed = pa.table({"c": ["x", None], "b": [1, 2]})
    later = table.append_column("d", pa.nulls(2, pa.int64()))
    assert of(table, a=1, b=2) == of(renamed, b=1, c=2) == of(later, a=1, b=2, d=3)
    assert of(table, a=1, b=2) != of(table, a=2, b=1)


@pytest.mark.parametrize("length", [0, 1, 7, 8, 9, 255, 256, 257, 1000, 4096])
def test_texts_of_any_length_follow_the_specification(length: int) -> None:
    texts = ["x" * length, None, "é" * (length // 2), "", "y" * (length + 1)]
    table = pa.table({"t": texts}).slice(1)
    assert fingerprint(table) == reference(table)


def test_slices_of_longer_columns_are_read_from_where_they_start() -> None:
    table = pa.table(
        {
            "l": [[1, 2], None, [], [3, None]],
            "m": pa.array([[("a", 1)], None, [("b", 2)], []], pa.map_(pa.string(), pa.int64())),
            "s": [{"x": "a", "y": [1]}, None, {"x": None, "y": []}, {"x": "b", "y": None}],
            "b": [True, None, False, True],
        }
    )
    for start in range(4):
        for count in range(5 - start):
            part = table.slice(start, count)
            assert fingerprint(part) == reference(part), (start, count)


def test_what_lies_unseen_under_a_null_does_not_matter() -> None:
    values = pa.array([1, 2, 3, 4, 5, 6])
    offsets = pa.array([0, 2, 4, 6], pa.int32())
    masked = pa.ListArray.from_arrays(offsets, values, mask=pa.array([False, True, False]))
    one = pa.table({"c": masked})
    assert fingerprint(one) == fingerprint(pa.table({"c": [[1, 2], None, [5, 6]]}))


def test_large_tables_are_cut_into_pieces_that_add_up() -> None:
    count = 3 * PIECE_ROWS + 17
    table = pa.table({"n": np.arange(count), "t": [f"row {n % 1000}" for n in range(count)]})
    names = identities_by_name(table.schema)
    whole = fingerprint_of(table.to_batches(), names)
    assert whole.rows == count
    small = fingerprint_of(table.to_batches(max_chunksize=777), names)
    assert small == whole


def test_a_type_that_no_table_has_is_refused_by_name() -> None:
    table = pa.table({"c": pa.array([1], pa.duration("us"))})
    with pytest.raises(UnsupportedError, match=r"duration\[us\]"):
        fingerprint(table)


@pytest.mark.parametrize(
    "text", ["", "tlf1:1:00", "tlf2:0:" + "0" * 32, "tlf1:-1:" + "0" * 32, "tlf1:1:" + "G" * 32]
)
def test_what_is_no_fingerprint_is_refused_in_one_line(text: str) -> None:
    with pytest.raises(BadFingerprintError, match="is no fingerprint") as told:
        Fingerprint.parse(text)
    assert "\n" not in str(told.value)


def test_a_variant_is_its_value_and_not_its_encoding() -> None:
    # An object {"a": 1, "b": [true, null]}, under two dictionaries and with two widths of number.
    listed = b"\x03\x02\x00\x01\x02\x04\x00"
    one = _variant([b"a", b"b"], b"\x02\x02\x00\x01\x00\x02\x09\x0c\x01" + listed)
    wider = b"\x02\x02\x02\x00\x00\x03\x0a\x10\x01\x00" + listed
    other = _variant([b"b", b"x", b"a"], wider)
    changed = _variant([b"a", b"b"], b"\x02\x02\x00\x01\x00\x02\x09\x0c\x02" + listed)
    assert _of_variant(one) == _of_variant(other)
    assert _of_variant(one) != _of_variant(changed)
    assert _of_variant(_variant([], b"\x00")) != _of_variant(None)
    with pytest.raises(UnsupportedError, match="cannot be understood"):
        _of_variant(_variant([], b"\x02\x02"))


def _variant(names: list[bytes], value: bytes) -> dict[str, bytes]:
    ends = np.cumsum([0, *map(len, names)]).astype(np.uint8).tobytes()
    return {"metadata": bytes([1, len(names)]) + ends + b"".join(names), "value": value}


def _of_variant(variant: dict[str, bytes] | None) -> Fingerprint:
    kind = pa.struct([("metadata", pa.binary()), ("value", pa.binary())])
    table = pa.table({"v": pa.array([variant], kind)})
    return fingerprint_of(table.to_batches(), {"v": Identity(key_of("v"), True, {})})
