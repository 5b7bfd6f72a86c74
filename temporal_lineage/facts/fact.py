"""Facts: rectangles of a claim's valid and system periods, a view of its assertions."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import groupby
from typing import Generic, TypeVar

from snapshots.instant import Instant
from snapshots.period import Period
from snapshots.records import dataclass
from temporal_lineage.facts.assertion import Assertion, decisions

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Fact(Generic[T]):
    """The claim held over `valid`, and this was believed over `system`."""

    claim: T
    valid: Period
    system: Period


def rectangles(
    assertions: Sequence[Assertion[T]], recorded_at: Callable[[int], Instant]
) -> tuple[Fact[T], ...]:
    """Give the assertions of one key as rectangles that never overlap, oldest belief first.

    `recorded_at` gives a transaction's instant and must rise with it. A claim repeated where it
    is believed already makes no rectangle.
    """
    believed: list[tuple[Period, T, int]] = []
    ended: list[Fact[T]] = []
    in_order = sorted(assertions, key=lambda one: one.tx)
    for tx, group in groupby(in_order, key=lambda one: one.tx):
        for period, one in decisions(list(group), tx=tx):
            believed, over = _supersede(believed, period, one)
            ended += [
                Fact(claim, valid, Period(recorded_at(since), recorded_at(tx)))
                for valid, claim, since in over
            ]
    standing = [
        Fact(claim, valid, Period.since(recorded_at(since))) for valid, claim, since in believed
    ]
    return tuple(sorted((*ended, *standing), key=lambda fact: (fact.system, fact.valid)))


def _supersede(
    believed: list[tuple[Period, T, int]], period: Period, one: Assertion[T]
) -> tuple[list[tuple[Period, T, int]], list[tuple[Period, T, int]]]:
    """Give what is believed after `one` decides over the period, and what no longer is."""
    after: list[tuple[Period, T, int]] = []
    over: list[tuple[Period, T, int]] = []
    new = [period]
    for piece in believed:
        valid, claim, since = piece
        common = valid.intersection(period)
        if common is None:
            after.append(piece)
        elif claim == one.claim:
            after.append(piece)
            new = [rest for whole in new for rest in whole.minus(valid)]
        else:
            over.append((common, claim, since))
            after += [(rest, claim, since) for rest in valid.minus(period)]
    if one.claim is not None:
        after += [(rest, one.claim, one.tx) for rest in new]
    return after, over
