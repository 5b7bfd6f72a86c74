"""Cleaning: which files of a Delta log a clean-up deletes, by the rules of who runs it."""

from __future__ import annotations

import re
from itertools import takewhile

from catalogs.delta.segment import LogSegment
from snapshots.instant import Instant
from snapshots.maintenance import Vacuumer

_CHECKPOINT = re.compile(r"(\d{20})\.checkpoint.*\.parquet")
_COMMIT = re.compile(r"(\d{20})\.json")
_OF_DELTA_RS = re.compile(r"(\d{20})\.(json|checkpoint).*")
_OF_SPARK = re.compile(r"(\d{20})\.(json|checkpoint\..*(parquet|json))")
_DAY_MICROS = 86_400_000_000


def cleaned(
    segment: LogSegment, *, by: Vacuumer, at: Instant, retention_micros: int
) -> frozenset[str]:
    """Give the names of the files that a clean-up at that instant deletes."""
    cutoff = at.plus(micros=-retention_micros)
    if by is Vacuumer.DELTA_RS:
        return _by_delta_rs(segment, cutoff)
    return _by_spark(segment, Instant(cutoff.micros // _DAY_MICROS * _DAY_MICROS))


def _by_delta_rs(segment: LogSegment, cutoff: Instant) -> frozenset[str]:
    """Delete up to a checkpoint from which every version that is young enough can be rebuilt."""
    young = [
        int(match[1])
        for name, modified in segment.modified.items()
        if (match := _COMMIT.fullmatch(name)) and modified >= cutoff
    ]
    keep = min([*young, max(segment.versions())])
    checkpoints = (_CHECKPOINT.fullmatch(name) for name in segment.modified)
    safe = max((int(one[1]) for one in checkpoints if one and int(one[1]) <= keep), default=None)
    return frozenset(
        name
        for name, modified in segment.modified.items()
        if safe is not None
        and (match := _OF_DELTA_RS.fullmatch(name))
        and int(match[1]) < safe
        and modified <= cutoff
    )


def _by_spark(segment: LogSegment, cutoff: Instant) -> frozenset[str]:
    """Delete the oldest files up to the first that is too young, or not before a checkpoint."""
    last = max(segment.checkpoints, default=None)
    if last is None:
        return frozenset()
    named = ((name, _OF_SPARK.fullmatch(name)) for name in sorted(segment.modified))
    found = [(name, int(match[1])) for name, match in named if match]
    return frozenset(
        name
        for name, version in takewhile(
            lambda one: one[1] < last and segment.modified[one[0]] <= cutoff, found
        )
    )
