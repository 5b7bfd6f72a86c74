"""Rectangles in plain numbers: what `facts.rectangles` gives, for millions of facts."""

from __future__ import annotations

from collections.abc import Generator, Iterable, Iterator
from itertools import groupby
from operator import itemgetter

from snapshots.instant import Instant
from snapshots.period import Period
from temporal_lineage.facts.assertion import Assertion, decisions

Said = tuple[int, int, int, str | None]
"""An assertion: its transaction, from when until when, and its claim, None where nothing holds."""

Rectangle = tuple[int, int, int, int | None, str]
"""From when until when, from which transaction until which, None while believed, and the claim."""

_Piece = tuple[int, int, str, int]


def plain_rectangles(said: Iterable[Said]) -> Iterator[Rectangle]:
    """Yield the assertions of one key, oldest first, as rectangles, in no order."""
    believed: list[_Piece] = []
    for tx, group in groupby(said, key=itemgetter(0)):
        told = list(group)
        pieces = [told[0][1:]] if len(told) == 1 else _decided(told)
        for start, end, claim in pieces:
            believed = yield from _supersede(believed, start, end, claim, tx)
    for start, end, claim, since in believed:
        yield start, end, since, None, claim


def _supersede(
    believed: list[_Piece], start: int, end: int, claim: str | None, tx: int
) -> Generator[Rectangle, None, list[_Piece]]:
    """Yield what is believed no longer, and give what is after this decides over the period."""
    after: list[_Piece] = []
    new = [(start, end)]
    for piece in believed:
        left, right, one, since = piece
        if right <= start or end <= left:
            after.append(piece)
        elif one == claim:
            after.append(piece)
            new = [rest for whole in new for rest in _minus(whole, left, right)]
        else:
            yield max(left, start), min(right, end), since, tx, one
            after += [(*rest, one, since) for rest in _minus((left, right), start, end)]
    if claim is not None:
        after += [(*rest, claim, tx) for rest in new]
    return after


def _minus(whole: tuple[int, int], start: int, end: int) -> list[tuple[int, int]]:
    left, right = whole
    rests = ((left, min(right, start)), (max(left, end), right))
    return [rest for rest in rests if rest[0] < rest[1]]


def _decided(told: list[Said]) -> list[tuple[int, int, str | None]]:
    """Give which of one transaction's assertions decides where: later ones win."""
    said = [
        Assertion(claim, Period(Instant(start), Instant(end)), tx) for tx, start, end, claim in told
    ]
    return [
        (period.start.micros, period.end.micros, one.claim)
        for period, one in decisions(said, tx=told[0][0])
    ]
