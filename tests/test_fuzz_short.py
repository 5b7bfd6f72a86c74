"""The short form of `make fuzz`: sound inputs of every decoder, damaged by chance.

A decoder gives a result or an error of our one root. What the long form found is kept below.
"""

from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from snapshots.errors import TemporalLineageError
from torture.decoders import DECODERS, decode
from torture.hostile import avro, record
from torture.seeds import seeds

FOUND = {
    "a type of rows that is none": ("avro-rows", avro(record({"item": "long"}), b"")),
    "a type of rows that nobody knows": ("avro-rows", avro(record("boo*ean"), b"")),
    "an array of rows without items": ("avro-rows", avro(record({"type": "array"}), b"")),
    "a map of rows without a key": (
        "avro-rows",
        avro(record({"type": "array", "logicalType": "map", "items": record("int")}), b""),
    ),
    "a fixed type of rows without a size": (
        "avro-rows",
        avro(record({"type": "fixed", "name": "x"}), b""),
    ),
    "a number that no column holds": ("avro-rows", avro(record("int"), b"\xff" * 9 + b"\x01")),
    "more numbers than a pattern can count": (
        "iceberg-manifest",
        avro(record({"type": "array", "items": "long"}), b"\xfe" * 9 + b"\x01" + b"\0"),
    ),
}
"""Inputs that once ended in an error of Python or Arrow."""


@pytest.fixture(scope="module")
def sound() -> dict[str, list[bytes]]:
    """Sound inputs of every decoder."""
    return seeds()


@st.composite
def damage(draw: st.DrawFn) -> list[tuple[int, int, bytes]]:
    """Draw places in an input, how much is cut out there, and what is put in."""
    one = st.tuples(st.integers(0, 10_000), st.integers(0, 8), st.binary(max_size=6))
    return draw(st.lists(one, max_size=4))


@pytest.mark.parametrize("name", DECODERS)
def test_whatever_is_decoded_gives_a_result_or_an_error_of_ours(
    sound: dict[str, list[bytes]], name: str
) -> None:
    @settings(max_examples=25, suppress_health_check=list(HealthCheck))
    @given(number=st.integers(0, 9), damages=damage())
    def check(number: int, damages: list[tuple[int, int, bytes]]) -> None:
        body = sound[name][number % len(sound[name])]
        for share, cut, put in damages:
            place = share * len(body) // 10_000
            body = body[:place] + put + body[place + cut :]
        with suppress(TemporalLineageError):
            decode(name, body)

    check()


@pytest.mark.parametrize("name", DECODERS)
def test_fuzzing_starts_from_what_is_sound(sound: dict[str, list[bytes]], name: str) -> None:
    assert sound[name]
    for body in sound[name]:
        if name in {"avro-rows", "delta-checkpoint", "delta-history"}:
            # What is sound elsewhere is tried there too: manifests, and commits that come later.
            with suppress(TemporalLineageError):
                decode(name, body)
        else:
            decode(name, body)


@pytest.mark.parametrize("fault", FOUND)
def test_what_fuzzing_found_is_refused(fault: str) -> None:
    with pytest.raises(TemporalLineageError):
        decode(*FOUND[fault])
