"""Stopping: SIGTERM and SIGINT as a wish, for work that ends between two steps."""

from __future__ import annotations

import signal
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from types import FrameType


@contextmanager
def told_to_stop(stop: Callable[[], object]) -> Iterator[None]:
    """Call `stop` when the process is told to end, instead of ending it.

    Python allows handlers in the main thread only; elsewhere signals stay what they are.
    """

    def told(number: int, frame: FrameType | None) -> None:
        del number, frame
        stop()

    numbers = (signal.SIGTERM, signal.SIGINT)
    in_main = threading.current_thread() is threading.main_thread()
    before = {number: signal.signal(number, told) for number in numbers} if in_main else {}
    try:
        yield
    finally:
        for number, action in before.items():
            signal.signal(number, action)
