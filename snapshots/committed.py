"""Committed: which snapshots of a table may have been there by an instant."""

from __future__ import annotations

from typing import TYPE_CHECKING

from snapshots.commit_order import steps_of
from snapshots.commit_point import CommitPoint

if TYPE_CHECKING:
    from collections.abc import Sequence

    from snapshots.commit_point import ChainPoint
    from snapshots.instant import Instant
    from snapshots.snapshot import Snapshot


def committed_by(
    instant: Instant, *, chain: Sequence[ChainPoint], snapshots: Sequence[Snapshot]
) -> tuple[Snapshot, ...]:
    """Give the snapshots that were committed by an instant, in commit order. DESIGN 4.1.

    Where a clock stepped back, the order of the commits decides: what stands in the chain before
    a commit that may have been there was there too, whatever its own clock says.
    """
    reached = [one.later.position for one in steps_of(chain) if one.at <= instant]
    last = max(reached, default=None)
    before = {
        snapshot_id
        for point in chain
        if last is not None and point.position <= last and isinstance(point, CommitPoint)
        for snapshot_id in (point.snapshot_id, *(ref.snapshot_id for ref in point.refs))
    }
    return tuple(
        one for one in snapshots if one.committed_at <= instant or one.snapshot_id in before
    )
