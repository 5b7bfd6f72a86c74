"""SQL over an export answers as the program does: the queries of docs/ledger.md, at many points."""

from __future__ import annotations

import ast
import random
from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest

from snapshots.errors import TemporalLineageError
from snapshots.instant import Instant
from temporal_lineage.session import Session, open_session
from transcripts import Told, at_home, blocks, told_lake

PAGE = Path(__file__).resolve().parent.parent / "docs" / "ledger.md"
FIRST, LAST = Instant.parse("2026-09-01").micros, Instant.parse("2026-11-12").micros
KNOWN_FIRST = Instant.parse("2026-11-05T08:00Z").micros
QUESTIONS = 150


@pytest.fixture(scope="module")
def session(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Session]:
    told: Told = told_lake(tmp_path_factory.getbasetemp())
    with at_home(told.home):
        yield open_session(told.lake.root / ".temporal-lineage" / "ledger.db")


@pytest.fixture(scope="module")
def lake(
    session: Session, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[duckdb.DuckDBPyConnection]:
    out = tmp_path_factory.mktemp("exported") / "history"
    session.ledger_export(out)
    with duckdb.connect() as connection:
        for table in ("edges", "states", "contributions", "datasets"):
            connection.execute(f"CREATE TABLE {table} AS FROM '{out}/{table}/*.parquet'")
        yield connection


def query(name: str) -> str:
    """Give the text of a query as the document has it."""
    assigned = [
        node
        for block in blocks(PAGE.read_text(), "python")
        for node in ast.parse("\n".join(block)).body
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == name
    ]
    text: str = ast.literal_eval(assigned[0].value)
    return text


def points() -> Iterator[tuple[random.Random, Instant, Instant]]:
    drawn = random.Random(11)  # noqa: S311 - drawn the same each time
    for _ in range(QUESTIONS):
        valid, system = drawn.randint(FIRST, LAST), drawn.randint(KNOWN_FIRST, LAST)
        yield drawn, Instant(valid), Instant(system)


def test_a_walk_by_flows_finds_the_names_that_upstream_does(
    session: Session, lake: duckdb.DuckDBPyConnection
) -> None:
    names = [name for (name,) in lake.execute("SELECT dataset FROM datasets ORDER BY 1").fetchall()]
    sql, met = query("NAMES"), set()
    for drawn, as_of, as_known in points():
        asked = {"as_of": str(as_of), "as_known": str(as_known), "dataset": drawn.choice(names)}
        answer = session.upstream_names(asked["dataset"], as_of=as_of, as_known=as_known)
        found = [name for (name,) in lake.execute(sql, asked).fetchall()]
        assert found == [one.dataset for one in answer.datasets], asked
        met.update(found)
    assert len(met) > 5


def test_a_walk_by_states_finds_the_edges_that_upstream_does(
    session: Session, lake: duckdb.DuckDBPyConnection
) -> None:
    states = lake.execute(
        "SELECT state_dataset, state_name FROM states UNION"
        " SELECT target_dataset, target_name FROM edges WHERE kind = 'edge' ORDER BY ALL"
    ).fetchall()
    sql, met, refused = query("EXACT"), set(), 0
    for drawn, as_of, as_known in points():
        dataset, version = drawn.choice(states)
        point = {"as_of": str(as_of), "as_known": str(as_known)}
        try:
            answer = session.upstream(
                f"{dataset}@{version}", as_of=as_of, as_known=as_known, depth_max=100
            )
        except TemporalLineageError:
            refused += 1  # the state was not there yet, and then there is no answer to compare
            continue
        rows = lake.execute(sql, {**point, "dataset": dataset, "version": version}).fetchall()
        found = {(f"edge:{row[0]}", row[5]) for row in rows}
        assert found == {(edge.edge, edge.grade) for edge in answer.edges}, (
            dataset,
            version,
            point,
        )
        met.update(found)
    assert len(met) > 50
    assert refused < QUESTIONS * 2 / 3
