"""The current state of a key: a cache that answers "now" without the key's history."""

from __future__ import annotations

from typing import NamedTuple

from snapshots.instant import BEGINNING, FOREVER


class State(NamedTuple):
    """What decides at every point from `since` on, as known from `last_tx` on.

    `last_tx` is the newest transaction that said anything about the key, `open_tx` the one whose
    assertion has no end and decides; `claim_id` is what it said, 0 where nothing holds.
    """

    last_tx: int
    since: int
    open_tx: int
    claim_id: int

    def after(self, *, start: int, end: int, claim_id: int, tx: int) -> State:
        """Give the state once a newer assertion is made; the ends are in microseconds."""
        if end == FOREVER.micros:
            return State(tx, start, tx, claim_id)
        return State(tx, max(self.since, end), self.open_tx, self.claim_id)


UNTOLD = State(last_tx=0, since=BEGINNING.micros, open_tx=0, claim_id=0)
"""The state of a key about which nobody said anything."""
