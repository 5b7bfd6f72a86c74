"""Streams of JSON: wherever they are cut into pieces, the same values come out, within bounds."""

from __future__ import annotations

import json
import tracemalloc
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from temporal_lineage.capture import json_stream
from temporal_lineage.capture.json_stream import BrokenText, JsonValue, Tail, values

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**60), 2**60) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner),
    max_leaves=6,
)
OBJECTS = st.dictionaries(st.text(max_size=3), VALUES, max_size=4)
INDENTS = st.sampled_from([None, 1, 2])
BROKEN = st.sampled_from(["{", '{"a": [1,', "nope", '"half', "]", "tru", "\x00", '{"a" 1}', "[[["])
LINES = st.lists(st.tuples(OBJECTS, INDENTS).map(lambda one: json.dumps(one[0], indent=one[1])))


def pieces(body: bytes, size: int) -> Iterator[bytes]:
    for start in range(0, len(body), size):
        yield body[start : start + size]


@given(LINES, st.integers(1, 40))
def test_values_come_out_whole_wherever_the_stream_is_cut(lines: list[str], size: int) -> None:
    body = "\n".join(lines).encode()
    found = list(values(pieces(body, size)))
    assert all(isinstance(one, JsonValue) for one in found)
    assert [one.value for one in found if isinstance(one, JsonValue)] == [*map(json.loads, lines)]


@given(st.lists(OBJECTS, min_size=1), INDENTS, st.integers(1, 40))
def test_an_array_is_its_elements(elements: list[object], indent: int | None, size: int) -> None:
    body = json.dumps(elements, indent=indent).encode()
    found = [one for one in values(pieces(body, size)) if isinstance(one, JsonValue)]
    assert [(one.value, one.element) for one in found] == [
        (element, number) for number, element in enumerate(elements)
    ]


@given(st.lists(LINES.map("\n".join) | BROKEN), st.integers(1, 40))
def test_cutting_changes_nothing_of_what_is_broken_either(parts: list[str], size: int) -> None:
    body = "\n".join(parts).encode()
    assert list(values(pieces(body, size))) == list(values([body]))


@given(st.binary(max_size=60), st.integers(1, 9))
def test_no_bytes_break_the_stream_and_all_of_them_are_accounted_for(
    body: bytes, size: int
) -> None:
    found = list(values(pieces(body, size)))
    assert all(one.end <= len(body) for one in found)
    assert [one.end for one in found] == sorted(one.end for one in found)


@given(LINES, st.integers(0, 400))
def test_what_is_still_being_written_waits_and_is_read_when_it_is_there(
    lines: list[str], cut: int
) -> None:
    body = "".join(f"{line}\n" for line in lines).encode()
    first = list(values([body[:cut]], tail=Tail.WAITS))
    end = first[-1].end if first else 0
    rest = list(values([body[end:]], tail=Tail.WAITS))
    found = [one.value for one in (*first, *rest) if isinstance(one, JsonValue)]
    assert found == [*map(json.loads, lines)]


@pytest.fixture
def small_limit(monkeypatch: pytest.MonkeyPatch) -> int:
    monkeypatch.setattr(json_stream, "VALUE_BYTES_MAX", 20_000)
    return 20_000


EVENT = json.dumps({"eventTime": "2026-11-17", "n": [1, 2]})


@pytest.mark.parametrize("indent", [None, 2])
def test_a_value_that_is_too_long_costs_no_neighbour(small_limit: int, indent: int | None) -> None:
    long = json.dumps({"padding": ["x" * 50] * 1_000}, indent=indent)
    body = f"{EVENT}\n{long}\n{EVENT}\n".encode()
    before, broken, after = values(pieces(body, 1_000))
    assert isinstance(broken, BrokenText)
    assert "longer than 20000 bytes" in broken.reason
    assert broken.size == len(long)
    assert isinstance(before, JsonValue)
    assert isinstance(after, JsonValue)
    assert before.value == after.value == json.loads(EVENT)


@pytest.mark.parametrize("indent", [None, 2])
def test_an_array_longer_than_the_limit_is_read_element_by_element(
    small_limit: int, indent: int | None
) -> None:
    elements = [{"n": number, "padding": "x" * 90} for number in range(1_000)]
    body = json.dumps(elements, indent=indent).encode()
    found = list(values(pieces(body, 1_000)))
    assert [one.value for one in found if isinstance(one, JsonValue)] == elements
    *_, last = values(pieces(body[:-1], 1_000))
    assert isinstance(last, BrokenText)
    assert last.reason == "the array that starts on line 1 is not closed"


def test_a_hundred_megabytes_in_one_event_are_held_in_part_only() -> None:
    def long_event() -> Iterator[bytes]:
        yield b'{"eventTime": "2026-11-17", "padding": "'
        for _ in range(100):
            yield b"x" * 2**20
        yield b'"}\n' + EVENT.encode()

    tracemalloc.start()
    broken, after = values(long_event())
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert isinstance(broken, BrokenText)
    assert (len(broken.raw), broken.size > 100 * 2**20) == (2**20, True)
    assert isinstance(after, JsonValue)
    assert peak < 6 * json_stream.VALUE_BYTES_MAX
