"""Histories: what a log tells today, joined with what was known of the table before."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from catalogs.delta.checkpoint import opening
from catalogs.delta.chronicle import Chronicle, dated, settled
from catalogs.delta.gaps import STAGED, gaps_of, lost_points, named, staged_gaps
from catalogs.delta.instants import in_millis
from catalogs.delta.log import DeltaLog
from catalogs.delta.replay import Step, check_whole, steps, tried
from catalogs.delta.segment import holes
from snapshots.commit_point import CommitPoint
from snapshots.dataset import TableFormat, TableIdentity
from snapshots.errors import UnreadableError
from snapshots.history import Expiry, Gap, TableHistory
from snapshots.instant import Instant


def history_of(log: DeltaLog, *, location: str, known: TableHistory | None) -> TableHistory:
    """Give all a log remembers, joined with what was known of the table before.

    Commits that `known` covers are not read again, and its instants stand: file times change when
    a table is copied. Where the log is another table's, or was rewritten, nothing is joined.

    Raises UnreadableError where the newest version cannot be rebuilt: there is no table then, only
    files. Raises UnsupportedError where some version needs a feature that is not understood.
    """
    versions = log.segment.versions()
    if not versions:
        reason = "its _delta_log holds no commit and no checkpoint"
        raise UnreadableError(log.root, reason, "name the folder of a Delta table")
    start = _start(log, known, newest=versions[-1])
    chronicle = Chronicle(log, start.known, after=start.after)
    last: Step | None = None
    for step in steps(log, after=start.after):
        chronicle.take(step)
        last = step
    _check_head(log, last)
    _check_newest_checkpoint(log, chronicle, after=start.after)
    if start.known is None:
        check_whole(log, "its last version", chronicle.metadata, chronicle.protocol)
    points = settled(chronicle)
    readable = _readable(log, chronicle, start)
    gaps = (*start.gaps, *gaps_of(chronicle, points), *staged_gaps(log, chronicle.features))
    return TableHistory(
        identity=TableIdentity(TableFormat.DELTA, chronicle.identity or ""),
        location=location,
        chain=tuple(sorted((*points.values(), *lost_points(points)), key=lambda p: p.position)),
        recorded=(),
        snapshots=tuple(dated(one, points) for _, one in sorted(chronicle.snapshots.items())),
        schemas=chronicle.schemas.versions(),
        listed=readable,
        expiries=_expiries(log, start.known, readable, points),
        gaps=tuple(dict.fromkeys(gaps)),
        features=chronicle.features,
    )


def joined_upto(log: DeltaLog, known: TableHistory | None) -> int | None:
    """Give the version up to which a log is the one that is known; None for a table never seen.

    That is -1 where it is another table's, or was rewritten.
    """
    if known is None or known.head() is None:
        return None
    versions = log.segment.versions()
    start = _start(log, known, newest=versions[-1] if versions else -1)
    return -1 if start.after is None else start.after


@dataclass(frozen=True, slots=True)
class _Start:
    """Where to go on. `known` and `after` are None where everything is read anew."""

    known: TableHistory | None
    after: int | None
    gaps: tuple[Gap, ...]


def _start(log: DeltaLog, known: TableHistory | None, *, newest: int) -> _Start:
    """Find the version to go on from, after making sure that it is still the same table."""
    head = known.head() if known else None
    if known is None or head is None:
        return _Start(None, None, ())
    name = log.segment.commits.get(head.position)
    if name is not None:
        snapshot = known.snapshot(snapshot_id=head.position)
        told = log.commit(name)
        same = snapshot is None or not snapshot.summary or snapshot.summary == told.summary()
    elif newest < head.position:
        same = False
    else:
        first = min(log.segment.readable(), default=newest)
        table, _ = tried(log, first)
        same = table is None or table.metadata.id == known.identity.uuid
    if same:
        lasting = tuple(gap for gap in known.gaps if not gap.what.startswith(STAGED))
        return _Start(known, head.position, lasting)
    text = f"the log is not the one last read up to {head.witness}: it was read anew"
    return _Start(None, None, (Gap(text),))


def _readable(log: DeltaLog, chronicle: Chronicle, start: _Start) -> frozenset[int]:
    """Give the versions that the log can rebuild: its files are there, and none was unreadable."""
    readable = log.segment.readable() - set(chronicle.unknown)
    if start.known is None or start.after is None:
        return frozenset(readable & chronicle.points.keys())
    settled_before = start.known.listed
    return frozenset(
        version
        for version in readable & chronicle.points.keys()
        if version > start.after or version in settled_before
    )


def _check_head(log: DeltaLog, last: Step | None) -> None:
    if last is None or last.known:
        return
    if last.trouble is not None:
        raise last.trouble
    missing = named(holes(log.segment.commits, first=0))
    raise UnreadableError(
        log.root,
        f"its versions are not contiguous: the log lacks {missing}, and no later checkpoint tells"
        " what followed",
        "restore the commit files from a copy of the table",
    )


def _check_newest_checkpoint(log: DeltaLog, chronicle: Chronicle, *, after: int | None) -> None:
    """Refuse a table that every reader refuses: they start from the newest checkpoint."""
    newest = max(log.segment.checkpoints, default=None)
    if newest is None or (after is not None and newest <= after):
        return
    names = log.segment.checkpoints[newest][0]
    try:
        metadata, protocol = opening(log, names)
    except UnreadableError as error:
        chronicle.doubts.append(f"{names[0]}: {error.reason}")
        return
    check_whole(log, names[0], metadata, protocol)


def _expiries(
    log: DeltaLog,
    known: TableHistory | None,
    readable: frozenset[int],
    points: Mapping[int, CommitPoint],
) -> tuple[Expiry, ...]:
    """Say which known versions can no longer be rebuilt from the table's own log, and since when.

    Cleaning a log leaves no commit. It follows the writing of a checkpoint, so the newest one's
    file time is the latest word on it.
    """
    if known is None:
        return ()
    earlier = {one.snapshot_id: one for one in known.expiries}
    since = _newest_evidence(log, points)
    act = f"the log was cleaned: it starts at version {min(readable, default=0)}"
    gone = sorted(one.snapshot_id for one in known.snapshots if one.snapshot_id not in readable)
    return tuple(
        earlier.get(version) or Expiry(version, since, act)
        for version in gone
        if version in earlier or version in known.listed
    )


def _newest_evidence(log: DeltaLog, points: Mapping[int, CommitPoint]) -> Instant:
    newest = max(points)
    times = [points[newest].at]
    if log.segment.checkpoints:
        names = log.segment.checkpoints[max(log.segment.checkpoints)][0]
        times.append(in_millis(log.segment.modified[names[0]]))
    return max(times)
