"""Conflicts: events of two producers and two jobs that carry one and the same run id."""

from __future__ import annotations

import re

from temporal_lineage.evidence.runs import RunRecord

_VERSION = re.compile(r"/v?\d+(\.\d+)+[^/]*")


def conflict(run: RunRecord) -> str | None:
    """Say that one run id was used for two runs, as far as its events tell; None where not.

    A job may be called otherwise by a later event, and a producer may be upgraded: only both
    together, another producer with another job, speak of another run.
    """
    jobs: dict[str, str] = {}
    for event in run.events:
        jobs.setdefault(_family(event.producer), str(event.job))
    if len(jobs) < 2 or len(set(jobs.values())) < 2:  # noqa: PLR2004 - two that disagree
        return None
    told = "; ".join(f"{job} by {family or 'nobody'}" for family, job in sorted(jobs.items()))
    return f"events of more than one producer carry this run id, for different jobs: {told}"


def _family(producer: str) -> str:
    """Give what a producer is, whatever its version."""
    return _VERSION.sub("", producer)
