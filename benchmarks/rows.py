"""Rows: one comparison each, in words, with its goal where there is one."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from statistics import median

from benchmarks.measuring import Ratio, ratio


class Sense(StrEnum):
    """What a ratio says of us."""

    AS_FAST = "as fast"
    """The peer's time by ours: a goal is the least that will do."""
    AS_LONG = "as long"
    """Our time by the peer's: a goal is the most that will do."""
    AS_LARGE = "as large"
    """Our memory by the peer's: a goal is the most that will do."""


@dataclass(frozen=True, slots=True)
class Comparison:
    """How we stand beside a peer; `goal` is None where none was set."""

    ratio: Ratio
    sense: Sense
    goal: float | None

    def __str__(self) -> str:
        """Write the ratio, then its extremes over the rounds."""
        middle, least, greatest = (
            _short(one) for one in (self.ratio.middle, self.ratio.least, self.ratio.greatest)
        )
        return f"{middle}x {self.sense} ({least}-{greatest})"

    def goal_text(self) -> str:
        """Write the goal; empty where there is none."""
        if self.goal is None:
            return ""
        word = "at least" if self.sense is Sense.AS_FAST else "at most"
        return f"{word} {self.goal:g}x"

    def met_text(self) -> str:
        """Say whether the goal is met; empty where there is none."""
        if self.goal is None:
            return ""
        if self.sense is Sense.AS_FAST:
            return "yes" if self.ratio.middle >= self.goal else "no"
        return "yes" if self.ratio.middle <= self.goal else "no"


@dataclass(frozen=True, slots=True)
class Limit:
    """A goal of its own: the most seconds that the median may take."""

    seconds: float
    seconds_max: float

    def __str__(self) -> str:
        """Write nothing: there is nobody to compare with."""
        return ""

    def goal_text(self) -> str:
        """Write the goal."""
        return f"at most {duration([self.seconds_max])}"

    def met_text(self) -> str:
        """Say whether the goal is met."""
        return "yes" if self.seconds <= self.seconds_max else "no"


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the table. Without a peer and a goal of its own, `comparison` is None."""

    what: str
    ours: str
    peer: str | None
    comparison: Comparison | Limit | None

    def cells(self) -> tuple[str, ...]:
        """Give the texts of the columns, in the order of HEADINGS."""
        if self.comparison is None:
            return (self.what, self.ours, self.peer or "none", "", "", "")
        against = self.comparison
        return (
            self.what,
            self.ours,
            self.peer or "none",
            str(against),
            against.goal_text(),
            against.met_text(),
        )


HEADINGS = ("what", "ours", "peer", "ratio", "goal", "met")


def faster(
    what: str,
    *,
    ours: Sequence[float],
    peer: Sequence[float],
    peer_name: str,
    goal: float | None = None,
    each: int | None = None,
) -> Row:
    """Compare two contenders by time: how many times as fast we are.

    With `each`, the number of things done, the table shows how many a second.
    """
    against = Comparison(ratio(peer, ours), Sense.AS_FAST, goal)
    if each is not None:
        return Row(what, rate(each, ours), f"{rate(each, peer)}, {peer_name}", against)
    return Row(what, duration(ours), f"{duration(peer)}, {peer_name}", against)


def within(what: str, *, ours: Sequence[float], seconds_max: float | None) -> Row:
    """Tell how long it takes us, and whether that is what was aimed at; None: nothing was."""
    goal = None if seconds_max is None else Limit(median(ours), seconds_max)
    return Row(what, duration(ours), None, goal)


def longer(
    what: str,
    *,
    ours: Sequence[float],
    peer: Sequence[float],
    peer_name: str,
    goal: float | None = None,
) -> Row:
    """Compare two contenders by time: how many times as long we take."""
    against = Comparison(ratio(ours, peer), Sense.AS_LONG, goal)
    return Row(what, duration(ours), f"{duration(peer)}, {peer_name}", against)


def larger(what: str, *, ours: Sequence[float], peer: Sequence[float], peer_name: str) -> Row:
    """Compare two contenders by memory in bytes."""
    against = Comparison(ratio(ours, peer), Sense.AS_LARGE, None)
    return Row(what, size(ours), f"{size(peer)}, {peer_name}", against)


def duration(seconds: Sequence[float]) -> str:
    """Write the median of some seconds in the unit people would choose."""
    middle = median(seconds)
    if middle >= 1:
        return f"{_short(middle)} s"
    if middle >= 1e-3:  # noqa: PLR2004 - a millisecond
        return f"{_short(middle * 1e3)} ms"
    return f"{_short(middle * 1e6)} us"


def rate(count: int, seconds: Sequence[float]) -> str:
    """Write how many a second, by the median."""
    return f"{count / median(seconds):,.0f}/s"


def size(sizes: Sequence[float]) -> str:
    """Write the median of some sizes in bytes."""
    return f"{median(sizes) / 2**20:.0f} MiB"


def _short(number: float) -> str:
    """Write two or three digits that mean something."""
    if number == 0:
        return "0"
    decimals = max(0, 2 - math.floor(math.log10(number)))
    return f"{number:,.{min(decimals, 3)}f}"
