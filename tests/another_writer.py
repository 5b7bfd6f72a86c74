"""Another writer: one that goes on writing to a ledger while something else is done with it."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import count

from snapshots.instant import Instant
from temporal_lineage.store.ledger import Ledger


@contextmanager
def another_writing(url: str, tell: Callable[[Ledger, int], None]) -> Iterator[None]:
    """Write turn after turn by `tell` until the block ends."""
    ended = threading.Event()

    def write() -> None:
        ticks = count(9_000, 10)
        with Ledger.open(url, clock=lambda: Instant(next(ticks))) as ledger:
            turn = 10
            while not ended.is_set() and turn < 500:
                tell(ledger, turn)
                turn += 1

    writer = threading.Thread(target=write)
    writer.start()
    try:
        yield
    finally:
        ended.set()
        writer.join()
