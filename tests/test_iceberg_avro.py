"""Iceberg's Avro files decode to what was encoded, and broken ones are refused."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from catalogs.iceberg.avro import read_header, read_records
from catalogs.iceberg.avro_types import AvroTypes, Wanted
from iceberg_files import encode, write_avro
from snapshots.errors import UnreadableError, UnsupportedError

LONGS = st.integers(-(2**63), 2**63 - 1)
PRIMITIVES: list[tuple[Any, st.SearchStrategy[Any]]] = [
    ("null", st.none()),
    ("boolean", st.booleans()),
    ("int", st.integers(-(2**31), 2**31 - 1)),
    ("long", LONGS),
    ("double", st.floats(allow_nan=False)),
    ("float", st.floats(width=32, allow_nan=False)),
    ("bytes", st.binary(max_size=200)),
    ("string", st.text(max_size=200)),
    ({"type": "fixed", "name": "f", "size": 3}, st.binary(min_size=3, max_size=3)),
    ({"type": "enum", "name": "e", "symbols": ["A", "B"]}, st.sampled_from(["A", "B"])),
]


@st.composite
def typed_values(draw: st.DrawFn, depth: int = 3) -> tuple[Any, Any]:
    """An Avro type and a value of it."""
    kind = draw(st.sampled_from(["primitive", "array", "map", "record", "union"]))
    if kind == "primitive" or depth == 0:
        of, values = draw(st.sampled_from(PRIMITIVES))
        return of, draw(values)
    of, value = draw(typed_values(depth - 1))
    if kind == "array":
        return {"type": "array", "items": of}, [value] * draw(st.integers(0, 3))
    if kind == "map":
        keys = draw(st.lists(st.text(max_size=5), unique=True, max_size=3))
        return {"type": "map", "values": of}, dict.fromkeys(keys, value)
    if kind == "union" and not isinstance(of, list) and of != "null":
        return ["null", of], draw(st.sampled_from([None, value]))
    other, further = draw(typed_values(depth - 1))
    fields = [{"name": "a", "type": of}, {"name": "b", "type": other}, {"name": "c", "type": "int"}]
    return {"type": "record", "name": "r", "fields": fields}, {"a": value, "b": further, "c": 7}


@given(typed_values())
def test_what_was_encoded_is_what_is_decoded_and_stepped_over(typed: tuple[Any, Any]) -> None:
    kind, value = typed
    body = encode(kind, value)
    assert AvroTypes().decoder(kind, {})(body, 0) == (value, len(body))
    assert AvroTypes().skipper(kind)(body, 0) == len(body)


@given(first=typed_values(), second=typed_values())
def test_a_wanted_field_is_found_behind_any_field_that_is_not(
    first: tuple[Any, Any], second: tuple[Any, Any]
) -> None:
    fields = [{"name": "first", "type": first[0]}, {"name": "second", "type": second[0]}]
    kind = {"type": "record", "name": "pair", "fields": fields}
    body = encode(kind, {"first": first[1], "second": second[1]})
    wanted: Wanted = {"second": {}}
    assert AvroTypes().decoder(kind, wanted)(body, 0) == ({"second": second[1]}, len(body))


def test_items_in_blocks_with_a_size_are_read_and_skipped() -> None:
    kind = {"type": "array", "items": "long"}
    body = bytes([3, 4, 2, 4, 0])  # two items in two bytes: 1 and 2; then the end
    assert AvroTypes().decoder(kind, {})(body, 0) == ([1, 2], 5)
    assert AvroTypes().skipper(kind)(body, 0) == 5


@pytest.mark.parametrize("codec", ["null", "deflate", "snappy", "zstandard"])
def test_a_file_gives_the_records_of_all_its_blocks(tmp_path: Path, codec: str) -> None:
    kind = {"type": "record", "name": "r", "fields": [{"name": "n", "type": "long"}]}
    path = write_avro(tmp_path / "f.avro", kind, [{"n": 1}, {"n": 2}], codec=codec)
    assert _records(path) == [{"n": 1}, {"n": 2}]


def test_a_file_without_blocks_has_no_records(tmp_path: Path) -> None:
    assert _records(write_avro(tmp_path / "f.avro", "long", [])) == []


@pytest.mark.parametrize("cut", [1, 10, 20, 40])
def test_a_file_that_was_cut_off_is_refused(tmp_path: Path, cut: int) -> None:
    path = write_avro(tmp_path / "f.avro", "string", ["one", "two", "three"])
    Path(path).write_bytes(Path(path).read_bytes()[:-cut])
    with pytest.raises(UnreadableError, match="broken"):
        _records(path)


def test_a_file_of_something_else_is_refused(tmp_path: Path) -> None:
    (tmp_path / "f.avro").write_bytes(b"PAR1....PAR1")
    with pytest.raises(UnreadableError, match="no Avro file"):
        _records(str(tmp_path / "f.avro"))


def test_an_unknown_codec_is_named(tmp_path: Path) -> None:
    path = write_avro(tmp_path / "f.avro", "long", [1], codec="null")
    body = Path(path).read_bytes().replace(b"null", b"bzip")
    with pytest.raises(UnsupportedError, match="codec bzip"):
        list(read_records(body, read_header(body, location=path), wanted={}, location=path))


def test_a_type_that_contains_itself_is_refused() -> None:
    kind = {"type": "record", "name": "r", "fields": [{"name": "next", "type": "r"}]}
    with pytest.raises(ValueError, match="contains itself"):
        AvroTypes().decoder(kind, {})


def _records(path: str) -> list[Any]:
    body = Path(path).read_bytes()
    return list(read_records(body, read_header(body, location=path), wanted={}, location=path))
