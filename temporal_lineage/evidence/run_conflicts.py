"""Conflicts: events of two producers and two jobs that carry one and the same run id."""

from __future__ import annotations

from temporal_lineage.evidence.producers import producer_name
from temporal_lineage.evidence.runs import RunRecord


def conflict(run: RunRecord) -> str | None:
    """Say that one run id was used for two runs, as far as its events tell; None where not.

    A job may be called otherwise by a later event, and a producer may be upgraded: only both
    together, another producer with another job, speak of another run.
    """
    jobs: dict[str, str] = {}
    for event in run.events:
        jobs.setdefault(producer_name(event.producer), str(event.job))
    if len(jobs) < 2 or len(set(jobs.values())) < 2:  # noqa: PLR2004 - two that disagree
        return None
    told = "; ".join(f"{job} by {name or 'nobody'}" for name, job in sorted(jobs.items()))
    return f"events of more than one producer carry this run id, for different jobs: {told}"
