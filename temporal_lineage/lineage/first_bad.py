"""The first bad of a row of states, by halving; what cannot be judged is searched around."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping


class Verdict(StrEnum):
    """What a check says of one state."""

    GOOD = "good"
    BAD = "bad"
    SKIPPED = "skipped"
    """The state cannot be read any more, or the check gives no answer for it."""


@dataclass(frozen=True, slots=True)
class Bounds:
    """Places in a row of states: everything after `good`, up to `bad`, may be the first bad one.

    `good` was judged good and `bad` bad; what lies between was skipped, or is yet to be judged.
    """

    good: int
    bad: int


def bounds(verdicts: Mapping[int, Verdict]) -> Bounds | None:
    """Give the change from good to bad that is nearest before the last bad place.

    None where no good place lies before it, or nothing is bad. What was bad before a later good
    state is another story: it was mended, and does not explain why the last one is bad.

    >>> bounds({0: Verdict.GOOD, 2: Verdict.BAD, 4: Verdict.GOOD, 9: Verdict.BAD})
    Bounds(good=4, bad=9)
    """
    last = max((place for place, one in verdicts.items() if one is Verdict.BAD), default=-1)
    good = max(
        (place for place, one in verdicts.items() if one is Verdict.GOOD and place < last),
        default=-1,
    )
    if good < 0:
        return None
    bad = min(place for place, one in verdicts.items() if one is Verdict.BAD and place > good)
    return Bounds(good, bad)


def next_place(verdicts: Mapping[int, Verdict]) -> int | None:
    """Give the place to judge next; None where nothing is left between good and bad.

    That is the middle; after a skipped state a quarter, then three quarters, and so on: states
    that cannot be read lie side by side, and the next one would most likely be another.

    >>> next_place({0: Verdict.GOOD, 8: Verdict.BAD})
    4
    >>> next_place({0: Verdict.GOOD, 4: Verdict.SKIPPED, 8: Verdict.BAD})
    2
    >>> next_place({0: Verdict.GOOD, 1: Verdict.BAD}) is None
    True
    """
    found = bounds(verdicts)
    if found is None:
        return None
    between = range(found.good + 1, found.bad)
    left = [place for place in between if place not in verdicts]
    if not left:
        return None
    skipped = len(between) - len(left)
    wanted = found.good + (found.bad - found.good) * _share(skipped + 1)
    return min(left, key=lambda place: (abs(place - wanted), place))


def mended(verdicts: Mapping[int, Verdict]) -> tuple[int, ...]:
    """Give the bad places that a good one follows: the states were not good once and bad since.

    >>> mended({0: Verdict.GOOD, 2: Verdict.BAD, 4: Verdict.GOOD, 9: Verdict.BAD})
    (2,)
    """
    good = max((place for place, one in verdicts.items() if one is Verdict.GOOD), default=-1)
    return tuple(
        sorted(place for place, one in verdicts.items() if one is Verdict.BAD and place < good)
    )


def _share(number: int) -> float:
    """Give 1/2, 1/4, 3/4, 1/8, 5/8 and so on: van der Corput's sequence."""
    share, step = 0.0, 0.5
    while number:
        number, bit = divmod(number, 2)
        share += step * bit
        step /= 2
    return share
