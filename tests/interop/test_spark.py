"""Spark with Iceberg, Delta and OpenLineage: what it wrote and read, against what we make of it."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from interop.jars import SPARK, lacking
from interop.java import find_java
from interop.project import Project
from interop.spark import EXPIRE, ICEBERG_WORK, delta_work, spark, vacuum
from snapshots.availability import Gone, LogTruncated
from snapshots.snapshot_log import Certainty

pytestmark = pytest.mark.interop

JAVA = 17


@dataclass(frozen=True)
class Lake:
    """What Spark left, and what it says of it; the project was harvested before and after."""

    project: Project
    counts: dict[int, int]
    versions: dict[int, tuple[str, int]]


@pytest.fixture(scope="module")
def lake(tmp_path_factory: pytest.TempPathFactory) -> Lake:
    """Let Spark work, harvest, let it expire and vacuum, and harvest again."""
    pytest.importorskip("pyspark", reason="pyspark is not installed; make interop installs it")
    absent, java = lacking(*SPARK), find_java(oldest=JAVA, newest=JAVA)
    if absent or java is None:
        pytest.skip(absent or f"Spark needs Java {JAVA}")
    folder = tmp_path_factory.mktemp("spark")
    deltas = folder / "delta"
    project = Project.begun(folder / "project")
    project.add_catalog("ice", {}, str(folder / "ice"))
    project.add_catalog("delta", {}, str(deltas))
    events = folder / "events.ndjson"
    transport = {"type": "file", "location": str(events)}
    with spark(folder, java=java, transport=transport) as session:
        for statement in (*ICEBERG_WORK, *delta_work(deltas)):
            session.sql(statement)
        listed = session.sql("SELECT snapshot_id FROM ice.shop.orders.snapshots").collect()
        counts = {
            row.snapshot_id: session.sql(
                f"SELECT * FROM ice.shop.orders VERSION AS OF {row.snapshot_id}"
            ).count()
            for row in listed
        }
        log = session.sql(f"DESCRIBE HISTORY delta.`{deltas}/orders`").collect()
        versions = {
            row.version: (row.operation, _count(session, f"{deltas}/orders", row.version))
            for row in log
        }
        project.tl("harvest")
        session.sql(EXPIRE)
        session.sql(vacuum(deltas))
    project.tl("harvest")
    project.tl("ingest", "openlineage", str(events))
    return Lake(project, counts, versions)


def _count(session: object, place: str, version: int) -> int:
    found = session.sql(f"SELECT * FROM delta.`{place}` VERSION AS OF {version}")  # type: ignore[attr-defined]
    return int(found.count())


def test_the_history_of_an_iceberg_table_outlives_its_expiry(lake: Lake) -> None:
    session = lake.project.session
    lines = session.log("ice.shop.orders").lines
    assert {one.snapshot_id for one in lines} == lake.counts.keys()
    assert [one.operation for one in lines] == [
        *("append", "append", "overwrite", "append", "replace", "overwrite")
    ]
    # The head and what tag and branch keep is still listed; the others are dated.
    assert [one.expired_at is not None for one in lines] == [True, True, False, False, True, False]
    assert session.at("ice.shop.orders@audited").snapshot_ids == (lines[2].snapshot_id,)
    assert session.at("ice.shop.orders@trial").snapshot_ids == (lines[3].snapshot_id,)
    for line in (lines[0], lines[1], lines[2], lines[4], lines[5]):
        then = session.at("ice.shop.orders", as_of=line.committed_at)
        assert (then.snapshot_ids, then.certainty) == ((line.snapshot_id,), Certainty.EXACT)


def test_the_rows_of_iceberg_states_are_those_that_spark_reads(lake: Lake) -> None:
    for line in lake.project.session.log("ice.shop.orders").lines:
        if line.expired_at is None:
            rows = lake.project.rows("ice.shop.orders", line.snapshot_id)
            assert len(rows) == lake.counts[line.snapshot_id], line.snapshot_id
    audited = lake.project.session.at("ice.shop.orders@audited").snapshot_ids[0]
    assert [tuple(row.values()) for row in lake.project.rows("ice.shop.orders", audited)] == [
        *((1, 1.0), (2, 20.0), (3, 3.0), (4, 4.0), (5, 5.0), (6, 6.0), (7, 7.0))
    ]


def test_the_history_of_a_delta_table_is_the_one_that_delta_tells(lake: Lake) -> None:
    lines = lake.project.session.log("delta.orders").lines
    told = {version: operation for version, (operation, _) in lake.versions.items()}
    found = {one.snapshot_id: one.operation for one in lines}
    assert {version: found[version] for version in told} == told
    later = [found[version] for version in sorted(found.keys() - told.keys())]
    assert later == ["VACUUM START", "VACUUM END"]


def test_the_rows_of_delta_states_are_those_that_spark_reads_or_refused(lake: Lake) -> None:
    table = lake.project.table("delta.orders")
    whole = []
    for version, (_, count) in lake.versions.items():
        state = table.state(version, kept=())
        assert not isinstance(state, Gone | LogTruncated)
        if not state.missing():
            whole.append(version)
            assert len(lake.project.rows("delta.orders", version)) == count, version
    # VACUUM left the files of the newest state, which are those of the one that was restored.
    assert {3, 4, 8} <= set(whole)
    assert 7 not in whole


def test_schemas_follow_renames_in_both_formats(lake: Lake) -> None:
    for table, last in (("ice.shop.orders", "added note"), ("delta.orders", "total to amount")):
        said = lake.project.tl("schema", "log", table)
        assert "renamed amount to total" in said
        assert last in said


@pytest.mark.parametrize("table", ["ice.shop", "delta"])
def test_the_links_hold_the_state_that_was_read(lake: Lake, table: str) -> None:
    """A candidate set has to hold the truth; an edge that is surer has to be it."""
    session = lake.project.session
    orders = session.log(f"{table}.orders").lines
    features = session.log(f"{table}.features").lines
    ids = [one.snapshot_id for one in orders]
    truth = [ids[4], ids[5]] if table == "ice.shop" else [6, 8]
    for line, read in zip(features, truth, strict=True):
        assert line.job is not None
        answer = lake.project.tl("upstream", f"{table}.features@{line.snapshot_id}")
        assert f"{table}.orders@{read} " in answer, answer


GRADES = {
    # What OpenLineage 1.53 lets be known of each commit of `orders` and `features`: the branch
    # insert repeats a report, an overwrite has none, and a procedure names no output.
    "ice.shop.orders": ("exact", "exact", "exact", "high", None, "high"),
    "ice.shop.features": ("exact", "exact"),
    "delta.orders": ("high", "high", "high", "inferred"),
}


@pytest.mark.parametrize("table", GRADES)
def test_each_commit_has_its_run_and_the_grade_that_the_events_allow(
    lake: Lake, table: str
) -> None:
    session = lake.project.session
    lines = session.log(table).lines
    for line, grade in zip(lines, GRADES[table], strict=False):
        reasons = session.why(f"{table}@{line.snapshot_id}").reasons
        assert [one.grade for one in reasons] == ([] if grade is None else [grade]), line


def test_what_iceberg_reports_read_is_exact_though_spark_rounds_it(lake: Lake) -> None:
    session = lake.project.session
    for line in session.log("ice.shop.features").lines:
        edges = session.upstream(f"ice.shop.features@{line.snapshot_id}", depth_max=1).edges
        assert {one.grade for one in edges} == {"exact"}, edges


def test_a_delta_merge_read_the_version_that_its_commit_was_made_on(lake: Lake) -> None:
    (edge,) = lake.project.session.upstream("delta.orders@3", depth_max=1).edges
    assert (edge.source, edge.target) == ("delta.orders@2", "delta.orders@3")
