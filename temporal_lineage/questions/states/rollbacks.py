"""Rollbacks in answers: when main went back to a state it had before, and from which."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from temporal_lineage.evidence.commits import rollbacks
from temporal_lineage.evidence.timeline import Timeline

if TYPE_CHECKING:
    from snapshots.history import TableHistory
    from snapshots.instant import Instant


@dataclass(frozen=True, slots=True)
class RollbackLine:
    """A ref left one snapshot for an earlier one; no row moved, and no snapshot was made."""

    ref: str
    at: Instant
    left_id: int
    returned_id: int
    witness: str


def rollback_lines(history: TableHistory, *, until: Instant) -> tuple[RollbackLine, ...]:
    """Give the rollbacks of a table up to an instant, in order of time."""
    return tuple(
        RollbackLine(one.ref, one.at, one.left_id, one.returned_id, one.evidence.witness)
        for one in rollbacks(Timeline(history))
        if one.at <= until
    )
