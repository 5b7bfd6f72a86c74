"""Companions: snapshots that came into a table with another one and were never seen alone."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from temporal_lineage.evidence.timeline import Timeline


def with_companions(table: Timeline, snapshot_ids: Iterable[int]) -> tuple[int, ...]:
    """Add the snapshots that were committed together with these, parents first.

    An upsert or an overwrite may make several snapshots in one commit to the table's metadata:
    readers only ever see the last, and whoever made it made all. They are its ancestors that are
    younger than the commit point before the one that brought it. Where that point cannot be
    read, nobody can tell what it had, and nothing is added.
    """
    before = table.points_before
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


def came_together(table: Timeline) -> Mapping[int, frozenset[int]]:
    """Give, by each of them, the snapshots that came with others; what came alone is left out."""
    found: dict[int, frozenset[int]] = {}
    if table.by_id.keys() <= table.points_before.keys():
        return found
    for one in table.by_id:
        group = frozenset(with_companions(table, (one,)))
        if len(group) > 1:
            group = group.union(*(found.get(other, frozenset()) for other in group))
            found |= dict.fromkeys(group, group)
    return found
