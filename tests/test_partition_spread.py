"""A partition says of its column what its transform keeps, and never rules out what is in it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from decimal import Decimal
from typing import Any, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyiceberg.conversions import to_bytes
from pyiceberg.schema import Schema
from pyiceberg.transforms import parse_transform
from pyiceberg.types import PrimitiveType

from catalogs.condition import Compared, IsNull, Path, Sign, Spread, Value, may_match
from catalogs.iceberg.bounds import bound_value
from catalogs.iceberg.manifests import ManifestEntry, PartitionField, Status
from catalogs.iceberg.metadata import PartitionFieldEntry
from catalogs.iceberg.partition_spread import partition_spreads
from snapshots.files import FileContent

MICROS = st.integers(-(2**50), 2**50)
DAYS = st.integers(-100_000, 100_000)
WHOLE = st.integers(-(2**31), 2**31 - 1)
TEXTS = st.text(max_size=6).filter(lambda one: "\0" not in one)
PRICES = st.decimals(-1000, 1000, places=2)
CASES: dict[tuple[str, str], st.SearchStrategy[Any]] = {
    ("int", "identity"): WHOLE,
    ("long", "bucket[7]"): WHOLE,
    ("int", "bucket[7]"): WHOLE,
    ("long", "truncate[10]"): WHOLE,
    ("string", "identity"): TEXTS,
    ("string", "truncate[3]"): TEXTS,
    ("string", "bucket[7]"): TEXTS,
    ("decimal(9, 2)", "identity"): PRICES,
    ("decimal(9, 2)", "truncate[50]"): PRICES,
    ("decimal(9, 2)", "bucket[7]"): PRICES,
    ("date", "identity"): DAYS,
    ("date", "year"): DAYS,
    ("date", "month"): DAYS,
    ("date", "day"): DAYS,
    ("timestamp", "year"): MICROS,
    ("timestamp", "month"): MICROS,
    ("timestamp", "day"): MICROS,
    ("timestamptz", "hour"): MICROS,
    ("boolean", "identity"): st.booleans(),
    ("long", "void"): WHOLE,
}


def _entry(value: Any, *, number: int | None = 1000) -> ManifestEntry:  # noqa: ANN401
    return ManifestEntry(
        status=Status.ADDED,
        snapshot_id=1,
        sequence_number=1,
        content=FileContent.DATA,
        path="f",
        file_format="parquet",
        spec_id=0,
        partition_fields=(PartitionField(number, "p"),),
        partition=(value,),
        rows=1,
        size_bytes=1,
        is_encrypted=False,
        referenced_path=None,
        offset=None,
        length=None,
        equality_ids=(),
    )


def _spreads(kind: str, transform: str, value: Any) -> list[Spread]:  # noqa: ANN401
    spec = [PartitionFieldEntry(transform=transform, source_id=1, field_id=1000)]
    return list(partition_spreads(_entry(value), spec, source_id=1, kind=kind))


def _partition(kind: str, transform: str, value: Any) -> Any:  # noqa: ANN401
    """Transform a value, and give it as Avro stores it."""
    field = Schema.model_validate(
        {"type": "struct", "fields": [{"id": 1, "name": "a", "required": False, "type": kind}]}
    ).fields[0]
    found = parse_transform(transform).transform(field.field_type)(value)
    return (
        to_bytes(cast("PrimitiveType", field.field_type), found)
        if isinstance(found, Decimal)
        else found
    )


def _giving(spread: Spread) -> Callable[[Path], Spread]:
    return lambda _: spread


def _plain(value: Any) -> Value:  # noqa: ANN401
    found: Value = value.encode() if isinstance(value, str) else value
    return found


@pytest.mark.parametrize(("kind", "transform"), CASES)
@given(data=st.data())
def test_a_value_is_never_ruled_out_by_its_own_partition(
    kind: str, transform: str, data: st.DataObject
) -> None:
    value = data.draw(CASES[kind, transform])
    for spread in _spreads(kind, transform, _partition(kind, transform, value)):
        for sign in (Sign.EQUAL, Sign.AT_MOST, Sign.AT_LEAST):
            condition = Compared(("a",), sign, _plain(value))
            assert may_match(condition, _giving(spread))


@pytest.mark.parametrize(
    ("kind", "transform", "value", "sought"),
    [
        ("int", "identity", 5, 6),
        ("long", "truncate[10]", 20, 30),
        ("string", "truncate[3]", "abc", b"abd"),
        ("date", "month", 0, 31),
        ("timestamp", "day", 1, 0),
        ("timestamptz", "hour", 1, 2 * 3_600_000_000),
        ("date", "year", 56, 0),
    ],
)
def test_what_a_partition_cannot_hold_is_ruled_out(
    kind: str,
    transform: str,
    value: Any,  # noqa: ANN401
    sought: Any,  # noqa: ANN401
) -> None:
    (spread,) = _spreads(kind, transform, value)
    assert not may_match(Compared(("a",), Sign.EQUAL, sought), _giving(spread))
    assert not may_match(IsNull(("a",)), _giving(spread))


def test_a_bucket_rules_out_what_falls_into_others() -> None:
    held = [
        bool(
            may_match(
                Compared(("a",), Sign.EQUAL, 42),
                _giving(_spreads("long", "bucket[7]", bucket)[0]),
            )
        )
        for bucket in range(7)
    ]
    assert sum(held) == 1


def test_null_stays_null_and_an_unknown_transform_says_nothing() -> None:
    (spread,) = _spreads("long", "bucket[7]", None)
    assert not spread.may_hold
    assert _spreads("long", "of-the-future", 3) == []
    assert _spreads("long", "void", None) == []
    assert _spreads("double", "identity", None) == []


def test_an_instant_before_1970_may_be_one_unit_earlier_than_old_writers_say() -> None:
    (spread,) = _spreads("timestamp", "day", 0)
    assert may_match(Compared(("a",), Sign.EQUAL, -1), _giving(spread))


@pytest.mark.parametrize(
    ("kind", "body", "value"),
    [
        ("long", (5).to_bytes(4, "little"), 5),
        ("timestamp", (1).to_bytes(4, "little"), 86_400_000_000),
        ("timestamp_ns", (1).to_bytes(4, "little"), 86_400_000_000_000),
        ("date", (-1).to_bytes(4, "little", signed=True), -1),
        ("string", b"ab", b"ab"),
        ("boolean", b"\x01", True),
        ("decimal(9,2)", b"\xff", Decimal("-0.01")),
        ("double", b"\x00\x00\x00\x3f", 0.5),
        ("float", b"\x00\x00\xc0\x7f", None),
        ("long", b"123", None),
        ("struct", b"123", None),
    ],
)
def test_bounds_are_read_under_the_type_that_a_column_has_by_now(
    kind: str, body: bytes, value: object
) -> None:
    assert bound_value(body, kind) == value


def test_days_are_counted_beyond_the_years_that_python_has() -> None:
    (spread,) = _spreads("date", "year", 20_000 - 1970)
    first = dt.date(2000, 1, 1).toordinal() - dt.date(1970, 1, 1).toordinal() + 45 * 146_097
    assert spread.least == first
