"""Linking: bring the beliefs about runs to what all their events and the histories show."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from snapshots.instant import BEGINNING
from snapshots.refs import MAIN
from temporal_lineage.evidence.changed import ALL_CHANGED
from temporal_lineage.evidence.inputs import link_input
from temporal_lineage.evidence.metrics_reports import applications
from temporal_lineage.evidence.own_commits import NO_COMMITS, Own
from temporal_lineage.evidence.timeline import ids_of
from temporal_lineage.evidence.windows import SKEW_MS_MAX, window_of
from temporal_lineage.keys import EdgeKind
from temporal_lineage.linking.bearing import runs_bearing
from temporal_lineage.linking.descriptions import Descriptions
from temporal_lineage.linking.designs import Designs
from temporal_lineage.linking.event_keys import is_of_a_run
from temporal_lineage.linking.explained import cloned_from, explained_edges
from temporal_lineage.linking.explicit import explicit_lineage
from temporal_lineage.linking.flowing import keep_flows
from temporal_lineage.linking.joint import Joint
from temporal_lineage.linking.links import RunLinks, table_link, told_again, version_ids
from temporal_lineage.linking.named import NamedDatasets
from temporal_lineage.linking.outside import OutsideEvents
from temporal_lineage.linking.reaches import unmarked
from temporal_lineage.linking.report_records import ReportRecords, runs_reported
from temporal_lineage.linking.resolving import Resolver
from temporal_lineage.linking.run_records import RunRecords
from temporal_lineage.linking.runs import keep_passed_on, keep_runs, runs_naming, versions_of
from temporal_lineage.linking.strangers import keep_strangers
from temporal_lineage.linking.told import Told
from temporal_lineage.linking.unharvested import told_input
from temporal_lineage.naming import UNHARVESTED, unharvested_address

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence
    from collections.abc import Set as AbstractSet

    from temporal_lineage.evidence.changed import Changed
    from temporal_lineage.evidence.metrics_reports import ScanReport
    from temporal_lineage.evidence.runs import RunRecord
    from temporal_lineage.evidence.timeline import Timeline
    from temporal_lineage.linking.explained import Explained
    from temporal_lineage.linking.links import EdgeKey
    from temporal_lineage.store.transaction import Transaction


@dataclass(frozen=True, slots=True)
class Linked:
    """What linking left open: `unresolved` are addresses of datasets that no harvest knows.

    `strangers` are the reasons for events that went into quarantine: they carry another run's id.
    """

    runs: int
    unresolved: tuple[str, ...]
    strangers: tuple[str, ...]


def link(
    transaction: Transaction, *, run_ids: Sequence[str], changes: Mapping[int, Changed]
) -> Linked:
    """Link these runs anew, and the runs that bear on what changed of these datasets. DESIGN 4.4.

    The beliefs that result depend on the set of events and histories only, not on their order.
    """
    work = _Linking(transaction, changes)
    clones = cloned_from(transaction, changes)
    changes = {**changes, **dict.fromkeys(clones, ALL_CHANGED)}
    dataset_ids = sorted(changes)
    renamed = sorted(one for one, change in changes.items() if not change.is_growth)
    asked = {one for one in run_ids if is_of_a_run(one)}
    asked |= runs_bearing(transaction, changes) | runs_reported(transaction, run_ids)
    outside = OutsideEvents(transaction)
    designs = Designs(work.resolver, outside)
    descriptions = Descriptions(work.resolver, outside)
    designed = designs.settle(run_ids, dataset_ids, renamed)
    work.joint.touch(work.widened(asked, designed))
    work.joint.settle()
    records = work.joint.touched
    links = [work.links(records[run_id]) for run_id in sorted(records)]
    dirty = versions_of(transaction, links)
    beside = {one.run_id: one for one in work.joint.beside(dirty)}
    explained = work.explained(changes, dirty)
    told = Told(
        transaction,
        work.resolver,
        [records[one] for one in sorted(asked & set(records))],
        (descriptions, designs),
    )
    keep_runs(
        transaction,
        links,
        [work.links(beside[run_id]) for run_id in sorted(beside)],
        {**records, **beside},
        explained,
    )
    keep_flows(transaction, records, work.resolver, designs, designed, told_again(links))
    descriptions.settle(run_ids, renamed)
    told.keep(renamed)
    strangers = keep_strangers(transaction, [records[run_id] for run_id in sorted(records)])
    unresolved = {
        unharvested_address(one.claim.identity)
        for run in links
        for one in (*run.reads, *run.writes)
        if one.claim.identity.startswith(UNHARVESTED)
    }
    return Linked(len(asked), tuple(sorted(unresolved)), strangers)


class _Linking:
    def __init__(self, transaction: Transaction, changing: Collection[int]) -> None:
        self._transaction = transaction
        self.resolver = Resolver(transaction, changing)
        self._named = NamedDatasets(self.resolver)
        self._records = RunRecords(transaction.reader)
        self._reports = ReportRecords(transaction.reader)
        self.joint = Joint(transaction, self._records, self._named, self.resolver, self._reports)

    def widened(self, run_ids: AbstractSet[str], designed: AbstractSet[int]) -> list[RunRecord]:
        """Add the runs to which these pass on keys that are new, and all that nobody indexed yet.

        Of datasets that were linked before reaches were kept, all writers are linked once more.
        """
        found, fresh = set(run_ids), set(run_ids)
        datasets = set(designed)
        while fresh or datasets:
            records = self._records.of(fresh)
            datasets |= {one for record in records for one in self._named.outputs(record)}
            more = runs_naming(
                self._transaction,
                sorted(unmarked(self._transaction, datasets)),
                kinds=(EdgeKind.WRITES,),
            )
            for record in records:
                keys = self._records.keys_for_children(record)
                more |= keep_passed_on(self._transaction, record.run_id, keys)
            fresh, datasets = more - found, set()
            found |= more
        return self._records.of(found)

    def explained(
        self, changes: Mapping[int, Changed], dirty: AbstractSet[tuple[int, str]]
    ) -> dict[EdgeKey, Explained]:
        """Give the edges that commits tell: all of datasets that are known otherwise, of others
        those into new snapshots and these versions.
        """
        found: dict[EdgeKey, Explained] = {}
        new = {
            (dataset_id, str(one.snapshot_id))
            for dataset_id, change in changes.items()
            for one in change.snapshots
        }
        targets = set(version_ids(self._transaction, sorted(dirty | new)))
        for dataset_id in sorted({*changes, *(one for one, _ in dirty)}):
            table = self.resolver.table(dataset_id)
            if table is None:
                continue
            told = explained_edges(self._transaction, dataset_id, table, self.resolver)
            every = dataset_id in changes and changes[dataset_id].since == BEGINNING
            found |= {key: one for key, one in told.items() if every or key[2] in targets}
        return found

    def _reports_of(self, record: RunRecord, table: Timeline) -> list[ScanReport]:
        """Give the scan reports of the states that the table had while a run went on."""
        if not applications(record):
            return []
        window = window_of(record, skew_ms_max=SKEW_MS_MAX)
        entries = table.entries(MAIN, start=window.earliest, end=window.latest)
        return self._reports.scans(dict.fromkeys(one for entry in entries for one in ids_of(entry)))

    def links(self, record: RunRecord) -> RunLinks:
        """Give all links of a run."""
        writes = self.joint.writes(record)
        written = {
            one.dataset_id: Own(
                tuple(int(version) for version in one.claim.versions if version.isdecimal()),
                one.claim.evidence.grade,
            )
            for one in writes
        }
        reads = []
        for observation, resolved in self._named.inputs(record).values():
            if resolved.table is None:
                reads.append(told_input(observation, resolved))
                continue
            found = link_input(
                observation,
                table=resolved.table,
                run=record,
                skew_ms_max=SKEW_MS_MAX,
                own=written.get(resolved.dataset_id, NO_COMMITS),
                reports=self._reports_of(record, resolved.table),
            )
            reads.append(
                table_link(observation, resolved, found.snapshot_ids, found.evidence, record, None)
            )
        only = explicit_lineage(record, self.resolver)
        return RunLinks(record.run_id, str(record.job), tuple(reads), writes, only)
