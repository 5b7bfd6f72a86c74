"""Flows in the ledger: which datasets and columns fed which, by jobs, over valid time."""

from __future__ import annotations

from collections import defaultdict
from itertools import pairwise
from typing import TYPE_CHECKING

from snapshots.dataset import Dataset
from snapshots.period import Period
from snapshots.refs import MAIN
from temporal_lineage.beliefs import Line, settle_edges
from temporal_lineage.claims import FlowClaim, encode
from temporal_lineage.evidence.flow_sightings import column_sightings, dataset_sightings
from temporal_lineage.evidence.flows import FlowSighting, flows
from temporal_lineage.facts import LAST, AsOf
from temporal_lineage.keys import EVERY_COLUMN, EdgeKind, NodeKind
from temporal_lineage.store.assertions import NodeKey

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Sequence

    from snapshots.instant import Instant
    from temporal_lineage.evidence.flow_sightings import ColumnFlow
    from temporal_lineage.evidence.runs import RunRecord
    from temporal_lineage.resolving import Resolved, Resolver
    from temporal_lineage.store.transaction import Transaction


Pair = tuple[int, int, tuple[str, ...]]
"""Source node, target node, and how the data is transformed."""


def keep_flows(
    transaction: Transaction,
    outputs: Collection[int],
    records: Sequence[RunRecord],
    resolver: Resolver,
) -> None:
    """Bring the flows into these datasets to what all runs that wrote them show.

    Names are translated to identities first, so that a flow goes on through a rename.
    """
    translation = _Translation(transaction, resolver, outputs)
    datasets = [one for record in records for one in translation.datasets(record)]
    columns = [one for record in records for one in translation.columns(record)]
    wanted: dict[tuple[str, int, int], Line] = {}
    for key in _believed_into(transaction, outputs):
        wanted[key] = ()
    for kind, sightings in ((EdgeKind.FLOW, datasets), (EdgeKind.COLUMN_FLOW, columns)):
        held: dict[tuple[int, int], list[tuple[Period, str, tuple[str, ...]]]] = defaultdict(list)
        for flow in flows(sightings):
            source_id, target_id, how = flow.source
            held[source_id, target_id].append((flow.period, str(flow.job), how))
        for (source_id, target_id), pieces in held.items():
            wanted[kind, source_id, target_id] = overlay(pieces)
    settle_edges(transaction, wanted)


def overlay(pieces: Sequence[tuple[Period, str, tuple[str, ...]]]) -> Line:
    """Lay the periods of several jobs over each other: in each stretch, the jobs that moved data.

    >>> from snapshots.instant import Instant
    >>> one = (Period(Instant(0), Instant(9)), "a", ())
    >>> two = (Period(Instant(5), Instant(9)), "b", ())
    >>> [str(period.start.micros) + claim for period, claim in overlay([one, two])]
    ['0{"jobs":["a"],"how":[]}', '5{"jobs":["a","b"],"how":[]}']
    """
    bounds = sorted({end for period, _, _ in pieces for end in (period.start, period.end)})
    line: list[tuple[Period, str]] = []
    for start, end in pairwise(bounds):
        here = [(job, how) for period, job, how in pieces if period.contains(start)]
        if not here:
            continue
        jobs = tuple(sorted({job for job, _ in here}))
        how = tuple(sorted({one for _, many in here for one in many}))
        claim = encode(FlowClaim(jobs, how))
        if line and line[-1][1] == claim and line[-1][0].end == start:
            line[-1] = (Period(line[-1][0].start, end), claim)
        else:
            line.append((Period(start, end), claim))
    return tuple(line)


def _believed_into(
    transaction: Transaction, outputs: Collection[int]
) -> Iterator[tuple[str, int, int]]:
    reader = transaction.reader
    point = AsOf(valid=LAST, system=transaction.recorded_at)
    targets = list(outputs)
    for output in outputs:
        targets += [one.node_id for one in reader.children(parent_id=output, kind=NodeKind.COLUMN)]
    kinds = (EdgeKind.FLOW, EdgeKind.COLUMN_FLOW)
    for row in reader.edges_into(node_ids=targets, kinds=kinds, as_of=point):
        yield row.kind, row.src_id, row.dst_id


class _Translation:
    def __init__(
        self, transaction: Transaction, resolver: Resolver, outputs: Collection[int]
    ) -> None:
        self._transaction = transaction
        self._resolver = resolver
        self._outputs = outputs

    def datasets(self, record: RunRecord) -> Iterator[FlowSighting[Pair]]:
        for one in dataset_sightings(record):
            target = self._meant(record, one.output)
            if target.dataset_id in self._outputs:
                sources = {self._meant(record, source).dataset_id for source in one.sources}
                pairs = frozenset((source, target.dataset_id, ()) for source in sources)
                yield self._translated(one, target, pairs)

    def columns(self, record: RunRecord) -> Iterator[FlowSighting[Pair]]:
        for one in column_sightings(record):
            target = self._meant(record, one.output)
            if target.dataset_id in self._outputs:
                pairs = frozenset(self._pairs(record, target, one.at, one.sources))
                yield self._translated(one, target, pairs)

    def _pairs(
        self, record: RunRecord, target: Resolved, ended: Instant, sources: Iterable[ColumnFlow]
    ) -> Iterator[Pair]:
        begun = record.started_at or record.first_at
        ordered = sorted(sources, key=str)
        keys: list[NodeKey] = []
        for one in ordered:
            source = self._meant(record, one.dataset)
            keys.append(_column_key(source, one.field, begun))
            keys.append(_column_key(target, one.target, ended))
        node_ids = iter(self._transaction.nodes(keys))
        for one in ordered:
            how = tuple(
                "/".join(part for part in (kind.type, kind.subtype) if part)
                for kind in one.transformations
            )
            yield next(node_ids), next(node_ids), how

    def _meant(self, record: RunRecord, dataset: Dataset) -> Resolved:
        return self._resolver.names((dataset,), at=record.started_at or record.first_at)

    @staticmethod
    def _translated(
        sighting: FlowSighting[Dataset] | FlowSighting[ColumnFlow],
        target: Resolved,
        pairs: frozenset[Pair],
    ) -> FlowSighting[Pair]:
        return FlowSighting(
            sighting.job,
            Dataset("", target.identity),
            sighting.at,
            sighting.run_id,
            pairs,
            sighting.coverage,
        )


def _column_key(dataset: Resolved, field: str | None, at: Instant) -> NodeKey:
    """Name a column by the field id it had then; by its name where no schema is known."""
    name = EVERY_COLUMN if field is None else field
    entry = dataset.table.at(MAIN, at) if dataset.table and field is not None else None
    if dataset.table and entry and entry.schema_id is not None:
        schema = dataset.table.table.schema(schema_id=entry.schema_id)
        found = schema.at_path(name) if schema else None
        name = str(found.field_id) if found else name
    return NodeKey(NodeKind.COLUMN, dataset.dataset_id, name)
