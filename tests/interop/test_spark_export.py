"""Exports of a ledger, asked by real Spark: every row, and the walks as docs/ledger.md has them."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC
from itertools import islice
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from interop.jars import SPARK, SQLITE, lacking
from interop.java import find_java
from interop.project import Project
from interop.spark import spark
from snapshots.errors import TemporalLineageError
from snapshots.instant import Instant
from temporal_lineage.portable.exporting import LedgerExported
from temporal_lineage.session import Session
from transcripts import at_home, blocks, project, told_lake

pytestmark = pytest.mark.interop

JAVA = 17
PAGE = Path(__file__).resolve().parents[2] / "docs" / "ledger.md"
FIRST, LAST = Instant.parse("2026-09-01").micros, Instant.parse("2026-11-12").micros
KNOWN_FIRST = Instant.parse("2026-11-05T08:00Z").micros
QUESTIONS = 8


@dataclass(frozen=True)
class Exported:
    """The demo's ledger, its export as files and as tables, and a Spark session beside them."""

    ledger: Session
    told: LedgerExported
    folder: Path
    spark: Any


@pytest.fixture(scope="module")
def exported(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Exported]:
    """Export the ledger that the demo makes, and open both in a zone where UTC's days differ."""
    pytest.importorskip("pyspark", reason="pyspark is not installed; make interop installs it")
    absent, java = lacking(*SPARK, SQLITE), find_java(oldest=JAVA, newest=JAVA)
    if absent or java is None:
        pytest.skip(absent or f"Spark needs Java {JAVA}")
    told = told_lake(tmp_path_factory.getbasetemp())
    folder = tmp_path_factory.mktemp("exported")
    place = {"type": "sql", "uri": f"sqlite:///{folder}/own.db", "warehouse": f"{folder}/warehouse"}
    with at_home(told.home, now=None):
        here = Project(project(told, folder), {})
        here.add_catalog("own", place)
        here.tl("ledger", "export", "--iceberg", "own.lineage")
        answer = here.session.ledger_export(folder / "history", into="own.lineage")
        with spark(folder, java=java, transport=None) as session:
            for line in block("properties"):
                key, value = line.split()
                session.conf.set(key, value.replace("/home/ada/again", str(folder)))
            session.conf.set("spark.sql.session.timeZone", "America/New_York")
            yield Exported(here.session, answer, folder / "history", session)


@pytest.fixture(params=["files", "iceberg"])
def read(request: pytest.FixtureRequest, exported: Exported) -> Callable[[str], Any]:
    """Give what opens a table of the export: of the folder, or of the catalog."""
    if request.param == "files":
        return lambda name: exported.spark.read.parquet(f"{exported.folder}/{name}")
    return lambda name: exported.spark.table(f"own.lineage.{name}")


@pytest.fixture
def walks(exported: Exported, read: Callable[[str], Any]) -> dict[str, Any]:
    """Give the functions of the document, and the views that they ask."""
    for name in ("edges", "states", "contributions"):
        read(name).createOrReplaceTempView(name)
    named: dict[str, Any] = {}
    exec("\n".join(block("py")), named)  # noqa: S102 - it is the document's
    return named


def block(language: str) -> Sequence[str]:
    """Give the one block of that language in the document."""
    (found,) = blocks(PAGE.read_text(), language)
    return found


def points() -> Iterator[tuple[random.Random, Instant, Instant]]:
    drawn = random.Random(5)  # noqa: S311 - drawn the same each time
    for _ in range(QUESTIONS * 3):
        valid, system = drawn.randint(FIRST, LAST), drawn.randint(KNOWN_FIRST, LAST)
        yield drawn, Instant(valid), Instant(system)


def plain(table: pa.Table) -> list[str]:
    """Give the rows of a table in an order of their own, with times as microseconds in UTC."""
    columns = [
        column.cast(pa.timestamp("us", "UTC")).cast(pa.int64())
        if pa.types.is_timestamp(column.type)
        else column
        for column in table.columns
    ]
    return sorted(map(repr, pa.table(columns, names=table.column_names).to_pylist()))


def test_spark_reads_every_row_of_every_table(
    exported: Exported, read: Callable[[str], Any]
) -> None:
    for one in exported.told.tables:
        written = pq.read_table(exported.folder / one.table, partitioning=None)
        frame = read(one.table)
        assert frame.count() == one.rows == written.num_rows
        if one.rows:
            found = pa.Table.from_batches(frame._collect_as_arrow())
            assert plain(found) == plain(written), one.table


def test_what_has_no_beginning_or_end_comes_to_python_in_every_zone(
    exported: Exported, read: Callable[[str], Any]
) -> None:
    rows = read("attributes").selectExpr("min(valid_from)", "max(valid_to)").collect()
    assert [time.astimezone(UTC).date().isoformat() for time in rows[0]] == [
        "1900-01-01",
        "9999-12-31",
    ]


def test_spark_finds_the_export_before_by_its_time(exported: Exported) -> None:
    history = exported.spark.table("own.lineage.edges.history").orderBy("made_current_at")
    first, last = [one.made_current_at for one in history.collect()]
    edges = {one.table: one.rows for one in exported.told.tables}["edges"]
    for time in (first, last):
        # Spark takes a time without a zone in the session's.
        sql = f"SELECT * FROM own.lineage.edges FOR TIMESTAMP AS OF '{time.astimezone(UTC)}'"
        assert exported.spark.sql(sql).count() == edges


def test_a_walk_by_flows_in_spark_finds_the_names_that_upstream_does(
    exported: Exported, walks: dict[str, Any]
) -> None:
    names = [row.dataset for row in exported.spark.table("own.lineage.datasets").collect()]
    met = set()
    for drawn, as_of, as_known in islice(points(), QUESTIONS):
        dataset = drawn.choice(sorted(names))
        answer = exported.ledger.upstream_names(dataset, as_of=as_of, as_known=as_known)
        point = {"as_of": str(as_of), "as_known": str(as_known)}
        rows = walks["names"](exported.spark, dataset=dataset, **point).collect()
        found = [row.source_dataset for row in rows]
        assert found == [one.dataset for one in answer.datasets], (dataset, point)
        met.update(found)
    assert len(met) > 5


def test_a_walk_by_states_in_spark_finds_the_edges_that_upstream_does(
    exported: Exported, walks: dict[str, Any]
) -> None:
    rows = exported.spark.sql(
        "SELECT state_dataset, state_name FROM states UNION"
        " SELECT target_dataset, target_name FROM edges WHERE kind = 'edge'"
    ).collect()
    states = sorted((row.state_dataset, row.state_name) for row in rows)
    met: set[tuple[str, str]] = set()
    asked = 0
    for drawn, as_of, as_known in points():
        dataset, version = drawn.choice(states)
        try:
            answer = exported.ledger.upstream(
                f"{dataset}@{version}", as_of=as_of, as_known=as_known, depth_max=100
            )
        except TemporalLineageError:
            continue  # the state was not there yet, and then there is no answer to compare
        point = {"as_of": str(as_of), "as_known": str(as_known)}
        found = walks["exact"](exported.spark, dataset=dataset, version=version, **point).collect()
        edges = {(f"edge:{row.edge_id}", row.grade) for row in found}
        assert edges == {(one.edge, one.grade) for one in answer.edges}, (dataset, version, point)
        met |= edges
        asked += 1
        if asked == QUESTIONS:
            break
    assert len(met) > 5
