"""SQL lineage: what each construct of a query says of columns, rows, tables and states."""

from __future__ import annotations

import pytest

from sql_answers import answer, columns, only, rows

ORDERS = {"orders": ["id", "customer", "amount", "day"], "people": ["id", "name", "email"]}


def test_values_arrive_as_they_are_changed_or_gathered() -> None:
    told = only("SELECT id, amount * 2 AS twice, sum(amount) AS total FROM orders", "", ORDERS)
    assert columns(told) == {
        "id": ["orders.id IDENTITY"],
        "twice": ["orders.amount TRANSFORMATION"],
        "total": ["orders.amount AGGREGATION"],
    }


def test_what_only_decides_is_indirect() -> None:
    told = only(
        "SELECT CASE WHEN day > 1 THEN amount ELSE 0 END AS late, "
        "rank() OVER (PARTITION BY customer ORDER BY day) AS place FROM orders",
        "",
        ORDERS,
    )
    assert columns(told) == {
        "late": ["orders.amount IDENTITY", "orders.day CONDITIONAL"],
        "place": ["orders.customer WINDOW", "orders.day WINDOW"],
    }


def test_rows_are_decided_by_filters_joins_groups_and_sorting() -> None:
    told = only(
        "SELECT p.name, count(*) AS n FROM orders o JOIN people p ON o.customer = p.id "
        "WHERE o.day > 1 GROUP BY p.name HAVING max(o.amount) > 5 ORDER BY n, 1",
        "",
        ORDERS,
    )
    assert columns(told) == {"name": ["people.name IDENTITY"], "n": []}
    assert rows(told) == [
        "orders.amount FILTER",
        "orders.customer JOIN",
        "orders.day FILTER",
        "people.id JOIN",
        "people.name GROUP_BY",
        "people.name SORT",
    ]


def test_a_hash_masks_and_stays_masked() -> None:
    told = only("SELECT max(h) AS h FROM (SELECT sha2(email, 256) AS h FROM people) x", "spark")
    assert columns(told) == {"h": ["people.email AGGREGATION masked"]}


def test_a_star_follows_the_schema_with_its_exceptions() -> None:
    told = only(
        "SELECT * EXCLUDE (day) REPLACE (amount / 100 AS amount) RENAME (id AS no) FROM orders",
        "snowflake",
        ORDERS,
    )
    assert columns(told) == {
        "no": ["orders.id IDENTITY"],
        "customer": ["orders.customer IDENTITY"],
        "amount": ["orders.amount TRANSFORMATION"],
    }


def test_a_star_without_a_schema_stays_a_star() -> None:
    told = only("INSERT INTO copy SELECT * FROM orders")
    assert columns(told) == {"*": ["orders.* IDENTITY"]}
    assert told.doubts == ("the columns of copy are not known; the query's names stand for them",)


def test_insert_goes_by_position_where_the_target_is_known() -> None:
    told = only("INSERT INTO t SELECT b, a FROM s", "", {"t": ["a", "b"], "s": ["a", "b"]})
    assert columns(told) == {"a": ["s.b IDENTITY"], "b": ["s.a IDENTITY"]}


def test_insert_by_name_goes_by_name() -> None:
    tables = {"t": ["a", "b"], "s": ["a", "b"]}
    told = only("INSERT INTO t BY NAME SELECT b, a FROM s", "duckdb", tables)
    assert columns(told) == {"a": ["s.a IDENTITY"], "b": ["s.b IDENTITY"]}


def test_merge_with_stars_matches_names() -> None:
    told = only(
        "MERGE INTO t USING s ON t.id = s.id WHEN MATCHED AND s.gone THEN DELETE "
        "WHEN MATCHED THEN UPDATE SET * WHEN NOT MATCHED THEN INSERT *",
        "spark",
        {"t": ["id", "v"], "s": ["id", "gone", "v"]},
    )
    assert told.kind == "MERGE"
    assert columns(told) == {"id": ["s.id IDENTITY"], "v": ["s.v IDENTITY"]}
    assert rows(told) == ["s.gone FILTER", "s.id JOIN", "t.id JOIN"]


def test_an_ambiguous_name_says_between_which_tables() -> None:
    told = only("SELECT x FROM a JOIN b ON a.i = b.i")
    assert columns(told) == {"x": ["x (of a or b) IDENTITY"]}


def test_a_name_that_only_one_table_has_is_found() -> None:
    told = only("SELECT name FROM orders JOIN people ON customer = people.id", "", ORDERS)
    assert columns(told) == {"name": ["people.name IDENTITY"]}


def test_a_correlated_subquery_reaches_the_query_around_it() -> None:
    told = only(
        "SELECT (SELECT max(amount) FROM orders WHERE customer = p.id) AS most FROM people p",
        "",
        ORDERS,
    )
    assert columns(told) == {
        "most": ["orders.amount AGGREGATION", "orders.customer FILTER", "people.id FILTER"]
    }


def test_recursion_ends_and_keeps_all_it_met() -> None:
    told = only(
        "WITH RECURSIVE up(id, top) AS (SELECT id, boss FROM e UNION ALL "
        "SELECT e.id, up.top FROM e JOIN up ON e.boss = up.id) SELECT * FROM up",
        "postgres",
        {"e": ["id", "boss"]},
    )
    assert columns(told) == {"id": ["e.id IDENTITY"], "top": ["e.boss IDENTITY"]}


def test_a_union_lays_columns_over_each_other_by_place() -> None:
    told = only("SELECT a, b FROM s UNION ALL SELECT d, c FROM t")
    assert columns(told) == {
        "a": ["s.a IDENTITY", "t.d IDENTITY"],
        "b": ["s.b IDENTITY", "t.c IDENTITY"],
    }


def test_what_except_takes_away_does_not_arrive() -> None:
    told = only("SELECT a FROM s EXCEPT SELECT b FROM t")
    assert columns(told) == {"a": ["s.a IDENTITY"]}
    assert "t.b FILTER" in rows(told)


def test_using_makes_one_column_of_two() -> None:
    tables = {"a": ["x", "id"], "b": ["id", "y"]}
    told = only("SELECT * FROM a JOIN b USING (id)", "postgres", tables)
    assert list(columns(told)) == ["id", "x", "y"]
    assert columns(told)["id"] == ["a.id IDENTITY", "b.id IDENTITY"]
    assert list(columns(only("SELECT * FROM a JOIN b USING (id)", "duckdb", tables))) == [
        "x",
        "id",
        "y",
    ]


def test_a_semi_join_decides_and_gives_nothing() -> None:
    told = only("SELECT * FROM a LEFT SEMI JOIN b ON a.i = b.i", "spark", {"a": ["i"]})
    assert columns(told) == {"i": ["a.i IDENTITY"]}
    assert rows(told) == ["a.i JOIN", "b.i JOIN"]


@pytest.mark.parametrize(
    ("spoken", "text"),
    [
        ("spark", "SELECT tag FROM posts LATERAL VIEW explode(tags) t AS tag"),
        ("bigquery", "SELECT tag FROM posts, UNNEST(tags) AS tag"),
        ("bigquery", "SELECT tag FROM posts p, p.tags AS tag"),
        ("trino", "SELECT tag FROM posts CROSS JOIN UNNEST(tags) AS t (tag)"),
        ("snowflake", "SELECT t.value AS tag FROM posts, LATERAL FLATTEN(input => posts.tags) t"),
        ("clickhouse", "SELECT tag FROM posts ARRAY JOIN tags AS tag"),
    ],
)
def test_elements_come_from_the_array(spoken: str, text: str) -> None:
    told = only(text, spoken, {"posts": ["id", "tags"]})
    assert columns(told) == {"tag": ["posts.tags TRANSFORMATION"]}


def test_a_field_of_a_struct_is_that_field() -> None:
    told = only("SELECT p.home.city, home.street AS s FROM people p", "spark", {"people": ["home"]})
    assert columns(told) == {
        "city": ["people.home.city IDENTITY"],
        "s": ["people.home.street IDENTITY"],
    }


def test_a_parameter_of_a_lambda_is_no_column() -> None:
    told = only("SELECT transform(tags, t -> t || id) AS x FROM posts", "spark")
    assert columns(told) == {"x": ["posts.id TRANSFORMATION", "posts.tags TRANSFORMATION"]}


def test_pivot_gathers_and_unpivot_spreads() -> None:
    told = only(
        "SELECT * FROM sales PIVOT (SUM(amount) FOR kind IN ('a', 'b'))",
        "spark",
        {"sales": ["day", "kind", "amount"]},
    )
    made = ["sales.amount AGGREGATION", "sales.kind CONDITIONAL"]
    assert columns(told) == {"day": ["sales.day IDENTITY"], "a": made, "b": made}
    told = only("SELECT * FROM m UNPIVOT (v FOR n IN (x, y))", "spark", {"m": ["id", "x", "y"]})
    assert columns(told) == {
        "id": ["m.id IDENTITY"],
        "n": [],
        "v": ["m.x IDENTITY", "m.y IDENTITY"],
    }


def test_names_are_compared_as_the_engine_compares_them() -> None:
    tables = {"t": ["Id", "id"]}
    assert columns(only('SELECT "Id" AS x FROM t', "postgres", tables)) == {"x": ["t.Id IDENTITY"]}
    assert columns(only("SELECT ID AS x FROM t", "postgres", tables)) == {"x": ["t.id IDENTITY"]}
    assert columns(only("SELECT ID AS x FROM t", "snowflake", {"t": ["id"]})) == {
        "x": ["t.id IDENTITY"]
    }


def test_an_alias_in_the_list_is_used_where_the_engine_allows_it() -> None:
    text = "SELECT a AS b, b + 1 AS c FROM t"
    assert columns(only(text, "postgres"))["c"] == ["t.b TRANSFORMATION"]
    told = only(text, "snowflake")
    assert columns(told)["c"] == ["t.a TRANSFORMATION"]
    assert told.doubts == ("b is taken for the column of that alias, not one of FROM",)
    assert columns(only(text, "snowflake", {"t": ["a", "b"]}))["c"] == ["t.b TRANSFORMATION"]


def test_a_temporary_table_is_seen_through() -> None:
    script = answer(
        "CREATE TEMP TABLE s AS SELECT a, b FROM base WHERE c; INSERT INTO real SELECT a FROM s",
        "postgres",
        {"real": ["x"]},
    )
    assert columns(script.read[1]) == {"x": ["base.a IDENTITY"]}
    assert [str(one) for one in script.temporary] == ["s"]


def test_names_after_use_are_inside_that_database() -> None:
    script = answer("USE lake.raw; INSERT INTO b SELECT x FROM a", "spark")
    (write,) = script.read[1].writes
    assert str(write.place) == "lake.raw.b"
    assert [str(read) for read in script.read[1].reads] == ["lake.raw.a"]


def test_update_and_delete_of_an_alias_mean_its_table() -> None:
    told = only("UPDATE x SET x.c += s.c FROM t1 x JOIN t2 s ON x.id = s.id", "tsql")
    assert [str(write.place) for write in told.writes] == ["t1"]
    assert [str(read) for read in told.reads] == ["t2"]
    assert columns(told) == {"c": ["t1.c TRANSFORMATION", "t2.c TRANSFORMATION"]}
    told = only("DELETE a FROM t1 a JOIN t2 b ON a.id = b.id", "mysql")
    assert [str(write.place) for write in told.writes] == ["t1"]


def test_a_rename_keeps_the_schema_of_the_name() -> None:
    told = only("ALTER TABLE lake.a RENAME TO b", "postgres")
    assert [(str(one.before), str(one.after)) for one in told.renames] == [("lake.a", "lake.b")]
