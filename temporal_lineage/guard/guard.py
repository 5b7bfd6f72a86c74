"""Guard: simulate maintenance of tables, and tell which promises, models and runs break."""

from __future__ import annotations

from typing import TYPE_CHECKING

from catalogs.upkeep import Maintained
from snapshots.errors import TemporalLineageError
from snapshots.maintenance import Refused, Removal, Unfit
from temporal_lineage.facts import LAST, AsOf
from temporal_lineage.guard.answer import (
    BrokenState,
    GuardAnswer,
    GuardedPromise,
    GuardedTable,
)
from temporal_lineage.guard.breaking import broken_states
from temporal_lineage.guard.held import held_files
from temporal_lineage.guard.scope import in_scope
from temporal_lineage.guard.uses import Uses
from temporal_lineage.guard.words import in_words
from temporal_lineage.promises.promise import promises
from temporal_lineage.reproduce.reaching import OutOfReach
from temporal_lineage.reproduce.tables import Tables

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from catalogs.upkeep import Upkeep
    from snapshots.instant import Instant
    from snapshots.maintenance import Act
    from temporal_lineage.promises.promise import Promise, PromisedVersion
    from temporal_lineage.questions.question import Question
    from temporal_lineage.reproduce.reaching import Reached
    from temporal_lineage.store.reader import Reader


def guard(
    reader: Reader,
    question: Question,
    *,
    targets: Sequence[str],
    act: Act | None,
    at: Instant,
    now: Instant,
    folder: Path,
) -> GuardAnswer:
    """Answer `tl guard`: what an act at `at` would break in each of the tables.

    Where `act` is None, what whoever keeps a table runs without options. Tables of another format
    than the act is for are left out where there are others. Nothing is committed or deleted.
    Raises UnknownNameError.
    """
    named = in_scope(reader, targets)
    found = _Guard(reader, folder, at=at, now=now, alone=len(named) == 1)
    guarded = [
        one for dataset_id, name in named.items() for one in found.table(dataset_id, name, act)
    ]
    breaks = sum(
        sum(promise.after is not None for promise in one.promises) + len(one.models)
        for one in guarded
    )
    return GuardAnswer(
        question=question,
        at=at,
        checked_at=now,
        breaks=breaks,
        unseen=tuple(dict.fromkeys(found.unseen)),
        tables=tuple(guarded),
        doubts=tuple(dict.fromkeys(found.doubts)),
    )


class _Guard:
    """Looks at tables, each opened once."""

    def __init__(
        self, reader: Reader, folder: Path, *, at: Instant, now: Instant, alone: bool
    ) -> None:
        self._reader = reader
        self._alone = alone
        self._tables = Tables(reader, folder)
        self._at = at
        self._promises = promises(reader, as_of=AsOf(valid=min(at, LAST), system=LAST))
        self.doubts: list[str] = []
        self.unseen: list[str] = []
        if at > now:
            self.doubts.append("foreseen as if nothing were committed until then")

    def table(self, dataset_id: int, name: str, act: Act | None) -> list[GuardedTable]:
        """Simulate an act on one table, or the usual ones."""
        reached = self._tables.reach(dataset_id)
        if isinstance(reached, OutOfReach):
            self.doubts.append(f"{name} was not looked at: {reached.reason}")
            self.unseen.append(name)
            return []
        self.doubts += [f"{name}: {doubt}" for doubt in reached.doubts]
        if not isinstance(reached.source, Maintained):
            self.unseen.append(name)
            return []
        upkeep = reached.source.upkeep(reached.history)
        acts = upkeep.usual() if act is None else (act,)
        found = []
        for one in acts:
            try:
                removal = upkeep.removal(one, at=self._at, hold=(), let_go=())
                if isinstance(removal, Unfit) and not self._alone:
                    continue
                if isinstance(removal, Refused):
                    found.append(_refused(name, one, removal.reason))
                    continue
                self.doubts += [f"{name}: {doubt}" for doubt in removal.doubts]
                found.append(self._guarded(name, reached, upkeep, one, removal))
            except TemporalLineageError as error:
                self.doubts.append(f"{name}: {in_words(one)} cannot be foreseen: {error}")
                self.unseen.append(name)
        return found

    def _guarded(
        self, name: str, reached: Reached, upkeep: Upkeep, act: Act, removal: Removal
    ) -> GuardedTable:
        states = broken_states(self._reader, self._tables, reached, removal)
        versions = {str(one.version) for one in states}
        uses = Uses(self._reader, reached.dataset_id, name)
        return GuardedTable(
            dataset=name,
            act=in_words(act),
            refused=None,
            states=states,
            refs=removal.refs,
            metadata=removal.metadata,
            deleted_files=len(removal.files),
            deleted_bytes=sum(removal.files.values()),
            promises=self._promised(name, reached.dataset_id, upkeep, act, states),
            models=uses.models(versions) if versions else (),
            runs=uses.runs(versions) if versions else (),
        )

    def _promised(
        self,
        name: str,
        dataset_id: int,
        upkeep: Upkeep,
        act: Act,
        states: Sequence[BrokenState],
    ) -> tuple[GuardedPromise, ...]:
        promised = [
            (promise, state)
            for promise in self._promises
            for state in promise.states
            if state.dataset_id == dataset_id
        ]
        held = held_files(upkeep, act, promised, at=self._at)
        after = {str(one.version): one.after for one in states}
        return tuple(
            _promise(name, promise, state, after.get(state.version), held.get(promise.name, {}))
            for promise, state in promised
        )


def _promise(
    name: str,
    promise: Promise,
    state: PromisedVersion,
    after: str | None,
    held: Mapping[str, int],
) -> GuardedPromise:
    claim = promise.claim
    return GuardedPromise(
        promise=promise.name,
        target=claim.target,
        address=f"{name}@{state.version}",
        until=claim.until,
        reason=claim.reason,
        tag=state.tag,
        after=after,
        held_files=len(held),
        held_bytes=sum(held.values()),
    )


def _refused(name: str, act: Act, reason: str) -> GuardedTable:
    return GuardedTable(name, in_words(act), reason, (), (), (), 0, 0, (), (), ())
