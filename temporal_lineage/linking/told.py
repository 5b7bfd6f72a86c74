"""Told: how events describe datasets, believed from the time of each event on."""

from __future__ import annotations

from collections import defaultdict
from itertools import chain
from typing import TYPE_CHECKING

from temporal_lineage.beliefs import Line, settle_attributes
from temporal_lineage.capture.openlineage_names import canonical
from temporal_lineage.facts import LAST, AsOf
from temporal_lineage.keys import AttributeKind, EdgeKind, NodeKind
from temporal_lineage.linking.meant import MeantByRun
from temporal_lineage.linking.run_records import RunRecords
from temporal_lineage.linking.runs import runs_naming
from temporal_lineage.linking.words import Teller, Word, lines_of, said
from temporal_lineage.store.assertions import NodeKey

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from temporal_lineage.evidence.runs import RunRecord
    from temporal_lineage.linking.descriptions import Descriptions
    from temporal_lineage.linking.designs import Designs
    from temporal_lineage.linking.resolving import Resolver
    from temporal_lineage.store.records import Believed
    from temporal_lineage.store.transaction import Transaction

RUNS_AT_ONCE = 500
"""Runs whose events memory holds together, where all that name a dataset are read again."""

_NAMED = (EdgeKind.READS, EdgeKind.WRITES)


class Told:
    """Descriptions of datasets by the events of some runs, and by events about no run."""

    def __init__(
        self,
        transaction: Transaction,
        resolver: Resolver,
        records: Sequence[RunRecord],
        outside: tuple[Descriptions, Designs],
    ) -> None:
        """Remember what these runs named before they are linked anew."""
        self._transaction = transaction
        self._resolver = resolver
        self._records = records
        self._outside = outside
        self._before = self._named()

    def keep(self, renamed: Sequence[int]) -> None:
        """Keep how these runs, and what was settled of events about no run, describe datasets.

        The runs are linked by now. What is believed then is a function of all events. Names of
        `renamed` may mean another dataset than they did.
        """
        after = self._named()
        moved = {run_id for run_id, _ in self._before ^ after}
        stale = {one for run_id, one in self._before if run_id in moved}
        if renamed:
            stale |= {one for _, one in self._before | after}
        stale.update(*(one.left for one in self._outside))
        words: dict[int, set[Word]] = defaultdict(set)
        for dataset_id, word in chain(
            self._words(self._records), *(one.words(one.settled) for one in self._outside)
        ):
            words[dataset_id].add(word)
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
        records = (
            record
            for first in range(0, len(runs), RUNS_AT_ONCE)
            for record in RunRecords(self._transaction.reader).of(
                runs[first : first + RUNS_AT_ONCE]
            )
        )
        outside = (one.words(sorted(one.naming(dataset_id))) for one in self._outside)
        words |= {word for one, word in chain(self._words(records), *outside) if one == dataset_id}
        wanted: dict[str, Line] = dict.fromkeys(known, ())
        settle_attributes(
            self._transaction, dataset_id, AttributeKind.TOLD, {**wanted, **lines_of(words)}
        )

    def _words(self, records: Iterable[RunRecord]) -> Iterator[tuple[int, Word]]:
        for record in records:
            meant = MeantByRun(record, self._resolver)
            for event in record.events:
                teller = Teller(event.producer, event.run_id, str(event.job), event.at)
                for side, look in ((event.inputs, meant.read), (event.outputs, meant.written)):
                    told = ((one, look(canonical(one.dataset)).resolved) for one in side)
                    yield from said(teller, told)

    def _named(self) -> set[tuple[int, int]]:
        """Give the pairs of run and dataset that the ledger believes of these runs now."""
        keys = [NodeKey(NodeKind.RUN, 0, record.run_id) for record in self._records]
        rows = self._transaction.reader.edges_out_of(
            node_ids=self._transaction.nodes(keys),
            kinds=_NAMED,
            as_of=AsOf(valid=LAST, system=self._transaction.recorded_at),
        )
        return {(row.src_id, row.dst_id) for row in rows}


def _fits(word: Word, known: Mapping[str, Sequence[Believed]]) -> bool:
    """Tell whether a word is what is believed of its instant: then it changes nothing."""
    line = known.get(word.name, ())
    return next((one.claim for one in line if one.valid.contains(word.at)), "") == word.claim
