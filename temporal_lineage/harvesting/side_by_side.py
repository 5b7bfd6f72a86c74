"""Side by side: work done on several threads at once, its results taken in order."""

from __future__ import annotations

import threading
from collections import deque
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterable
    from concurrent.futures import Future

T = TypeVar("T")
R = TypeVar("R")

JOBS_MAX = 64
"""How many threads there are at most, whatever is asked for."""

_AHEAD = 2
"""How many tables per job may be begun before the first of them is taken: they lie in memory."""


def side_by_side(
    items: Iterable[T], work: Callable[[T, Callable[[], bool]], R], *, jobs: int
) -> Generator[tuple[T, Callable[[], R]], None, None]:
    """Yield each item, in order, with the way to its result, which raises what the work raised.

    At most `jobs` items are worked on at once, and twice as many are begun and not yet taken.
    Work is also given a question: whether it was stopped, because nobody takes results any more.
    """
    stopped = threading.Event()
    jobs = max(1, min(jobs, JOBS_MAX))
    pool = ThreadPoolExecutor(jobs, thread_name_prefix="harvest")
    waiting: deque[tuple[T, Future[R]]] = deque()
    try:
        for item in items:
            # In the context of whoever asks: a span of the work belongs to theirs.
            begun = pool.submit(copy_context().run, work, item, stopped.is_set)
            waiting.append((item, begun))
            if len(waiting) >= _AHEAD * jobs:
                first, earliest = waiting.popleft()
                yield first, earliest.result
        while waiting:
            first, earliest = waiting.popleft()
            yield first, earliest.result
    finally:
        stopped.set()
        # What is being read ends by itself; an interrupt does not wait for it.
        pool.shutdown(wait=False, cancel_futures=True)
