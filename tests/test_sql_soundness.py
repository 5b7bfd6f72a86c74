"""No dependency is missing: where a column's values change a result, the answer names it.

SQLite runs each query twice, the second time with other values in one column of one table. Every
output column that differs must be said to depend on that column, or all rows on it.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing
from zlib import crc32

from hypothesis import given, settings
from hypothesis import strategies as st

from sql_answers import only
from temporal_lineage.sql.dependencies import ColumnSource, Dependencies

TABLES = {"s": ["id", "a", "b", "c"], "t": ["id", "a", "d"]}
COLUMNS = [(table, column) for table, columns in TABLES.items() for column in columns]

_QUALIFIED = st.sampled_from(["s.a", "s.b", "s.c", "s.id", "t.a", "t.d"])
_NUMBERS = st.integers(0, 3).map(str)


def _larger(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    pairs = st.tuples(inner, inner)
    return st.one_of(
        pairs.map(lambda one: f"({one[0]} + {one[1]})"),
        pairs.map(lambda one: f"coalesce({one[0]}, {one[1]})"),
        st.tuples(inner, inner, inner).map(
            lambda one: f"CASE WHEN {one[0]} > {one[1]} THEN {one[2]} END"
        ),
        pairs.map(lambda one: f"(SELECT max(d) FROM t AS u WHERE u.a >= {one[0]})"),
        pairs.map(lambda one: f"({one[0]} IN (SELECT a FROM s AS v WHERE v.b <= {one[1]}))"),
        pairs.map(lambda one: f"EXISTS (SELECT 1 FROM t AS w WHERE w.d = {one[0]})"),
    )


VALUES = st.recursive(st.one_of(_QUALIFIED, _NUMBERS), _larger, max_leaves=4)
CONDITIONS = st.tuples(VALUES, st.sampled_from(["<", ">=", "="]), VALUES).map(" ".join)
JOINS = st.sampled_from(["JOIN", "LEFT JOIN", "CROSS JOIN"])


@st.composite
def blocks(draw: st.DrawFn, width: int) -> str:
    """A SELECT of this many columns, v0, v1, ..."""
    values = draw(st.lists(VALUES, min_size=width, max_size=width))
    shape = draw(st.sampled_from(["plain", "grouped", "windowed", "distinct"]))
    if shape == "grouped":
        values = [values[0], *(f"sum({one})" for one in values[1:])]
    if shape == "windowed":
        order = draw(_QUALIFIED)
        over = f"OVER (PARTITION BY {draw(_QUALIFIED)} ORDER BY {order})"
        values = [*values[:-1], f"max({values[-1]}) {over}"]
    listed = ", ".join(f"{value} AS v{n}" for n, value in enumerate(values))
    join = draw(JOINS)
    on = "" if join == "CROSS JOIN" else f" ON {draw(CONDITIONS)}"
    text = f"SELECT {'DISTINCT ' if shape == 'distinct' else ''}{listed} FROM s {join} t{on}"
    if draw(st.booleans()):
        text += f" WHERE {draw(CONDITIONS)}"
    if shape == "grouped":
        text += f" GROUP BY ({values[0]}) + 0"  # a bare number would name a column
        if draw(st.booleans()):
            text += f" HAVING count(*) > {draw(_NUMBERS)}"
    return text


@st.composite
def queries(draw: st.DrawFn) -> str:
    """A block, or blocks inside and beside each other."""
    width = draw(st.integers(1, 3))
    first = draw(blocks(width))
    names = ", ".join(f"v{n}" for n in range(width))
    second = draw(blocks(width))
    shapes = (
        first,
        f"{first} UNION ALL {second}",
        f"{first} UNION {second}",
        f"{first} EXCEPT {second}",
        f"{first} INTERSECT {second}",
        f"SELECT {names} FROM ({first}) AS q WHERE q.v0 > 1",
        f"WITH q AS ({first}) SELECT {names} FROM q JOIN t ON q.v0 = t.a",
        f"WITH q(x) AS (SELECT v0 FROM ({first})) SELECT *, x + 1 AS y FROM q",
        f"SELECT {names} FROM ({first}) AS q ORDER BY {names} LIMIT 2",
    )
    return draw(st.sampled_from(shapes))


@settings(max_examples=60, deadline=None)
@given(queries(), st.integers(0, 2**32))
def test_what_changes_a_result_is_among_its_dependencies(text: str, seed: int) -> None:
    statement = only(text, "sqlite", TABLES)
    before = _run(text, seed, None)
    assert len(statement.shown) == len(before)
    for changed in COLUMNS:
        after = _run(text, seed, changed)
        for n, column in enumerate(statement.shown):
            if before[n] != after[n]:
                named = set(_named(column.found | statement.deciding))
                assert changed in named, (text, column.name)


def _named(found: Dependencies) -> Iterator[tuple[str, str]]:
    for one in found:
        assert isinstance(one.source, ColumnSource), one
        yield str(one.source.read), one.source.column


def _run(text: str, seed: int, changed: tuple[str, str] | None) -> list[list[str]]:
    """Give the sorted values of each output column."""
    with closing(sqlite3.connect(":memory:")) as database:
        for table, columns in TABLES.items():
            database.execute(f"CREATE TABLE {table} ({', '.join(columns)})")
            marks = ", ".join("?" * len(columns))
            rows = [
                [_value(seed, table, column, n, changed) for column in columns] for n in range(5)
            ]
            database.executemany(f"INSERT INTO {table} VALUES ({marks})", rows)
        cursor = database.execute(text)
        rows_found: Sequence[Sequence[object]] = cursor.fetchall()
        width = len(cursor.description)
    return [sorted(repr(row[n]) for row in rows_found) for n in range(width)]


def _value(seed: int, table: str, column: str, row: int, changed: tuple[str, str] | None) -> int:
    key = f"{seed}{table}{column}{row}{'x' if (table, column) == changed else ''}"
    return crc32(key.encode()) % 5
