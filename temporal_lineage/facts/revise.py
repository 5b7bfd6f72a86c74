"""Revision: the least that must be said to turn what is believed into what is wanted."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import TypeVar

from snapshots.instant import Instant
from snapshots.period import Period

T = TypeVar("T")

Timeline = Sequence[tuple[Period, T]]
"""What holds over valid time: periods in order, without overlaps, each with its claim."""


def revision(believed: Timeline[T], wanted: Timeline[T]) -> tuple[tuple[Period, T | None], ...]:
    """Give the assertions that turn one timeline into the other, in order.

    Nothing is said where they agree; None takes back what is believed where nothing is wanted.
    Timelines whose periods overlap, or are out of order, are a bug of the caller.
    """
    _check(believed)
    _check(wanted)
    # Nearly always nothing is new, or everything is: neither needs a comparison by stretches.
    if tuple(believed) == tuple(wanted):
        return ()
    if not believed and len(wanted) == 1:
        return tuple(wanted)
    ends = {end for period, _ in (*believed, *wanted) for end in (period.start, period.end)}
    bounds = sorted(ends)
    said: list[tuple[Period, T | None]] = []
    pieces = zip(pairwise(bounds), _claims(believed, bounds), _claims(wanted, bounds), strict=True)
    for (left, right), old, new in pieces:
        if old == new:
            continue
        if said and said[-1][0].end == left and said[-1][1] == new:
            said[-1] = (Period(said[-1][0].start, right), new)
        else:
            said.append((Period(left, right), new))
    return tuple(said)


def _claims(line: Timeline[T], bounds: Sequence[Instant]) -> Iterator[T | None]:
    """Yield the claim of each stretch between neighbouring bounds; None where nothing holds."""
    pieces = iter(line)
    piece = next(pieces, None)
    for left, _ in pairwise(bounds):
        while piece is not None and piece[0].end <= left:
            piece = next(pieces, None)
        yield piece[1] if piece is not None and piece[0].start <= left else None


def _check(line: Timeline[T]) -> None:
    for (before, _), (after, _) in pairwise(line):
        if after.start < before.end:
            msg = f"{after} is not after {before}: a timeline is in order, without overlaps"
            raise ValueError(msg)
