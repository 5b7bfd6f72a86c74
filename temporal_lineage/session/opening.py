"""Opening: a session, or a part of one, on the ledger that is meant in a folder."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, TypeVar

from snapshots.instant import Instant
from temporal_lineage.session.asking import Asking
from temporal_lineage.workspace import find_workspace

if TYPE_CHECKING:
    from collections.abc import Callable

P = TypeVar("P", bound=Asking)


def opened(part: type[P], ledger: str | None, *, clock: Callable[[], Instant] | None = None) -> P:
    """Open a part of a session on the given ledger, or on the one that is meant here."""
    workspace = find_workspace(ledger=ledger, cwd=os.getcwd(), environ=os.environ)
    return part(workspace, clock=clock or wall_clock)


def wall_clock() -> Instant:
    """Read the clock; the only place in the engine that does."""
    import time

    return Instant(time.time_ns() // 1000)
