"""Instants: when each version of a Delta table became current, and who says so. DESIGN 4.1."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from catalogs.delta.actions import Commit
from snapshots.commit_point import CommitPoint
from snapshots.instant import Instant
from snapshots.snapshot import InstantSource
from snapshots.time_travel import monotonic

_MILLISECOND_IN_MICROS = 1000


def instant_of(
    commit: Commit, *, version: int, modified: Instant, properties: Mapping[str, str] | None
) -> tuple[Instant, InstantSource]:
    """Give a commit's instant: its own word where in-commit timestamps are on, else its file's.

    `properties` are the table's as the commit leaves them, None where they are unknown: then the
    word is taken where it is given, since writers give it only where it counts.
    `commitInfo.timestamp` decides nothing.
    """
    told = (commit.commit_info or {}).get("inCommitTimestamp")
    promised = properties is None or promises_in_commit(properties, version=version)
    if promised and isinstance(told, int):
        return Instant.from_millis(told), InstantSource.IN_COMMIT
    return in_millis(modified), InstantSource.FILE_MODIFICATION


def promises_in_commit(properties: Mapping[str, str], *, version: int) -> bool:
    """Tell whether a table promises that this version holds its own instant."""
    if properties.get("delta.enableInCommitTimestamps", "").casefold() != "true":
        return False
    since = properties.get("delta.inCommitTimestampEnablementVersion", "0")
    return not since.isdecimal() or version >= int(since)


def in_millis(modified: Instant) -> Instant:
    """Cut a file's time to milliseconds: all Delta readers compare these."""
    return Instant(modified.micros - modified.micros % _MILLISECOND_IN_MICROS)


def before(instant: Instant) -> Instant:
    """Give the last instant before another one, as Delta counts."""
    return instant.plus(micros=-_MILLISECOND_IN_MICROS)


def after(instant: Instant) -> Instant:
    """Give the first instant after another one, as Delta counts."""
    return instant.plus(micros=_MILLISECOND_IN_MICROS)


def in_order(points: Sequence[CommitPoint]) -> tuple[CommitPoint, ...]:
    """Let file times run forward, in version order.

    Those of versions after the first in-commit instant (the writer left its word out, or
    in-commit timestamps were switched off again) count from the version before on.
    """
    placed: list[CommitPoint] = []
    switched = False
    for point in points:
        moved = point
        if point.source is InstantSource.IN_COMMIT:
            switched = True
        elif switched and point.at <= placed[-1].at:
            moved = replace(point, at=after(placed[-1].at))
        placed.append(moved)
    return monotonic(placed)
