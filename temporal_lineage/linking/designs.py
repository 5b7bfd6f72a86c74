"""Designs: what jobs are said to move outside any run, told by job events."""

from __future__ import annotations

from typing import TYPE_CHECKING

from snapshots.period import Period
from temporal_lineage.beliefs import Line, settle_edges, since
from temporal_lineage.capture.openlineage import read_events
from temporal_lineage.capture.openlineage_events import CapturedEvent, JobEvent
from temporal_lineage.capture.openlineage_names import canonical
from temporal_lineage.facts import LAST, AsOf
from temporal_lineage.keys import EdgeKind, NodeKind
from temporal_lineage.linking.event_keys import DESIGN
from temporal_lineage.store.assertions import NodeKey

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Sequence

    from snapshots.dataset import Dataset
    from temporal_lineage.capture.openlineage_events import DatasetMention
    from temporal_lineage.linking.resolving import Resolved, Resolver
    from temporal_lineage.store.transaction import Transaction

_KINDS = (EdgeKind.DESIGN_READS, EdgeKind.DESIGN_WRITES)


class Designs:
    """The job events of a ledger, and the datasets that they name."""

    def __init__(self, transaction: Transaction, resolver: Resolver) -> None:
        """Read through this transaction, each job once."""
        self._transaction = transaction
        self._resolver = resolver
        self._told: dict[str, tuple[JobEvent, ...]] = {}

    def settle(self, keys: Iterable[str], dataset_ids: Sequence[int]) -> set[int]:
        """Note what the jobs of these keys read and write, and those that name these datasets.

        Returns the datasets whose flows may change: those written now, and those before.
        """
        jobs = {one.removeprefix(DESIGN) for one in keys if one.startswith(DESIGN)}
        ordered = sorted(jobs | self._naming(dataset_ids, _KINDS))
        if not ordered:
            return set()
        job_ids = self._transaction.nodes([NodeKey(NodeKind.JOB, 0, one) for one in ordered])
        rows = self._transaction.reader.edges_out_of(
            node_ids=job_ids, kinds=_KINDS, as_of=self._now
        )
        wanted: dict[tuple[str, int, int], Line] = {
            (row.kind, row.src_id, row.dst_id): () for row in rows
        }
        for job, job_id in zip(ordered, job_ids, strict=True):
            for event in self._events(job):
                for kind, side in zip(_KINDS, (event.inputs, event.outputs), strict=True):
                    for one in side:
                        key = (kind, job_id, self.meant(event, one.dataset).dataset_id)
                        if not wanted.get(key):  # events come oldest first
                            wanted[key] = since(Period.since(event.at), "{}")
        settle_edges(self._transaction, wanted)
        return {one for kind, _, one in wanted if kind == EdgeKind.DESIGN_WRITES}

    def into(self, dataset_ids: Collection[int]) -> list[JobEvent]:
        """Give the events of all jobs that are said to write one of these datasets."""
        jobs = sorted(self._naming(sorted(dataset_ids), _KINDS[1:]))
        return [event for job in jobs for event in self._events(job)]

    def meant(self, event: JobEvent, dataset: Dataset) -> Resolved:
        """Resolve a name by all names that the event gives the dataset."""
        names = [canonical(dataset)]
        for one in (*event.inputs, *event.outputs):
            if canonical(one.dataset) == names[0]:
                names += _names(one)
        return self._resolver.names(tuple(dict.fromkeys(names)), at=event.at)

    def _naming(self, dataset_ids: Sequence[int], kinds: Sequence[EdgeKind]) -> set[str]:
        if not dataset_ids:
            return set()
        reader = self._transaction.reader
        rows = reader.edges_into(node_ids=dataset_ids, kinds=kinds, as_of=self._now)
        nodes = reader.named(node_ids=[row.src_id for row in rows])
        return {node.name for node in nodes.values()}

    def _events(self, job: str) -> tuple[JobEvent, ...]:
        if job not in self._told:
            found = {
                one.event
                for kept in self._transaction.reader.events(run_id=f"{DESIGN}{job}")
                for one in read_events(kept.body.encode(), source=kept.source)
                if isinstance(one, CapturedEvent) and isinstance(one.event, JobEvent)
            }
            self._told[job] = tuple(sorted(found, key=lambda one: (one.at, repr(one))))
        return self._told[job]

    @property
    def _now(self) -> AsOf:
        return AsOf(valid=LAST, system=self._transaction.recorded_at)


def _names(mention: DatasetMention) -> list[Dataset]:
    return [canonical(mention.dataset), *map(canonical, mention.symlinks)]
