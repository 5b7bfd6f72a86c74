"""Addresses: what an answer prints parses back."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from snapshots.errors import BadAddressError
from snapshots.instant import Instant
from temporal_lineage.addresses import (
    AtInstant,
    AtRef,
    AtVersion,
    DatasetAddress,
    EdgeAddress,
    JobAddress,
    ModelAddress,
    RunAddress,
    parse_address,
)

NAMES = st.from_regex(r'([a-z_]{1,8}\.){1,3}([a-z_]{1,8}|"[a-z@#.]{1,8}")', fullmatch=True)
STATES = st.none() | st.one_of(
    st.integers(min_value=0, max_value=2**63).map(lambda number: AtVersion(str(number))),
    st.from_regex(r"[a-z][a-z0-9_-]{0,9}", fullmatch=True).map(AtRef),
    st.integers(min_value=0, max_value=4 * 10**15).map(
        lambda micros: AtInstant("main", Instant(micros))
    ),
)
COLUMNS = st.none() | st.from_regex(r"[a-z]{1,8}(\.[a-z]{1,8})?", fullmatch=True)


@given(st.builds(DatasetAddress, NAMES, STATES, COLUMNS))
def test_what_an_answer_prints_parses_back(address: DatasetAddress) -> None:
    assert parse_address(str(address)) == address


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("model:fraud@v3", ModelAddress("fraud", "v3")),
        ("model:fraud", ModelAddress("fraud", None)),
        ("job:shop/orders.clean", JobAddress("shop/orders.clean")),
        ("run:0190F0C4-8E5B", RunAddress("0190f0c4-8e5b")),
        ("edge:12", EdgeAddress(12)),
        (
            "lake.raw.orders@audit@2026-10-01T09:00+02:00",
            DatasetAddress(
                "lake.raw.orders", AtInstant("audit", Instant.parse("2026-10-01T07:00Z")), None
            ),
        ),
        ("/lake/t@3", DatasetAddress("dataset:file//lake/t", AtVersion("3"), None)),
        ("s3://lake/sales/t", DatasetAddress("dataset:s3://lake/sales/t", None, None)),
        ("file:///lake/t", DatasetAddress("dataset:file//lake/t", None, None)),
    ],
)
def test_each_kind_of_address_is_read(text: str, address: object) -> None:
    assert parse_address(text) == address
    assert parse_address(str(address)) == address


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("tabel:orders", "nothing is written with tabel:"),
        ("lake.orders@", "no version, ref or time"),
        ("lake.orders#", "no column"),
        ("lake.orders@audit@yesterday", "not a point in time"),
        ("lake.orders@2026-13-01", "not a point in time"),
        ("edge:first", "number"),
        ("model:", "nothing follows"),
    ],
)
def test_what_is_no_address_is_refused_with_the_reason(text: str, reason: str) -> None:
    with pytest.raises(BadAddressError, match=reason):
        parse_address(text)
