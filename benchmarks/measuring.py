"""Measuring: contenders take turns on the same work, and the middle of their times counts."""

from __future__ import annotations

import gc
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from statistics import median

Contender = Callable[[], float]
"""Does the work once, and returns the seconds it took."""


@dataclass(frozen=True, slots=True)
class Ratio:
    """How often one amount goes into another: of the medians, and the extremes of all rounds."""

    middle: float
    least: float
    greatest: float


AT_LEAST = 50e-3
"""Seconds of a turn: what is over sooner is done again and again, and the mean counts.

Whose turn it is finds Python's free lists emptied by the collection before it, and the processor's
caches full of others: of what takes 0.1 ms, a turn of 5 ms is a fifth longer in the mean.
"""


def timed(
    work: Callable[[], object], *, clock: Callable[[], float] = time.perf_counter
) -> Contender:
    """Make a contender of a piece of work. Its result is freed before the clock is stopped.

    `time.process_time` as the clock counts what all threads of the process did, and nobody else.
    """

    def contend() -> float:
        start = clock()
        seconds, times = 0.0, 0
        while seconds < AT_LEAST:
            work()
            seconds, times = clock() - start, times + 1
        return seconds / times

    return contend


def timed_once(work: Callable[[], object]) -> Contender:
    """Make a contender that works once a turn, when the others have just had the processor."""

    def contend() -> float:
        start = time.perf_counter()
        work()
        return time.perf_counter() - start

    return contend


def take_turns(
    *contenders: Contender, rounds: int, rounds_before: int = 1
) -> list[tuple[float, ...]]:
    """Let contenders work round by round; returns the seconds of each, in the order given.

    Whatever else the machine does falls on all of them alike. Each round begins with another
    one. The rounds before are not counted: they fill caches and load modules.
    """
    times: list[list[float]] = [[] for _ in contenders]
    for number in range(rounds_before + rounds):
        for place in range(len(contenders)):
            who = (number + place) % len(contenders)
            # What the one before left behind is not this one's to clean up.
            gc.collect()
            seconds = contenders[who]()
            if number >= rounds_before:
                times[who].append(seconds)
    return [tuple(one) for one in times]


def ratio(above: Sequence[float], below: Sequence[float]) -> Ratio:
    """Divide the medians; the extremes are of the rounds one by one."""
    pairs = [a / b for a, b in zip(above, below, strict=True)]
    return Ratio(median(above) / median(below), min(pairs), max(pairs))
