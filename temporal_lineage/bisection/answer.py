"""The answer of `tl bisect`: the first bad state of each table on the way up, and whose it is."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, ClassVar

if TYPE_CHECKING:
    from snapshots.instant import Instant
    from temporal_lineage.lineage.first_bad import Verdict
    from temporal_lineage.questions.question import Question


class BisectOutcome(StrEnum):
    """How a search ended."""

    FOUND = "found"
    """One state is the first bad one."""
    AMONG = "among several"
    """The first bad state is one of several, of which all but the last cannot be judged."""
    GOOD_IS_BAD = "the good state is bad"
    BAD_IS_GOOD = "the bad state is good"
    UNJUDGED = "one of the two cannot be judged"


class InputVerdict(StrEnum):
    """What is to be said of a table that was read to make something bad."""

    TURNED_BAD = "turned bad"
    """It was good when it was read before, and bad when it was read for the first bad state."""
    GOOD = "good"
    UNCHANGED = "the same state as before"
    BAD_BEFORE = "bad before too"
    """What was good was made from a state of it that the check calls bad too."""
    NEW = "not read before"
    """It was read for the first bad state, and not for the last good one."""
    NOT_FOLLOWED = "not followed"


@dataclass(frozen=True, slots=True)
class BisectStep:
    """One state that was judged; `why` is empty where the verdict says it all.

    `since` is when it became current. The address of a state that nobody can tell holds a time.
    """

    dataset: str
    state: str
    since: Instant
    verdict: Verdict
    why: str


@dataclass(frozen=True, slots=True)
class SuspectCommit:
    """A commit that came with the first bad state, and who made it.

    `change` is its operation; it and the counts are None for what has no snapshots, the instant
    where nobody knows it. `run` and `job` are None where no run claims it. `code` is where the
    code of the run lies; `differences` are what code and parameters it had otherwise than
    `run_before`, the run behind the last good state; None where none of the same job is known.
    """

    commit: str
    committed_at: Instant | None
    change: str | None
    added_rows: int | None
    removed_rows: int | None
    user: str | None
    engine: str | None
    job: str | None
    run: str | None
    grade: str | None
    code: str | None
    run_before: str | None
    differences: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class SuspectInput:
    """A dataset that was read for the first bad state.

    `read` is the state of it, `before` the one behind the last good state; None where nobody
    knows.
    """

    dataset: str
    read: str | None
    before: str | None
    verdict: InputVerdict
    why: str


@dataclass(frozen=True, slots=True)
class BisectedTable:
    """One search: `states` were current from `good` to `bad`, both counted.

    `first_bad` is one state where it was found, several where the search could not tell, none
    where there was nothing to search; then `why` says what is wrong. `distance` counts the steps
    up from the target.
    """

    dataset: str
    distance: int
    check: str
    good: str
    bad: str
    states: int
    outcome: BisectOutcome
    why: str
    last_good: str | None
    first_bad: tuple[str, ...]
    commits: tuple[SuspectCommit, ...]
    inputs: tuple[SuspectInput, ...]


@dataclass(frozen=True, slots=True)
class BisectAnswer:
    """The searches, that of the target first, and the commits that no bad input explains."""

    ROWS: ClassVar[str | None] = "steps"

    question: Question
    tables: tuple[BisectedTable, ...]
    guilty: tuple[SuspectCommit, ...]
    steps: tuple[BisectStep, ...]
    doubts: tuple[str, ...]
