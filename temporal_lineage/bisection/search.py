"""The search over one table: which states are judged, in which order, and what comes of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from snapshots.availability import Gone, LogTruncated
from snapshots.errors import TemporalLineageError
from temporal_lineage.bisection.answer import BisectOutcome, BisectStep
from temporal_lineage.bisection.checks import BadCheckError, CheckFailedError, Judged, OpenState
from temporal_lineage.lineage.first_bad import Bounds, Verdict, bounds, mended, next_place
from temporal_lineage.reproduce.loss import dated, why_lost
from temporal_lineage.reproduce.reaching import OutOfReach

if TYPE_CHECKING:
    from temporal_lineage.bisection.candidates import Candidates
    from temporal_lineage.bisection.checks import Check
    from temporal_lineage.bisection.searching import Searching
    from temporal_lineage.reproduce.tables import Tables


@dataclass(frozen=True, slots=True)
class Searched:
    """How a search ended, by the places of its states.

    `good` is the last good place and `suspects` those after it up to the first that is known bad;
    None and nothing where there was nothing to search. Then `wrong` is the end that was at fault,
    and `why` what was found of it.
    """

    outcome: BisectOutcome
    good: int | None
    suspects: tuple[int, ...]
    mended: tuple[int, ...]
    wrong: int | None
    why: str


class Judging:
    """Judges states, each once for one check, and notes every step."""

    def __init__(self, tables: Tables, searching: Searching) -> None:
        """Read states of these tables."""
        self._tables = tables
        self._searching = searching
        self._judged: dict[tuple[int, str, str], Judged] = {}
        self._unreadable: set[tuple[int, str]] = set()
        self.steps: list[BisectStep] = []
        self.detours: dict[str, None] = {}

    def is_unreadable(self, candidates: Candidates, place: int) -> bool:
        """Tell whether a state that was to be judged could not be read."""
        key = (candidates.dataset_id, candidates.states[place].version or "")
        return key in self._unreadable

    def judge(self, candidates: Candidates, place: int, check: Check) -> Judged:
        """Judge one state; what cannot be read is skipped, with the reason.

        Raises BadCheckError and CheckFailedError.
        """
        one = candidates.states[place]
        key = (candidates.dataset_id, one.version or f"since {one.since}", check.text)
        if self._searching.is_stopped():
            raise KeyboardInterrupt
        if key not in self._judged:
            judged = self._judge(candidates, place, check)
            self._judged[key] = judged
            step = BisectStep(
                candidates.dataset,
                candidates.address(place),
                one.since,
                judged.verdict,
                judged.why,
            )
            self.steps.append(step)
            self._searching.progress(step)
        return self._judged[key]

    def _judge(self, candidates: Candidates, place: int, check: Check) -> Judged:
        one = candidates.states[place]
        if one.version is None:
            return Judged(Verdict.SKIPPED, one.why)
        try:
            opened = self._opened(candidates, place, one.version)
            return opened if isinstance(opened, Judged) else check.judge(opened)
        except (BadCheckError, CheckFailedError):
            raise
        except TemporalLineageError as error:
            self._unreadable.add((candidates.dataset_id, one.version))
            return Judged(Verdict.SKIPPED, str(error))

    def _opened(self, candidates: Candidates, place: int, version: str) -> OpenState | Judged:
        address, since = candidates.address(place), candidates.states[place].since
        name = candidates.dataset
        if not candidates.is_table:
            return OpenState(address, name, version, since, None)
        reached = self._tables.reach(candidates.dataset_id)
        if isinstance(reached, OutOfReach):
            return Judged(Verdict.SKIPPED, reached.reason)
        self.detours.update(dict.fromkeys(f"{name}: {doubt}" for doubt in reached.doubts))
        self._unreadable.add((candidates.dataset_id, version))
        found = self._tables.state(reached, int(version))
        if isinstance(found, LogTruncated | Gone):
            return Judged(Verdict.SKIPPED, why_lost(dated(found, reached.history, int(version))))
        self._unreadable.discard((candidates.dataset_id, version))
        return OpenState(address, name, version, since, found.state)


def search(
    judging: Judging, candidates: Candidates, check: Check, *, good: int, bad: int
) -> Searched:
    """Find the first bad state from a good place to a bad one, both of which are judged first."""
    verdicts: dict[int, Verdict] = {}

    def judged(place: int) -> Judged:
        found = judging.judge(candidates, place, check)
        version = candidates.states[place].version
        # A rollback makes one state current twice: what is known of it holds both times.
        for other in range(good, bad + 1):
            if other == place or (version and candidates.states[other].version == version):
                verdicts[other] = found.verdict
        return found

    for place, wanted, opposite in (
        (bad, Verdict.BAD, BisectOutcome.BAD_IS_GOOD),
        (good, Verdict.GOOD, BisectOutcome.GOOD_IS_BAD),
    ):
        found = judged(place)
        if found.verdict is Verdict.SKIPPED:
            return Searched(BisectOutcome.UNJUDGED, None, (), (), place, found.why)
        if found.verdict is not wanted:
            return Searched(opposite, None, (), (), place, found.why)
    while (between := next_place(verdicts)) is not None:
        judged(between)
    ends = bounds(verdicts) or Bounds(good, bad)
    suspects = tuple(range(ends.good + 1, ends.bad + 1))
    outcome = BisectOutcome.FOUND if len(suspects) == 1 else BisectOutcome.AMONG
    return Searched(outcome, ends.good, suspects, mended(verdicts), None, "")
