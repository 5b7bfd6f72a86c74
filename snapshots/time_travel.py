"""Time travel: from the commit points of a table to the log of each of its refs. DESIGN 4.1."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from snapshots.ancestry import ancestry
from snapshots.commit_point import ChainPoint, CommitPoint, LostPoint
from snapshots.instant import BEGINNING, FOREVER, Instant
from snapshots.period import Period
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
    from collections.abc import Iterable, Mapping, Sequence

_MILLISECOND_IN_MICROS = 1000


@dataclass(frozen=True, slots=True)
class RecordedEntry:
    """One line of an Iceberg `snapshot-log`: the snapshot became current then."""

    at: Instant
    snapshot_id: int


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
    entries: list[LogEntry] = []
    first = steps[0].at if steps else FOREVER
    if ref == MAIN:
        entries += _from_recorded(Period(BEGINNING, first), recorded, snapshots)
    for number, point in enumerate(steps):
        end = steps[number + 1].at if number + 1 < len(steps) else FOREVER
        period = Period(point.at, end)
        match point:
            case CommitPoint():
                entries.append(_from_point(ref, period, point))
            case LostPoint():
                entries += _over_lost_point(ref, period, point, recorded, snapshots)
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
                moved = _at(point, previous.plus(micros=_MILLISECOND_IN_MICROS))
            previous = moved.at
        result.append(moved)
    return tuple(result)


def _at(point: CommitPoint, at: Instant) -> CommitPoint:
    return CommitPoint(
        position=point.position,
        at=at,
        source=point.source,
        witness=point.witness,
        snapshot_id=point.snapshot_id,
        schema_id=point.schema_id,
        refs=point.refs,
        properties=point.properties,
    )


def _steps(chain: Sequence[ChainPoint]) -> list[ChainPoint]:
    """Order by instant; of equal instants only the latest in the chain was ever seen for long.

    Delta with in-commit instants switched on midway has two regions. An instant is looked up in
    one of them only: files' times count before the first in-commit instant, never after it.
    """
    in_commit = [p.at for p in chain if _is_in_commit(p)]
    enabled_at = min(in_commit) if in_commit else None
    counted = [p for p in chain if enabled_at is None or _is_in_commit(p) or p.at < enabled_at]
    winners: dict[Instant, ChainPoint] = {}
    for point in sorted(counted, key=lambda p: (p.at, p.position)):
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


def _over_lost_point(
    ref: str,
    period: Period,
    point: LostPoint,
    recorded: Sequence[RecordedEntry],
    snapshots: Mapping[int, Snapshot],
) -> list[LogEntry]:
    unknown = Unknown(f"the commit {point.witness} at {point.at} can no longer be read")
    whole = LogEntry(period, unknown, None, Rule.COMMIT_POINT, point.witness)
    if ref != MAIN:
        return [whole]
    known = _from_recorded(period, recorded, snapshots)
    if not known:
        return [whole]
    if known[0].period.start > period.start:
        before = Period(period.start, known[0].period.start)
        known.insert(0, LogEntry(before, unknown, None, Rule.COMMIT_POINT, point.witness))
    return known


def _from_recorded(
    within: Period, recorded: Sequence[RecordedEntry], snapshots: Mapping[int, Snapshot]
) -> list[LogEntry]:
    """Apply the spec's rule on the snapshot log: greatest instant not after T."""
    at: dict[Instant, list[int]] = {}
    for entry in sorted(recorded, key=lambda entry: entry.at):
        ids = at.setdefault(entry.at, [])
        if entry.snapshot_id not in ids:
            ids.append(entry.snapshot_id)
    entries: list[LogEntry] = []
    moments = list(at)
    for number, moment in enumerate(moments):
        later = moments[number + 1] if number + 1 < len(moments) else None
        period = Period(moment, later or FOREVER).intersection(within)
        if period is None:
            continue
        state = _recorded_state(at[moment], at[later] if later else [], moments, at, snapshots)
        known = snapshots.get(at[moment][0]) if isinstance(state, Current) else None
        schema_id = known.schema_id if known else None
        entries.append(LogEntry(period, state, schema_id, Rule.SNAPSHOT_LOG, "snapshot-log"))
    return entries


def _recorded_state(
    ids: list[int],
    later_ids: list[int],
    moments: list[Instant],
    at: Mapping[Instant, list[int]],
    snapshots: Mapping[int, Snapshot],
) -> State:
    if len(ids) > 1:
        return Ambiguous(tuple(ids))
    earlier: set[int] = set()
    for moment in moments:
        if at[moment] is ids:
            break
        earlier.update(at[moment])
    if later_ids and _hole_between(ids[0], later_ids[0], earlier | set(ids), snapshots):
        return Unknown(f"the snapshot log has a hole between snapshots {ids[0]} and {later_ids[0]}")
    return Current(ids[0])


def _hole_between(
    before: int, after: int, logged: set[int], snapshots: Mapping[int, Snapshot]
) -> bool:
    """Tell whether commits may be missing between two neighbours of the snapshot log.

    None is missing when `after` descends from something logged earlier (a commit, or a branch
    brought in), when it is a return to an earlier snapshot, or when their sequence numbers touch.
    """
    if after in logged or after in set(ancestry(before, snapshots)):
        return False
    if logged & set(ancestry(after, snapshots)):
        return False
    one, two = snapshots.get(before), snapshots.get(after)
    if one is None or two is None or one.sequence_number == 0:
        return True  # Iceberg v1 has no sequence numbers to tell by
    return two.sequence_number != one.sequence_number + 1


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
