"""Conditions held against bounds: a row that matches is never ruled out."""

from __future__ import annotations

import math
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from catalogs import row_groups
from catalogs.bloom import read_bloom_filter
from catalogs.condition import NULLS, UNKNOWN, Path, Spread, Value, may_match, met
from catalogs.row_filter import arrow_filter, bound_condition
from catalogs.row_groups import Leaf, chosen_groups

NUMBERS = st.one_of(st.none(), st.integers(-3, 3), st.integers(-(2**63), 2**63 - 1))
FLOATS = st.one_of(st.none(), st.sampled_from([math.nan, -0.0, 0.0, 0.1, -1.5, math.inf]))
TEXTS = st.one_of(st.none(), st.text(alphabet="abé\U0001f600", max_size=4))
PRICES = st.one_of(st.none(), st.decimals(-3, 3, places=2))
SCHEMA = pa.schema(
    {
        "id": pa.int64(),
        "small": pa.float32(),
        "price": pa.decimal128(9, 2),
        "name": pa.string(),
        "real": pa.float64(),
    }
)
# Without a number of values each filter is made for a million, and takes a megabyte.
SMALL_BLOOMS: dict[str, Any] = {"id": {"ndv": 3}, "name": {"ndv": 3}}
ROW = st.tuples(NUMBERS, FLOATS, PRICES, TEXTS, FLOATS)
LEAVES = st.one_of(
    *(
        st.builds("{} {} {}".format, st.just(name), st.sampled_from(["=", "!=", "<", ">="]), values)
        for name, values in (
            ("id", st.one_of(st.integers(-3, 3), st.sampled_from([1.5, 2**62])).map(str)),
            ("real", st.sampled_from(["0", "0.1", "-1.5", "2"])),
            ("small", st.sampled_from(["0", "0.1", "-1.5"])),
            ("price", st.sampled_from(["0", "1.25", "-1.5", "0.333"])),
            ("name", st.sampled_from(["'a'", "''", "'ab'", "'é'", "'b\U0001f600'"])),
        )
    ),
    st.sampled_from(
        [
            "id is null",
            "name is not null",
            "real is nan",
            "real is not nan",
            "name like 'a%'",
            "name not like 'b%'",
            "id in (1, 2)",
            "name not in ('a', 'b')",
            "price in (0.5, 1.25)",
        ]
    ),
)
FILTERS = st.recursive(
    LEAVES,
    lambda inner: st.one_of(
        inner.map("not ({})".format),
        st.builds("({}) and ({})".format, inner, inner),
        st.builds("({}) or ({})".format, inner, inner),
    ),
    max_leaves=4,
)


def _stored(value: Any) -> Any:  # noqa: ANN401
    return value.encode() if isinstance(value, str) else value


def _spread(values: list[Any]) -> Spread:
    plain = [_stored(one) for one in values if one is not None and one == one]  # noqa: PLR0124
    return Spread(
        min(plain, default=None),
        max(plain, default=None),
        may_hold=bool(plain),
        may_be_null=None in values,
        may_be_nan=any(isinstance(one, float) and math.isnan(one) for one in values),
        admits=lambda value: value in plain,
    )


def _table(rows: list[tuple[Any, ...]]) -> pa.Table:
    columns = list(zip(*rows, strict=True)) if rows else [()] * len(SCHEMA)
    return pa.table(
        [pa.array(list(one), kind.type) for one, kind in zip(columns, SCHEMA, strict=True)],
        schema=SCHEMA,
    )


@settings(max_examples=100)
@given(rows=st.lists(ROW, max_size=4), where=FILTERS)
def test_bounds_never_rule_out_a_row_that_matches(rows: list[tuple[Any, ...]], where: str) -> None:
    table = _table(rows)
    spreads: dict[Path, Spread] = {
        (name,): _spread(table[name].to_pylist()) for name in SCHEMA.names
    }
    wide = dict.fromkeys(spreads, UNKNOWN)
    found = table.filter(arrow_filter(where, SCHEMA)).num_rows
    condition = bound_condition(where, SCHEMA)
    for known in (spreads, wide):
        assert may_match(condition, known.__getitem__) or not found


@settings(max_examples=100)
@given(rows=st.lists(ROW, max_size=12), where=FILTERS)
def test_a_footer_never_rules_out_a_row_that_matches(
    rows: list[tuple[Any, ...]], where: str
) -> None:
    table = _table(rows)
    body = pa.BufferOutputStream()
    pq.write_table(table, body, row_group_size=3, bloom_filter_options=SMALL_BLOOMS)
    raw = body.getvalue()
    file = pq.ParquetFile(pa.BufferReader(raw))
    leaves: dict[Path, Leaf] = {(one.name,): Leaf(one.name, one.type, one.type) for one in SCHEMA}
    condition = bound_condition(where, SCHEMA)
    chosen = chosen_groups(file.metadata, condition, leaves, _reading(raw))
    kept = {number for number, _ in chosen.groups}
    for number in range(file.num_row_groups):
        found = file.read_row_group(number).filter(arrow_filter(where, SCHEMA)).num_rows
        assert number in kept or not found
    assert len(kept) + chosen.by_statistics + chosen.by_bloom == file.num_row_groups


def test_a_bloom_filter_rules_out_what_lies_within_the_bounds() -> None:
    table = pa.table({"id": pa.array(range(0, 2000, 2), pa.int64())})
    body = pa.BufferOutputStream()
    pq.write_table(table, body, row_group_size=500, bloom_filter_options={"id": {}})
    raw = body.getvalue()
    metadata = pq.ParquetFile(pa.BufferReader(raw)).metadata
    leaves: dict[Path, Leaf] = {("id",): Leaf("id", pa.int64(), pa.int64())}

    def groups(where: str) -> row_groups.Chosen:
        condition = bound_condition(where, table.schema)
        return chosen_groups(metadata, condition, leaves, _reading(raw))

    assert groups("id = 1500").groups == ((1, 500),)
    assert groups("id = 1500").by_statistics == 1
    odd = [groups(f"id = {number}") for number in range(1, 1999, 2)]
    assert sum(one.by_bloom for one in odd) > 900
    assert groups("not (id = 1501)").by_bloom == 0


def test_a_bloom_filter_that_is_broken_is_told(tmp_path: Any) -> None:  # noqa: ANN401
    del tmp_path
    with pytest.raises(ValueError, match="header is broken"):
        read_bloom_filter(lambda _offset, _length: b"", 0)
    with pytest.raises(ValueError, match="has -1 bytes"):
        read_bloom_filter(lambda _offset, _length: b"\x15\x01\x1c\x1c\x00\x00" + bytes(20), 0)


def test_what_several_witnesses_say_holds_together() -> None:
    one = Spread(1, 9, may_hold=True, may_be_null=False, may_be_nan=True, admits=None)
    other = Spread(3, None, may_hold=True, may_be_null=True, may_be_nan=False, admits=None)
    assert met([one, other]) == Spread(
        3, 9, may_hold=True, may_be_null=False, may_be_nan=False, admits=None
    )
    assert not met([one, NULLS]).may_hold


def test_bounds_of_another_type_rule_out_nothing() -> None:
    told: dict[Path, Spread] = {
        ("id",): Spread(b"a", b"b", may_hold=True, may_be_null=False, may_be_nan=False, admits=None)
    }
    assert may_match(bound_condition("id = 5", SCHEMA), told.__getitem__)


def test_whole_numbers_beside_a_float_are_compared_as_floats() -> None:
    near = 2**53 + 1
    told: dict[Path, Spread] = {
        ("id",): Spread(near, near, may_hold=True, may_be_null=False, may_be_nan=False, admits=None)
    }
    assert may_match(bound_condition(f"id < {2**60}", SCHEMA), told.__getitem__)
    assert not may_match(bound_condition("id < 1.5", SCHEMA), told.__getitem__)
    value: Value = Decimal("1.5")
    assert isinstance(value, Decimal)


def _reading(raw: pa.Buffer) -> Callable[[int, int], bytes]:
    whole = raw.to_pybytes()
    return lambda offset, length: whole[offset : offset + length]
