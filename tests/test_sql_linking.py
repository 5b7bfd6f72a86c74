"""Runs that tell SQL and no columns: read against the schemas of their time, late ones too."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import permutations
from pathlib import Path

import pyarrow as pa
import pytest
import time_machine
from pyiceberg.catalog.sql import SqlCatalog
from pyiceberg.types import LongType

from small_lake import sqlite
from snapshots.errors import UnknownNameError
from snapshots.instant import Instant
from temporal_lineage.questions.walks.answer import LineageAnswer
from told_tables import Json, Shop, event, run_id


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    return Shop(tmp_path)


@pytest.fixture
def lake(shop: Shop) -> Iterator[SqlCatalog]:
    catalog = SqlCatalog("lake", uri=sqlite(shop.home), warehouse=f"file://{shop.lake}")
    catalog.create_namespace_if_not_exists("s")
    yield catalog
    catalog.close()


def run(
    shop: Shop,
    number: int,
    at: str,
    sql: str,
    *,
    reads: list[Json],
    writes: list[Json],
    dialect: str = "spark",
) -> None:
    """Tell a run of a minute, with its SQL."""
    begun = Instant.parse(at)
    ended = begun.plus(micros=60_000_000)
    facet = {"sql": {"_producer": "p", "_schemaURL": "s", "query": sql, "dialect": dialect}}
    told = [
        event("START", str(begun), number, reads=reads),
        event("COMPLETE", str(ended), number, reads=reads, writes=writes),
    ]
    for one in told:
        one["job"]["facets"] = facet
    shop.tell(*told)


def write(lake: SqlCatalog, name: str, at: str, *columns: str) -> None:
    """Make or append to an Iceberg table, at that time."""
    with time_machine.travel(at, tick=False):
        rows = pa.table({one: pa.array([1], pa.int64()) for one in columns})
        lake.create_table_if_not_exists(("s", name), schema=rows.schema).append(rows)


def alter(
    lake: SqlCatalog,
    name: str,
    at: str,
    *,
    rename: tuple[str, str] | None = None,
    drop: str | None = None,
    add: str | None = None,
) -> None:
    """Change an Iceberg table's schema, at that time."""
    with (
        time_machine.travel(at, tick=False),
        lake.load_table(("s", name)).update_schema(allow_incompatible_changes=True) as change,
    ):
        if rename is not None:
            change.rename_column(*rename)
        if drop is not None:
            change.delete_column(drop)
        if add is not None:
            change.add_column(add, LongType())


def pairs(answer: LineageAnswer) -> set[tuple[str, str]]:
    return {(edge.source, edge.target) for edge in answer.edges}


INSERT = "INSERT INTO s.out SELECT * FROM s.src WHERE b > 1"
TURNED = "INSERT INTO out SELECT b, a FROM src"


def test_a_star_means_the_columns_of_its_time(shop: Shop, lake: SqlCatalog) -> None:
    write(lake, "src", "2026-03-01T00:00Z", "a", "b")
    write(lake, "out", "2026-03-01T00:00Z", "x", "y")
    alter(lake, "src", "2026-05-01T00:00Z", rename=("a", "renamed"), add="c")
    shop.harvest(at="2026-09-01")

    run(shop, 1, "2026-04-01", INSERT, reads=[shop.told("src")], writes=[shop.told("out")])

    early = shop.session.upstream("lake.s.out#x", as_of="2026-04-02")
    assert pairs(early) == {
        ("lake.s.src#a", "lake.s.out#x"),
        ("lake.s.src#b", "lake.s.out#x"),  # the filter acts on every column
    }
    late = shop.session.upstream("lake.s.out#x", as_of="2026-06-01")
    assert pairs(late) == {
        ("lake.s.src#renamed", "lake.s.out#x"),
        ("lake.s.src#b", "lake.s.out#x"),
    }


def test_a_harvest_that_comes_late_brings_the_schema(shop: Shop, lake: SqlCatalog) -> None:
    write(lake, "src", "2026-03-01T00:00Z", "a", "b")
    write(lake, "out", "2026-03-01T00:00Z", "x", "y")
    run(shop, 1, "2026-04-01", INSERT, reads=[shop.told("src")], writes=[shop.told("out")])
    before = shop.session.upstream(f"dataset:file/{shop.path('out')}#*")
    assert {edge.source.rsplit("#", 1)[1] for edge in before.edges} == {"*", "b"}

    shop.harvest(at="2026-09-01")

    assert ("lake.s.src#a", "lake.s.out#x") in pairs(
        shop.session.upstream("lake.s.out#x", as_of="2026-04-02")
    )


def test_a_column_dropped_and_added_again_inherits_nothing(shop: Shop, lake: SqlCatalog) -> None:
    write(lake, "src", "2026-03-01T00:00Z", "a", "b")
    write(lake, "out", "2026-03-01T00:00Z", "x", "y")
    alter(lake, "src", "2026-05-01T00:00Z", drop="a")
    alter(lake, "src", "2026-05-02T00:00Z", add="a")
    shop.harvest(at="2026-09-01")
    run(
        shop,
        1,
        "2026-04-01",
        "INSERT INTO out (x) SELECT a FROM src",
        reads=[shop.told("src")],
        writes=[shop.told("out")],
    )

    answer = shop.session.upstream("lake.s.out#x", as_of="2026-06-01")

    assert {edge.source for edge in answer.edges} == {"lake.s.src@2026-03-01T00:00:00Z#a"}
    with pytest.raises(UnknownNameError, match=r"no column lineage of lake\.s\.src#a"):
        shop.session.downstream("lake.s.src#a", as_of="2026-06-01")


def test_a_pinned_read_is_named_by_the_schema_of_its_state(shop: Shop, lake: SqlCatalog) -> None:
    write(lake, "src", "2026-03-01T00:00Z", "a", "b")
    write(lake, "out", "2026-03-01T00:00Z", "x")
    old = lake.load_table("s.src").current_snapshot()
    assert old is not None
    alter(lake, "src", "2026-03-02T00:00Z", rename=("a", "renamed"))
    shop.harvest(at="2026-09-01")
    sql = f"INSERT INTO out SELECT a FROM src VERSION AS OF {old.snapshot_id}"

    run(shop, 1, "2026-04-01", sql, reads=[shop.told("src")], writes=[shop.told("out")])

    answer = shop.session.upstream("lake.s.out#x", as_of="2026-04-02")
    assert pairs(answer) == {("lake.s.src#renamed", "lake.s.out#x")}


def test_why_says_that_sql_told_it(shop: Shop) -> None:
    shop.commit("src", 0, "2026-03-01", "a", "b")
    shop.commit("out", 0, "2026-03-01", "x", "y")
    shop.harvest(at="2026-09-01")
    sql = "INSERT INTO out SELECT a, sha2(b, 256) FROM src"
    run(shop, 1, "2026-04-01", sql, reads=[shop.told("src")], writes=[shop.told("out")])
    (edge,) = shop.session.upstream("lake.s.out#y", as_of="2026-04-02").edges

    (why,) = shop.session.why(edge.edge, as_of="2026-04-02").reasons

    assert (why.method, why.grade) == ("DIRECT/TRANSFORMATION/MASKED", "by sql")


def test_columns_that_the_event_tells_win(shop: Shop) -> None:
    shop.commit("src", 0, "2026-03-01", "a", "b")
    shop.commit("out", 0, "2026-03-01", "x")
    shop.harvest(at="2026-09-01")
    field = {"namespace": "file", "name": str(shop.path("src")), "field": "b"}
    facet = {"_producer": "p", "_schemaURL": "s", "fields": {"x": {"inputFields": [field]}}}
    out = shop.told("out", None, columnLineage=facet)

    run(
        shop,
        1,
        "2026-04-01",
        "INSERT INTO out SELECT a FROM src",
        reads=[shop.told("src")],
        writes=[out],
    )

    assert pairs(shop.session.upstream("lake.s.out#x", as_of="2026-04-02")) == {
        ("lake.s.src#b", "lake.s.out#x")
    }


def test_a_query_alone_feeds_the_only_output(shop: Shop) -> None:
    shop.commit("src", 0, "2026-03-01", "a", "b")
    shop.commit("out", 0, "2026-03-01", "x")
    shop.harvest(at="2026-09-01")

    run(
        shop,
        1,
        "2026-04-01",
        "SELECT max(a) AS x FROM src",
        reads=[shop.told("src")],
        writes=[shop.told("out")],
        dialect="duckdb",
    )

    assert pairs(shop.session.upstream("lake.s.out#x", as_of="2026-04-02")) == {
        ("lake.s.src#a", "lake.s.out#x")
    }


def test_names_that_are_no_dataset_of_the_run_give_no_flow(shop: Shop) -> None:
    shop.commit("src", 0, "2026-03-01", "a")
    shop.commit("out", 0, "2026-03-01", "x", "y")
    shop.harvest(at="2026-09-01")
    sql = "INSERT INTO out SELECT s.a, o.a FROM src s JOIN elsewhere o ON s.a = o.a"

    run(shop, 1, "2026-04-01", sql, reads=[shop.told("src")], writes=[shop.told("out")])

    assert pairs(shop.session.upstream("lake.s.out#y", as_of="2026-04-02")) == {
        ("lake.s.src#a", "lake.s.out#y")  # it joins
    }


def test_sql_that_cannot_be_read_stops_nothing(shop: Shop) -> None:
    shop.commit("src", 0, "2026-03-01", "a")
    shop.commit("out", 0, "2026-03-01", "x")
    shop.harvest(at="2026-09-01")
    for number, sql in enumerate(("SELEC", "(" * 5000, "{{ ref('x') }}", "\x00", "")):
        run(shop, number, "2026-04-01", sql, reads=[shop.told("src")], writes=[shop.told("out")])

        assert shop.session.why(f"run:{run_id(number)}").reasons


def test_events_and_harvests_in_any_order_end_in_the_same_flows(tmp_path: Path) -> None:
    answers = []
    for n, order in enumerate(permutations(("harvest", "first", "second"))):
        shop = Shop(tmp_path / str(n))
        shop.commit("src", 0, "2026-03-01", "a", "b")
        shop.commit("out", 0, "2026-03-01", "x", "y")
        for step in order:
            if step == "harvest":
                shop.harvest(at="2026-09-01")
                continue
            number, sql = (1, INSERT) if step == "first" else (2, TURNED)
            run(
                shop,
                number,
                f"2026-04-0{number}",
                sql,
                reads=[shop.told("src")],
                writes=[shop.told("out")],
            )
        answers.append(
            {
                day: pairs(shop.session.upstream("lake.s.out#x", as_of=f"2026-04-{day}"))
                for day in ("01T12:00", "03")
            }
        )
    assert answers == [answers[0]] * len(answers)
    assert answers[0]["03"] == {("lake.s.src#b", "lake.s.out#x")}
