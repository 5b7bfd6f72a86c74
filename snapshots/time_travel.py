"""Time travel: from the commit points of a table to the log of each of its refs. DESIGN 4.1."""

from __future__ import annotations

from typing import TYPE_CHECKING

from snapshots.commit_order import Step, steps_of
from snapshots.commit_point import ChainPoint, CommitPoint, LostPoint
from snapshots.instant import BEGINNING, FOREVER, Instant
from snapshots.period import Period
from snapshots.recorded_log import RecordedEntry, RecordedLog, recorded_log
from snapshots.records import dataclass, replace
from snapshots.refs import MAIN
from snapshots.snapshot import InstantSource, Snapshot
from snapshots.snapshot_log import (
    Absent,
    Ambiguous,
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
    steps = steps_of(chain)
    marks: dict[str, list[_Mark]] = {ref: [] for ref in refs}
    vouched = RecordedLog(())
    if MAIN in marks:
        before, vouched = _recorded(steps, recorded, snapshots)
        for entry in before:
            _add(marks[MAIN], _marked(entry))
    told: CommitPoint | None = None
    for number, step in enumerate(steps):
        if step.earlier is not step.later:
            for ref, entries in marks.items():
                _add(entries, _doubtful(ref, step))
            told = None
            continue
        match step.later:
            case CommitPoint() as point:
                for ref in _changed(told, point, marks):
                    _add(marks[ref], _told(ref, point, at=step.at))
                told = point
            case LostPoint() as point:
                end = steps[number + 1].at if number + 1 < len(steps) else FOREVER
                _add_lost(marks, point, Period(step.at, end), vouched)
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


def _recorded(
    steps: Sequence[Step],
    recorded: Sequence[RecordedEntry],
    snapshots: Mapping[int, Snapshot],
) -> tuple[list[LogEntry], RecordedLog]:
    """Give what the snapshot logs say before the chain, and what they can say over lost points."""
    points = [step.later for step in steps]
    readable = [point for point in points if isinstance(point, CommitPoint)]
    lost = [point for point in points if isinstance(point, LostPoint)]
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


def _told(ref: str, point: CommitPoint, *, at: Instant) -> _Mark:
    return _Mark(at, _state(ref, point), point.schema_id, Rule.COMMIT_POINT, point.witness)


def _doubtful(ref: str, step: Step) -> _Mark:
    """Tell what a ref was while two commits may have been the newest."""
    witness = f"{step.earlier.witness} or {step.later.witness}"
    told = [one for one in (step.earlier, step.later) if isinstance(one, CommitPoint)]
    states = dict.fromkeys(_state(ref, one) for one in told)
    schemas = {one.schema_id for one in told}
    ids = [one.snapshot_id for one in states if isinstance(one, Current)]
    state: State = Unknown(f"a clock stepped back: either {witness} was the newest commit")
    if len(told) == 2:  # noqa: PLR2004 - both of the two
        if len(states) == 1:
            (state,) = states
        elif len(ids) == len(states) and None not in ids:
            state = Ambiguous(tuple(one for one in ids if one is not None))
    schema_id = schemas.pop() if len(schemas) == 1 and len(told) == 2 else None  # noqa: PLR2004
    return _Mark(step.at, state, schema_id, Rule.COMMIT_POINT, witness)


def _state(ref: str, point: CommitPoint) -> State:
    state: State
    named = next((named for named in point.refs if named.name == ref), None)
    if named is not None:
        state = Current(named.snapshot_id)
    elif ref == MAIN:
        state = Current(point.snapshot_id)
    else:
        state = Absent()
    return state


def _add_lost(
    marks: Mapping[str, list[_Mark]], point: LostPoint, held: Period, vouched: RecordedLog
) -> None:
    known = vouched.within(held)
    for ref, entries in marks.items():
        for mark in _over_lost_point(point, known if ref == MAIN else [], at=held.start):
            _add(entries, mark)


def _over_lost_point(
    point: LostPoint, known: Sequence[LogEntry], *, at: Instant
) -> Iterator[_Mark]:
    if not known or known[0].period.start > at:
        unknown = Unknown(f"the commit {point.witness} at {point.at} can no longer be read")
        yield _Mark(at, unknown, None, Rule.COMMIT_POINT, point.witness)
    yield from map(_marked, known)
