"""Evidence: how a claim is known, how surely, and what was rejected."""

from temporal_lineage.evidence.grades import Evidence, Grade, Method, RejectedAlternative
from temporal_lineage.evidence.runs import Observation, RunRecord, RunState, gather, together
from temporal_lineage.evidence.timeline import Timeline

__all__ = [
    "Evidence",
    "Grade",
    "Method",
    "Observation",
    "RejectedAlternative",
    "RunRecord",
    "RunState",
    "Timeline",
    "gather",
    "together",
]
