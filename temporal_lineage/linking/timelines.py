"""Timelines that are kept while a ledger is open: a history is read again when it has changed."""

from __future__ import annotations

from collections import OrderedDict
from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

from temporal_lineage.evidence.timeline import Timeline
from temporal_lineage.harvesting.histories import remembered

if TYPE_CHECKING:
    from temporal_lineage.store.transaction import Transaction

SNAPSHOTS_MAX = 100_000
"""Snapshots that memory holds of all tables together, some 2 kB each; or one table, if larger."""


class KeptTimelines:
    """The timelines that were asked for last, each with the harvest it was read after."""

    def __init__(self) -> None:
        """Begin with none."""
        self._kept: OrderedDict[int, tuple[int, Timeline]] = OrderedDict()

    def of(self, transaction: Transaction, dataset_id: int) -> Timeline | None:
        """Give a table's timeline as it is known in a transaction that does not change it.

        None where no harvest knows the table.
        """
        last = transaction.reader.harvested_last(dataset_id=dataset_id)
        harvest_id, timeline = self._kept.get(dataset_id, (0, None))
        if timeline is None or harvest_id != last:
            timeline = read_timeline(transaction, dataset_id)
            if timeline is None:
                return None
            self._kept[dataset_id] = last, timeline
        self._kept.move_to_end(dataset_id)
        self._let_go()
        return timeline

    def _let_go(self) -> None:
        total = sum(len(one.table.snapshots) for _, one in self._kept.values())
        while total > SNAPSHOTS_MAX and len(self._kept) > 1:
            _, (_, oldest) = self._kept.popitem(last=False)
            total -= len(oldest.table.snapshots)


def kept_timelines(transaction: Transaction) -> KeptTimelines:
    """Give the timelines that earlier transactions of the same open ledger read."""
    return _KEPT.setdefault(transaction.ledger, KeptTimelines())


def read_timeline(transaction: Transaction, dataset_id: int) -> Timeline | None:
    """Read a table's history as it is known in a transaction; None where it was not harvested."""
    history = remembered(transaction.reader, dataset_id, system=transaction.recorded_at)
    return Timeline(history) if history else None


_KEPT: WeakKeyDictionary[object, KeptTimelines] = WeakKeyDictionary()
