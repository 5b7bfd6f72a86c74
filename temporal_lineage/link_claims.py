"""Claims about links: what runs read and wrote, who made a version, and how it is known."""

from __future__ import annotations

from snapshots.records import dataclass
from temporal_lineage.evidence.grades import Evidence, Grade

CLAIMED_TOO = "says that it wrote this too; the one that ended first is shown"
"""Why the claim of another run to have made a version is not the one that is shown."""


@dataclass(frozen=True, slots=True)
class LinkClaim:
    """The states a run read of one dataset, or the commits it made to it.

    `identity` is the dataset node's name. `versions` are snapshot ids as text, or names of
    versions of models and files; empty for a phantom output and for an input without versions.
    """

    identity: str
    versions: tuple[str, ...]
    evidence: Evidence


@dataclass(frozen=True, slots=True)
class WriterClaim:
    """The run that made a dataset version; `run` is empty where the commit explains itself."""

    run: str
    job: str
    evidence: Evidence


@dataclass(frozen=True, slots=True)
class EdgeClaim:
    """Why one dataset version is said to come from another.

    `run` is empty where the commit explains itself (RESTORE, CLONE); then both sides carry the
    same evidence. `grade` is the weaker of the two sides.
    """

    run: str
    job: str
    grade: Grade
    reads: Evidence
    writes: Evidence
