"""Told: how events describe datasets, believed from the time of each event on."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from snapshots.period import Period
from temporal_lineage.beliefs import Line, settle_attributes, settle_edges, since
from temporal_lineage.capture.openlineage import read_events
from temporal_lineage.capture.openlineage_events import CapturedEvent, DatasetEvent
from temporal_lineage.capture.openlineage_names import canonical
from temporal_lineage.facts import LAST, AsOf
from temporal_lineage.keys import AttributeKind, EdgeKind, NodeKind
from temporal_lineage.linking.event_keys import DESCRIPTION
from temporal_lineage.linking.run_records import RunRecords
from temporal_lineage.linking.runs import runs_naming
from temporal_lineage.linking.words import Teller, Word, lines_of, words_of
from temporal_lineage.store.assertions import NodeKey

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from temporal_lineage.evidence.runs import RunRecord
    from temporal_lineage.linking.resolving import Resolved, Resolver
    from temporal_lineage.store.records import Believed
    from temporal_lineage.store.transaction import Transaction

RUNS_AT_ONCE = 500
"""Runs whose events memory holds together, where all that name a dataset are read again."""

_NAMED = (EdgeKind.READS, EdgeKind.WRITES)


class Told:
    """Descriptions of datasets by the events of some runs, and by events about no run."""

    def __init__(
        self, transaction: Transaction, resolver: Resolver, records: Sequence[RunRecord]
    ) -> None:
        """Remember what these runs named before they are linked anew."""
        self._transaction = transaction
        self._resolver = resolver
        self._records = records
        self._before = self._named()

    def keep(self, keys: Iterable[str], dataset_ids: Sequence[int]) -> None:
        """Keep how these runs, and events of these keys or datasets, describe what they name.

        The runs are linked by now. What is believed then is a function of all events.
        """
        after = self._named()
        moved = {run_id for run_id, _ in self._before ^ after}
        stale = {one for run_id, one in self._before if run_id in moved}
        if dataset_ids:  # what names mean may have changed
            stale |= {one for _, one in self._before | after}
        words: dict[int, set[Word]] = defaultdict(set)
        for record in self._records:
            for resolved, word in self._words(record):
                words[resolved.dataset_id].add(word)
        names = {one.removeprefix(DESCRIPTION) for one in keys if one.startswith(DESCRIPTION)}
        stale |= self._describe(sorted(names | self._describing(dataset_ids)), words)
        for dataset_id in sorted(stale | words.keys()):
            known = self._transaction.reader.timelines(
                node_id=dataset_id,
                kind=AttributeKind.TOLD,
                system=self._transaction.recorded_at,
            )
            is_stale = dataset_id in stale and bool(known)
            if is_stale or not all(_fits(word, known) for word in words[dataset_id]):
                self._settle(dataset_id, known, words[dataset_id])

    def _settle(
        self, dataset_id: int, known: Mapping[str, Sequence[Believed]], words: set[Word]
    ) -> None:
        """Believe what all events together say of one dataset; `words` are those of these runs."""
        told = {record.run_id for record in self._records}
        runs = sorted(runs_naming(self._transaction, [dataset_id]) - told)
        for first in range(0, len(runs), RUNS_AT_ONCE):
            records = RunRecords(self._transaction.reader)
            for record in records.of(runs[first : first + RUNS_AT_ONCE]):
                words |= {
                    word
                    for resolved, word in self._words(record)
                    if resolved.dataset_id == dataset_id
                }
        for name in self._describing([dataset_id]):
            for event in self._events(name):
                if self._meant(event).dataset_id == dataset_id:
                    words |= self._words_of(event)
        wanted: dict[str, Line] = dict.fromkeys(known, ())
        settle_attributes(
            self._transaction, dataset_id, AttributeKind.TOLD, {**wanted, **lines_of(words)}
        )

    def _words(self, record: RunRecord) -> Iterator[tuple[Resolved, Word]]:
        at = record.started_at or record.first_at
        sides = (record.inputs, record.outputs)
        reads, writes = (
            {one.dataset: self._resolver.observed(one, at=at) for one in side} for side in sides
        )
        for event in record.events:
            teller = Teller(event.producer, event.run_id, str(event.job), event.at)
            for meant, side in ((reads, event.inputs), (writes, event.outputs)):
                for mention in side:
                    one = meant[canonical(mention.dataset)]
                    known = one.table is not None
                    for word in words_of(mention, teller, is_harvested=known):
                        yield one, word

    def _words_of(self, event: DatasetEvent) -> set[Word]:
        teller = Teller(event.producer, "", "", event.at)
        known = self._meant(event).table is not None
        return set(words_of(event.dataset, teller, is_harvested=known))

    def _describe(self, names: Sequence[str], words: dict[int, set[Word]]) -> set[int]:
        """Note which datasets events about no run describe; returns those of other meaning now."""
        if not names:
            return set()
        name_ids = self._transaction.nodes([NodeKey(NodeKind.NAME, 0, one) for one in names])
        kinds = (EdgeKind.DESCRIBES,)
        rows = self._transaction.reader.edges_out_of(
            node_ids=name_ids, kinds=kinds, as_of=self._now
        )
        before = {(row.kind, row.src_id, row.dst_id) for row in rows}
        wanted: dict[tuple[str, int, int], Line] = dict.fromkeys(before, ())
        for name, name_id in zip(names, name_ids, strict=True):
            for event in self._events(name):
                dataset_id = self._meant(event).dataset_id
                words[dataset_id] |= self._words_of(event)
                key = (EdgeKind.DESCRIBES, name_id, dataset_id)
                if not wanted.get(key):  # events come oldest first
                    wanted[key] = since(Period.since(event.at), "{}")
        settle_edges(self._transaction, wanted)
        after = {key for key, line in wanted.items() if line}
        moved = {name_id for _, name_id, _ in before ^ after}
        return {dataset_id for _, name_id, dataset_id in before if name_id in moved}

    def _describing(self, dataset_ids: Sequence[int]) -> set[str]:
        if not dataset_ids:
            return set()
        kinds = (EdgeKind.DESCRIBES,)
        reader = self._transaction.reader
        rows = reader.edges_into(node_ids=dataset_ids, kinds=kinds, as_of=self._now)
        return {one.name for one in reader.named(node_ids=[row.src_id for row in rows]).values()}

    def _events(self, name: str) -> list[DatasetEvent]:
        kept = self._transaction.reader.events(run_id=f"{DESCRIPTION}{name}")
        found = {
            one.event
            for event in kept
            for one in read_events(event.body.encode(), source=event.source)
            if isinstance(one, CapturedEvent) and isinstance(one.event, DatasetEvent)
        }
        return sorted(found, key=lambda one: (one.at, repr(one)))

    def _meant(self, event: DatasetEvent) -> Resolved:
        mention = event.dataset
        names = [canonical(mention.dataset), *map(canonical, mention.symlinks)]
        return self._resolver.names(tuple(dict.fromkeys(names)), at=event.at)

    def _named(self) -> set[tuple[int, int]]:
        """Give the pairs of run and dataset that the ledger believes of these runs now."""
        keys = [NodeKey(NodeKind.RUN, 0, record.run_id) for record in self._records]
        run_ids = self._transaction.nodes(keys)
        rows = self._transaction.reader.edges_out_of(
            node_ids=run_ids, kinds=_NAMED, as_of=self._now
        )
        return {(row.src_id, row.dst_id) for row in rows}

    @property
    def _now(self) -> AsOf:
        return AsOf(valid=LAST, system=self._transaction.recorded_at)


def _fits(word: Word, known: Mapping[str, Sequence[Believed]]) -> bool:
    """Tell whether a word is what is believed of its instant: then it changes nothing."""
    line = known.get(word.name, ())
    return next((one.claim for one in line if one.valid.contains(word.at)), "") == word.claim
