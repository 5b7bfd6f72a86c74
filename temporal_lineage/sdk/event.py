"""Events: the story of a run so far, as one OpenLineage event. Spec 2-0-2."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

from temporal_lineage.capture.openlineage_written import Facet, core_schema
from temporal_lineage.sdk.facets import (
    facet,
    input_dataset,
    job_facets,
    output_dataset,
    own_facet,
    parameters_facet,
    producer,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from snapshots.instant import Instant
    from temporal_lineage.capture.openlineage_events import RunEventKind
    from temporal_lineage.sdk.code import Code
    from temporal_lineage.sdk.parents import Parent
    from temporal_lineage.sdk.records import InputRecord, OutputRecord

ENVIRONMENT_FACET = "temporalLineage_environment"
CODE_FACET = "temporalLineage_code"
MLFLOW_FACET = "temporalLineage_mlflow"


@dataclass(frozen=True, slots=True)
class Story:
    """All that is known of a run at one moment; `message` and `trace` are None but for an error.

    `packages` and `mlflow`, the runs of MLflow, are empty until the run is over.
    """

    run_id: str
    namespace: str
    job: str
    parent: Parent | None
    code: Code
    surroundings: Mapping[str, str]
    packages: Mapping[str, str]
    variables: Mapping[str, str]
    parameters: Mapping[str, str]
    queries: tuple[str, ...]
    inputs: tuple[InputRecord, ...]
    outputs: tuple[OutputRecord, ...]
    mlflow: tuple[Mapping[str, str], ...]
    message: str | None
    trace: str | None


def event_of(kind: RunEventKind, at: Instant, story: Story) -> Facet:
    """Write a run event, as plain JSON values."""
    return {
        "eventType": kind.value,
        "eventTime": at.isoformat(),
        "producer": producer(),
        "schemaURL": core_schema("RunEvent"),
        "run": {"runId": story.run_id, "facets": _run_facets(story)},
        "job": {
            "namespace": story.namespace,
            "name": story.job,
            "facets": job_facets(story.code, story.queries),
        },
        "inputs": [input_dataset(one) for one in story.inputs],
        "outputs": [output_dataset(one) for one in story.outputs],
    }


def _run_facets(story: Story) -> Facet:
    from temporal_lineage import __version__

    environment: dict[str, object] = dict(story.surroundings)
    if story.packages:
        environment["packages"] = dict(story.packages)
    facets: Facet = {
        "processing_engine": facet(
            "processing_engine",
            name="Python",
            version=story.surroundings["python"],
            openlineageAdapterVersion=__version__,
        ),
        ENVIRONMENT_FACET: own_facet("RunFacet", **environment),
        CODE_FACET: own_facet("RunFacet", **asdict(story.code)),
    }
    if story.parameters:
        facets["executionParameters"] = parameters_facet(story.parameters)
    if story.variables:
        facets["environmentVariables"] = facet(
            "environmentVariables",
            environmentVariables=[
                {"name": name, "value": value} for name, value in story.variables.items()
            ],
        )
    if story.mlflow:
        facets[MLFLOW_FACET] = own_facet("RunFacet", runs=[dict(one) for one in story.mlflow])
    if story.parent is not None:
        facets["parent"] = facet("parent", **_parent(story.parent))
    if story.message is not None:
        facets["errorMessage"] = facet(
            "errorMessage",
            message=story.message,
            programmingLanguage="PYTHON",
            stackTrace=story.trace,
        )
    return facets


def _parent(parent: Parent) -> Facet:
    told: Facet = {
        "run": {"runId": parent.run_id},
        "job": {"namespace": parent.namespace, "name": parent.job},
    }
    root = parent.root
    if root is not None:
        told["root"] = {
            "run": {"runId": root.run_id},
            "job": {"namespace": root.namespace, "name": root.job},
        }
    return told
