"""Available: the verdict on one past state of a table, or on all of them, as things lie now."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from snapshots.availability import (
    AtRisk,
    Availability,
    Erased,
    Gone,
    Live,
    LogTruncated,
    MadeOf,
    Missing,
    Partial,
    Protected,
    Recoverable,
    Unverified,
    availability,
)
from snapshots.committed import committed_by
from snapshots.errors import BeforeHistoryError, TemporalLineageError, UnreadableError
from snapshots.instant import Instant
from snapshots.recovery import RecoveryPlan
from snapshots.retention import refused_by_newer_spark
from temporal_lineage.erasure.erased import erased_states
from temporal_lineage.facts import LAST, AsOf
from temporal_lineage.naming import Naming, find_addressed
from temporal_lineage.promises.beside import PromisedState, promised_beside
from temporal_lineage.questions.states.meant import version_of
from temporal_lineage.reproduce.answer import availability_name
from temporal_lineage.reproduce.known_files import KnownFiles
from temporal_lineage.reproduce.look import refused_in_words
from temporal_lineage.reproduce.loss import Acts, dated
from temporal_lineage.reproduce.reaching import OutOfReach, Reached
from temporal_lineage.reproduce.tables import Found, Tables, rebuilt
from temporal_lineage.reproduce.unharvested import never_harvested

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from snapshots.history import TableHistory
    from snapshots.snapshot import Snapshot
    from temporal_lineage.addresses import DatasetAddress
    from temporal_lineage.questions.question import Question
    from temporal_lineage.store.reader import Reader


@dataclass(frozen=True, slots=True)
class StateVerdict:
    """One state and whether it can be read: the verdict's name, and all it says.

    `files` is None where nobody knows what the state is made of.
    """

    version: int
    committed_at: Instant
    verdict: str
    availability: Availability
    files: int | None


@dataclass(frozen=True, slots=True)
class AvailableAnswer:
    """The verdicts on a table's states, in commit order; `checked_at` is when somebody looked.

    `promises` are those in force then about any of the states.
    `plan` is how a recoverable state is put together, where one state was asked for.
    """

    ROWS: ClassVar[str | None] = "states"

    question: Question
    dataset: str
    checked_at: Instant
    states: tuple[StateVerdict, ...]
    promises: tuple[PromisedState, ...]
    plan: RecoveryPlan | None
    doubts: tuple[str, ...]


def available(
    reader: Reader, address: DatasetAddress, question: Question, *, now: Instant, folder: Path
) -> AvailableAnswer:
    """Answer `tl available`: each file is looked for once, however many states it is part of.

    The states are those committed by the instant asked for; the verdicts are as things lie now.
    """
    as_of = question.as_of
    dataset_id = find_addressed(reader, address, as_of=as_of)
    name = Naming(reader, as_of=as_of).dataset(dataset_id)
    tables = Tables(reader, folder)
    reached = tables.reach(dataset_id)
    if isinstance(reached, OutOfReach):
        doubt = f"not looked at: {reached.reason}"
        return AvailableAnswer(question, name, now, (), (), None, (doubt,))
    only = None
    if address.at is not None:
        never = never_harvested(reader, tables, address, as_of)
        version = never.version if never else version_of(reader, dataset_id, address, as_of)
        only = int(version)
    history = reached.history
    by_then = committed_by(as_of.valid, chain=history.chain, snapshots=history.snapshots)
    snapshots = by_then if only is None else _named(history, name, only, as_of)
    try:
        look = _Look(reader, tables, reached, now, snapshots)
        states = tuple(look.verdict(one) for one in snapshots)
    except UnreadableError as error:
        states = tuple(_unseen(one, str(error)) for one in snapshots)
    beside = promised_beside(reader, dataset_id, name, as_of=AsOf(valid=now, system=LAST))
    promised = tuple(one for state in states for one in beside.get(str(state.version), ()))
    plan: RecoveryPlan | None = None
    lost: tuple[str, ...] = ()
    if only is not None and all(isinstance(one.availability, Recoverable) for one in states):
        found = tables.state(reached, only)
        if isinstance(found, Found):
            plan, lost = found.plan, found.lost
    doubts = (*reached.doubts, *lost, *_refused(reached, states, now))
    return AvailableAnswer(question, name, now, states, promised, plan, doubts)


def _named(history: TableHistory, name: str, snapshot_id: int, as_of: AsOf) -> list[Snapshot]:
    """Give the state that was asked for; raises BeforeHistoryError where it came later."""
    found = [one for one in history.snapshots if one.snapshot_id == snapshot_id]
    for one in found:
        if as_of.valid < one.committed_at:
            asked, first = as_of.valid.isoformat(), one.committed_at.isoformat()
            raise BeforeHistoryError(f"{name}@{snapshot_id}", asked, first)
    return found


def _refused(reached: Reached, states: Sequence[StateVerdict], now: Instant) -> Iterator[str]:
    """Say which states newer Spark readers refuse to travel to, though they can be read."""
    refused = refused_by_newer_spark(reached.history, now=now)
    found = [
        one.version
        for one in states
        if one.version in refused and isinstance(one.availability, Live | Protected | AtRisk)
    ]
    if found:
        yield refused_in_words(found)


def _unseen(snapshot: Snapshot, reason: str) -> StateVerdict:
    """Judge a state of a table whose files lie where nobody could look."""
    judged = Unverified(reason)
    name = availability_name(judged)
    return StateVerdict(snapshot.snapshot_id, snapshot.committed_at, name, judged, None)


class _Look:
    """What was found of a table's states, all of it looked for before the first is judged."""

    def __init__(
        self,
        reader: Reader,
        tables: Tables,
        reached: Reached,
        now: Instant,
        snapshots: Sequence[Snapshot],
    ) -> None:
        """Take the file lists that the ledger has, and look for all their files together.

        Then look for what names those files in the table itself: manifest lists and manifests.
        """
        as_of = AsOf(valid=now, system=LAST)
        self._erased = erased_states(reader, reached.dataset_id, as_of=as_of)
        self._tables = tables
        self._reached = reached
        self._now = now
        source, history = reached.source, reached.history
        self._known = KnownFiles(reader, reached.dataset_id, {one.snapshot_id for one in snapshots})
        presence = source.presence()
        lost = presence.missing(self._known.files().values())
        self._known.note_missing(lost)
        self._acts = Acts(tables, reached, lost)
        listed = [one for one in self._known.states() if one in history.listed]
        kept = tables.kept(reached.dataset_id) if listed else ()
        self._broken = source.broken(listed, kept=kept, presence=presence)

    def verdict(self, snapshot: Snapshot) -> StateVerdict:
        """Judge one state by what was found."""
        known = snapshot.snapshot_id in self._known
        files = self._known.made_of(snapshot.snapshot_id).files if known else None
        try:
            judged, count = self._judged(snapshot.snapshot_id)
        except TemporalLineageError as error:
            judged, count = Unverified(str(error)), files
        case = self._erased.get(snapshot.snapshot_id)
        if case is not None and isinstance(judged, Gone | Partial | LogTruncated):
            judged = Erased(case)
        return StateVerdict(
            snapshot.snapshot_id,
            snapshot.committed_at,
            availability_name(judged),
            judged,
            files if count is None else count,
        )

    def _judged(self, snapshot_id: int) -> tuple[Availability, int | None]:
        reached = self._reached
        broken = self._broken.get(snapshot_id, ())
        acts, way = self._acts, None
        is_whole = snapshot_id in reached.history.listed and not broken
        if snapshot_id in self._known and (
            is_whole or snapshot_id in self._tables.rebuildable(reached)
        ):
            way = None if is_whole else rebuilt(broken)
            missing = self._known.missing(snapshot_id)
            made_of = self._known.made_of(snapshot_id)
        else:
            # What the table has forgotten must still be found somewhere to be read again.
            found = self._tables.state(reached, snapshot_id)
            if isinstance(found, LogTruncated | Gone):
                return dated(found, reached.history, snapshot_id), None
            way = found.plan.how if found.plan else None
            lost = found.state.missing()
            missing = Missing.these(lost)
            made_of = MadeOf.these(found.state.files)
            acts = Acts(self._tables, reached, lost)
        act = acts.behind(snapshot_id, missing.named)
        judged = availability(
            now=self._now,
            listed=way is None,
            found_in=way,
            made_of=made_of,
            missing=missing,
            protecting=reached.protections.get(snapshot_id, ()),
            risk=reached.risks.get(snapshot_id),
            loss=(act.since, act.what) if act else (None, None),
        )
        return judged, made_of.files
