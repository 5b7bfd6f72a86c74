"""Outside of runs: the events of jobs and of datasets, and the datasets that they name."""

from __future__ import annotations

from typing import TYPE_CHECKING

from snapshots.period import Period
from temporal_lineage.beliefs import Line, settle_edges, since
from temporal_lineage.capture.openlineage import read_events
from temporal_lineage.capture.openlineage_events import CapturedEvent, DatasetEvent, JobEvent
from temporal_lineage.facts import LAST, AsOf
from temporal_lineage.linking.event_keys import set_aside_among
from temporal_lineage.store.assertions import NodeKey

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Sequence

    from snapshots.instant import Instant
    from temporal_lineage.keys import EdgeKind, NodeKind
    from temporal_lineage.linking.links import EdgeKey
    from temporal_lineage.store.transaction import Transaction

OutsideEvent = JobEvent | DatasetEvent

Mentioned = tuple["EdgeKind", int, "Instant"]
"""How a dataset is named, which it is, and since when."""


class OutsideEvents:
    """The events about no run, read once each by the key under which they are kept."""

    def __init__(self, transaction: Transaction) -> None:
        """Read through this transaction."""
        self._transaction = transaction
        self._told: dict[str, tuple[OutsideEvent, ...]] = {}

    def of(self, key: str) -> tuple[OutsideEvent, ...]:
        """Give all events kept under a key, oldest first; none where it is set aside."""
        if key not in self._told:
            is_aside = key in set_aside_among(self._transaction.reader, [key])
            kept = () if is_aside else self._transaction.reader.events(run_id=key)
            found = {
                one.event
                for event in kept
                for one in read_events(event.body.encode(), source=event.source)
                if isinstance(one, CapturedEvent) and isinstance(one.event, OutsideEvent)
            }
            self._told[key] = tuple(sorted(found, key=lambda one: (one.at, repr(one))))
        return self._told[key]

    def naming(self, dataset_ids: Collection[int], kinds: Sequence[EdgeKind]) -> set[str]:
        """Give the names of what names one of these datasets so."""
        if not dataset_ids:
            return set()
        reader = self._transaction.reader
        rows = reader.edges_into(node_ids=sorted(dataset_ids), kinds=kinds, as_of=self._now)
        return {one.name for one in reader.named(node_ids=[row.src_id for row in rows]).values()}

    def settle(
        self,
        kind: NodeKind,
        names: Sequence[str],
        mentioned: Callable[[str], Iterable[Mentioned]],
        kinds: Sequence[EdgeKind],
        *,
        renamed: Collection[int],
    ) -> tuple[set[int], set[EdgeKey]]:
        """Note which datasets the things of these names name, from the first event on.

        `mentioned` gives what one names, oldest first; names of `renamed` may mean another dataset
        than they did. Gives the datasets that one named before and whose events may mean another
        now, and all that was noted before or is now.
        """
        node_ids = self._transaction.nodes([NodeKey(kind, 0, one) for one in names])
        rows = self._transaction.reader.edges_out_of(
            node_ids=node_ids, kinds=kinds, as_of=self._now
        )
        before = {(row.kind, row.src_id, row.dst_id) for row in rows}
        wanted: dict[EdgeKey, Line] = dict.fromkeys(before, ())
        for node_id, name in zip(node_ids, names, strict=True):
            for how, dataset_id, at in mentioned(name):
                if not wanted.get((how, node_id, dataset_id)):
                    wanted[how, node_id, dataset_id] = since(Period.since(at), "{}")
        settle_edges(self._transaction, wanted)
        # Of several events of a thing one may mean another dataset by now.
        left = {key for key in before if renamed or not wanted[key]}
        return {dataset_id for _, _, dataset_id in left}, set(wanted)

    @property
    def _now(self) -> AsOf:
        return AsOf(valid=LAST, system=self._transaction.recorded_at)
