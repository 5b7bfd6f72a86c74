"""Hostile SQL: it is refused within bounds, with the bound in the reason."""

from __future__ import annotations

import time

import pytest

from sql_answers import answer, columns
from temporal_lineage.sql.reading import CHARS_MAX, DEPTH_MAX


def test_a_text_of_megabytes_is_not_parsed() -> None:
    (refusal,) = answer("SELECT 1 -- " + "x" * CHARS_MAX).refused
    assert "at most 1,000,000 are read" in refusal.reason


@pytest.mark.parametrize("deep", [DEPTH_MAX - 1, DEPTH_MAX + 1, 20_000])
def test_deep_brackets_are_followed_or_refused(deep: int) -> None:
    script = answer(f"SELECT {'(' * deep}a{')' * deep} AS a FROM t")
    if deep < DEPTH_MAX:
        assert columns(script.read[0]) == {"a": ["t.a IDENTITY"]}
    else:
        assert "brackets" in script.refused[0].reason


def test_deep_subqueries_are_followed() -> None:
    script = answer(f"{'SELECT * FROM (' * 100}SELECT a FROM t{')' * 100}")
    assert columns(script.read[0]) == {"a": ["t.a IDENTITY"]}


def test_deep_case_is_refused_without_a_trace() -> None:
    deep = 5_000
    script = answer(f"SELECT {'CASE WHEN a THEN ' * deep}1{' END' * deep} FROM t")
    assert script.read == ()


@pytest.mark.parametrize(
    "text",
    [
        "SELECT " + "+".join(["a"] * 20_000) + " AS s FROM t",
        " UNION ALL ".join(["SELECT a FROM t"] * 5_000),
        "SELECT " + "NOT " * 3_000 + "a FROM t",
        "SELECT " + "-" * 1 + " -".join(["a"] * 3_000) + " FROM t",
        "(" * 100_000,
        "SELECT " + "f(" * 140 + "a" + ")" * 140 + " FROM t",
    ],
)
def test_long_texts_end_in_time(text: str) -> None:
    begun = time.perf_counter()
    answer(text)
    assert time.perf_counter() - begun < 30


def test_common_table_expressions_that_double_are_bounded() -> None:
    steps = [f"c{n} AS (SELECT a.x + b.x AS x FROM c{n - 1} a, c{n - 1} b)" for n in range(1, 60)]
    script = answer(f"WITH c0 AS (SELECT x FROM t), {', '.join(steps)} SELECT x FROM c59")
    assert columns(script.read[0]) == {"x": ["t.x TRANSFORMATION"]}
