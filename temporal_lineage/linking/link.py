"""Linking: bring the beliefs about runs to what all their events and the histories show."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

from snapshots.refs import MAIN
from temporal_lineage.claims import LinkClaim
from temporal_lineage.evidence.companions import with_companions
from temporal_lineage.evidence.inputs import link_input
from temporal_lineage.evidence.metrics_reports import applications
from temporal_lineage.evidence.outputs import OutputObservation, link_outputs
from temporal_lineage.evidence.own_commits import NO_COMMITS, Own
from temporal_lineage.evidence.runs import together
from temporal_lineage.evidence.timeline import ids_of
from temporal_lineage.evidence.windows import SKEW_MS_MAX, window_of
from temporal_lineage.keys import EdgeKind, name_key
from temporal_lineage.linking.designs import Designs
from temporal_lineage.linking.event_keys import is_of_a_run
from temporal_lineage.linking.explained import cloned_from, explained_edges
from temporal_lineage.linking.explicit import explicit_lineage
from temporal_lineage.linking.flowing import keep_flows
from temporal_lineage.linking.links import Link, RunLinks
from temporal_lineage.linking.report_records import ReportRecords, runs_reported
from temporal_lineage.linking.resolving import Resolver
from temporal_lineage.linking.run_records import RunRecords
from temporal_lineage.linking.runs import keep_runs, runs_naming
from temporal_lineage.linking.taken import taken_of
from temporal_lineage.linking.told import Told
from temporal_lineage.linking.unharvested import told_input, told_output
from temporal_lineage.naming import UNHARVESTED, unharvested_address

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from collections.abc import Set as AbstractSet

    from temporal_lineage.evidence.grades import Evidence
    from temporal_lineage.evidence.metrics_reports import CommitReport, ScanReport
    from temporal_lineage.evidence.runs import Observation, RunRecord
    from temporal_lineage.evidence.timeline import Timeline
    from temporal_lineage.linking.explained import Explained
    from temporal_lineage.linking.links import EdgeKey
    from temporal_lineage.linking.resolving import Resolved
    from temporal_lineage.store.transaction import Transaction


@dataclass(frozen=True, slots=True)
class Linked:
    """What linking left open: `unresolved` are addresses of datasets that no harvest knows."""

    runs: int
    unresolved: tuple[str, ...]


def link(transaction: Transaction, *, run_ids: Sequence[str], dataset_ids: Sequence[int]) -> Linked:
    """Link these runs, and the runs that name these datasets, anew. DESIGN 4.4.

    The beliefs that result depend on the set of events and histories only, not on their order.
    """
    work = _Linking(transaction)
    dataset_ids = sorted({*dataset_ids, *cloned_from(transaction, dataset_ids)})
    touched = {one for one in run_ids if is_of_a_run(one)}
    touched |= runs_naming(transaction, dataset_ids) | runs_reported(transaction, run_ids)
    designs = Designs(transaction, work.resolver)
    designed = designs.settle(run_ids, dataset_ids)
    outputs, records = work.with_all_writers(touched, {*dataset_ids, *designed})
    links = work.link_all(records)
    explained: dict[EdgeKey, Explained] = {}
    for dataset_id in sorted(outputs):
        table = work.resolver.table(dataset_id)
        if table is not None:
            explained |= explained_edges(transaction, dataset_id, table, work.resolver)
    told = Told(transaction, work.resolver, [one for one in records if one.run_id in touched])
    keep_runs(transaction, links, {record.run_id: record for record in records}, explained)
    keep_flows(transaction, outputs, records, work.resolver, designs)
    told.keep(run_ids, dataset_ids)
    unresolved = {
        unharvested_address(one.claim.identity)
        for run in links
        for one in (*run.reads, *run.writes)
        if one.claim.identity.startswith(UNHARVESTED)
    }
    return Linked(len(touched), tuple(sorted(unresolved)))


class _Linking:
    def __init__(self, transaction: Transaction) -> None:
        self._transaction = transaction
        self.resolver = Resolver(transaction)
        self.records = RunRecords(transaction.reader)
        self._reports = ReportRecords(transaction.reader)

    def with_all_writers(
        self, run_ids: AbstractSet[str], outputs: AbstractSet[int]
    ) -> tuple[set[int], list[RunRecord]]:
        """Add all that these runs and datasets must be linked with: outputs and their writers.

        Who made a commit is a question about all runs that wrote the table; and where one of them
        wrote another table too, about all that wrote that one.
        """
        runs, found = set(run_ids), set[int]()
        records = self.records.of(runs)
        more = {*outputs, *self._outputs_of(records)}
        while more:
            found |= more
            runs |= runs_naming(self._transaction, sorted(more), kinds=(EdgeKind.WRITES,))
            records = self.records.of(runs)
            more = self._outputs_of(records) - found
        return found, records

    def _outputs_of(self, records: Sequence[RunRecord]) -> set[int]:
        return {
            resolved.dataset_id
            for record in records
            for _, resolved in self._named(record.outputs, record)
        }

    def link_all(self, records: Sequence[RunRecord]) -> list[RunLinks]:
        """Link runs: outputs first, jointly with all other writers of the same tables."""
        writes = self._writes(records)
        return [self._links(record, writes[record.run_id]) for record in records]

    def _named(
        self, observations: Iterable[Observation], record: RunRecord
    ) -> list[tuple[Observation, Resolved]]:
        """Give what a run says of each dataset on one side; all names of one table are one."""
        by_dataset: dict[int, list[Observation]] = defaultdict(list)
        resolved: dict[int, Resolved] = {}
        for one in observations:
            meant = self.resolver.observed(one, at=record.started_at or record.first_at)
            by_dataset[meant.dataset_id].append(one)
            resolved[meant.dataset_id] = meant
        return [(together(names), resolved[key]) for key, names in by_dataset.items()]

    def _reports_of(self, record: RunRecord, table: Timeline) -> list[ScanReport]:
        """Give the scan reports of the states that the table had while a run went on."""
        if not applications(record):
            return []
        window = window_of(record, skew_ms_max=SKEW_MS_MAX)
        entries = table.entries(MAIN, start=window.earliest, end=window.latest)
        return self._reports.scans(dict.fromkeys(one for entry in entries for one in ids_of(entry)))

    def _commit_reports(
        self, writers: Iterable[OutputObservation], table: Timeline
    ) -> list[CommitReport]:
        """Give the reports of the commits that were made while applications' runs went on."""
        made: dict[int, None] = {}
        for writer in writers:
            if applications(writer.run):
                window = window_of(writer.run, skew_ms_max=SKEW_MS_MAX)
                near = table.commits(start=window.earliest, end=window.latest)
                made |= dict.fromkeys(one.snapshot_id for one in near)
        return self._reports.commits(made)

    def _writes(self, records: Sequence[RunRecord]) -> Mapping[str, list[Link]]:
        by_table: dict[int, list[OutputObservation]] = defaultdict(list)
        meant: dict[int, Resolved] = {}
        links: dict[str, list[Link]] = defaultdict(list)
        for record in records:
            for observation, resolved in self._named(record.outputs, record):
                meant[resolved.dataset_id] = resolved
                if resolved.table is None:
                    links[record.run_id].append(told_output(record, observation, resolved))
                else:
                    by_table[resolved.dataset_id].append(OutputObservation(record, observation))
        for dataset_id, writers in by_table.items():
            table = meant[dataset_id].table
            found = (
                link_outputs(
                    table=table,
                    writers=writers,
                    skew_ms_max=SKEW_MS_MAX,
                    reports=self._commit_reports(writers, table),
                )
                if table
                else {}
            )
            for writer in writers:
                one = found[writer.run.run_id]
                commits = with_companions(table, one.snapshot_ids) if table else ()
                links[writer.run.run_id].append(
                    _table_link(
                        writer.observation, meant[dataset_id], commits, one.evidence, writer.run
                    )
                )
        return links

    def _links(self, record: RunRecord, writes: Sequence[Link]) -> RunLinks:
        written = {
            one.dataset_id: Own(
                tuple(int(version) for version in one.claim.versions if version.isdecimal()),
                one.claim.evidence.grade,
            )
            for one in writes
        }
        reads = []
        for observation, resolved in self._named(record.inputs, record):
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
                _table_link(observation, resolved, found.snapshot_ids, found.evidence, record)
            )
        only = explicit_lineage(record, self.resolver)
        return RunLinks(record.run_id, str(record.job), tuple(reads), tuple(writes), only)


def _table_link(
    observation: Observation,
    resolved: Resolved,
    snapshot_ids: Sequence[int],
    evidence: Evidence,
    run: RunRecord,
) -> Link:
    known = resolved.table.by_id if resolved.table else {}
    # A report may name a commit that no harvest has seen yet.
    ended = run.ended_at or run.last_at
    since = {str(one): known[one].committed_at if one in known else ended for one in snapshot_ids}
    claim = LinkClaim(resolved.identity, tuple(str(one) for one in snapshot_ids), evidence)
    taken = taken_of(observation)
    return Link(name_key(observation.dataset), resolved.dataset_id, claim, since, taken)
