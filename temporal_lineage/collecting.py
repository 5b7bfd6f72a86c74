"""Collecting: no search for garbage while many records are made that all live on."""

from __future__ import annotations

import gc
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator


@contextmanager
def nothing_collected() -> Iterator[None]:
    """Leave garbage alone inside the block.

    Every so many new records Python looks through those it has for cycles. An answer of half a
    million holds none, and a third of the time that it takes to make went into looking.
    """
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()
