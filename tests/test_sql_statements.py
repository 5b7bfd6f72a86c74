"""Statements beyond INSERT and SELECT: what moves in them, and what is said not to be followed."""

from __future__ import annotations

import pytest

from sql_answers import answer, columns, only, rows


def test_on_conflict_sets_from_the_row_that_was_proposed_or_is_there() -> None:
    told = only(
        "INSERT INTO t (a, b) SELECT x, y FROM s ON CONFLICT (a) DO UPDATE"
        " SET b = excluded.b, c = t.c + excluded.a WHERE t.open",
        "postgres",
    )
    assert columns(told) == {
        "a": ["s.x IDENTITY"],
        "b": ["s.y IDENTITY"],
        "c": ["s.x TRANSFORMATION", "t.c TRANSFORMATION"],
    }
    assert rows(told) == ["t.open FILTER"]


def test_on_duplicate_key_takes_the_values_that_were_proposed() -> None:
    text = (
        "INSERT INTO t (a, b) SELECT x, y FROM s"
        " ON DUPLICATE KEY UPDATE b = VALUES(a), c = c + 1, d = VALUES(b) + b"
    )
    assert columns(only(text, "mysql")) == {
        "a": ["s.x IDENTITY"],
        "b": ["s.x IDENTITY", "s.y IDENTITY"],
        "c": ["t.c TRANSFORMATION"],
        "d": ["s.y TRANSFORMATION", "t.b TRANSFORMATION"],
    }


def test_replace_into_is_an_insert() -> None:
    told = only("REPLACE INTO t (a) SELECT x FROM s", "mysql")
    assert (told.kind, columns(told)) == ("INSERT", {"a": ["s.x IDENTITY"]})


@pytest.mark.parametrize(
    ("spoken", "text"),
    [
        ("redshift", "UNLOAD ('select a from t where b = ''x''') TO 's3://out/'"),
        ("athena", "UNLOAD (SELECT a FROM t WHERE b = 'x') TO 's3://out/' WITH (format = 'ORC')"),
        ("duckdb", "COPY (SELECT a FROM t WHERE b = 'x') TO 's3://out/'"),
    ],
)
def test_a_query_that_is_written_to_files_feeds_them(spoken: str, text: str) -> None:
    told = only(text, spoken)
    assert [str(write.place) for write in told.writes] == ["s3://out/"]
    assert columns(told) == {"a": ["t.a IDENTITY"]}
    assert rows(told) == ["t.b FILTER"]


def test_each_when_of_insert_first_filters_its_own_rows() -> None:
    told = only("INSERT FIRST WHEN a > 1 THEN INTO x (p) VALUES (b) SELECT a, b FROM s", "oracle")
    assert columns(told) == {"p": ["s.b IDENTITY"]}
    assert rows(told) == ["s.a FILTER"]


def test_hive_inserts_into_several_tables_from_one() -> None:
    told = only("FROM s INSERT INTO TABLE x SELECT a WHERE c INSERT INTO TABLE y SELECT b", "hive")
    assert [(str(one.place), [column.name for column in one.columns]) for one in told.writes] == [
        ("x", ["a"]),
        ("y", ["b"]),
    ]


def test_a_clickhouse_view_writes_the_table_it_is_for() -> None:
    told = only("CREATE MATERIALIZED VIEW mv TO dest AS SELECT a FROM src", "clickhouse")
    assert [str(write.place) for write in told.writes] == ["mv", "dest"]
    assert columns(told) == {"a": ["src.a IDENTITY"]}


def test_a_function_of_the_whole_row_takes_all_columns_and_count_none() -> None:
    tables = {"t": ["a", "b"]}
    told = only("SELECT object_construct(*) AS o, count(*) AS n FROM t", "snowflake", tables)
    assert columns(told) == {"o": ["t.a TRANSFORMATION", "t.b TRANSFORMATION"], "n": []}


@pytest.mark.parametrize(
    ("spoken", "text", "doubt"),
    [
        ("duckdb", "SELECT COLUMNS('x.*') FROM t", "COLUMNS() picks depends on their names"),
        ("duckdb", "PIVOT t ON y USING sum(x)", "PIVOT makes are not known"),
        ("snowflake", "SELECT * FROM TABLE(RESULT_SCAN(LAST_QUERY_ID()))", "another statement"),
        ("snowflake", "CALL p(1)", "what CALL p(1) reads and writes is not in the text"),
        ("postgres", "SELECT * FROM a NATURAL JOIN b", "NATURAL join of tables"),
    ],
)
def test_what_only_a_run_could_tell_is_doubted(spoken: str, text: str, doubt: str) -> None:
    (statement,) = answer(text, spoken).read
    assert any(doubt in one for one in statement.doubts)


@pytest.mark.parametrize(
    "text", ["DROP TABLE t", "TRUNCATE TABLE t", "ALTER TABLE t ADD COLUMN c INT"]
)
def test_a_change_without_rows_writes_the_table_and_no_column(text: str) -> None:
    (write,) = only(text, "postgres").writes
    assert (str(write.place), write.columns) == ("t", ())


def test_create_like_looks_at_a_table_and_takes_no_row() -> None:
    told = only("CREATE TABLE a LIKE b", "spark")
    assert [str(read) for read in told.reads] == ["b"]
    assert columns(told) == {}
