"""Joint decisions: what runs wrote, decided together with all others that bear on it, no more."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from temporal_lineage.claims import encode
from temporal_lineage.evidence.companions import came_together, with_companions
from temporal_lineage.evidence.metrics_reports import applications, reportable
from temporal_lineage.evidence.outputs import STEPS_MAX, OutputObservation, link_outputs
from temporal_lineage.evidence.reach import reach_of, within
from temporal_lineage.evidence.windows import SKEW_MS_MAX, window_of
from temporal_lineage.facts import LAST, AsOf
from temporal_lineage.keys import AttributeKind, NodeKind
from temporal_lineage.linking.links import table_link
from temporal_lineage.linking.reaches import WritersOf, keep_reaches
from temporal_lineage.linking.unharvested import told_output
from temporal_lineage.store.assertions import NodeKey

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from collections.abc import Set as AbstractSet

    from temporal_lineage.evidence.metrics_reports import CommitReport
    from temporal_lineage.evidence.reach import Reach
    from temporal_lineage.evidence.runs import RunRecord
    from temporal_lineage.evidence.timeline import Timeline
    from temporal_lineage.linking.links import Link
    from temporal_lineage.linking.named import NamedDatasets
    from temporal_lineage.linking.report_records import ReportRecords
    from temporal_lineage.linking.resolving import Resolver
    from temporal_lineage.linking.run_records import RunRecords
    from temporal_lineage.store.transaction import Transaction

_TOLD_STEPS = 1
"""Without a history each run's word stands; only who tells the same version matters."""


class Joint:
    """The links of runs to what they wrote; what is not near a touched run is not looked at.

    A run's link is exact where all runs within STEPS_MAX of it are decided with it: so those
    within that distance of a touched run are held against what is believed, decided together
    with those within twice the distance; where one differs it is touched too.
    Decision 0016 derives it.
    """

    def __init__(
        self,
        transaction: Transaction,
        records: RunRecords,
        named: NamedDatasets,
        resolver: Resolver,
        reports: ReportRecords,
    ) -> None:
        """Begin without any run."""
        self._transaction = transaction
        self._records = records
        self._named = named
        self._resolver = resolver
        self._reports = reports
        self._seeds: dict[int, list[Reach]] = defaultdict(list)
        self._stale: set[int] = set()
        self._links: dict[int, dict[str, Link]] = {}
        self._steps: dict[int, dict[str, int]] = {}
        self._others: dict[int, WritersOf] = {}
        self.touched: dict[str, RunRecord] = {}

    def touch(self, records: Iterable[RunRecord]) -> None:
        """Link these runs anew: keep what they can come to, beside what they could before."""
        for record in records:
            self.touched[record.run_id] = record
            reaches = {
                dataset_id: reach_of(record, seen, skew_ms_max=SKEW_MS_MAX)
                for dataset_id, (seen, _) in self._named.outputs(record).items()
            }
            before = keep_reaches(self._transaction, record.run_id, reaches)
            for found in (reaches, before):
                for dataset_id, reach in found.items():
                    if reach not in self._seeds[dataset_id]:
                        self._seeds[dataset_id].append(reach)
                        self._stale.add(dataset_id)

    def settle(self) -> None:
        """Decide all touched runs, and touch those whose links change with theirs."""
        while self._stale:
            moved: set[str] = set()
            for dataset_id in sorted(self._stale):
                self._decide(dataset_id)
                moved |= self._moved(dataset_id)
            self._stale.clear()
            self.touch(self._records.of(moved))

    def datasets(self) -> list[int]:
        """Give the datasets that a touched run wrote, or was thought to have written."""
        return sorted(self._links)

    def writes(self, record: RunRecord) -> tuple[Link, ...]:
        """Give what one of the runs near by wrote."""
        for dataset_id, (seen, _) in self._named.outputs(record).items():
            near = self._steps.get(dataset_id, {}).get(record.run_id)
            if near is None or near > self._steps_max(dataset_id):
                reach = reach_of(record, seen, skew_ms_max=SKEW_MS_MAX)
                self._seeds[dataset_id].append(reach)
                self._decide(dataset_id)
        return tuple(
            self._links[dataset_id][record.run_id] for dataset_id in self._named.outputs(record)
        )

    def beside(self, dirty: AbstractSet[tuple[int, str]]) -> list[RunRecord]:
        """Give the runs that were not touched and made, or may have made, one of the versions."""
        run_ids = {
            run_id
            for dataset_id, links in self._links.items()
            for run_id, link in links.items()
            if run_id not in self.touched
            and self._steps[dataset_id][run_id] <= self._steps_max(dataset_id)
            and any((dataset_id, version) in dirty for version in link.claim.versions)
        }
        return self._records.of(run_ids)

    def _decide(self, dataset_id: int) -> None:
        table = self._resolver.table(dataset_id)
        if dataset_id not in self._others:
            self._others[dataset_id] = WritersOf(self._transaction, dataset_id)
        self._steps[dataset_id] = within(
            self._seeds[dataset_id],
            others=self._others[dataset_id],
            table=table,
            together={} if table is None else came_together(table),
            steps_max=2 * self._steps_max(dataset_id),
        )
        records = self._records.of(self._steps[dataset_id])
        self._links[dataset_id] = self._linked(dataset_id, table, records)

    def _linked(
        self, dataset_id: int, table: Timeline | None, records: Iterable[RunRecord]
    ) -> dict[str, Link]:
        writers = {
            record.run_id: (record, *self._named.outputs(record)[dataset_id])
            for record in records
            if dataset_id in self._named.outputs(record)
        }
        if table is None:
            return {run_id: told_output(*writer) for run_id, writer in writers.items()}
        found = link_outputs(
            table=table,
            writers=[OutputObservation(record, seen) for record, seen, _ in writers.values()],
            skew_ms_max=SKEW_MS_MAX,
            reports=self._commit_reports(table, [record for record, _, _ in writers.values()]),
        )
        return {
            run_id: table_link(
                seen,
                meant,
                with_companions(table, found[run_id].snapshot_ids),
                found[run_id].evidence,
                record,
                found[run_id].told_again,
            )
            for run_id, (record, seen, meant) in writers.items()
        }

    def _commit_reports(
        self, table: Timeline, records: Iterable[RunRecord]
    ) -> Sequence[CommitReport]:
        """Give the reports of the commits that these runs can have come to."""
        made: set[int] = set()
        for record in records:
            if applications(record):
                made |= reportable(table, window_of(record, skew_ms_max=SKEW_MS_MAX))
        return self._reports.commits(sorted(made))

    def _moved(self, dataset_id: int) -> set[str]:
        """Give the runs near by, not touched, whose link is not what is believed."""
        steps_max = self._steps_max(dataset_id)
        near = {
            run_id: link
            for run_id, link in self._links[dataset_id].items()
            if run_id not in self.touched and self._steps[dataset_id][run_id] <= steps_max
        }
        if not near:
            return set()
        keys = [NodeKey(NodeKind.RUN, 0, run_id) for run_id in near]
        node_ids = dict(zip(near, self._transaction.nodes(keys), strict=True))
        believed: Mapping[tuple[int, str], str] = {
            (one.node_id, one.name): one.claim
            for one in self._transaction.reader.attributes_of(
                node_ids=list(node_ids.values()),
                kind=AttributeKind.WRITES,
                as_of=AsOf(valid=LAST, system=self._transaction.recorded_at),
            )
        }
        return {
            run_id
            for run_id, link in near.items()
            if believed.get((node_ids[run_id], link.name)) != encode(link.claim)
        }

    def _steps_max(self, dataset_id: int) -> int:
        return STEPS_MAX if self._resolver.table(dataset_id) else _TOLD_STEPS
