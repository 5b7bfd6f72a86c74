"""Engines: which program made a commit, or ran a run, as far as it says."""

from __future__ import annotations

from enum import StrEnum

from snapshots.snapshot import Snapshot
from temporal_lineage.capture.openlineage_events import KeyKind
from temporal_lineage.evidence.commit_signs import engine_keys


class Engine(StrEnum):
    """The programs that are told apart; settings to be changed are those of one of them."""

    SPARK = "spark"
    FLINK = "flink"
    TRINO = "trino"
    DATABRICKS = "databricks"
    KAFKA_CONNECT = "kafka-connect"
    DELTA_RS = "delta-rs"
    PYICEBERG = "pyiceberg"
    DBT = "dbt"
    AIRFLOW = "airflow"
    UNNAMED = "unnamed"
    """It did not say. Of Iceberg, pyiceberg and other libraries without an engine are silent."""


_BY_KEY = {
    KeyKind.SPARK_APPLICATION: Engine.SPARK,
    KeyKind.FLINK_JOB: Engine.FLINK,
    KeyKind.TRINO_QUERY: Engine.TRINO,
    KeyKind.KAFKA_CONNECT_COMMIT: Engine.KAFKA_CONNECT,
    KeyKind.DATABRICKS_RUN: Engine.DATABRICKS,
    KeyKind.DATABRICKS_JOB: Engine.DATABRICKS,
    KeyKind.DATABRICKS_NOTEBOOK: Engine.DATABRICKS,
    KeyKind.DATABRICKS_CLUSTER: Engine.DATABRICKS,
}
_WORDS = (
    *((word, Engine.DELTA_RS) for word in ("delta-rs", "delta.rs", "deltalake")),
    *(
        (one.value, one)
        for one in (
            *(Engine.DATABRICKS, Engine.KAFKA_CONNECT, Engine.TRINO, Engine.FLINK),
            *(Engine.PYICEBERG, Engine.DBT, Engine.AIRFLOW, Engine.SPARK),
        )
    ),
)
_TOLD_IN = ("engine-name", "engineInfo", "clientVersion", "iceberg-version", "pyiceberg-version")


def engine_of_commit(snapshot: Snapshot) -> Engine:
    """Say which program made a commit, by its keys and by what it calls itself."""
    found = sorted(_BY_KEY[key.kind] for key in engine_keys(snapshot) if key.kind in _BY_KEY)
    if found:
        return found[0]
    return _named(" ".join(snapshot.summary.get(key, "") for key in _TOLD_IN))


def engine_of_run(engine: str | None, producer: str | None) -> Engine:
    """Say which program ran a run: what it calls itself, or who told of it."""
    named = _named(engine or "")
    return _named(producer or "") if named is Engine.UNNAMED else named


def _named(text: str) -> Engine:
    text = text.casefold()
    return next((engine for word, engine in _WORDS if word in text), Engine.UNNAMED)
