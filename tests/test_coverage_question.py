"""Coverage: each commit is counted once, what is open is named, and advice is to the point."""

from __future__ import annotations

from pathlib import Path

import pytest

from snapshots.errors import UnknownNameError
from snapshots.instant import Instant
from snapshots.snapshot import CommitCounts, Effect, Snapshot
from temporal_lineage.evidence.engines import Engine, engine_of_commit, engine_of_run
from told_tables import Shop, dataset, event, run_id

SPARK = {"engineInfo": "Apache-Spark/3.5.9 Delta-Lake/3.3.2"}


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    """A stamped commit, a told one, one of Spark that nobody told of, and a phantom output."""
    shop = Shop(tmp_path)
    shop.commit("t", 0, "2026-09-01", **{"temporal_lineage.run-id": run_id(1)})
    shop.commit("t", 1, "2026-09-02T10:00:05Z", **SPARK)
    shop.commit("t", 2, "2026-09-03", **SPARK)
    shop.table("quiet", "2026-09-01")
    shop.harvest(at="2026-09-04")
    shop.tell(
        event("COMPLETE", "2026-09-01", 1, "first", writes=[shop.told("t")]),
        event("START", "2026-09-02T10:00:00Z", 2, "load"),
        event("COMPLETE", "2026-09-02T10:00:10Z", 2, "load", writes=[shop.told("t", "1")]),
        event("START", "2026-09-02T20:00:00Z", 3, "lost"),
        event("COMPLETE", "2026-09-02T20:01:00Z", 3, "lost", writes=[shop.told("t")]),
        event("START", "2026-08-01T20:00:00Z", 4, "early", reads=[shop.told("t")]),
        event("COMPLETE", "2026-08-01T20:01:00Z", 4, "early", writes=[dataset("s3://b", "x")]),
    )
    return shop


def test_every_commit_is_counted_once_by_how_it_is_explained(shop: Shop) -> None:
    quiet, table = shop.session.coverage().tables
    assert (quiet.dataset, quiet.commits, quiet.orphans) == ("lake.s.quiet", 1, 1)
    assert (table.commits, table.exact, table.high, table.orphans) == (3, 1, 1, 1)
    spark, unnamed = sorted(shop.session.coverage().engines, key=lambda one: one.engine)
    assert (spark.engine, spark.commits, spark.explained, spark.orphans) == ("spark", 2, 1, 1)
    assert (unnamed.commits, unnamed.explained, unnamed.orphans) == (2, 1, 1)


def test_what_is_open_is_named(shop: Shop) -> None:
    answer = shop.session.coverage()
    assert [one.commit for one in answer.orphans] == ["lake.s.t@2", "lake.s.quiet@0"]
    assert [(one.run, one.dataset) for one in answer.phantoms] == [(run_id(3), "lake.s.t")]
    assert [(one.run, one.dataset) for one in answer.unversioned] == [(run_id(4), "lake.s.t")]
    assert [(one.dataset, one.runs) for one in answer.unresolved] == [("dataset:s3://b/x", 1)]


def test_the_advice_is_for_the_engines_that_left_commits_open(shop: Shop) -> None:
    advice = shop.session.coverage().advice
    settings = [line for one in advice if one.engine == "spark" for line in one.settings]
    assert "spark.extraListeners=io.openlineage.spark.agent.OpenLineageSparkListener" in settings
    assert not [one for one in advice if one.engine in ("flink", "trino")]
    assert [one.gap for one in advice if one.engine == "any"] == ["names that no harvest knows"]


def test_coverage_is_of_a_scope_and_as_it_was_then(shop: Shop) -> None:
    (table,) = shop.session.coverage("lake.s.t").tables
    assert table.dataset == "lake.s.t"
    assert len(shop.session.coverage("lake").tables) == 2
    (early,) = shop.session.coverage("lake.s.t", as_of="2026-09-02T12:00Z").tables
    assert (early.commits, early.orphans) == (2, 0)
    with pytest.raises(UnknownNameError, match="or catalog lak; nearest: lake,"):
        shop.session.coverage("lak")
    with pytest.raises(UnknownNameError, match=r"nearest: lake\.s\.t, lake\.s,"):
        shop.session.coverage("lake.s.tt")


@pytest.mark.parametrize(
    ("summary", "engine"),
    [
        ({"spark.app.id": "local-1", "engine-name": "spark"}, Engine.SPARK),
        ({"flink.job-id": "f"}, Engine.FLINK),
        ({"trino_query_id": "q"}, Engine.TRINO),
        ({"kafka.connect.commit-id": "k"}, Engine.KAFKA_CONNECT),
        ({"clusterId": "c", "engineInfo": "Databricks-Runtime/14.3"}, Engine.DATABRICKS),
        ({"engineInfo": "delta-rs:py-1.2.0"}, Engine.DELTA_RS),
        ({"clientVersion": "delta-rs.0.30"}, Engine.DELTA_RS),
        ({"engineInfo": "Apache-Spark/3.5.9 Delta-Lake/3.3.2"}, Engine.SPARK),
        ({"operation": "append"}, Engine.UNNAMED),
    ],
)
def test_an_engine_is_known_by_its_keys_and_by_what_it_calls_itself(
    summary: dict[str, str], engine: Engine
) -> None:
    counts = CommitCounts(None, None, None, None, None, None)
    made = Snapshot(1, None, 1, Instant(0), "append", Effect.APPEND, 0, counts, summary)
    assert engine_of_commit(made) is engine


def test_a_run_is_of_its_engine_or_of_who_told_of_it() -> None:
    airflow = "https://github.com/apache/airflow/tree/providers-openlineage/2.7.0"
    assert engine_of_run("spark 3.5.9", airflow) is Engine.SPARK
    assert engine_of_run(None, airflow) is Engine.AIRFLOW
    assert engine_of_run(None, None) is Engine.UNNAMED
