"""Suspects: the commits that came with a first bad state, who made them, and what they read."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from snapshots.instant import BEGINNING
from snapshots.producer import producer_of
from temporal_lineage.bisection.answer import SuspectCommit
from temporal_lineage.claims import decode
from temporal_lineage.facts import LAST, AsOf
from temporal_lineage.harvesting.history_parts import remembered_snapshot
from temporal_lineage.keys import AttributeKind, EdgeKind, NodeKind
from temporal_lineage.link_claims import EdgeClaim, WriterClaim
from temporal_lineage.naming import Naming
from temporal_lineage.questions.runs.settings import run_settings, settings_changed

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from snapshots.instant import Instant
    from snapshots.snapshot import Snapshot
    from temporal_lineage.bisection.candidates import Candidates
    from temporal_lineage.store.reader import EdgeRow, Node, Reader


@dataclass(frozen=True, slots=True)
class Reading:
    """A state that was read for a commit; `version` is None where nobody knows which."""

    dataset_id: int
    version: str | None
    grade: str


@dataclass(frozen=True, slots=True)
class Suspects:
    """The commits, newest last, and the states read for them and for what was good before.

    `reads` and `reads_before` have one reading for each dataset, that of the newest commit.
    """

    commits: tuple[SuspectCommit, ...]
    reads: tuple[Reading, ...]
    reads_before: tuple[Reading, ...]
    doubts: tuple[str, ...]


def suspects(
    reader: Reader, candidates: Candidates, as_of: AsOf, *, good: int, bad: Sequence[int]
) -> Suspects:
    """Give what is new in the bad states, compared with the last good one. DESIGN 4.3."""
    bad_ids = _nodes(reader, candidates, bad)
    good_ids = _nodes(reader, candidates, [good])
    kept = _commits(reader, good_ids, as_of)
    brought = _commits(reader, bad_ids[-1:], as_of)
    new = dict.fromkeys([*bad_ids, *sorted(set(brought) - set(kept))])
    doubts = []
    if not brought and candidates.is_table:
        doubts.append(f"whose rows are in {candidates.address(bad[-1])} is not known")
    commits = _Commits(reader, as_of)
    before = commits.ordered({**dict.fromkeys(kept), **dict.fromkeys(good_ids)})
    told = commits.told(commits.ordered(new), before)
    reads = _reads(reader, commits.ordered(new), as_of)
    reads_before = _reads(reader, before, as_of)
    return Suspects(told, reads, reads_before, tuple(doubts))


class _Commits:
    """Commits as nodes of the ledger, and what is known of who made them."""

    def __init__(self, reader: Reader, as_of: AsOf) -> None:
        self._reader = reader
        self._as_of = as_of
        self._naming = Naming(reader, as_of=as_of)
        self._made: dict[int, dict[str, Instant]] = {}

    def ordered(self, node_ids: Iterable[int]) -> list[int]:
        """Put commits in the order they were made, as far as their numbers or nodes tell it."""
        nodes = self._reader.named(node_ids=sorted(node_ids))
        return sorted(nodes, key=lambda one: self._order(nodes[one]))

    def told(self, node_ids: Sequence[int], before: Sequence[int]) -> tuple[SuspectCommit, ...]:
        """Tell of each commit; `before` are those whose runs theirs are compared with."""
        point = AsOf(valid=LAST, system=self._as_of.system)
        believed = self._reader.attributes_of(
            node_ids=[*node_ids, *before], kind=AttributeKind.WRITER, as_of=point
        )
        writers = {one.node_id: decode(WriterClaim, one.claim) for one in believed}
        names = self._naming.addresses(node_ids)
        nodes = self._reader.named(node_ids=node_ids)
        since = {one.node_id: one.valid.start for one in believed}
        # Of each job, the run that made its newest commit before.
        last = {writers[one].job: writers[one].run for one in before if one in writers}
        commits = []
        for one in node_ids:
            writer = writers.get(one)
            snapshot = self._snapshot(nodes[one])
            producer = producer_of(snapshot.summary if snapshot else {})
            run = writer.run if writer and writer.run else None
            run_before = last.get(writer.job) if writer and run else None
            code, differences = self._compared(run, run_before)
            commits.append(
                SuspectCommit(
                    commit=names[one],
                    committed_at=snapshot.committed_at if snapshot else since.get(one),
                    change=snapshot.operation if snapshot else None,
                    added_rows=snapshot.counts.added_rows if snapshot else None,
                    removed_rows=snapshot.counts.removed_rows if snapshot else None,
                    user=producer.user,
                    engine=producer.engine,
                    job=writer.job if writer and writer.job else None,
                    run=run,
                    grade=writer.evidence.grade.value if writer else None,
                    code=code,
                    run_before=run_before or None,
                    differences=differences,
                )
            )
        return tuple(commits)

    def _compared(
        self, run: str | None, run_before: str | None
    ) -> tuple[str | None, tuple[str, ...]]:
        if run is None:
            return None, ()
        settings = run_settings(self._reader, run, system=self._as_of.system)
        if not run_before or run_before == run:
            return settings.code, ()
        before = run_settings(self._reader, run_before, system=self._as_of.system)
        return settings.code, settings_changed(before, settings)

    def _snapshot(self, node: Node) -> Snapshot | None:
        if node.kind != NodeKind.VERSION or not node.name.isdecimal():
            return None
        return remembered_snapshot(
            self._reader, node.parent_id, int(node.name), system=self._as_of.system
        )

    def _order(self, node: Node) -> tuple[Instant, int]:
        if node.parent_id not in self._made:
            lines = self._reader.timelines(
                node_id=node.parent_id, kind=AttributeKind.SNAPSHOT, system=self._as_of.system
            )
            self._made[node.parent_id] = {name: one[0].valid.start for name, one in lines.items()}
        return (self._made[node.parent_id].get(node.name, BEGINNING), node.node_id)


def _nodes(reader: Reader, candidates: Candidates, places: Iterable[int]) -> list[int]:
    """Give the nodes of states, in order; what no single version is known of has none."""
    versions = [candidates.states[place].version for place in places]
    nodes = reader.nodes_named(
        kind=NodeKind.VERSION,
        parent_id=candidates.dataset_id,
        names=[one for one in versions if one is not None],
    )
    ids = {one.name: one.node_id for one in nodes}
    return list(dict.fromkeys(ids[one] for one in versions if one in ids))


def _commits(reader: Reader, state_ids: Sequence[int], as_of: AsOf) -> list[int]:
    rows = reader.contributions_to(node_ids=state_ids, system=as_of.system)
    return [row.commit_id for row in rows if row.commit_id]


def _reads(reader: Reader, commits: Sequence[int], as_of: AsOf) -> tuple[Reading, ...]:
    """Give what was read of each dataset for the newest of these commits that read any of it."""
    rows = reader.edges_into(node_ids=commits, kinds=(EdgeKind.EDGE,), as_of=as_of)
    order = {one: place for place, one in enumerate(commits)}
    nodes = reader.named(node_ids=sorted({row.src_id for row in rows}))
    newest: dict[int, list[EdgeRow]] = {}
    for row in rows:
        dataset_id = nodes[row.src_id].parent_id or row.src_id
        held = newest.get(dataset_id)
        if held is None or order[row.dst_id] > order[held[0].dst_id]:
            newest[dataset_id] = [row]
        elif row.dst_id == held[0].dst_id:
            held.append(row)
    return tuple(
        _reading(dataset_id, [(row, nodes[row.src_id]) for row in held])
        for dataset_id, held in newest.items()
    )


def _reading(dataset_id: int, held: Sequence[tuple[EdgeRow, Node]]) -> Reading:
    """Join the edges from one dataset: several states are several candidates, or as many reads."""
    told = [(decode(EdgeClaim, row.claim).reads.grade, node) for row, node in held]
    sure = [(grade, node) for grade, node in told if grade.claims and node.kind == NodeKind.VERSION]
    if len({node.name for _, node in sure}) != 1:
        return Reading(dataset_id, None, told[0][0].value)
    grade, node = sure[0]
    return Reading(dataset_id, node.name, grade.value)
