"""Evidence: how a claim is known, how surely, and what was rejected."""

from temporal_lineage.evidence.grades import Evidence, Grade, Method, RejectedAlternative
from temporal_lineage.evidence.inputs import InputLink, link_input
from temporal_lineage.evidence.outputs import OutputLink, OutputObservation, link_outputs, orphans
from temporal_lineage.evidence.runs import Observation, RunRecord, RunState, gather, together
from temporal_lineage.evidence.timeline import Timeline
from temporal_lineage.evidence.windows import SKEW_MS_MAX

__all__ = [
    "SKEW_MS_MAX",
    "Evidence",
    "Grade",
    "InputLink",
    "Method",
    "Observation",
    "OutputLink",
    "OutputObservation",
    "RejectedAlternative",
    "RunRecord",
    "RunState",
    "Timeline",
    "gather",
    "link_input",
    "link_outputs",
    "orphans",
    "together",
]
