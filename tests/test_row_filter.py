"""Row filters: text that means what it means in SQL, bound to the schema of the state."""

import datetime as dt
from decimal import Decimal
from typing import Any
from uuid import UUID

import duckdb
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyiceberg import expressions as ice
from pyiceberg.expressions.parser import parse

from catalogs.portion import BadFilterError, Portion
from catalogs.row_filter import arrow_filter, filter_columns, filter_text, renamed

ROWS = pa.record_batch(
    {
        "id": pa.array([1, 2, 3, 4, None], pa.int64()),
        "small": pa.array([1, None, 3, 4, 5], pa.int32()),
        "amount": pa.array([0.5, 1.5, float("nan"), None, 2.5], pa.float64()),
        "price": pa.array([Decimal("1.50"), None, Decimal(3), Decimal(4), Decimal(5)]),
        "name": pa.array(["a", "b%c", None, "it's", "B"]),
        "paid": pa.array([True, False, None, True, False]),
        "day": pa.array([dt.date(2026, 1, day) for day in range(1, 6)]),
        "at": pa.array(
            [dt.datetime(2026, 1, day, tzinfo=dt.UTC) for day in range(1, 6)],
            pa.timestamp("us", "UTC"),
        ),
        "odd name": pa.array([1, 2, 3, 4, 5]),
        "inside": pa.array([{"x": 1}, {"x": None}, None, {"x": 4}, {"x": 5}]),
    }
)

_LITERALS = {
    "id": st.integers(0, 5).map(str),
    "small": st.one_of(st.integers(0, 5).map(str), st.just("5000000000")),
    "name": st.sampled_from(["'a'", "'it''s'", "'B'", "'zz'"]),
    "day": st.integers(1, 6).map(lambda day: f"'2026-01-0{day}'"),
}


@st.composite
def _conditions(draw: st.DrawFn) -> str:
    column = draw(st.sampled_from(sorted(_LITERALS)))
    literals = _LITERALS[column]
    kind = draw(st.integers(0, 3))
    if kind == 0:
        return f"{column} {draw(st.sampled_from(['is null', 'is not null']))}"
    if kind == 1:
        told = ", ".join(draw(st.lists(literals, min_size=1, max_size=3)))
        return f"{column} {draw(st.sampled_from(['in', 'not in']))} ({told})"
    sign = draw(st.sampled_from(["=", "!=", "<", "<=", ">", ">="]))
    return f"{column} {sign} {draw(literals)}"


FILTERS = st.recursive(
    _conditions(),
    lambda inner: st.one_of(
        st.tuples(inner, st.sampled_from(["and", "or"]), inner).map(
            lambda one: f"({one[0]}) {one[1]} ({one[2]})"
        ),
        inner.map(lambda one: f"not ({one})"),
    ),
    max_leaves=4,
)


def _kept(where: str) -> list[Any]:
    days: list[Any] = ROWS.filter(arrow_filter(where, ROWS.schema))["day"].to_pylist()
    return days


@given(FILTERS)
def test_a_filter_keeps_the_rows_that_sql_keeps(where: str) -> None:
    table = pa.Table.from_batches([ROWS])
    with duckdb.connect() as connection:
        connection.register("rows", table)
        asked = connection.sql(f"SELECT day FROM rows WHERE {where} ORDER BY day")
        assert _kept(where) == [day for (day,) in asked.fetchall()]


def test_uuids_are_compared_as_what_they_are() -> None:
    held = [UUID(int=number) for number in (1, 2)]
    stored = pa.array([*(one.bytes for one in held), None], pa.binary(16))
    rows = pa.record_batch({"u": pa.ExtensionArray.from_storage(pa.uuid(), stored)})

    def kept(where: str) -> int:
        return int(rows.filter(arrow_filter(where, rows.schema)).num_rows)

    assert kept(f"u = '{held[1]}'") == 1
    assert kept(f"u in ('{held[0]}', '{held[1]}')") == 2
    assert kept(f"u != '{str(held[1]).upper()}'") == 1
    assert kept("u is null") == 1
    with pytest.raises(BadFilterError, match="'x' is no UUID, which u is"):
        kept("u = 'x'")


def test_a_decimal_is_compared_with_a_whole_number() -> None:
    rows = pa.record_batch(
        {"p": pa.array([Decimal("1.50"), Decimal(3), None], pa.decimal128(9, 2))}
    )
    assert rows.filter(arrow_filter("p = 3", rows.schema)).num_rows == 1
    assert rows.filter(arrow_filter("p < 1.505", rows.schema)).num_rows == 1


@given(FILTERS)
def test_an_expression_that_was_written_down_keeps_the_same_rows(where: str) -> None:
    written = filter_text(parse(where))
    assert _kept(written) == _kept(where)
    assert filter_text(parse(written)) == written


@pytest.mark.parametrize(
    ("where", "days"),
    [
        ("amount > 1", [2, 5]),
        ("amount is nan", [3]),
        ("amount is not nan", [1, 2, 5]),
        ("price >= 1.5", [1, 3, 4, 5]),
        ("price >= '1.50'", [1, 3, 4, 5]),
        ("id = '3'", [3]),
        ("small > 3.5", [4, 5]),
        ("name like 'b%'", [2]),
        ("name not like 'b%'", [1, 4, 5]),
        ("name = 'it''s'", [4]),
        ("paid = true", [1, 4]),
        ("at > '2026-01-03T00:00:00Z'", [4, 5]),
        ('"odd name" = 2', [2]),
        ("inside.x >= 4", [4, 5]),
        ("inside.x is null", [2, 3]),
        ("true", [1, 2, 3, 4, 5]),
    ],
)
def test_a_filter_reads_every_kind_of_column(where: str, days: list[int]) -> None:
    assert [day.day for day in _kept(where)] == days


@pytest.mark.parametrize(
    ("where", "reason"),
    [
        ("id >", "it stops making sense at 'id >'"),
        ("idd = 1", "there is no column idd, did you mean id"),
        ("inside.y = 1", "there is no column inside.y"),
        ("name > 5", "name is string, and 5 is not"),
        ("id = 'a'", "'a' is no int64, which id is"),
        ("paid = 'a'", "paid is bool, and 'a' is not"),
        ("day = 'yesterday'", "'yesterday' is no date32[day], which day is"),
        ("id like 'a%'", "id is int64, no text"),
    ],
)
def test_a_filter_that_does_not_fit_is_refused_with_the_reason(where: str, reason: str) -> None:
    with pytest.raises(BadFilterError) as error:
        arrow_filter(where, ROWS.schema)
    assert reason in str(error.value)


def test_what_is_no_filter_is_refused() -> None:
    with pytest.raises(BadFilterError, match="it is a list"):
        filter_text([("id", ">", 1)])


def test_dates_and_times_of_an_expression_are_written_as_they_are_read() -> None:
    compare: Any = ice.GreaterThan  # its types do not tell what its documents do
    day = compare("day", dt.date(2026, 1, 4))
    assert filter_text(day) == "\"day\" > '2026-01-04'"
    assert [one.day for one in _kept(filter_text(day))] == [5]


def test_the_columns_of_a_filter_are_those_at_the_top() -> None:
    where = 'inside.x > 1 and (id = 1 or not "odd name" in (1, 2))'
    assert set(filter_columns(where, ROWS.schema)) == {"inside", "id", "odd name"}


def test_a_portion_is_written_for_people() -> None:
    assert str(Portion(("id", "name"), "id > 1")) == "id, name where id > 1"
    assert str(Portion(None, None)) == "all columns"


@pytest.mark.parametrize(
    ("where", "reason"),
    [
        ("a = 1" + " and a = 1" * 2_001, "more than 2,000 times"),
        ("(" * 101 + "a = 1" + ")" * 101, "deeper than 100"),
        (f"name = '{'x' * 100_000}'", "more than 100,000 letters"),
    ],
)
def test_a_condition_that_would_take_long_is_refused_in_a_short_line(
    where: str, reason: str
) -> None:
    with pytest.raises(BadFilterError, match=reason) as refused:
        filter_text(where)
    assert len(str(refused.value)) < 3_000
    assert "write it like" in str(refused.value)


def test_what_stands_in_texts_counts_for_no_limit() -> None:
    where = f"name = '{'(and ' * 5_000}' or name is null"
    assert filter_text(where) == where


def test_a_long_condition_is_renamed_without_growing_deep() -> None:
    where = " or ".join(f"id = {number}" for number in range(300))
    again = renamed(renamed(where, {"id": "small"}), {"small": "id"})
    kept = ROWS.filter(arrow_filter(again, ROWS.schema))
    assert kept["id"].to_pylist() == [1, 2, 3, 4]
