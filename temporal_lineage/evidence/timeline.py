"""Timelines: one table's history, arranged so that many runs can be held against it."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from typing import TypeVar

from snapshots.commit_point import CommitPoint, LostPoint
from snapshots.history import TableHistory
from snapshots.instant import Instant
from snapshots.period import Period
from snapshots.refs import MAIN, SnapshotRef
from snapshots.snapshot import Snapshot
from snapshots.snapshot_log import Ambiguous, Current, LogEntry, SnapshotLog
from temporal_lineage.capture.openlineage_events import EngineKey
from temporal_lineage.evidence.commit_signs import derived_run_ids, engine_keys, stamps

K = TypeVar("K")


@dataclass(frozen=True, slots=True)
class QuietChange:
    """Something that changed in a table's metadata without a snapshot."""

    what: str
    at: Instant


class Timeline:
    """A table's history with its logs and indexes, each made once and only when asked for."""

    def __init__(self, table: TableHistory) -> None:
        """Arrange this history."""
        self.table = table
        self._logs: dict[str, tuple[SnapshotLog, list[Instant]]] = {}

    @cached_property
    def by_id(self) -> dict[int, Snapshot]:
        """The snapshots by id."""
        return {one.snapshot_id: one for one in self.table.snapshots}

    @cached_property
    def by_stamp(self) -> Mapping[str, Sequence[int]]:
        """The commits by the run ids they carry."""
        return _index(
            (stamp, one)
            for one in self.table.snapshots
            for stamp in stamps(one) | derived_run_ids(one)
        )

    @cached_property
    def by_key(self) -> Mapping[EngineKey, Sequence[int]]:
        """The commits by the engine keys they carry."""
        return _index((key, one) for one in self.table.snapshots for key in engine_keys(one))

    @cached_property
    def heads(self) -> Mapping[int, Sequence[Period]]:
        """When main was, or may have been, at each snapshot."""
        found: dict[int, list[Period]] = defaultdict(list)
        for entry in self.log(MAIN).entries:
            for one in ids_of(entry):
                found[one].append(entry.period)
        return found

    @cached_property
    def rounded(self) -> Mapping[float, tuple[int, ...]]:
        """The snapshots by what is left of their ids where they are written as doubles."""
        found: dict[float, tuple[int, ...]] = {}
        for one in self.by_id:
            found[float(one)] = (*found.get(float(one), ()), one)
        return found

    @cached_property
    def ref_names(self) -> tuple[str, ...]:
        """Every ref that ever existed, main first."""
        return self.table.ref_names()

    def entries(self, ref: str, *, start: Instant, end: Instant) -> Sequence[LogEntry]:
        """Give the states of a ref that held at some instant from start to end, end included."""
        log, starts = self._log(ref)
        first = max(bisect_right(starts, start) - 1, 0)
        return [
            entry
            for entry in log.entries[first : bisect_right(starts, end)]
            if entry.period.end > start
        ]

    def at(self, ref: str, instant: Instant) -> LogEntry | None:
        """Give the state of a ref at an instant; None before its first."""
        found = self.entries(ref, start=instant, end=instant)
        return found[0] if found else None

    def starts(self, ref: str) -> Instant | None:
        """Give the first instant of which this ref's log knows anything; None for no log."""
        _, starts = self._log(ref)
        return starts[0] if starts else None

    def held(self, snapshot_id: int, *, start: Instant, end: Instant) -> str | None:
        """Give a ref on which the snapshot was current, or may have been, from start to end."""
        for ref in self.ref_names:
            for entry in self.entries(ref, start=start, end=end):
                if snapshot_id in ids_of(entry):
                    return ref
        return None

    def reaches(self, instant: Instant) -> bool:
        """Tell whether a commit after an instant is known: then no harvest was before it."""
        newest = max((point.at for point in self.table.chain), default=None)
        return newest is not None and newest > instant

    def superseded(self, snapshot_id: int, *, ref: str, before: Instant) -> Instant | None:
        """Give when the snapshot last stopped being current before an instant; None for never."""
        log, starts = self._log(ref)
        for entry in reversed(log.entries[: bisect_left(starts, before)]):
            if snapshot_id in ids_of(entry) and entry.period.end <= before:
                return entry.period.end
        return None

    def commits(self, *, start: Instant, end: Instant) -> Sequence[Snapshot]:
        """Give the snapshots committed from start to end, end included, in commit order."""
        times, ordered = self._by_time
        found = ordered[bisect_left(times, start) : bisect_right(times, end)]
        return sorted(found, key=lambda one: self._place[one.snapshot_id])

    def in_commit_order(self, snapshot_ids: Iterable[int]) -> tuple[int, ...]:
        """Put ids into commit order, each once; those that are not known come last."""
        last = len(self._place)
        return tuple(sorted(set(snapshot_ids), key=lambda one: (self._place.get(one, last), one)))

    @cached_property
    def quiet_changes(self) -> tuple[QuietChange, ...]:
        """What commits changed without making a snapshot, in chain order: schema, tags, rollbacks.

        The making of the table is one, where its first metadata is known and has no snapshot.
        """
        found: list[QuietChange] = []
        points = [one for one in self.table.chain if isinstance(one, CommitPoint)]
        if points and points[0].position <= 1 and points[0].snapshot_id is None:
            found.append(QuietChange("its first metadata", points[0].at))
        for before, after in pairwise(points):
            if after.snapshot_id == before.snapshot_id and after.schema_id != before.schema_id:
                found.append(QuietChange(f"schema {after.schema_id}", after.at))
            known = {ref.name: ref.snapshot_id for ref in before.refs}
            found += [
                QuietChange(f"{ref.name} set to {ref.snapshot_id}", after.at)
                for ref in after.refs
                if known.get(ref.name) != ref.snapshot_id and self._is_older(ref, before)
            ]
        return tuple(found)

    def _is_older(self, ref: SnapshotRef, point: CommitPoint) -> bool:
        snapshot = self.by_id.get(ref.snapshot_id)
        return snapshot is not None and snapshot.committed_at <= point.at

    @cached_property
    def points_before(self) -> dict[int, CommitPoint | None]:
        """For each snapshot that a ref ever named, the point before the first that named it.

        None where there is no such point, or it can no longer be read.
        """
        before: dict[int, CommitPoint | None] = {}
        previous: CommitPoint | None = None
        for point in self.table.chain:
            if isinstance(point, LostPoint):
                previous = None
                continue
            named = {ref.snapshot_id for ref in point.refs}
            if point.snapshot_id is not None:
                named.add(point.snapshot_id)
            for snapshot_id in named:
                before.setdefault(snapshot_id, previous)
            previous = point
        return before

    @cached_property
    def _place(self) -> dict[int, int]:
        return {one.snapshot_id: place for place, one in enumerate(self.table.snapshots)}

    @cached_property
    def _by_time(self) -> tuple[list[Instant], list[Snapshot]]:
        ordered = sorted(self.table.snapshots, key=lambda one: one.committed_at)
        return [one.committed_at for one in ordered], ordered

    def log(self, ref: str) -> SnapshotLog:
        """Give the log of a ref."""
        return self._log(ref)[0]

    def _log(self, ref: str) -> tuple[SnapshotLog, list[Instant]]:
        if ref not in self._logs:
            log = self.table.log(ref)
            self._logs[ref] = log, [entry.period.start for entry in log.entries]
        return self._logs[ref]


def _index(pairs: Iterable[tuple[K, Snapshot]]) -> Mapping[K, Sequence[int]]:
    found: dict[K, list[int]] = defaultdict(list)
    for key, snapshot in pairs:
        found[key].append(snapshot.snapshot_id)
    return found


def ids_of(entry: LogEntry) -> tuple[int, ...]:
    """Give the snapshots that this state is, or may be."""
    match entry.state:
        case Current(snapshot_id):
            return () if snapshot_id is None else (snapshot_id,)
        case Ambiguous(candidates):
            return candidates
        case _:
            return ()
