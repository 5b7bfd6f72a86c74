"""What all kinds of questions share: a runner, lists as one parameter, rows as values."""

from __future__ import annotations

from collections.abc import Iterable

from snapshots.instant import Instant
from snapshots.period import Period
from temporal_lineage.facts import AsOf
from temporal_lineage.store.rank import rank_floor
from temporal_lineage.store.runner import Runner

PAIR_BITS = 31
"""A node's number fits into so many: two make one number of 64 bits."""


class Reads:
    """Questions to one moment of the ledger."""

    _runner: Runner

    def tx_at(self, *, system: Instant) -> int:
        """Give the last transaction recorded by then; 0 where there was none."""
        rows = self._runner.rows("tx_at", {"system": system.micros})
        return rows[0][0] if rows else 0

    def _point(self, as_of: AsOf) -> dict[str, int]:
        tx = self.tx_at(system=as_of.system)
        return {"valid": as_of.valid.micros, "tx": tx, "floor": rank_floor(tx=tx)}


def listed(numbers: Iterable[int]) -> str:
    """Write a list parameter of integers."""
    return f"[{','.join(map(str, numbers))}]"


def listed_pairs(pairs: Iterable[tuple[int, int]]) -> str:
    """Write a list parameter of pairs of node numbers, each as one number."""
    return listed(first << PAIR_BITS | second for first, second in pairs)


def listed_texts(texts: Iterable[str]) -> str:
    """Write a list parameter of texts."""
    import json

    return json.dumps(list(texts))


def period(start: int, end: int) -> Period:
    """Give the period between two numbers of microseconds."""
    return Period(Instant(start), Instant(end))
