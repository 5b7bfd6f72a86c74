"""SQL lineage does not depend on how a query is written."""

from __future__ import annotations

import re

from hypothesis import given, settings
from hypothesis import strategies as st

from sql_answers import columns, only, rows

TABLES = {"s": ["a", "b", "c"], "t": ["a", "d"]}

WORDS = (
    *("SELECT", "FROM", "a", "b", "t", "*", ",", "(", ")", "WHERE", "=", "1", "JOIN", "ON", "."),
    *("USING", "INSERT", "INTO", "VALUES", "WITH", "AS", "UNION", "ALL", "GROUP", "BY", "ORDER"),
    *("CASE", "WHEN", "THEN", "END", "MERGE", "UPDATE", "SET", "DELETE", ";", "PIVOT", "LATERAL"),
)
_VALUES = st.sampled_from(
    ["s.a", "s.b", "t.d", "s.a + t.d", "upper(s.c)", "CASE WHEN s.b > 1 THEN t.d END"]
)
_FILTERS = st.sampled_from(["s.b > 1", "t.d IN (SELECT d FROM t)", "s.c = 'x' AND t.a < 3"])
_LISTS = st.lists(_VALUES, min_size=1, max_size=4)
_SPACES = st.sampled_from([" ", "\n", "  \t", " /* it's */ ", " -- no; \n"])


def _query(values: list[str], condition: str) -> str:
    listed = ", ".join(f"{value} AS v{n}" for n, value in enumerate(values))
    return f"SELECT {listed} FROM s JOIN t ON s.a = t.a WHERE {condition}"


@given(_LISTS, _FILTERS)
def test_other_aliases_change_nothing(values: list[str], condition: str) -> None:
    plain = _query(values, condition)
    renamed = re.sub(r"\bs\.", "one.", re.sub(r"\bt\.", "two.", plain))
    renamed = renamed.replace("FROM s JOIN t ON", "FROM s AS one JOIN t AS two ON")
    assert columns(only(plain, "", TABLES)) == columns(only(renamed, "", TABLES))
    assert rows(only(plain, "", TABLES)) == rows(only(renamed, "", TABLES))


@given(_LISTS, _FILTERS)
def test_a_common_table_expression_is_what_it_stands_for(values: list[str], condition: str) -> None:
    query = _query(values, condition)
    inline = only(f"SELECT * FROM ({query}) q", "", TABLES)
    named = only(f"WITH q AS ({query}) SELECT * FROM q", "", TABLES)
    viewed = only(query, "", TABLES)
    assert columns(inline) == columns(named) == columns(viewed)
    assert rows(inline) == rows(named) == rows(viewed)


@given(_LISTS, _FILTERS, st.lists(_SPACES, min_size=60, max_size=60))
def test_spaces_and_comments_change_nothing(
    values: list[str], condition: str, spaces: list[str]
) -> None:
    plain = _query(values, condition)
    words = plain.split(" ")
    laid_out = "".join(f"{word}{space}" for word, space in zip(words, spaces * 2, strict=False))
    assert columns(only(plain, "", TABLES)) == columns(only(laid_out, "", TABLES))
    assert rows(only(plain, "", TABLES)) == rows(only(laid_out, "", TABLES))


@given(_LISTS, _FILTERS, st.randoms(use_true_random=False))
def test_the_order_of_columns_changes_the_order_alone(
    values: list[str], condition: str, random: st.DataObject
) -> None:
    told = columns(only(_query(values, condition), "", TABLES))
    places = list(range(len(values)))
    random.shuffle(places)  # type: ignore[attr-defined]
    shuffled = columns(only(_query([values[n] for n in places], condition), "", TABLES))
    assert {f"v{n}": told[f"v{place}"] for n, place in enumerate(places)} == shuffled


@settings(max_examples=300)
@given(st.text(max_size=80), st.sampled_from(["", "spark", "snowflake", "tsql", "bigquery"]))
def test_any_text_is_read_or_refused_and_raises_nothing(text: str, spoken: str) -> None:
    from sql_answers import answer

    answer(text, spoken)


@settings(max_examples=300)
@given(
    st.lists(
        st.sampled_from(WORDS),
        max_size=25,
    ),
    st.sampled_from(["", "spark", "snowflake", "tsql", "bigquery", "oracle"]),
)
def test_words_of_sql_in_any_order_raise_nothing(words: list[str], spoken: str) -> None:
    from sql_answers import answer

    answer(" ".join(words), spoken)
