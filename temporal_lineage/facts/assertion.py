"""Assertions: entries of an append-only log, and the rule that says which of them decides."""

from __future__ import annotations

from collections.abc import Sequence
from heapq import heappop, heappush
from itertools import pairwise
from typing import Generic, TypeVar

from snapshots.instant import Instant
from snapshots.period import Period
from snapshots.records import dataclass

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Assertion(Generic[T]):
    """In transaction `tx` it was said that the claim holds over the valid period.

    `claim` is None where it was said that nothing holds any longer.
    """

    claim: T | None
    valid: Period
    tx: int


def holds(assertions: Sequence[Assertion[T]], *, valid: Instant, tx: int) -> Assertion[T] | None:
    """Give what decides at `valid` as known in `tx`: the newest assertion that covers it.

    Of one transaction's assertions the later in the sequence is the newer. The one that decides
    may say that nothing holds; None where nobody said anything. DESIGN 4.6; in SQL it is
    `temporal_lineage.store.as_of_rule.holds`.
    """
    newest: Assertion[T] | None = None
    for one in assertions:
        if one.tx <= tx and (newest is None or newest.tx <= one.tx) and one.valid.contains(valid):
            newest = one
    return newest


def decisions(
    assertions: Sequence[Assertion[T]], *, tx: int
) -> tuple[tuple[Period, Assertion[T]], ...]:
    """Give, over valid time and as known in `tx`, which assertion decides where.

    Periods are in order, without overlaps, and as long as one assertion decides; gaps are where
    nobody said anything.
    """
    visible = [(one.tx, place, one) for place, one in enumerate(assertions) if one.tx <= tx]
    if len(visible) == 1:
        return ((visible[0][2].valid, visible[0][2]),)
    bounds = sorted({end for _, _, one in visible for end in (one.valid.start, one.valid.end)})
    waiting = sorted(visible, key=lambda entry: entry[2].valid.start, reverse=True)
    # Newest on top; what has ended is dropped only when it gets there.
    covering: list[tuple[int, int, Assertion[T]]] = []
    decided: list[tuple[Period, Assertion[T]]] = []
    for left, right in pairwise(bounds):
        while waiting and waiting[-1][2].valid.start <= left:
            asserted_tx, place, one = waiting.pop()
            heappush(covering, (-asserted_tx, -place, one))
        while covering and covering[0][2].valid.end <= left:
            heappop(covering)
        if covering:
            _extend(decided, Period(left, right), covering[0][2])
    return tuple(decided)


def timeline(assertions: Sequence[Assertion[T]], *, tx: int) -> tuple[tuple[Period, T], ...]:
    """Give what is believed over valid time as known in `tx`, in order.

    Only where something holds; neighbours with equal claims are one.
    """
    believed: list[tuple[Period, T]] = []
    for period, one in decisions(assertions, tx=tx):
        if one.claim is None:
            continue
        if believed and believed[-1][0].end == period.start and believed[-1][1] == one.claim:
            believed[-1] = (Period(believed[-1][0].start, period.end), one.claim)
        else:
            believed.append((period, one.claim))
    return tuple(believed)


def _extend(decided: list[tuple[Period, Assertion[T]]], period: Period, one: Assertion[T]) -> None:
    """Add a piece, or lengthen the last one where the same assertion goes on."""
    if decided and decided[-1][1] is one and decided[-1][0].end == period.start:
        decided[-1] = (Period(decided[-1][0].start, period.end), one)
    else:
        decided.append((period, one))
