"""Transactions: what was learned together is recorded together, at one instant."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from snapshots.instant import Instant
from temporal_lineage.store.assertions import AttributeAssertion, EdgeAssertion, NodeKey
from temporal_lineage.store.reader import Reader
from temporal_lineage.store.records import KeptEvent
from temporal_lineage.store.write_assertions import AssertionWrites, KnownKey
from temporal_lineage.store.write_commits import CommitWrites
from temporal_lineage.store.write_records import RecordWrites

if TYPE_CHECKING:
    from temporal_lineage.store.session import Session

__all__ = ("AttributeAssertion", "EdgeAssertion", "KeptEvent", "NodeKey", "Transaction")


class Transaction(AssertionWrites, CommitWrites, RecordWrites):
    """Adds to the ledger; its reader sees what it wrote.

    `tx_id` and `recorded_at` are those of everything said here: later than all before, even
    when the clock stepped back. `ledger` is the open ledger, by which a later transaction may
    know what an earlier one read.
    """

    def __init__(
        self, session: Session, *, ledger: object, now: Instant, source: str, note: str
    ) -> None:
        """Use `Ledger.transaction`."""
        self._session = session
        self.ledger = ledger
        self.reader = Reader(session.runner)
        latest = self.reader.transactions(limit=1)
        self.tx_id = latest[0].tx_id + 1 if latest else 1
        after = latest[0].recorded_at.plus(micros=1) if latest else now
        self.recorded_at = max(now, after)
        self._row: tuple[int, int, str, str] | None = (
            self.tx_id,
            self.recorded_at.micros,
            source,
            note,
        )
        self._numbers: dict[str, int] = {}
        self._known: dict[str, dict[Any, KnownKey]] = {}
        self._named: dict[NodeKey, int] = {}

    def _stamped(self) -> int:
        """Give the transaction's number; its row is written with the first thing said."""
        if self._row is not None:
            self._session.insert("tx", ("tx_id", "recorded_at", "source", "note"), [self._row])
            self._row = None
        return self.tx_id
