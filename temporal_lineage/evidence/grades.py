"""Evidence: how a claim is known, how surely, and which alternatives were rejected."""

from __future__ import annotations

from enum import StrEnum

from snapshots.records import dataclass


class Grade(StrEnum):
    """How surely a link is known. DESIGN 4.4."""

    EXACT = "exact"
    """The engine or the commit itself says so."""
    HIGH = "high"
    """Independent signs agree and none speaks against it."""
    INFERRED = "inferred"
    """It is the only one that fits."""
    CANDIDATES = "candidates"
    """It is one of several, and nothing tells which."""
    STALE = "stale"
    """What was said is known to be wrong, and nothing else fits."""
    NONE = "none"
    """Nothing fits: a phantom output, or an input of unknown state."""

    @property
    def claims(self) -> bool:
        """Tell whether a link of this grade says which snapshots are meant."""
        return self in (Grade.EXACT, Grade.HIGH, Grade.INFERRED)


class Method(StrEnum):
    """The rule that decided a link: the rungs of DESIGN 4.4, in order."""

    INPUT_RECORDED = "input-recorded"
    """The program that read pinned the version itself, and recorded it."""
    INPUT_SCAN_REPORT = "input-scan-report"
    INPUT_METRICS_REPORT = "input-metrics-report"
    """A scan report to the REST catalog, joined on the application's id."""
    INPUT_CONNECTOR = "input-connector"
    INPUT_PIN = "input-pin"
    INPUT_OWN_COMMIT = "input-own-commit"
    """The run's own commit says which version it was made against."""
    INPUT_START_VERSION = "input-start-version"
    INPUT_COMPLETE_VERSION = "input-complete-version"
    INPUT_OWN_PARENT = "input-own-parent"
    """The head at START, on top of which the run's own commit was made."""
    INPUT_HEAD = "input-head"

    OUTPUT_STAMP = "output-stamp"
    OUTPUT_RECORDED = "output-recorded"
    """The program that wrote a thing without a history of its own recorded which version."""
    OUTPUT_COMMIT_REPORT = "output-commit-report"
    OUTPUT_ENGINE_KEYS = "output-engine-keys"
    OUTPUT_COMPLETE_VERSION = "output-complete-version"
    OUTPUT_FINGERPRINT = "output-fingerprint"
    OUTPUT_SAME_WRITE = "output-same-write"
    """Another run of a nest made it: one ran inside the other, and both tell of one write."""
    OUTPUT_TOLD_AGAIN = "output-told-again"
    """The statement before it made it, and this run shows its result."""
    OUTPUT_BY_CHILDREN = "output-by-children"
    """The runs made it whose parent this one is."""
    OUTPUT_WINDOW = "output-window"
    OUTPUT_PHANTOM = "output-phantom"

    RESTORE = "restore"
    CLONE = "clone"
    CHERRY_PICK = "cherry-pick"
    WAP_PUBLISH = "wap-publish"
    ROLLBACK = "rollback"

    @property
    def tells_itself(self) -> bool:
        """Tell whether a commit says so of itself, and needs no run."""
        return self in (
            *(Method.RESTORE, Method.CLONE, Method.CHERRY_PICK),
            *(Method.WAP_PUBLISH, Method.ROLLBACK),
        )

    @property
    def is_of_another_run(self) -> bool:
        """Tell whether another run made what a link with this method claims."""
        return self is Method.OUTPUT_SAME_WRITE or self.is_told_by_edges_of_others

    @property
    def is_told_by_edges_of_others(self) -> bool:
        """Tell whether what moved is told by the edges of the run that did it."""
        return self in (Method.OUTPUT_BY_CHILDREN, Method.OUTPUT_TOLD_AGAIN)


@dataclass(frozen=True, slots=True)
class RejectedAlternative:
    """Something else that could have been meant, and why it was not taken."""

    what: str
    why: str


@dataclass(frozen=True, slots=True)
class Evidence:
    """How a claim is known. `witness` are the raw values that decided, written for people."""

    method: Method
    grade: Grade
    witness: str
    rejected: tuple[RejectedAlternative, ...]


_STRENGTH = list(Grade)


def weakest(*grades: Grade) -> Grade:
    """Give the grade of a claim that needs all of these to hold; at least one is needed."""
    return max(grades, key=_STRENGTH.index)
