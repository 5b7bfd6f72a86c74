"""Time travel: from the commit points of a table to the log of each of its refs. DESIGN 4.1."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from snapshots.commit_point import ChainPoint, CommitPoint, LostPoint
from snapshots.instant import BEGINNING, FOREVER, Instant
from snapshots.period import Period
from snapshots.recorded_log import RecordedEntry, RecordedLog, recorded_log
from snapshots.refs import MAIN
from snapshots.snapshot import InstantSource, Snapshot
from snapshots.snapshot_log import (
    Absent,
    Current,
    LogEntry,
    Rule,
    SnapshotLog,
    State,
    Unknown,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

__all__ = ["RecordedEntry", "log_of", "logs_of", "monotonic"]

_MILLISECOND_IN_MICROS = 1000


def log_of(
    ref: str,
    *,
    chain: Sequence[ChainPoint],
    recorded: Sequence[RecordedEntry],
    snapshots: Mapping[int, Snapshot],
) -> SnapshotLog:
    """Give the log of one ref: the rule of DESIGN 4.1 as a function of time, once and for all.

    Where the chain of commit points is whole, it decides. Before it, and where a point is lost,
    `recorded` (the union of all snapshot-logs seen) decides for main; a hole in it is unknown.
    """
    return logs_of((ref,), chain=chain, recorded=recorded, snapshots=snapshots)[ref]


def logs_of(
    refs: Iterable[str],
    *,
    chain: Sequence[ChainPoint],
    recorded: Sequence[RecordedEntry],
    snapshots: Mapping[int, Snapshot],
) -> dict[str, SnapshotLog]:
    """Give the logs of several refs; the chain is walked once, whatever their number."""
    steps = _steps(chain)
    marks: dict[str, list[_Mark]] = {ref: [] for ref in refs}
    vouched = RecordedLog(())
    if MAIN in marks:
        before, vouched = _recorded(steps, recorded, snapshots)
        for entry in before:
            _add(marks[MAIN], _marked(entry))
    told: CommitPoint | None = None
    for number, point in enumerate(steps):
        match point:
            case CommitPoint():
                for ref in _changed(told, point, marks):
                    _add(marks[ref], _told(ref, point))
                told = point
            case LostPoint():
                end = steps[number + 1].at if number + 1 < len(steps) else FOREVER
                known = vouched.within(Period(point.at, end))
                for ref, entries in marks.items():
                    for mark in _over_lost_point(point, known if ref == MAIN else []):
                        _add(entries, mark)
                told = None
    return {ref: SnapshotLog(ref, _entries(entries)) for ref, entries in marks.items()}


def monotonic(points: Sequence[CommitPoint]) -> tuple[CommitPoint, ...]:
    """Make file modification times strictly increase in version order. Delta protocol, DESIGN 4.1.

    In-commit instants are left as they are: they decide their own region.
    """
    result: list[CommitPoint] = []
    previous: Instant | None = None
    for point in points:
        moved = point
        if point.source is InstantSource.FILE_MODIFICATION:
            if previous is not None and point.at <= previous:
                moved = replace(point, at=previous.plus(micros=_MILLISECOND_IN_MICROS))
            previous = moved.at
        result.append(moved)
    return tuple(result)


def _steps(chain: Sequence[ChainPoint]) -> list[ChainPoint]:
    """Order by instant; of equal instants only the latest in the chain was ever seen for long.

    Delta with in-commit instants switched on midway has two regions, and an instant is looked up
    in one of them only: before the first in-commit instant only the versions before it count,
    from it on only those after it, whatever the files' times say.
    """
    switched = min(
        (point for point in chain if _is_in_commit(point)), key=lambda p: p.position, default=None
    )
    winners: dict[Instant, ChainPoint] = {}
    for point in sorted(chain, key=lambda p: (p.at, p.position)):
        if switched and (point.at >= switched.at) != (point.position >= switched.position):
            continue
        winners[point.at] = point
    return list(winners.values())


def _is_in_commit(point: ChainPoint) -> bool:
    return isinstance(point, CommitPoint) and point.source is InstantSource.IN_COMMIT


def _recorded(
    steps: Sequence[ChainPoint],
    recorded: Sequence[RecordedEntry],
    snapshots: Mapping[int, Snapshot],
) -> tuple[list[LogEntry], RecordedLog]:
    """Give what the snapshot logs say before the chain, and what they can say over lost points."""
    readable = [step for step in steps if isinstance(step, CommitPoint)]
    lost = [step for step in steps if isinstance(step, LostPoint)]
    first = steps[0].at if steps else FOREVER
    before: list[LogEntry] = []
    if first > BEGINNING:
        log = recorded_log(recorded, points=readable, lost=(), snapshots=snapshots)
        before = log.within(Period(BEGINNING, first))
    if not lost:
        return before, RecordedLog(())
    return before, recorded_log(recorded, points=readable, lost=lost, snapshots=snapshots)


@dataclass(frozen=True, slots=True)
class _Mark:
    """From here on a ref is in this state, until its next mark."""

    start: Instant
    state: State
    schema_id: int | None
    rule: Rule
    witness: str


def _add(marks: list[_Mark], mark: _Mark) -> None:
    """Leave out what says the same: a metadata commit that changed nothing a reader sees."""
    last = marks[-1] if marks else None
    if last is None or (last.state, last.schema_id, last.rule) != (
        mark.state,
        mark.schema_id,
        mark.rule,
    ):
        marks.append(mark)


def _entries(marks: Sequence[_Mark]) -> tuple[LogEntry, ...]:
    ends = [*(mark.start for mark in marks[1:]), FOREVER]
    return tuple(
        LogEntry(Period(mark.start, end), mark.state, mark.schema_id, mark.rule, mark.witness)
        for mark, end in zip(marks, ends, strict=False)
    )


def _marked(entry: LogEntry) -> _Mark:
    return _Mark(entry.period.start, entry.state, entry.schema_id, entry.rule, entry.witness)


def _changed(
    told: CommitPoint | None, point: CommitPoint, refs: Mapping[str, list[_Mark]]
) -> Iterable[str]:
    """Give the refs that may be in another state than the point before told."""
    if told is None or told.schema_id != point.schema_id:
        return refs
    was = {(named.name, named.snapshot_id) for named in told.refs}
    now = {(named.name, named.snapshot_id) for named in point.refs}
    return {MAIN, *(name for name, _ in was ^ now)} & refs.keys()


def _told(ref: str, point: CommitPoint) -> _Mark:
    state: State
    named = next((named for named in point.refs if named.name == ref), None)
    if named is not None:
        state = Current(named.snapshot_id)
    elif ref == MAIN:
        state = Current(point.snapshot_id)
    else:
        state = Absent()
    return _Mark(point.at, state, point.schema_id, Rule.COMMIT_POINT, point.witness)


def _over_lost_point(point: LostPoint, known: Sequence[LogEntry]) -> Iterator[_Mark]:
    if not known or known[0].period.start > point.at:
        unknown = Unknown(f"the commit {point.witness} at {point.at} can no longer be read")
        yield _Mark(point.at, unknown, None, Rule.COMMIT_POINT, point.witness)
    yield from map(_marked, known)
