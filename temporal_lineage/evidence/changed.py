"""Changed histories: from which instant on a table's history is another than it was.

A harvest mostly finds commits more: what runs before them read and wrote cannot be told otherwise
by these, unless they name one of them.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import zip_longest
from typing import TYPE_CHECKING

from snapshots.instant import BEGINNING, FOREVER
from temporal_lineage.evidence.commits import clones, self_explained
from temporal_lineage.evidence.timeline import Timeline

if TYPE_CHECKING:
    from collections.abc import Iterator
    from collections.abc import Set as AbstractSet

    from snapshots.history import TableHistory
    from snapshots.instant import Instant
    from snapshots.snapshot import Snapshot
    from snapshots.snapshot_log import LogEntry
    from temporal_lineage.evidence.commits import CloneLink, CommitLink


@dataclass(frozen=True, slots=True)
class Changed:
    """Since when a history is another, and the snapshots that nobody knew before."""

    since: Instant
    snapshots: tuple[Snapshot, ...]

    @property
    def is_growth(self) -> bool:
        """Tell whether commits came and nothing else: names mean what they did, then."""
        return self.since > BEGINNING and bool(self.snapshots)


ALL_CHANGED = Changed(BEGINNING, ())
"""Of what was not known before, or is known otherwise."""


def changed(before: TableHistory | None, after: TableHistory) -> Changed:
    """Hold a history against what was known before; None where nothing was."""
    if before is None or _told_otherwise(before, after):
        return ALL_CHANGED
    known = {one.snapshot_id for one in before.snapshots}
    new = tuple(one for one in after.snapshots if one.snapshot_id not in known)
    # Until the last commit that was known it is sure what there was; after it nothing was.
    instants = [one.committed_at for one in (*new, *before.snapshots[-1:])]
    instants += [one.at for one in after.chain[max(len(before.chain) - 1, 0) :]]
    instants += [one.at for one in after.recorded[len(before.recorded) :]]
    for ref in sorted({*before.ref_names(), *after.ref_names()}):
        instants += _apart(before.log(ref).entries, after.log(ref).entries)
    return Changed(min(instants, default=FOREVER), new)


def _told_otherwise(before: TableHistory, after: TableHistory) -> bool:
    """Tell whether anything that was known is known no more, or otherwise."""
    snapshots = {one.snapshot_id: one for one in after.snapshots}
    new = snapshots.keys() - {one.snapshot_id for one in before.snapshots}
    return (
        (before.identity, before.location, before.gaps, before.features)
        != (after.identity, after.location, after.gaps, after.features)
        or before.chain != after.chain[: len(before.chain)]
        or before.recorded != after.recorded[: len(before.recorded)]
        or before.schemas != after.schemas[: len(before.schemas)]
        or any(snapshots.get(one.snapshot_id) != one for one in before.snapshots)
        or _explained(before, new) != _explained(after, new)
    )


def _explained(history: TableHistory, new: AbstractSet[int]) -> list[CommitLink | CloneLink]:
    """Give what commits known before tell of themselves: what they name may be known only now."""
    table = Timeline(history)
    told: list[CommitLink | CloneLink] = [*self_explained(table), *clones(table)]
    return [one for one in told if one.target_id not in new]


def _apart(before: tuple[LogEntry, ...], after: tuple[LogEntry, ...]) -> Iterator[Instant]:
    """Yield the instant from which two logs differ, if they do."""
    for old, new in zip_longest(before, after):
        if old == new:
            continue
        starts = {one.period.start for one in (old, new) if one is not None}
        if len(starts) == 1 and old is not None and new is not None and _alike(old, new):
            yield min(old.period.end, new.period.end)
        else:
            yield min(starts)
        return


def _alike(old: LogEntry, new: LogEntry) -> bool:
    return (old.state, old.schema_id, old.rule, old.witness) == (
        *(new.state, new.schema_id),
        *(new.rule, new.witness),
    )
