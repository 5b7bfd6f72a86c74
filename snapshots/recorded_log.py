"""Recorded logs: what an Iceberg `snapshot-log` proves by itself, and where it has holes."""

from __future__ import annotations

from bisect import bisect_right
from itertools import pairwise
from typing import TYPE_CHECKING

from snapshots.ancestry import starts_afresh
from snapshots.instant import Instant
from snapshots.period import Period
from snapshots.records import dataclass
from snapshots.snapshot_log import Ambiguous, Current, LogEntry, Rule, State, Unknown

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from snapshots.commit_point import CommitPoint, LostPoint
    from snapshots.snapshot import Snapshot

_NEVER = 2**63


@dataclass(frozen=True, slots=True)
class RecordedEntry:
    """One line of an Iceberg `snapshot-log`: the snapshot became current then."""

    at: Instant
    snapshot_id: int


@dataclass(frozen=True, slots=True)
class RecordedLog:
    """The states of main that the recorded entries prove: periods touch, the last one is open."""

    entries: tuple[LogEntry, ...]

    def within(self, period: Period) -> list[LogEntry]:
        """Give the entries that hold in the period, cut to it."""
        place = bisect_right(self.entries, period.start, key=lambda entry: entry.period.end)
        found = []
        for entry in self.entries[place:]:
            both = entry.period.intersection(period)
            if both is None:
                break
            found.append(LogEntry(both, entry.state, entry.schema_id, entry.rule, entry.witness))
        return found


def recorded_log(
    recorded: Sequence[RecordedEntry],
    *,
    points: Sequence[CommitPoint],
    lost: Sequence[LostPoint],
    snapshots: Mapping[int, Snapshot],
) -> RecordedLog:
    """Apply the Iceberg spec's rule, the greatest instant not after T, to all logs ever seen.

    A tie is ambiguous; what held before a hole is unknown, never the neighbour. `points`, oldest
    first, say what the log must lead to, so that it vouches for nothing after its own end; `lost`
    are commits that the answer is to stand in for, whose own logs nobody saw. An entry names no
    schema: a reader saw the table's, and no log says which that was.
    Iceberg spec, point in time reads; DESIGN 4.1.
    """
    if not recorded:
        return RecordedLog(())
    moments = _moments(recorded, points)
    candidates = list(moments.values())
    doubtful = bool(lost) or _is_forgetful(candidates, snapshots)
    holes = _holes(moments, snapshots, doubtful=doubtful)
    entries = []
    for number, ((at, ids), (end, following)) in enumerate(pairwise(moments.items())):
        state: State = Current(ids[0]) if len(ids) == 1 else Ambiguous(tuple(ids))
        if number in holes:
            hole = f"the snapshot log has a hole between {_named(ids)} and {_named(following)}"
            state = Unknown(hole)
        entries.append(_entry(Period(at, end), state))
    return RecordedLog((*entries, *_newest(*list(moments.items())[-1], points)))


def _newest(at: Instant, ids: list[int], points: Sequence[CommitPoint]) -> list[LogEntry]:
    """Give what held last: known up to the last commit that still says so, if any is readable."""
    state: State = Current(ids[0]) if len(ids) == 1 else Ambiguous(tuple(ids))
    if not points:
        return [_entry(Period.since(at), state)]
    confirmed = max((p.at for p in points if p.snapshot_id in ids), default=at)
    unknown = Unknown(f"no snapshot log seen tells what followed {_named(ids)}")
    known = [_entry(Period(at, confirmed), state)] if at < confirmed else []
    return [*known, _entry(Period.since(max(at, confirmed)), unknown)]


def _entry(period: Period, state: State) -> LogEntry:
    return LogEntry(period, state, None, Rule.SNAPSHOT_LOG, "snapshot-log")


def _named(ids: Sequence[int]) -> str:
    return f"snapshot {' or '.join(map(str, ids))}"


def _moments(
    recorded: Sequence[RecordedEntry], points: Sequence[CommitPoint]
) -> dict[Instant, list[int]]:
    """Give what became current at each instant, oldest first; several ids are a tie."""
    known = [(entry.at, entry.snapshot_id, True) for entry in recorded]
    known += [(p.at, p.snapshot_id, False) for p in points if p.snapshot_id is not None]
    moments: dict[Instant, list[int]] = {}
    latest: list[int] = []
    for at, snapshot_id, logged in sorted(known, key=lambda one: one[0]):
        if not logged and latest == [snapshot_id]:
            continue  # a commit that left the head where it was is no entry of the log
        latest = moments.setdefault(at, [])
        if snapshot_id not in latest:
            latest.append(snapshot_id)
    return moments


def _holes(
    moments: Mapping[Instant, list[int]], snapshots: Mapping[int, Snapshot], *, doubtful: bool
) -> set[int]:
    """Number the moments after which commits may be missing from the log.

    While no commit is forgotten, none is missing before a snapshot that descends from something
    logged earlier (a commit, or a branch brought in), before a return to something that lies
    behind the log, or before a table was replaced. Once some may be, only a commit on top of its
    neighbour proves that nothing came between them: something forgotten may have been returned
    to at any other time. A snapshot that descends from nothing known was committed on top of one
    that is gone, and that one was current just before it.
    """
    grounded = _grounded(list(moments.values()), snapshots)
    behind: set[int] = set()
    holes: set[int] = set()
    for number, ((_, before), (at, after)) in enumerate(pairwise(moments.items())):
        _add_ancestry(behind, before, snapshots)
        if doubtful:
            whole = any(_is_commit_on(before, one, at, snapshots) for one in after)
        elif _sequence(before, snapshots) > 0 and _replaces(after, snapshots):
            whole = True
        else:
            whole = any(one in behind or grounded[one] <= number for one in after)
        if not whole:
            holes.add(number)
    return holes


def _is_forgetful(candidates: list[list[int]], snapshots: Mapping[int, Snapshot]) -> bool:
    """Tell whether a commit that nobody knows may have been current at some time in the log.

    Sequence numbers count all commits, so a number that belongs to no known snapshot is one. A
    snapshot without its parent is a sign of one too: pyiceberg forgets it with the parent, where
    other engines expire nothing out of the middle of a log.
    """
    orphans = [one.sequence_number for one in snapshots.values() if _is_orphan(one)]
    if len(orphans) > 1 or any(orphans):  # format version 1 has no number to know the first by
        return True
    logged = [number for ids in candidates if (number := _sequence(ids, snapshots))]
    if not logged:
        return False
    low, high = min(logged), max(logged)
    known = {one.sequence_number for one in snapshots.values()}
    return sum(low <= number <= high for number in known) < high - low + 1


def _is_orphan(one: Snapshot) -> bool:
    first = one.sequence_number == 1 or starts_afresh(one)
    return one.parent_id is None and not first


def _is_commit_on(
    before: Sequence[int], after: int, at: Instant, snapshots: Mapping[int, Snapshot]
) -> bool:
    """Tell whether the entry is a commit to main: made then, on top of what was current."""
    made = snapshots.get(after)
    return made is not None and made.parent_id in before and made.committed_at == at


def _grounded(candidates: list[list[int]], snapshots: Mapping[int, Snapshot]) -> dict[int, int]:
    """Number the first moment that logged a snapshot or one of its ancestors, for each logged."""
    own: dict[int, int] = {}
    for number, ids in enumerate(candidates):
        for one in ids:
            own.setdefault(one, number)
    found: dict[int, int] = {}
    for start in own:
        path: list[int] = []
        walking: int | None = start
        while walking is not None and walking not in found:
            found[walking] = _NEVER  # a cycle, which only hostile metadata holds, ends here
            path.append(walking)
            walking = _parent(walking, snapshots)
        first = _NEVER if walking is None else found[walking]
        for one in reversed(path):
            first = min(first, own.get(one, _NEVER))
            found[one] = first
    return found


def _add_ancestry(seen: set[int], ids: Iterable[int], snapshots: Mapping[int, Snapshot]) -> None:
    for one in ids:
        walking: int | None = one
        while walking is not None and walking not in seen:
            seen.add(walking)
            walking = _parent(walking, snapshots)


def _replaces(ids: Iterable[int], snapshots: Mapping[int, Snapshot]) -> bool:
    return any(one in snapshots and starts_afresh(snapshots[one]) for one in ids)


def _parent(snapshot_id: int, snapshots: Mapping[int, Snapshot]) -> int | None:
    known = snapshots.get(snapshot_id)
    return known.parent_id if known else None


def _sequence(ids: Iterable[int], snapshots: Mapping[int, Snapshot]) -> int:
    """Give the highest sequence number among them; 0 where none is known, as in Iceberg v1."""
    return max((snapshots[one].sequence_number for one in ids if one in snapshots), default=0)
