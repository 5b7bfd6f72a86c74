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
from temporal_lineage.evidence.flow_sightings import (
    column_sightings,
    dataset_sightings,
    designed_dataset_sightings,
    without_columns,
)
from temporal_lineage.evidence.flows import FlowSighting, flows
from temporal_lineage.keys import EVERY_COLUMN, EdgeKind, NodeKind
from temporal_lineage.store.assertions import NodeKey

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

    from snapshots.instant import Instant
    from temporal_lineage.capture.openlineage_events import JobEvent
    from temporal_lineage.evidence.flow_sightings import ColumnFlow, ColumnSighting
    from temporal_lineage.evidence.runs import Observation, RunRecord
    from temporal_lineage.linking.designs import Designs
    from temporal_lineage.linking.resolving import Resolved, Resolver
    from temporal_lineage.store.transaction import Transaction


Manner = tuple[tuple[str, ...], tuple[str, ...]]
"""How data is transformed, and what told it where that is no event."""

_MASKED = "MASKED"

Pair = tuple[int, int, Manner]
"""Source node, target node, and the manner."""

_TOLD_BY_EVENTS: Manner = ((), ())


def keep_flows(
    transaction: Transaction,
    outputs: Collection[int],
    records: Sequence[RunRecord],
    resolver: Resolver,
    designs: Designs,
) -> None:
    """Bring the flows into these datasets to what all runs that wrote them, and designs, show.

    Names are translated to identities first, so that a flow goes on through a rename.
    """
    translation = _Translation(transaction, resolver, outputs)
    datasets = [one for record in records for one in translation.datasets(record)]
    for event in designs.into(outputs):
        datasets += translation.designed(event, designs)
    columns = [one for record in records for one in translation.columns(record)]
    wanted: dict[tuple[str, int, int], Line] = {}
    for key in _spoken_of(transaction, outputs):
        wanted[key] = ()
    for kind, sightings in ((EdgeKind.FLOW, datasets), (EdgeKind.COLUMN_FLOW, columns)):
        held: dict[tuple[int, int], list[tuple[Period, str, Manner]]] = defaultdict(list)
        for flow in flows(sightings):
            source_id, target_id, manner = flow.source
            held[source_id, target_id].append((flow.period, str(flow.job), manner))
        for (source_id, target_id), pieces in held.items():
            wanted[kind, source_id, target_id] = overlay(pieces)
    settle_edges(transaction, wanted)


def overlay(pieces: Sequence[tuple[Period, str, Manner]]) -> Line:
    """Lay the periods of several jobs over each other: in each stretch, the jobs that moved data.

    >>> from snapshots.instant import Instant
    >>> one = (Period(Instant(0), Instant(9)), "a", ((), ()))
    >>> two = (Period(Instant(5), Instant(9)), "b", ((), ("sql",)))
    >>> [str(period.start.micros) + claim for period, claim in overlay([one, two])]
    ['0{"jobs":["a"],"how":[],"by":[]}', '5{"jobs":["a","b"],"how":[],"by":["sql"]}']
    """
    bounds = sorted({end for period, _, _ in pieces for end in (period.start, period.end)})
    line: list[tuple[Period, str]] = []
    for start, end in pairwise(bounds):
        here = [(job, manner) for period, job, manner in pieces if period.contains(start)]
        if not here:
            continue
        jobs = tuple(sorted({job for job, _ in here}))
        how = tuple(sorted({one for _, (many, _) in here for one in many}))
        by = tuple(sorted({one for _, (_, many) in here for one in many}))
        claim = encode(FlowClaim(jobs, how, by))
        if line and line[-1][1] == claim and line[-1][0].end == start:
            line[-1] = (Period(line[-1][0].start, end), claim)
        else:
            line.append((Period(start, end), claim))
    return tuple(line)


def _spoken_of(
    transaction: Transaction, outputs: Collection[int]
) -> Iterator[tuple[str, int, int]]:
    """Give the flows ever spoken of: one that ended may have come from what now is another."""
    reader = transaction.reader
    targets = list(outputs)
    for output in outputs:
        targets += [one.node_id for one in reader.children(parent_id=output, kind=NodeKind.COLUMN)]
    kinds = (EdgeKind.FLOW, EdgeKind.COLUMN_FLOW)
    yield from reader.edge_keys_into(node_ids=targets, kinds=kinds)


class _Translation:
    def __init__(
        self, transaction: Transaction, resolver: Resolver, outputs: Collection[int]
    ) -> None:
        self._transaction = transaction
        self._resolver = resolver
        self._outputs = outputs
        self._named: dict[str, Mapping[Dataset, Observation]] = {}

    def datasets(self, record: RunRecord) -> Iterator[FlowSighting[Pair]]:
        for one in dataset_sightings(record):
            target = self._meant(record, one.output)
            if target.dataset_id in self._outputs:
                sources = {self._meant(record, source).dataset_id for source in one.sources}
                pairs = frozenset(
                    (source, target.dataset_id, _TOLD_BY_EVENTS) for source in sources
                )
                yield self._translated(one, target, pairs)

    def designed(self, event: JobEvent, designs: Designs) -> Iterator[FlowSighting[Pair]]:
        """Give the datasets that a job is said to move; of columns, designs tell nothing yet."""
        for one in designed_dataset_sightings(event):
            target = designs.meant(event, one.output)
            if target.dataset_id in self._outputs:
                sources = {designs.meant(event, source).dataset_id for source in one.sources}
                pairs = frozenset(
                    (source, target.dataset_id, _TOLD_BY_EVENTS) for source in sources
                )
                yield self._translated(one, target, pairs)

    def columns(self, record: RunRecord) -> Iterator[FlowSighting[Pair]]:
        told = column_sightings(record)
        for one in (*told, *self._read_out_of_sql(record, told)):
            target = self._meant(record, one.output)
            if target.dataset_id in self._outputs:
                pairs = frozenset(self._pairs(record, target, one.at, one.sources))
                yield self._translated(one, target, pairs)

    def _read_out_of_sql(
        self, record: RunRecord, told: Sequence[ColumnSighting]
    ) -> Iterable[ColumnSighting]:
        """Give what SQL says of outputs of which no event told the columns."""
        if not record.queries:
            return ()
        from temporal_lineage.linking.run_sql import sql_sightings

        silent = without_columns(record, told)
        return sql_sightings(record, silent, self._resolver) if silent else ()

    def _pairs(
        self, record: RunRecord, target: Resolved, ended: Instant, sources: Iterable[ColumnFlow]
    ) -> Iterator[Pair]:
        begun = record.started_at or record.first_at
        ordered = sorted(sources, key=str)
        keys: list[NodeKey] = []
        for one in ordered:
            source = self._meant(record, one.dataset)
            keys.append(_column_key(source, one.field, begun, one.schema_id))
            keys.append(_column_key(target, one.target, ended, None))
        node_ids = iter(self._transaction.nodes(keys))
        for one in ordered:
            how = tuple(
                "/".join(
                    part
                    for part in (kind.type, kind.subtype, _MASKED if kind.masking else None)
                    if part
                )
                for kind in one.transformations
            )
            yield next(node_ids), next(node_ids), (how, one.by)

    def _meant(self, record: RunRecord, dataset: Dataset) -> Resolved:
        """Resolve a name as the run's links do: by all names that the run gave the dataset."""
        at = record.started_at or record.first_at
        if record.run_id not in self._named:
            sides = (*record.inputs, *record.outputs)
            self._named[record.run_id] = {one.dataset: one for one in sides}
        observed = self._named[record.run_id].get(dataset)
        if observed is not None:
            return self._resolver.observed(observed, at=at)
        return self._resolver.names((dataset,), at=at)

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


def _column_key(
    dataset: Resolved, field: str | None, at: Instant, schema_id: int | None
) -> NodeKey:
    """Name a column by the field id it had then; by its name where no schema is known."""
    name = EVERY_COLUMN if field is None else field
    if dataset.table and field is not None and schema_id is None:
        entry = dataset.table.at(MAIN, at)
        schema_id = entry.schema_id if entry else None
    if dataset.table and field is not None and schema_id is not None:
        schema = dataset.table.table.schema(schema_id=schema_id)
        found = schema.at_path(name) if schema else None
        name = str(found.field_id) if found else name
    return NodeKey(NodeKind.COLUMN, dataset.dataset_id, name)
