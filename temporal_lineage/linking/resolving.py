"""Resolving: from the names in events to the datasets they meant at the run's time."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from snapshots.instant import BEGINNING
from snapshots.period import Period
from temporal_lineage.aliases import rename
from temporal_lineage.capture.openlineage_names import canonical
from temporal_lineage.facts import AsOf
from temporal_lineage.keys import NodeKind
from temporal_lineage.linking.timelines import kept_timelines, read_timeline
from temporal_lineage.naming import UNHARVESTED, find_named, unharvested_identity
from temporal_lineage.store.assertions import NodeKey

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from snapshots.dataset import Dataset
    from snapshots.instant import Instant
    from temporal_lineage.evidence.runs import Observation
    from temporal_lineage.evidence.timeline import Timeline
    from temporal_lineage.store.transaction import Transaction


@dataclass(frozen=True, slots=True)
class Resolved:
    """The dataset that a name meant; `table` is None where no harvest knows its history."""

    dataset_id: int
    identity: str
    table: Timeline | None


class Resolver:
    """Resolves names through alias facts; histories are read once each."""

    def __init__(self, transaction: Transaction, changing: Collection[int]) -> None:
        """Resolve as known in this transaction; names never heard before are kept by it.

        `changing` are the tables whose histories the transaction itself may have changed.
        """
        self._transaction = transaction
        self._changing = changing
        self._kept = kept_timelines(transaction)
        self._tables: dict[int, Timeline | None] = {}
        self._resolved: dict[tuple[tuple[Dataset, ...], Instant], Resolved] = {}

    def observed(self, observation: Observation, *, at: Instant) -> Resolved:
        """Resolve a dataset by any of the names that a run gave it."""
        names = [observation.dataset]
        for mention in observation.mentions():
            names += [canonical(mention.dataset), *map(canonical, mention.symlinks)]
        return self.names(tuple(dict.fromkeys(names)), at=at)

    def names(self, names: tuple[Dataset, ...], *, at: Instant) -> Resolved:
        """Resolve a dataset by its names, the first that means something deciding.

        A harvested table wins over a dataset known from events only. Where no name is known, all
        of them are kept as names of one new dataset.
        """
        key = (names, at)
        if key not in self._resolved:
            self._resolved[key] = self._find(names, at)
        return self._resolved[key]

    def table(self, dataset_id: int) -> Timeline | None:
        """Give a table's history as known in this transaction; None where it was not harvested."""
        if dataset_id not in self._tables:
            read = read_timeline if dataset_id in self._changing else self._kept.of
            self._tables[dataset_id] = read(self._transaction, dataset_id)
        return self._tables[dataset_id]

    def _find(self, names: Sequence[Dataset], at: Instant) -> Resolved:
        as_of = AsOf(valid=at, system=self._transaction.recorded_at)
        reader = self._transaction.reader
        found = [find_named(reader, name, as_of=as_of) for name in names]
        known = [node_id for node_id in found if node_id is not None]
        nodes = reader.named(node_ids=known)
        known.sort(key=lambda node_id: nodes[node_id].name.startswith(UNHARVESTED))
        if known:
            identity, dataset_id = nodes[known[0]].name, known[0]
        else:
            identity = unharvested_identity(names[0])
            (dataset_id,) = self._transaction.nodes([NodeKey(NodeKind.DATASET, 0, identity)])
        if identity.startswith(UNHARVESTED):
            unknown = [name for name, node_id in zip(names, found, strict=True) if node_id is None]
            always = Period.since(BEGINNING)
            rename(self._transaction, unknown, identity, always, seen_at=BEGINNING)
        return Resolved(dataset_id, identity, self.table(dataset_id))
