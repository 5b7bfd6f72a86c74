"""Flows in the ledger: which datasets and columns fed which, by jobs, over valid time."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace
from typing import TYPE_CHECKING

from snapshots.dataset import Dataset
from snapshots.instant import BEGINNING, FOREVER
from snapshots.period import Period
from snapshots.refs import MAIN
from temporal_lineage.beliefs import Line, settle_edges
from temporal_lineage.evidence.designed import as_run
from temporal_lineage.evidence.flow_sightings import (
    column_sightings,
    dataset_sightings,
    without_columns,
)
from temporal_lineage.evidence.flows import Coverage, FlowSighting
from temporal_lineage.keys import EVERY_COLUMN, EdgeKind, NodeKind
from temporal_lineage.linking.designs import MeantByDesign
from temporal_lineage.linking.flow_history import FlowHistory, merged, spliced
from temporal_lineage.linking.meant import MeantByRun
from temporal_lineage.linking.sightings import KeptSightings, Manner, Pair, Scope, Sighting
from temporal_lineage.store.assertions import NodeKey

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

    from snapshots.instant import Instant
    from temporal_lineage.capture.openlineage_events import JobEvent, JobName
    from temporal_lineage.evidence.flow_sightings import ColumnFlow, ColumnSighting
    from temporal_lineage.evidence.runs import RunRecord
    from temporal_lineage.linking.designs import Designs
    from temporal_lineage.linking.meant import Meant
    from temporal_lineage.linking.resolving import Resolved, Resolver
    from temporal_lineage.store.transaction import Transaction

_MASKED = "MASKED"

_TOLD_BY_EVENTS: Manner = ((), ())


_EVERYTHING = Period(BEGINNING, FOREVER)


def keep_flows(
    transaction: Transaction,
    records: Mapping[str, RunRecord],
    resolver: Resolver,
    designs: Designs,
    designed: Collection[int],
    told_again: Mapping[str, Mapping[int, JobName]],
) -> None:
    """Bring the flows to what all runs, and designs, show, after these runs showed something else.

    Names are translated to identities first, so that a flow goes on through a rename. What a run
    shows changes the flows of its job into that dataset from then on until the job's next run
    that shows all there is: only that stretch is worked out anew. Into `designed` datasets all is.
    `told_again` gives, by run and dataset, the job whose statement a run shows the result of: what
    it says is added to what that job showed.
    """
    translation = _Translation(transaction, resolver)
    kept = KeptSightings(transaction)
    designed_by: dict[Scope, list[Sighting]] = defaultdict(list)
    changed: dict[tuple[int, EdgeKind], list[Period]] = defaultdict(list)
    news: set[tuple[Scope, Instant]] = set()
    for record in records.values():
        told = translation.told(record)
        news |= kept.settle(record.run_id, _of_whom(told, told_again.get(record.run_id, {})))
    datasets = {*designed, *(scope.dataset_id for scope, _ in news)}
    for event in designs.into(datasets):
        for dataset_id, kind, one in translation.designed(event, designs):
            if dataset_id in datasets:
                designed_by[Scope(dataset_id, kind, kept.job_id(one.job))].append(one)
    history = FlowHistory(kept, designed_by)
    for scope, at in news:
        changed[scope.dataset_id, scope.kind].append(history.decided_by(scope, at))
    for dataset_id in designed:
        for kind in (EdgeKind.FLOW, EdgeKind.COLUMN_FLOW):
            changed[dataset_id, kind] = [_EVERYTHING]
    for (dataset_id, kind), periods in sorted(changed.items()):
        _settle(transaction, dataset_id, kind, history.pieces(dataset_id, kind, merged(periods)))


def _of_whom(
    told: Iterable[tuple[int, EdgeKind, Sighting]], jobs: Mapping[int, JobName]
) -> Iterator[tuple[int, EdgeKind, Sighting]]:
    for dataset_id, kind, one in told:
        if dataset_id not in jobs:
            yield dataset_id, kind, one
        elif one.sources:
            added = replace(one, job=jobs[dataset_id], coverage=Coverage.PART)
            yield dataset_id, kind, added


def _settle(
    transaction: Transaction,
    dataset_id: int,
    kind: EdgeKind,
    stretches: Sequence[tuple[Period, Mapping[tuple[int, int], Line]]],
) -> None:
    """Let flows hold as told in these stretches; outside of them nothing changes."""
    keys = dict.fromkeys(_spoken_of(transaction, dataset_id, kind))
    keys |= {(kind, *pair): None for _, lines in stretches for pair in lines}
    wanted = transaction.reader.edge_timelines(keys=list(keys), system=transaction.recorded_at)
    settled = {key: tuple(wanted.get(key, ())) for key in keys}
    for period, lines in stretches:
        for key, line in settled.items():
            settled[key] = spliced(line, period, lines.get((key[1], key[2]), ()))
    settle_edges(transaction, settled)


def _spoken_of(
    transaction: Transaction, dataset_id: int, kind: EdgeKind
) -> Sequence[tuple[str, int, int]]:
    """Give the flows ever spoken of: one that ended may have come from what now is another."""
    reader = transaction.reader
    targets = [dataset_id]
    if kind is EdgeKind.COLUMN_FLOW:
        columns = reader.children(parent_id=dataset_id, kind=NodeKind.COLUMN)
        targets = [one.node_id for one in columns]
    return reader.edge_keys_into(node_ids=targets, kinds=(kind,))


class _Translation:
    def __init__(self, transaction: Transaction, resolver: Resolver) -> None:
        self._transaction = transaction
        self._resolver = resolver

    def told(self, record: RunRecord) -> Iterator[tuple[int, EdgeKind, Sighting]]:
        """Give what a run shows, by the dataset that is fed."""
        return self._shown(record, MeantByRun(record, self._resolver))

    def designed(
        self, event: JobEvent, designs: Designs
    ) -> Iterator[tuple[int, EdgeKind, Sighting]]:
        """Give what a job is said to move, by the dataset that is fed."""
        return self._shown(as_run(event), MeantByDesign(event, designs))

    def _shown(self, record: RunRecord, meant: Meant) -> Iterator[tuple[int, EdgeKind, Sighting]]:
        for one in dataset_sightings(record):
            target = meant.written(one.output).resolved
            sources = {meant.read(source).resolved.dataset_id for source in one.sources}
            pairs = frozenset((source, target.dataset_id, _TOLD_BY_EVENTS) for source in sources)
            yield target.dataset_id, EdgeKind.FLOW, self._translated(one, target, pairs)
        columns = column_sightings(record)
        for each in (*columns, *self._read_out_of_sql(record, columns)):
            target = meant.written(each.output).resolved
            keys = _column_keys(each, target, meant)
            yield (
                target.dataset_id,
                EdgeKind.COLUMN_FLOW,
                self._translated(each, target, frozenset(self._pairs(each, keys))),
            )

    def _read_out_of_sql(
        self, record: RunRecord, told: Sequence[ColumnSighting]
    ) -> Iterable[ColumnSighting]:
        """Give what SQL says of outputs of which no event told the columns."""
        if not record.queries:
            return ()
        from temporal_lineage.linking.run_sql import sql_sightings

        silent = without_columns(record, told)
        return sql_sightings(record, silent, self._resolver) if silent else ()

    def _pairs(self, sighting: ColumnSighting, keys: Sequence[NodeKey]) -> Iterator[Pair]:
        node_ids = iter(self._transaction.nodes(keys))
        for one in _in_order(sighting):
            how = tuple(
                "/".join(
                    part
                    for part in (kind.type, kind.subtype, _MASKED if kind.masking else None)
                    if part
                )
                for kind in one.transformations
            )
            yield next(node_ids), next(node_ids), (how, one.by)

    @staticmethod
    def _translated(
        sighting: FlowSighting[Dataset] | FlowSighting[ColumnFlow],
        target: Resolved,
        pairs: frozenset[Pair],
    ) -> Sighting:
        return FlowSighting(
            sighting.job,
            Dataset("", str(target.dataset_id)),
            sighting.at,
            sighting.run_id,
            pairs,
            sighting.coverage,
        )


def _column_keys(sighting: ColumnSighting, target: Resolved, meant: Meant) -> list[NodeKey]:
    """Name source and target of each column flow, in order."""
    keys: list[NodeKey] = []
    for one in _in_order(sighting):
        source = meant.read(one.dataset)
        keys.append(_column_key(source.resolved, one.field, source.at, one.schema_id))
        keys.append(_column_key(target, one.target, sighting.at, None))
    return keys


def _in_order(sighting: ColumnSighting) -> list[ColumnFlow]:
    return sorted(sighting.sources, key=str)


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
