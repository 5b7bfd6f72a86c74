"""Time travel: from the commit points of a table to the log of each of its refs. DESIGN 4.1."""

from __future__ import annotations

from dataclasses import replace
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
    from collections.abc import Iterable, Mapping, Sequence

__all__ = ["RecordedEntry", "log_of", "monotonic"]

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
    steps = _steps(chain)
    readable = [step for step in steps if isinstance(step, CommitPoint)]
    lost = [step for step in steps if isinstance(step, LostPoint)]
    entries: list[LogEntry] = []
    vouched = RecordedLog(())
    if ref == MAIN:
        first = steps[0].at if steps else FOREVER
        before = recorded_log(recorded, points=readable, lost=(), snapshots=snapshots)
        entries += before.within(Period(BEGINNING, first)) if first > BEGINNING else []
        if lost:
            vouched = recorded_log(recorded, points=readable, lost=lost, snapshots=snapshots)
    for number, point in enumerate(steps):
        end = steps[number + 1].at if number + 1 < len(steps) else FOREVER
        period = Period(point.at, end)
        match point:
            case CommitPoint():
                entries.append(_from_point(ref, period, point))
            case LostPoint():
                entries += _over_lost_point(period, point, vouched)
    return SnapshotLog(ref, tuple(_merged(entries)))


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


def _from_point(ref: str, period: Period, point: CommitPoint) -> LogEntry:
    state: State
    named = next((named for named in point.refs if named.name == ref), None)
    if named is not None:
        state = Current(named.snapshot_id)
    elif ref == MAIN:
        state = Current(point.snapshot_id)
    else:
        state = Absent()
    return LogEntry(period, state, point.schema_id, Rule.COMMIT_POINT, point.witness)


def _over_lost_point(period: Period, point: LostPoint, vouched: RecordedLog) -> list[LogEntry]:
    known = vouched.within(period)
    covered_from = known[0].period.start if known else period.end
    if covered_from == period.start:
        return known
    unknown = Unknown(f"the commit {point.witness} at {point.at} can no longer be read")
    before = Period(period.start, covered_from)
    return [LogEntry(before, unknown, None, Rule.COMMIT_POINT, point.witness), *known]


def _merged(entries: Iterable[LogEntry]) -> list[LogEntry]:
    """Join neighbours that say the same: a metadata commit that changed nothing a reader sees."""
    result: list[LogEntry] = []
    for entry in entries:
        last = result[-1] if result else None
        if last and (last.state, last.schema_id, last.rule) == (
            entry.state,
            entry.schema_id,
            entry.rule,
        ):
            period = Period(last.period.start, entry.period.end)
            result[-1] = LogEntry(period, last.state, last.schema_id, last.rule, last.witness)
        else:
            result.append(entry)
    return result
