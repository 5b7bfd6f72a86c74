"""dbt's source freshness as runs: how old the newest row of each source was when dbt asked."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from snapshots.instant import Instant
from temporal_lineage.capture.dbt_artifacts import Artifact
from temporal_lineage.capture.dbt_events import Event, event
from temporal_lineage.capture.dbt_facets import WITNESS_FACET, facet, facets
from temporal_lineage.capture.dbt_manifest import Node
from temporal_lineage.capture.dbt_names import invocation_job_name, job_name
from temporal_lineage.capture.dbt_projects import DbtProject, engine_facets, job_type
from temporal_lineage.capture.dbt_run_ids import invocation_run_id, node_run_id
from temporal_lineage.capture.dbt_run_results import Freshness, SourceFreshness
from temporal_lineage.capture.dbt_times import told_instant
from temporal_lineage.capture.openlineage_written import Facet

_FRESH = ("pass", "warn")
_ASSERTION = "freshness"


def freshness_events(
    project: DbtProject, freshness: Artifact[SourceFreshness], *, invocation_id: str, at: Instant
) -> Iterator[Event]:
    """Yield the run of each source that was asked for; `at` is when the artifact was written."""
    for one in freshness.content.results:
        node = project.content.node(one.unique_id)
        if node is None:
            continue
        asked = told_instant(one.snapshotted_at) or at
        run = {
            "runId": node_run_id(invocation_id, node.unique_id),
            "facets": _run_facets(project, freshness, invocation_id, one),
        }
        job = {
            "namespace": project.job_namespace,
            "name": f"{job_name(node, command=None)}.freshness",
            "facets": {"jobType": job_type("FRESHNESS")},
        }
        inputs = [_asked(project, node, one)]
        ended = "COMPLETE" if one.status in (*_FRESH, "error") else "FAIL"
        for kind in ("START", ended):
            yield event(kind, asked.isoformat(), run, job) | {"inputs": inputs, "outputs": []}


def _run_facets(
    project: DbtProject,
    freshness: Artifact[SourceFreshness],
    invocation_id: str,
    result: Freshness,
) -> dict[str, Facet]:
    run = {"runId": invocation_run_id(invocation_id)}
    job = {"namespace": project.job_namespace, "name": invocation_job_name(project.name)}
    metadata = freshness.witness.metadata
    failed = str(result.error) if result.error else None
    return {
        **facets(
            errorMessage=facet("errorMessage", message=failed, programmingLanguage="sql")
            if failed
            else None
        ),
        "parent": facet("parent", run=run, job=job, root={"run": run, "job": job}),
        "dbt_run": facet("dbt_run", invocation_id=invocation_id, project_name=project.name),
        **engine_facets(metadata),
        WITNESS_FACET: project.witness(
            freshness.witness,
            invocationId=invocation_id,
            uniqueId=result.unique_id,
            status=result.status,
        ),
    }


def _asked(project: DbtProject, node: Node, result: Freshness) -> Event:
    told: dict[str, Any] = {
        "assertion": _ASSERTION,
        "success": result.status in _FRESH,
        "severity": "warn" if result.status == "warn" else "error",
    }
    if result.max_loaded_at_time_ago_in_s is not None:
        told["actual"] = f"{result.max_loaded_at_time_ago_in_s} s"
    loaded = told_instant(result.max_loaded_at)
    side = facets(
        dataQualityAssertions=facet("dataQualityAssertions", assertions=[told]),
        dataQualityMetrics=facet("dataQualityMetrics", lastUpdated=loaded.isoformat())
        if loaded
        else None,
    )
    return {**project.relations.short(node), "inputFacets": side}
