"""Gaps: the parts of a Delta history that are known to be missing, in words for people."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping

from catalogs.delta.chronicle import Chronicle
from catalogs.delta.instants import after
from catalogs.delta.log import DeltaLog
from catalogs.delta.protocol import MANAGED
from catalogs.delta.segment import commit_name, holes, staged
from snapshots.commit_point import CommitPoint, LostPoint
from snapshots.history import Gap

STAGED = "staged commits"
"""How the gap begins that ends once the table's catalog has published the commits."""


def gaps_of(chronicle: Chronicle, points: Mapping[int, CommitPoint]) -> Iterator[Gap]:
    """Say what no commit, no checkpoint and no earlier harvest tells."""
    if missing := named(holes(points, first=0)):
        yield Gap(f"{missing}: gone from the log, and nobody remembers")
    if chronicle.unknown:
        unknown = named(_ranges(chronicle.unknown))
        yield Gap(f"{unknown}: only the commit is left, the state it started from is gone")
    for version in chronicle.from_checkpoint:
        yield Gap(
            f"version {version}: only its checkpoint is left; who made it is not known, and its"
            " instant is not after the one given"
        )
    yield from (Gap(doubt) for doubt in chronicle.doubts)


def staged_gaps(log: DeltaLog, features: Collection[str]) -> Iterator[Gap]:
    """Say which commits of a catalog-managed table only its catalog can confirm."""
    if MANAGED.isdisjoint(features):
        return
    newest = max(log.segment.versions())
    waiting = sorted(version for version in staged(log.storage, log.root) if version > newest)
    if waiting:
        yield Gap(
            f"{STAGED} of {named(_ranges(waiting))}: whether they were accepted only the table's"
            " catalog knows; name those that were in the property ratified-commits"
        )


def lost_points(points: Mapping[int, CommitPoint]) -> Iterator[LostPoint]:
    """Give a point for each hole between known commits.

    The first of the missing ones came at the earliest one millisecond after the last known one.
    """
    for first, _ in holes(points, first=min(points, default=0)):
        yield LostPoint(first, after(points[first - 1].at), commit_name(first))


def named(ranges: Iterable[tuple[int, int]]) -> str:
    """Name ranges of versions, ends included: `versions 1, 3 to 5`; empty where there are none."""
    told = [str(a) if a == b else f"{a} to {b}" for a, b in ranges]
    if not told:
        return ""
    one = len(told) == 1 and told[0].isdecimal()
    return f"version{'' if one else 's'} {', '.join(told)}"


def _ranges(versions: Iterable[int]) -> Iterator[tuple[int, int]]:
    first: int | None = None
    last = -1
    for version in sorted(versions):
        if first is not None and version != last + 1:
            yield first, last
            first = None
        first = version if first is None else first
        last = version
    if first is not None:
        yield first, last
