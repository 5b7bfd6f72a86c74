"""Pending: events that are kept and wait to be linked, found by the ledger's own mark."""

from __future__ import annotations

import logging
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from snapshots.errors import TemporalLineageError
from temporal_lineage.linking.apart import link_apart
from temporal_lineage.linking.link import Linked, link
from temporal_lineage.operations.steps import step

if TYPE_CHECKING:
    from temporal_lineage.store.ledger import Ledger
    from temporal_lineage.store.reader import Reader
    from temporal_lineage.store.transaction import Transaction

log = logging.getLogger(__name__)

EVENTS_MAX = 5_000
"""Events that one transaction links, or one transaction's events where it kept more."""

_TRANSACTIONS_MAX = 5_000
"""Transactions looked at for it: a sink may have kept every event in one of its own."""


@dataclass(frozen=True, slots=True)
class CaughtUp:
    """What was linked: `events` of `runs`; `more` tells whether others still wait.

    `unresolved` and `strangers` are as linking found them.
    """

    events: int
    runs: int
    unresolved: tuple[str, ...]
    strangers: tuple[str, ...]
    more: bool


@dataclass(slots=True)
class LeftOpen:
    """What all of several steps of linking left open, each thing once, in the order it came."""

    unresolved: dict[str, None] = field(default_factory=dict)
    strangers: dict[str, None] = field(default_factory=dict)

    def add(self, done: CaughtUp | LeftOpen | None) -> None:
        """Add what one step left open."""
        if done is not None:
            self.unresolved.update(dict.fromkeys(done.unresolved))
            self.strangers.update(dict.fromkeys(done.strangers))


def link_pending(transaction: Transaction, *, events_max: int = EVENTS_MAX) -> CaughtUp | None:
    """Link the oldest events that wait, in whole transactions; None where none waits.

    The mark moves in the same transaction: after a crash, what was not linked waits still.
    """
    reader = transaction.reader
    mark = reader.linked_upto()
    waiting = reader.events_after(after_tx=mark, limit=_TRANSACTIONS_MAX)
    if not waiting:
        return None
    upto, events, taken = mark, 0, 0
    for tx_id, count in waiting:
        if taken and events + count > events_max:
            break
        upto, events, taken = tx_id, events + count, taken + 1
    run_ids = [one for one in reader.event_run_ids(after_tx=mark, upto_tx=upto) if one]
    linked = link(transaction, run_ids=run_ids, changes={}) if run_ids else Linked(0, (), ())
    transaction.mark_linked(upto)
    more = taken < len(waiting) or len(waiting) == _TRANSACTIONS_MAX
    return CaughtUp(events, len(run_ids), linked.unresolved, linked.strangers, more)


def link_step(ledger: Ledger, *, events_max: int = EVENTS_MAX) -> CaughtUp | None:
    """Link the oldest events that wait, in a transaction; None where none waits.

    Where linking meets a bug of its own, the runs are linked one by one instead, and those that
    bring it about are set aside and named in quarantine: nobody else waits for them.
    """
    try:
        with (
            step("link events", log, {}) as told,
            ledger.transaction(source="link", note="") as transaction,
        ):
            done = link_pending(transaction, events_max=events_max)
            if done is not None:
                told.update(events=done.events, runs=done.runs)
            return done
    except TemporalLineageError:
        raise
    except Exception:
        log.exception("a step of linking failed; its runs are linked one by one")
    return _step_apart(ledger)


def _step_apart(ledger: Ledger) -> CaughtUp | None:
    with ledger.reading() as reader:
        mark = reader.linked_upto()
        waiting = reader.events_after(after_tx=mark, limit=2)
        if not waiting:
            return None
        upto, events = waiting[0]
        keys = [one for one in reader.event_run_ids(after_tx=mark, upto_tx=upto) if one]
    link_apart(ledger, keys)
    with ledger.transaction(source="link", note="") as transaction:
        if transaction.reader.linked_upto() < upto:
            transaction.mark_linked(upto)
    return CaughtUp(events, len(keys), (), (), len(waiting) > 1)


def is_pending(reader: Reader) -> bool:
    """Tell whether any event waits to be linked."""
    return bool(reader.events_after(after_tx=reader.linked_upto(), limit=1))


def catch_up(ledger: Ledger) -> LeftOpen:
    """Link all that waits, as after a crash."""
    left_open = LeftOpen()
    with ledger.reading() as reader:
        more = is_pending(reader)
    while more:
        done = link_step(ledger)
        left_open.add(done)
        more = done is not None and done.more
    return left_open
