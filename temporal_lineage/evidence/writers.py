"""Writers: the runs that say they wrote a table, and who has been given which commit."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from snapshots.snapshot import Effect, Snapshot
from temporal_lineage.capture.openlineage_events import KeyKind, Statistics
from temporal_lineage.evidence.commit_signs import (
    Agreement,
    Fit,
    agreement,
    derived_run_ids,
    engine_keys,
    fit,
    stamps,
)
from temporal_lineage.evidence.echoes import echoes
from temporal_lineage.evidence.grades import Grade, Method, RejectedAlternative
from temporal_lineage.evidence.runs import Observation, RunRecord, RunState
from temporal_lineage.evidence.spoken_outputs import spoken_change
from temporal_lineage.evidence.timeline import Timeline
from temporal_lineage.evidence.windows import Window

_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


@dataclass(frozen=True, slots=True)
class Decision:
    """What one rung found for one run."""

    method: Method
    grade: Grade
    ids: tuple[int, ...]
    witness: str


Decisions = Mapping[str, Decision]


@dataclass(frozen=True, slots=True)
class Contest:
    """Why a commit that fits a run was not given to it: it fits others by the same rung."""

    method: Method
    words: str


@dataclass(slots=True)
class Writer:
    """One run, what it says of the table, and what was rejected for it so far.

    `reported` are the snapshots that its application told the catalog it made. `stale` are
    versions that were told and shown wrong; `contested` are commits that fit, but fit others too.
    """

    run: RunRecord
    seen: Observation
    window: Window
    reported: tuple[int, ...]
    rejected: list[RejectedAlternative] = field(default_factory=list)
    stale: list[str] = field(default_factory=list)
    contested: dict[int, Contest] = field(default_factory=dict)

    def reject(self, what: str, why: str) -> None:
        """Note an alternative that was not taken."""
        self.rejected.append(RejectedAlternative(what, why))

    def contest(self, snapshot_id: int, method: Method, words: str) -> None:
        """Note a commit that fits this run and others; the first rung to say so is kept."""
        self.contested.setdefault(snapshot_id, Contest(method, words))

    @property
    def statistics(self) -> Statistics | None:
        """What the run says it wrote, by its last word; None where it does not say."""
        told = [one.statistics for one in self.seen.mentions() if one.statistics is not None]
        return told[-1] if told else None

    @property
    def version(self) -> str | None:
        """The version told when the run ended; None where none was."""
        return None if self.seen.terminal is None else self.seen.terminal.version

    @property
    def spoken(self) -> str | None:
        """What the run's SQL does, where that alone names the table; None where events do."""
        told = spoken_change(self.run.events)
        return None if told is None else told[0]

    @property
    def failed(self) -> bool:
        """Tell whether the run ended without success."""
        return self.run.state in (RunState.FAIL, RunState.ABORT)

    def agreement(self, snapshot: Snapshot) -> Agreement:
        """Hold the run's engine keys against a commit's."""
        return agreement(self.run, snapshot)

    def holds(self, snapshot: Snapshot) -> bool:
        """Tell whether a commit was made during the run, clock skew left out."""
        return self.window.holds(snapshot.committed_at)

    def outside(self, snapshot: Snapshot) -> str | None:
        """Say why a commit of the run's own application was not made by this run; None for may be.

        The clock that dates a driver's commits dates its events too, so that no skew is allowed:
        statements that follow each other closely would be taken for one another.
        """
        if not any(
            key.kind is KeyKind.SPARK_APPLICATION
            for key in set(self.run.keys) & engine_keys(snapshot)
        ):
            return None
        if self.window.started and snapshot.committed_at < self.window.start:
            return f"its application committed it at {snapshot.committed_at}, before {self.window}"
        if self.window.ended and snapshot.committed_at > self.window.end:
            return f"its application committed it at {snapshot.committed_at}, after {self.window}"
        return None

    def fit(self, snapshot: Snapshot) -> Fit:
        """Hold the run's statistics against a commit's counts."""
        return fit(self.statistics, snapshot)


class Docket:
    """All runs that wrote one table, in the order of their ids, and what each was given."""

    def __init__(self, table: Timeline, cases: Sequence[Writer]) -> None:
        """Open the cases."""
        self.table = table
        self.cases = tuple(cases)
        self.echoes = echoes(table, self.cases)
        self.decided: dict[str, Decision] = {}
        self._owners: dict[int, str] = {}

    @property
    def open(self) -> tuple[Writer, ...]:
        """The runs that no rung has decided yet, but for those that only tell again."""
        return tuple(
            case
            for case in self.cases
            if case.run.run_id not in self.decided and case.run.run_id not in self.echoes
        )

    def give(self, decisions: Mapping[str, Decision]) -> None:
        """Close cases, all at once; commits of a claiming grade belong to the run from now on."""
        self.decided.update(decisions)
        for run_id, decision in decisions.items():
            if decision.grade.claims:
                for one in decision.ids:
                    self._owners.setdefault(one, run_id)

    def owner(self, snapshot_id: int) -> str | None:
        """Say for people who was given a commit; None where nobody was."""
        run_id = self._owners.get(snapshot_id)
        return None if run_id is None else f"run {run_id} ({self.decided[run_id].method})"

    def free(self, case: Writer) -> tuple[Snapshot, ...]:
        """Give the commits that may be a run's own, and reject the others in its window."""
        free = self.peek(case)
        kept = {one.snapshot_id for one in free}
        for one in self._in_window(case):
            if one.snapshot_id not in kept:
                why = self.why_not(case, one) or "it changes no row"
                case.reject(f"snapshot {one.snapshot_id}", why)
        return free

    def peek(self, case: Writer) -> tuple[Snapshot, ...]:
        """Give the commits in a run's window that may be its own, rejecting none.

        Commits that change no row count only where there are no others.
        """
        found = [one for one in self._in_window(case) if self.why_not(case, one) is None]
        moving = [one for one in found if one.effect is not Effect.NOTHING]
        return tuple(moving or found)

    def why_not(self, case: Writer, snapshot: Snapshot) -> str | None:
        """Say why a commit cannot be a run's own; None where nothing speaks against it."""
        owner = self.owner(snapshot.snapshot_id)
        if owner is not None:
            return f"it belongs to {owner}"
        if self.stamped_for_another(case, snapshot):
            return "it carries the stamp of another run"
        if case.agreement(snapshot) is Agreement.DISAGREE:
            return "its engine keys are another run's"
        if case.spoken not in (None, snapshot.operation.upper()):
            return f"it is a {snapshot.operation}, and the run's SQL a {case.spoken}"
        return case.outside(snapshot)

    def _in_window(self, case: Writer) -> Sequence[Snapshot]:
        return self.table.commits(start=case.window.earliest, end=case.window.latest)

    def stamped_for_another(self, case: Writer, snapshot: Snapshot) -> bool:
        """Tell whether a commit carries the id of another run, a known one or a UUID."""
        mine = case.run.run_id.casefold()
        carried = stamps(snapshot)
        if mine in carried:
            return False
        return any(one in self._run_ids or _looks_like_uuid(one) for one in carried) or any(
            one != mine and one in self._run_ids for one in derived_run_ids(snapshot)
        )

    @cached_property
    def _run_ids(self) -> frozenset[str]:
        return frozenset(case.run.run_id.casefold() for case in self.cases)


def listed(values: Iterable[object]) -> str:
    """Write several things for people."""
    return ", ".join(map(str, values))


def _looks_like_uuid(text: str) -> bool:
    return _UUID.fullmatch(text) is not None
