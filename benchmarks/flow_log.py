"""Flow logs: a flow history as the rows that a ledger keeps of it, worked out all at once."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from snapshots.instant import BEGINNING, FOREVER
from temporal_lineage.store.rank import TURNS

if TYPE_CHECKING:
    from benchmarks.flow_histories import FlowHistory, Numbers

FIRST_TX = 2
"""The transaction of the first batch; the one before it names the datasets."""


class States(NamedTuple):
    """The current state of every edge, as `store.state` defines it."""

    last_tx: Numbers
    since: Numbers
    open_tx: Numbers
    claim_id: Numbers


class Log(NamedTuple):
    """Assertions edge by edge, each edge's oldest first; edges and claims as the history has them.

    Where one transaction overlaps what it has just said of an edge, the later has a later turn.
    """

    edge: Numbers
    tx: Numbers
    rank: Numbers
    start: Numbers
    end: Numbers
    claim: Numbers

    @classmethod
    def of(cls, history: FlowHistory) -> Log:
        """Sort what was told by edge."""
        import numpy as np

        told = history.told
        order = np.argsort(told.edge, kind="stable")
        edge, tx = told.edge[order], told.batch[order] + FIRST_TX
        start, end = told.start[order], told.end[order]
        is_again = (edge[1:] == edge[:-1]) & (tx[1:] == tx[:-1])
        overlaps = is_again & (start[1:] < end[:-1])
        turns = np.concatenate([[0], np.cumsum(overlaps)])
        before = np.where(np.concatenate([[False], is_again]), 0, turns)
        rank = -(tx * TURNS + turns - np.maximum.accumulate(before))
        return cls(edge, tx, rank, start, end, told.claim[order])

    def states(self, edges: int) -> States:
        """Fold the log of every edge at once; each has one entry or more."""
        import numpy as np

        firsts = np.searchsorted(self.edge, np.arange(edges))
        place = np.arange(len(self.edge))
        is_open = self.end == FOREVER.micros
        deciding = np.maximum.reduceat(np.where(is_open, place, -1), firsts)
        decided = deciding >= 0
        bounded = ~is_open & (place > deciding[self.edge])
        ends = np.maximum.reduceat(np.where(bounded, self.end, BEGINNING.micros), firsts)
        starts = np.where(decided, self.start[deciding], BEGINNING.micros)
        return States(
            np.maximum.reduceat(self.tx, firsts),
            np.maximum(starts, ends),
            np.where(decided, self.tx[deciding], 0),
            np.where(decided, self.claim[deciding], 0),
        )
