"""Run and job facets: who ran, under whom, on which engine, with which code."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from temporal_lineage.capture.openlineage_events import (
    TRINO_QUERY_ID,
    Engine,
    EngineKey,
    JobName,
    KeyKind,
    NominalTime,
    ParentRun,
    SourceCode,
)
from temporal_lineage.capture.openlineage_json import Doubts, instant, mapping, name, run_id, text

# Where each engine tells its own name of the run: the facet, the path inside it, what it names.
_KEYS: tuple[tuple[str, tuple[str, ...], KeyKind], ...] = (
    ("spark_applicationDetails", ("applicationId",), KeyKind.SPARK_APPLICATION),
    ("spark_properties", ("properties", "spark.app.id"), KeyKind.SPARK_APPLICATION),
    ("gcp_dataproc_spark", ("appId",), KeyKind.SPARK_APPLICATION),
    ("gcp_dataproc", ("appId",), KeyKind.SPARK_APPLICATION),
    ("flink_job", ("jobId",), KeyKind.FLINK_JOB),
    ("trino_metadata", ("query_id",), KeyKind.TRINO_QUERY),
    ("environment-properties", ("spark.databricks.job.runId",), KeyKind.DATABRICKS_RUN),
    ("environment-properties", ("spark.databricks.job.id",), KeyKind.DATABRICKS_JOB),
    ("environment-properties", ("spark.databricks.notebook.id",), KeyKind.DATABRICKS_NOTEBOOK),
    (
        "environment-properties",
        ("spark.databricks.clusterUsageTags.clusterId",),
        KeyKind.DATABRICKS_CLUSTER,
    ),
)


def parent_run(facets: Mapping[str, Any], place: str, doubts: Doubts) -> ParentRun | None:
    """Read the `parent` facet, once `parentRun`; None without a run and a job in it."""
    facet = facets.get("parent", facets.get("parentRun"))
    if facet is None:
        return None
    spot = f"{place}.parent"
    body = mapping(facet, spot, doubts)
    run, job = _run_and_job(body, spot, doubts)
    if run is None or job is None:
        doubts.add(spot, "a parent needs a runId and a job")
        return None
    root_run, root_job = _run_and_job(
        mapping(body.get("root"), f"{spot}.root", doubts), f"{spot}.root", doubts
    )
    return ParentRun(run, job, root_run, root_job)


def job_name(value: object, place: str, doubts: Doubts) -> JobName | None:
    """Read a job's name; None where namespace or name is missing."""
    body = mapping(value, place, doubts)
    namespace = name(body.get("namespace"), f"{place}.namespace", doubts)
    own = name(body.get("name"), f"{place}.name", doubts)
    return JobName(namespace, own) if namespace is not None and own is not None else None


def nominal_time(facets: Mapping[str, Any], place: str, doubts: Doubts) -> NominalTime | None:
    """Read the `nominalTime` facet; None without a start."""
    spot = f"{place}.nominalTime"
    body = mapping(facets.get("nominalTime"), spot, doubts)
    start = instant(body.get("nominalStartTime"), f"{spot}.nominalStartTime", doubts)
    if start is None:
        return None
    return NominalTime(start, instant(body.get("nominalEndTime"), f"{spot}.nominalEndTime", doubts))


def error_message(facets: Mapping[str, Any], place: str, doubts: Doubts) -> str | None:
    """Read the message of the `errorMessage` facet."""
    body = mapping(facets.get("errorMessage"), f"{place}.errorMessage", doubts)
    return text(body.get("message"), f"{place}.errorMessage.message", doubts)


def engine(facets: Mapping[str, Any], place: str, doubts: Doubts) -> Engine | None:
    """Read the `processing_engine` facet."""
    spot = f"{place}.processing_engine"
    body = mapping(facets.get("processing_engine"), spot, doubts)
    if not body:
        return None
    keys = ("name", "version", "openlineageAdapterVersion")
    return Engine(*(text(body.get(key), f"{spot}.{key}", doubts) for key in keys))


def engine_keys(
    facets: Mapping[str, Any], job: JobName, place: str, doubts: Doubts
) -> tuple[EngineKey, ...]:
    """Gather the engines' own names of the run, which commits carry too. DESIGN 4.4."""
    found = set()
    for facet, path, kind in _KEYS:
        body = mapping(facets.get(facet), f"{place}.{facet}", doubts)
        for step in path[:-1]:
            body = mapping(body.get(step), f"{place}.{facet}.{step}", doubts)
        inner = body.get(facet)  # environment-properties holds itself once more
        value = body.get(path[-1], inner.get(path[-1]) if isinstance(inner, dict) else None)
        key = text(value, f"{place}.{facet}.{path[-1]}", doubts)
        if key:
            found.add(EngineKey(kind, key))
    query = mapping(facets.get("externalQuery"), f"{place}.externalQuery", doubts)
    # dbt tells the namespace of its datasets there: trino://host:port.
    source = str(query.get("source", "")).lower().partition("://")[0]
    if source == "trino" and query.get("externalQueryId"):
        found.add(EngineKey(KeyKind.TRINO_QUERY, str(query["externalQueryId"])))
    if "trino_query_context" in facets and TRINO_QUERY_ID.fullmatch(job.name):
        # Trino names the job for the query, unless it was told another name.
        found.add(EngineKey(KeyKind.TRINO_QUERY, job.name))
    return tuple(sorted(found))


def source_code(facets: Mapping[str, Any], place: str, doubts: Doubts) -> SourceCode | None:
    """Read the `sourceCodeLocation` facet."""
    spot = f"{place}.sourceCodeLocation"
    body = mapping(facets.get("sourceCodeLocation"), spot, doubts)
    if not body:
        return None
    keys = ("url", "repoUrl", "path", "version", "branch", "tag")
    return SourceCode(*(text(body.get(key), f"{spot}.{key}", doubts) for key in keys))


def sql(facets: Mapping[str, Any], place: str, doubts: Doubts) -> str | None:
    """Read the query of the `sql` facet."""
    body = mapping(facets.get("sql"), f"{place}.sql", doubts)
    return text(body.get("query"), f"{place}.sql.query", doubts)


def sql_dialect(facets: Mapping[str, Any], place: str, doubts: Doubts) -> str | None:
    """Read the dialect of the `sql` facet."""
    body = mapping(facets.get("sql"), f"{place}.sql", doubts)
    return text(body.get("dialect"), f"{place}.sql.dialect", doubts)


def _run_and_job(
    body: Mapping[str, Any], place: str, doubts: Doubts
) -> tuple[str | None, JobName | None]:
    run = mapping(body.get("run"), f"{place}.run", doubts)
    return (
        run_id(run.get("runId"), f"{place}.run.runId", doubts),
        job_name(body.get("job"), f"{place}.job", doubts),
    )
