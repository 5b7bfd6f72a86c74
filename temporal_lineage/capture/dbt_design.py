"""dbt's design as OpenLineage job events: what a project says it would read and write.

Nodes that were run are told of by their runs. Exposures, metrics, semantic models and saved queries
are never run by dbt: each is a job that makes a dataset of its own.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import Any

from temporal_lineage.capture.dbt_facets import (
    PRODUCER,
    WITNESS_FACET,
    documentation,
    facet,
    facets,
    ownership,
    tags,
)
from temporal_lineage.capture.dbt_inputs import concepts, reads
from temporal_lineage.capture.dbt_manifest import Export, Node
from temporal_lineage.capture.dbt_names import concept, dotted, job_name
from temporal_lineage.capture.dbt_projects import DbtProject
from temporal_lineage.capture.openlineage_written import Facet, core_schema

Event = dict[str, Any]

_TYPES = {
    "exposure": "EXPOSURE",
    "metric": "METRIC",
    "semantic_model": "SEMANTIC_MODEL",
    "saved_query": "SAVED_QUERY",
}


def design_events(project: DbtProject, *, at: str, executed: Collection[str]) -> Iterator[Event]:
    """Yield a job event for each node that was not executed, and for each exposure and the like."""
    for node in project.content.nodes.values():
        if node.is_built and node.unique_id not in executed:
            yield _built(project, node, at)
    for node in project.content.designs():
        yield _concept(project, node, at)


def _built(project: DbtProject, node: Node, at: str) -> Event:
    code = node.compiled
    relations = project.relations
    job_facets = project.job_facets(node, node.kind.upper(), code=code)
    inputs = []
    for one in reads(project.content, node, compiled=code):
        if one.instead is None:
            inputs.append(relations.full(one.node))
        else:
            inputs.append(relations.deferred(one.node, one.instead))
    name = job_name(node, command=None)
    return _event(project, node, name, at, job_facets) | {
        "inputs": inputs,
        "outputs": [relations.full(node)],
    }


def _concept(project: DbtProject, node: Node, at: str) -> Event:
    relations = project.relations
    read = reads(project.content, node, compiled=None)
    inputs = [relations.full(one.node) for one in read]
    inputs += [_named(project, one) for one in concepts(project.content, node)]
    outputs = [_named(project, node, **_told(project, node))]
    outputs += [_exported(project, one) for one in node.exports]
    job_facets = project.job_facets(node, _TYPES[node.kind], code=None)
    return _event(project, node, node.unique_id, at, job_facets) | {
        "inputs": inputs,
        "outputs": outputs,
    }


def _told(project: DbtProject, node: Node) -> dict[str, Facet]:
    kind = node.type if isinstance(node.type, str) else node.kind
    return facets(
        documentation=documentation(node.description),
        ownership=ownership(project.relations.owners(node)),
        tags=tags(node.tags),
        datasetType=facet("datasetType", datasetType=kind.upper(), subType=node.kind.upper()),
    )


def _named(project: DbtProject, node: Node, **told: Facet) -> Event:
    name = concept(project.job_namespace, node.unique_id)
    return {"namespace": name.namespace, "name": name.name, "facets": told}


def _exported(project: DbtProject, export: Export) -> Event:
    """Name the table that a saved query is exported to, by the dbt platform."""
    told = {key: value for key, value in export.config.items() if isinstance(value, str)}
    schema = told.get("schema_name") or told.get("schema")
    name = dotted(told.get("database"), schema, told.get("alias") or export.name)
    return {"namespace": project.place.namespace, "name": name, "facets": {}}


def _event(
    project: DbtProject, node: Node, name: str, at: str, job_facets: dict[str, Facet]
) -> Event:
    witness = project.witness(
        project.manifest.witness,
        invocationId=project.manifest.witness.metadata.invocation_id,
        uniqueId=node.unique_id,
    )
    return {
        "eventTime": at,
        "producer": PRODUCER,
        "schemaURL": core_schema("JobEvent"),
        "job": {
            "namespace": project.job_namespace,
            "name": name,
            "facets": {**job_facets, WITNESS_FACET: witness},
        },
    }
