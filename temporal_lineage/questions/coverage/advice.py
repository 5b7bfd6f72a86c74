"""Advice: what to change in an engine's configuration so that its gaps close."""

from __future__ import annotations

from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass

from snapshots.dataset import TableFormat
from temporal_lineage.evidence.engines import Engine


@dataclass(frozen=True, slots=True)
class Advice:
    """What would close a kind of gap; `settings` are to be typed as they stand."""

    engine: str
    gap: str
    what: str
    settings: tuple[str, ...]


EVENTS = {
    Engine.SPARK: (
        "let Spark tell of its runs: add io.openlineage:openlineage-spark to spark.jars.packages",
        (
            "spark.extraListeners=io.openlineage.spark.agent.OpenLineageSparkListener",
            "spark.openlineage.transport.type=http",
            "spark.openlineage.transport.url=http://HOST:PORT",
        ),
    ),
    Engine.DATABRICKS: (
        "install the OpenLineage Spark listener by an init script of the cluster",
        (
            "spark.extraListeners io.openlineage.spark.agent.OpenLineageSparkListener",
            "spark.openlineage.transport.type http",
            "spark.openlineage.transport.url http://HOST:PORT",
        ),
    ),
    Engine.FLINK: (
        "let Flink 2 tell of its jobs: put openlineage-flink into lib/",
        (
            (
                "execution.job-status-changed-listeners:"
                " io.openlineage.flink.listener.OpenLineageJobStatusChangedListenerFactory"
            ),
            "openlineage.transport.type: http",
            "openlineage.transport.url: http://HOST:PORT",
        ),
    ),
    Engine.TRINO: (
        "let Trino tell of its queries: a file named in event-listener.config-files",
        (
            "event-listener.name=openlineage",
            "openlineage-event-listener.trino.uri=http://TRINO:8080",
            "openlineage-event-listener.transport.type=HTTP",
            "openlineage-event-listener.transport.url=http://HOST:PORT",
        ),
    ),
    Engine.DBT: (
        "run dbt through its OpenLineage wrapper, or take its artifacts in",
        ("OPENLINEAGE_URL=http://HOST:PORT dbt-ol run", "tl ingest dbt target/"),
    ),
    Engine.AIRFLOW: (
        "let Airflow tell of its tasks: install apache-airflow-providers-openlineage",
        ("""AIRFLOW__OPENLINEAGE__TRANSPORT='{"type": "http", "url": "http://HOST:PORT"}'""",),
    ),
}
"""How each engine comes to send events; HOST:PORT is where `tl serve` listens."""

STAMPS = {
    Engine.SPARK: (
        "stamp commits with the run's id",
        (
            'Iceberg: df.writeTo(t).option("snapshot-property.temporal_lineage.run-id", run_id)',
            (
                "Delta: SET spark.databricks.delta.commitInfo.userMetadata="
                '{"temporal_lineage.run-id": "..."}'
            ),
        ),
    ),
    Engine.DELTA_RS: (
        "stamp commits with the run's id",
        (
            (
                "commit_properties=CommitProperties("
                'custom_metadata={"temporal_lineage.run-id": run_id})'
            ),
        ),
    ),
    Engine.PYICEBERG: (
        "stamp commits with the run's id",
        ('table.append(rows, snapshot_properties={"temporal_lineage.run-id": run_id})',),
    ),
}
"""How each engine comes to write commits that name their run."""

SPARK_SILENT = {
    TableFormat.ICEBERG: (
        "OpenLineage for Spark names no output for CALL of Iceberg's procedures: their commits have"
        " a run only where they are stamped"
    ),
    TableFormat.DELTA: (
        "OpenLineage for Spark names no output for DELETE, OPTIMIZE, RESTORE and VACUUM of Delta:"
        " their commits have a run only where they are stamped, or DELETE FROM delta.`PATH` is said"
    ),
}
DELTA_INPUTS = (
    "OpenLineage for Spark tells no version of a Delta table that is read: read one by VERSION AS"
    " OF where it must be exact"
)


_LIBRARIES = {TableFormat.ICEBERG: Engine.PYICEBERG, TableFormat.DELTA: Engine.DELTA_RS}
"""What may have written a table of a format where the commit names no engine."""


def advice_on_orphans(engine: Engine, formats: AbstractSet[TableFormat]) -> tuple[Advice, ...]:
    """Tell what lets an engine's commits be explained by runs, in tables of these formats."""
    gap = "commits that no run claims"
    name = engine.value
    found = []
    if engine in EVENTS:
        found.append(Advice(name, gap, *EVENTS[engine]))
    libraries = [one for form, one in _LIBRARIES.items() if form in formats]
    for one in libraries if engine is Engine.UNNAMED else (engine,):
        if one in STAMPS:
            what, settings = STAMPS[one]
            found.append(Advice(one.value, gap, what, _fitting(settings, formats)))
    if engine in (Engine.SPARK, Engine.DATABRICKS):
        found += [
            Advice(name, gap, what, ()) for form, what in SPARK_SILENT.items() if form in formats
        ]
    if engine is Engine.KAFKA_CONNECT:
        what = "the connector sends no events: its commits name their own commit id, and no run"
        found.append(Advice(name, gap, what, ()))
    return tuple(found)


def advice_on_weak_links(engine: Engine, formats: AbstractSet[TableFormat]) -> tuple[Advice, ...]:
    """Tell what makes an engine's links surer than inferred, in tables of these formats."""
    gap = "commits whose run is only inferred"
    if engine not in STAMPS:
        return ()
    what, settings = STAMPS[engine]
    return (Advice(engine.value, gap, what, _fitting(settings, formats)),)


def advice_on_inputs(engine: Engine) -> tuple[Advice, ...]:
    """Tell what lets an engine's inputs be known to the version."""
    gap = "inputs whose version is not known"
    if engine is Engine.SPARK:
        return (
            Advice(
                engine.value,
                gap,
                "use the newest openlineage-spark: its Iceberg scan reports make inputs exact",
                ("spark.jars.packages=io.openlineage:openlineage-spark_2.12:1.53.0",),
            ),
            Advice(engine.value, gap, DELTA_INPUTS, ()),
        )
    if engine in EVENTS:
        what = "send a `version` facet with each input, or pin what is read in the query"
        return (Advice(engine.value, gap, what, ()),)
    what = "read through `temporal_lineage.run(...)`, which records the exact snapshot"
    return (Advice(engine.value, gap, what, ()),)


def advice_on_names() -> Advice:
    """Tell how names come to mean tables."""
    return Advice(
        "any",
        "names that no harvest knows",
        "harvest the catalog they are in, or say which table they mean",
        ("tl catalog add NAME PLACE && tl harvest", "tl alias add NAMESPACE/NAME TABLE"),
    )


def advice_on_gaps(formats: AbstractSet[TableFormat]) -> Advice:
    """Tell how histories come to have no holes."""
    return Advice(
        "any",
        "histories with holes",
        "harvest more often than snapshots expire and logs are vacuumed",
        _fitting(
            (
                "Iceberg: history.expire.max-snapshot-age-ms, write.metadata.previous-versions-max",
                "Delta: delta.logRetentionDuration, delta.deletedFileRetentionDuration",
            ),
            formats,
        ),
    )


def _fitting(settings: Sequence[str], formats: AbstractSet[TableFormat]) -> tuple[str, ...]:
    """Leave out the settings that begin with the name of a format that is not asked about."""
    others = tuple(f"{one.value}:" for one in TableFormat if one not in formats)
    return tuple(one for one in settings if not one.casefold().startswith(others))
