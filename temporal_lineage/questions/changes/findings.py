"""Findings: what changed upstream, each with how near it is and how much it weighs."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from snapshots.instant import Instant


class FindingKind(StrEnum):
    """What changed, and how much it weighs in `WEIGHTS`."""

    FAILED = "run failed"
    BREAKING = "breaking schema change"
    VOLUME = "volume out of line"
    LOST_SOURCE = "source lost"
    ROLLBACK = "rolled back"
    CODE = "other code"
    PARAMETERS = "other parameters"
    WRITER = "other writer"
    NEW_SOURCE = "new source"
    LATE = "overdue"
    OPERATION = "other operation"
    SCHEMA = "schema change"


WEIGHTS = {
    FindingKind.FAILED: 1.0,
    FindingKind.BREAKING: 1.0,
    FindingKind.VOLUME: 0.9,
    FindingKind.LOST_SOURCE: 0.9,
    FindingKind.ROLLBACK: 0.8,
    FindingKind.CODE: 0.8,
    FindingKind.PARAMETERS: 0.8,
    FindingKind.WRITER: 0.8,
    FindingKind.NEW_SOURCE: 0.7,
    FindingKind.LATE: 0.7,
    FindingKind.OPERATION: 0.5,
    FindingKind.SCHEMA: 0.3,
}
"""How much a kind of finding speaks for being the cause; a judgement, and the same for all."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One change: `about` is the dataset or job, `distance` its steps from the target.

    `at` is None for what has no instant of its own. `score` is the kind's weight, less with
    every step; it orders findings and means nothing else.
    """

    about: str
    at: Instant | None
    kind: FindingKind
    distance: int
    score: float
    what: str


def finding(about: str, at: Instant | None, kind: FindingKind, distance: int, what: str) -> Finding:
    """Make a finding, with its score."""
    return Finding(about, at, kind, distance, round(WEIGHTS[kind] / (1 + distance / 2), 3), what)
