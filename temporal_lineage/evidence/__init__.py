"""Evidence: how a claim is known, how surely, and what was rejected."""

from temporal_lineage.evidence.commits import (
    CloneLink,
    CommitLink,
    Rollback,
    clones,
    rollbacks,
    self_explained,
)
from temporal_lineage.evidence.flow_sightings import (
    ColumnFlow,
    column_sightings,
    dataset_sightings,
    designed_column_sightings,
    designed_dataset_sightings,
)
from temporal_lineage.evidence.flows import Coverage, Flow, FlowSighting, flows
from temporal_lineage.evidence.grades import Evidence, Grade, Method, RejectedAlternative
from temporal_lineage.evidence.inputs import InputLink, link_input
from temporal_lineage.evidence.outputs import OutputLink, OutputObservation, link_outputs, orphans
from temporal_lineage.evidence.runs import Observation, RunRecord, RunState, gather, together
from temporal_lineage.evidence.timeline import Timeline
from temporal_lineage.evidence.windows import SKEW_MS_MAX

__all__ = [
    "SKEW_MS_MAX",
    "CloneLink",
    "ColumnFlow",
    "CommitLink",
    "Coverage",
    "Evidence",
    "Flow",
    "FlowSighting",
    "Grade",
    "InputLink",
    "Method",
    "Observation",
    "OutputLink",
    "OutputObservation",
    "RejectedAlternative",
    "Rollback",
    "RunRecord",
    "RunState",
    "Timeline",
    "clones",
    "column_sightings",
    "dataset_sightings",
    "designed_column_sightings",
    "designed_dataset_sightings",
    "flows",
    "gather",
    "link_input",
    "link_outputs",
    "orphans",
    "rollbacks",
    "self_explained",
    "together",
]
