"""The current state of a key: a cache that answers "now" without the key's history."""

from __future__ import annotations

from typing import TYPE_CHECKING

from snapshots.instant import BEGINNING, FOREVER
from snapshots.records import NamedTuple

if TYPE_CHECKING:
    from collections.abc import Sequence

_OPEN = FOREVER.micros


class State(NamedTuple):
    """What decides at every point from `since` on, as known from `last_tx` on.

    `last_tx` is the newest transaction that said anything about the key, `open_tx` the one whose
    assertion has no end and decides; `claim_id` is what it said, 0 where nothing holds.
    """

    last_tx: int
    since: int
    open_tx: int
    claim_id: int


UNTOLD = State(last_tx=0, since=BEGINNING.micros, open_tx=0, claim_id=0)
"""The state of a key about which nobody said anything."""


class Standing:
    """A state while its key is told more, assertion by assertion; written in place for speed."""

    __slots__ = ("claim_id", "last_tx", "open_tx", "since")

    def __init__(self, state: Sequence[int] = UNTOLD) -> None:
        """Begin where the key stands: a State, or the like of one."""
        self.last_tx, self.since, self.open_tx, self.claim_id = state

    def tell(self, start: int, end: int, *, claim_id: int, tx: int) -> None:
        """Take in an assertion that is newer than all before; its ends are in microseconds."""
        self.last_tx = tx
        if end == _OPEN:
            self.since, self.open_tx, self.claim_id = start, tx, claim_id
        elif end > self.since:
            self.since = end

    @property
    def state(self) -> State:
        """Give the state as it is now."""
        return State(self.last_tx, self.since, self.open_tx, self.claim_id)
