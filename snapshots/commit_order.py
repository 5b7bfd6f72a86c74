"""Commit order: from when on each commit counts, where clocks and the chain disagree."""

from __future__ import annotations

from itertools import accumulate
from typing import TYPE_CHECKING

from snapshots.commit_point import ChainPoint, CommitPoint
from snapshots.records import dataclass
from snapshots.snapshot import InstantSource

if TYPE_CHECKING:
    from collections.abc import Sequence

    from snapshots.instant import Instant

_FILE_TIMES = (InstantSource.FILE_MODIFICATION, InstantSource.IN_COMMIT)


@dataclass(frozen=True, slots=True)
class Step:
    """From `at` on one of two points of the chain is the newest; mostly they are the same.

    `earlier` is what counts if the clocks of commits behind others were slow, `later` what counts
    if those of the commits before them were fast.
    """

    at: Instant
    earlier: ChainPoint
    later: ChainPoint


def steps_of(chain: Sequence[ChainPoint]) -> list[Step]:
    """Give which point of a chain is the newest, over time; the last one counts of equal instants.

    A chain of metadata files is in the order of its commits, whatever their clocks say, and two
    readings can be made of a clock that steps back. At T either the last commit whose clock is not
    after T is the newest, or the last one before the first commit whose clock is. Both are steps in
    chain order, and nothing is in doubt where they meet.

    Delta's protocol has its own rule, by which its instants were put in order already. DESIGN 4.1.
    """
    if any(isinstance(one, CommitPoint) and one.source in _FILE_TIMES for one in chain):
        return _by_instant(chain)
    latest = list(accumulate((one.at for one in chain), max))
    earliest = list(accumulate((one.at for one in reversed(chain)), min))[::-1]
    found: list[Step] = []
    sure = possible = -1
    for at in sorted({*latest, *earliest}):
        while sure + 1 < len(chain) and latest[sure + 1] <= at:
            sure += 1
        while possible + 1 < len(chain) and earliest[possible + 1] <= at:
            possible += 1
        found.append(Step(at, chain[max(sure, 0)], chain[possible]))
    return found


def settled(chain: Sequence[ChainPoint]) -> list[tuple[Instant, ChainPoint]]:
    """Give points with the instants from which they surely count, never before the one before.

    Of points with equal instants the last one is there.
    """
    found: dict[int, tuple[Instant, ChainPoint]] = {}
    for step in steps_of(chain):
        found.setdefault(step.earlier.position, (step.at, step.earlier))
    return list(found.values())


def _by_instant(chain: Sequence[ChainPoint]) -> list[Step]:
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
    return [Step(at, point, point) for at, point in winners.items()]


def _is_in_commit(point: ChainPoint) -> bool:
    return isinstance(point, CommitPoint) and point.source is InstantSource.IN_COMMIT
