"""Reading descriptive facets: typed and tolerant, in every version of the specification."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from catalogs.credentials import MASK, is_secret, without_user_info
from temporal_lineage.capture.facets import (
    NOTHING_TOLD,
    DatasetFacets,
    Dependency,
    JobFacets,
    JobKind,
    Owner,
    RunFacets,
    Setting,
    Tag,
)
from temporal_lineage.capture.openlineage_json import Doubts, flag, items, mapping, name, text
from temporal_lineage.capture.openlineage_quality import METRICS, quality, tests
from temporal_lineage.capture.openlineage_runs import job_name

_APPLICATION = (
    "spark_applicationDetails",
    "spark_jobDetails",
    "spark_properties",
    "flink_job",
    "flink_jobDetails",
    "gcp_dataproc",
    "gcp_dataproc_spark",
    "trino_metadata",
    "trino_query_context",
    "trino_query_statistics",
)
_ACTORS = (
    ("temporalLineage_environment", ("user",)),
    ("spark_applicationDetails", ("userName",)),
    ("trino_query_context", ("user",)),
    ("airflowDagRun", ("dagRun", "triggering_user_name")),
)
"""Where each engine names who runs it: the facet, and the path inside it."""

ACTOR_FACETS = tuple(facet for facet, _ in _ACTORS)
"""The facets of a run that may name who ran it."""

_LINKING = frozenset(
    {
        *("parent", "parentRun", "nominalTime", "errorMessage", "processing_engine"),
        *("spark.logicalPlan", "environment-properties"),
    }
)
_READ = frozenset(
    {
        *("tags", "executionParameters", "environmentVariables", "externalQuery"),
        *("jobDependencies", "test", "extractionError"),
        *_APPLICATION,
        *_LINKING,
    }
)
_READ_OF_JOBS = frozenset(
    {
        *("jobType", "ownership", "tags", "documentation", "sourceCode"),
        *("sql", "sourceCodeLocation", "lineage"),
    }
)
_READ_OF_DATASETS = (
    *("ownership", "tags", "documentation", "dataQualityAssertions", "storage"),
    *METRICS,
)
_NOT_SHOWN = ("_producer", "_schemaURL", "_deleted")


def run_facets(facets: Mapping[str, Any], doubts: Doubts) -> RunFacets:
    """Read what describes a run; values that may be secrets are masked."""
    place = "run.facets"
    query = mapping(facets.get("externalQuery"), f"{place}.externalQuery", doubts)
    query_id = text(query.get("externalQueryId"), f"{place}.externalQuery.externalQueryId", doubts)
    source = text(query.get("source"), f"{place}.externalQuery.source", doubts)
    return RunFacets(
        actor=_actor(facets, place, doubts),
        tags=tags(facets, place, doubts),
        parameters=tuple(_parameters(facets, f"{place}.executionParameters", doubts)),
        environment=tuple(_environment(facets, f"{place}.environmentVariables", doubts)),
        application=tuple(_application(facets, place, doubts)),
        query=Setting(source or "", query_id) if query_id else None,
        dependencies=tuple(_dependencies(facets, f"{place}.jobDependencies", doubts)),
        tests=tests(facets, f"{place}.test", doubts),
        errors=tuple(_errors(facets, f"{place}.extractionError", doubts)),
        others=tuple(sorted(set(facets) - _READ)),
    )


def job_facets(facets: Mapping[str, Any], doubts: Doubts) -> JobFacets:
    """Read what describes a job."""
    place = "job.facets"
    kind = mapping(facets.get("jobType"), f"{place}.jobType", doubts)
    code = mapping(facets.get("sourceCode"), f"{place}.sourceCode", doubts)
    keys = ("processingType", "integration", "jobType")
    return JobFacets(
        kind=JobKind(*(text(kind.get(key), f"{place}.jobType.{key}", doubts) for key in keys))
        if kind
        else None,
        owners=owners(facets, place, doubts),
        tags=tags(facets, place, doubts),
        documentation=documentation(facets, place, doubts),
        language=text(code.get("language"), f"{place}.sourceCode.language", doubts),
        # Once the facet had `source` where it has `sourceCode` now.
        source=text(
            code.get("sourceCode", code.get("source")), f"{place}.sourceCode.sourceCode", doubts
        ),
        others=tuple(sorted(set(facets) - _READ_OF_JOBS)),
    )


def dataset_facets(
    facets: Mapping[str, Any], deleted: tuple[str, ...], place: str, doubts: Doubts
) -> DatasetFacets:
    """Read what describes a dataset; `deleted` names the facets that are taken back."""
    if not deleted and facets.keys().isdisjoint(_READ_OF_DATASETS):
        return NOTHING_TOLD
    stored = mapping(facets.get("storage"), f"{place}.storage", doubts)
    return DatasetFacets(
        owners=owners(facets, place, doubts),
        tags=tags(facets, place, doubts),
        documentation=documentation(facets, place, doubts),
        quality=quality(facets, place, doubts),
        file_format=text(stored.get("fileFormat"), f"{place}.storage.fileFormat", doubts) or None,
        deleted=deleted,
    )


def tags(facets: Mapping[str, Any], place: str, doubts: Doubts) -> tuple[Tag, ...]:
    """Read the `tags` facet of a run, a job or a dataset."""
    found = []
    body = mapping(facets.get("tags"), f"{place}.tags", doubts)
    for spot, element in items(body.get("tags"), f"{place}.tags.tags", doubts):
        one = mapping(element, spot, doubts)
        key = name(one.get("key"), f"{spot}.key", doubts)
        if key is None:
            doubts.add(spot, "a tag needs a key")
            continue
        value, source, column = (
            _plain(one.get(part), f"{spot}.{part}", doubts) for part in ("value", "source", "field")
        )
        found.append(Tag(key, MASK if is_secret(key) and value else value, source, column))
    return tuple(sorted(set(found)))


def owners(facets: Mapping[str, Any], place: str, doubts: Doubts) -> tuple[Owner, ...]:
    """Read the `ownership` facet of a job or a dataset."""
    found = set()
    body = mapping(facets.get("ownership"), f"{place}.ownership", doubts)
    for spot, element in items(body.get("owners"), f"{place}.ownership.owners", doubts):
        one = mapping(element, spot, doubts)
        who = name(one.get("name"), f"{spot}.name", doubts)
        if who is None:
            doubts.add(spot, "an owner needs a name")
            continue
        found.add(Owner(who, _plain(one.get("type"), f"{spot}.type", doubts)))
    return tuple(sorted(found))


def documentation(facets: Mapping[str, Any], place: str, doubts: Doubts) -> str | None:
    """Read the `documentation` facet of a job or a dataset; None for none and for an empty one."""
    body = mapping(facets.get("documentation"), f"{place}.documentation", doubts)
    return text(body.get("description"), f"{place}.documentation.description", doubts) or None


def _actor(facets: Mapping[str, Any], place: str, doubts: Doubts) -> Setting | None:
    for facet, path in _ACTORS:
        spot = f"{place}.{facet}"
        body = mapping(facets.get(facet), spot, doubts)
        for part in path[:-1]:
            body = mapping(body.get(part), f"{spot}.{part}", doubts)
        who = text(body.get(path[-1]), f"{spot}.{'.'.join(path)}", doubts)
        if who:
            return Setting(facet, who)
    return None


def _parameters(facets: Mapping[str, Any], place: str, doubts: Doubts) -> Iterator[Setting]:
    body = mapping(facets.get("executionParameters"), place, doubts)
    for spot, element in items(body.get("parameters"), f"{place}.parameters", doubts):
        one = mapping(element, spot, doubts)
        key = name(one.get("key", one.get("name")), f"{spot}.key", doubts)
        if key is None:
            doubts.add(spot, "a parameter needs a key")
            continue
        yield _shown(key, _plain(one.get("value"), f"{spot}.value", doubts))


def _environment(facets: Mapping[str, Any], place: str, doubts: Doubts) -> Iterator[str]:
    body = mapping(facets.get("environmentVariables"), place, doubts)
    for spot, element in items(
        body.get("environmentVariables"), f"{place}.environmentVariables", doubts
    ):
        key = name(mapping(element, spot, doubts).get("name"), f"{spot}.name", doubts)
        if key is not None:
            yield key


def _application(facets: Mapping[str, Any], place: str, doubts: Doubts) -> Iterator[Setting]:
    """Give what engines say of the application: texts and numbers, one level of objects deep."""
    for facet in _APPLICATION:
        body = mapping(facets.get(facet), f"{place}.{facet}", doubts)
        for key, value in sorted(body.items()):
            inner = value if isinstance(value, dict) else {key: value}
            for one, told in sorted(inner.items()):
                if one not in _NOT_SHOWN and isinstance(told, str | int | float):
                    yield _shown(f"{facet}.{one}", str(told))


def _dependencies(facets: Mapping[str, Any], place: str, doubts: Doubts) -> Iterator[Dependency]:
    body = mapping(facets.get("jobDependencies"), place, doubts)
    for direction in ("upstream", "downstream"):
        for spot, element in items(body.get(direction), f"{place}.{direction}", doubts):
            one = mapping(element, spot, doubts)
            job = job_name(one.get("job"), f"{spot}.job", doubts)
            if job is None:
                doubts.add(spot, "a dependency needs a job")
                continue
            run = mapping(one.get("run"), f"{spot}.run", doubts)
            yield Dependency(
                direction,
                str(job),
                text(run.get("runId"), f"{spot}.run.runId", doubts),
                text(one.get("dependency_type"), f"{spot}.dependency_type", doubts),
            )


def _errors(facets: Mapping[str, Any], place: str, doubts: Doubts) -> Iterator[str]:
    body = mapping(facets.get("extractionError"), place, doubts)
    for spot, element in items(body.get("errors"), f"{place}.errors", doubts):
        told = mapping(element, spot, doubts).get("errorMessage")
        message = text(told, f"{spot}.errorMessage", doubts)
        if message:
            yield without_user_info(message)


def _shown(key: str, value: str) -> Setting:
    return Setting(key, MASK if is_secret(key) and value else without_user_info(value))


def _plain(value: object, place: str, doubts: Doubts) -> str:
    if isinstance(value, bool):
        return str(flag(value, place, doubts)).lower()
    return text(value, place, doubts) or ""
