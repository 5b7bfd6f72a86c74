"""Companions: snapshots that came into a table with another one and were never seen alone."""

from __future__ import annotations

from collections.abc import Iterable

from snapshots.commit_point import CommitPoint, LostPoint
from temporal_lineage.evidence.timeline import Timeline


def with_companions(table: Timeline, snapshot_ids: Iterable[int]) -> tuple[int, ...]:
    """Add the snapshots that were committed together with these, parents first.

    An upsert or an overwrite may make several snapshots in one commit to the table's metadata:
    readers only ever see the last, and whoever made it made all. They are its ancestors that are
    younger than the commit point before the one that brought it. Where that point cannot be
    read, nobody can tell what it had, and nothing is added.
    """
    before = _points_before(table)
    found: dict[int, None] = {}
    for snapshot_id in snapshot_ids:
        line = [snapshot_id]
        point = before.get(snapshot_id)
        snapshot = table.by_id.get(snapshot_id)
        while point is not None and snapshot is not None and snapshot.parent_id is not None:
            snapshot = table.by_id.get(snapshot.parent_id)
            if snapshot is None or snapshot.snapshot_id in before:
                break
            if snapshot.committed_at <= point.at or snapshot.snapshot_id in line:
                break
            line.append(snapshot.snapshot_id)
        found.update(dict.fromkeys(reversed(line)))
    return tuple(found)


def _points_before(table: Timeline) -> dict[int, CommitPoint | None]:
    """Give, for each snapshot that a ref ever named, the point before the first that named it.

    None where there is no such point, or it can no longer be read.
    """
    before: dict[int, CommitPoint | None] = {}
    previous: CommitPoint | None = None
    for point in table.table.chain:
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
