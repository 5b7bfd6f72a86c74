"""Contamination: what contains the rows of a bad commit, what is healed, what to rebuild first."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from snapshots.errors import BadTargetError, UnknownNameError
from snapshots.instant import FOREVER
from temporal_lineage.addresses import ModelAddress, RunAddress
from temporal_lineage.claims import decode
from temporal_lineage.harvesting.history_parts import remembered_snapshot
from temporal_lineage.harvesting.table_claims import table_claim
from temporal_lineage.keys import AttributeKind, EdgeKind, NodeKind
from temporal_lineage.lineage.graph import Direction
from temporal_lineage.lineage.rebuild import Dependency, rebuild_order
from temporal_lineage.lineage.sureness import surely_reached
from temporal_lineage.link_claims import EdgeClaim, WriterClaim
from temporal_lineage.naming import Naming
from temporal_lineage.questions.impact.contaminated_table import (
    ContaminatedTable,
    contaminated_table,
)
from temporal_lineage.questions.states.versions import told_versions
from temporal_lineage.questions.walks.doubts import count, grade_doubts, walk_doubts
from temporal_lineage.questions.walks.neighbours import ledger_graph
from temporal_lineage.questions.walks.provenance import find_version
from temporal_lineage.questions.walks.untold import untold_beyond

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from snapshots.instant import Instant
    from temporal_lineage.addresses import DatasetAddress
    from temporal_lineage.facts import AsOf
    from temporal_lineage.lineage.graph import LineageGraph
    from temporal_lineage.questions.question import Question
    from temporal_lineage.store.reader import Reader


_CARRIED = {
    "possible": "the rows went through commits that rewrote files",
    "assumed": "which files its states had is not known",
}


@dataclass(frozen=True, slots=True)
class ContaminatedProduct:
    """A version of a model, report or file that was made of contaminated states.

    `made_at` is None where no run told it. `newest` says whether no later version is known.
    """

    address: str
    made_at: Instant | None
    job: str | None
    run: str | None
    newest: bool


@dataclass(frozen=True, slots=True)
class RebuildStep:
    """What to make anew, after all steps with lower numbers; `jobs` made the bad version.

    The first step repairs the table itself: its rows have no source that could be read again.
    Steps of one number wait for nothing of each other, or feed each other in a circle.
    """

    step: int
    dataset: str
    jobs: tuple[str, ...]
    circle: bool


@dataclass(frozen=True, slots=True)
class ContaminationAnswer:
    """Where the rows of one commit went: tables over time, products, and the way back."""

    ROWS: ClassVar[str | None] = "tables"

    question: Question
    commit: str
    added_rows: int | None
    tables: tuple[ContaminatedTable, ...]
    products: tuple[ContaminatedProduct, ...]
    rebuild: tuple[RebuildStep, ...]
    doubts: tuple[str, ...]


def contamination(
    reader: Reader,
    address: DatasetAddress | ModelAddress | RunAddress,
    question: Question,
    *,
    depth_max: int,
) -> ContaminationAnswer:
    """Answer `tl contamination`. Raises BadTargetError where no single state is named."""
    as_of = question.as_of
    root_id = _bad(reader, address, as_of)
    graph = ledger_graph(
        reader,
        root_id,
        kind=EdgeKind.EDGE,
        direction=Direction.DOWNSTREAM,
        as_of=as_of,
        depth_max=depth_max,
    )
    spread = _Spread(reader, as_of, graph)
    names = spread.naming.addresses(graph.depths)
    added, doubts = _added(reader, root_id, as_of)
    return ContaminationAnswer(
        question=question,
        commit=names[root_id],
        added_rows=added,
        tables=tuple(spread.tables.values()),
        products=spread.products,
        rebuild=spread.rebuild(),
        doubts=(
            *(*doubts, *spread.doubts(), *walk_doubts(graph, names)),
            *untold_beyond(reader, graph, spread.naming, as_of),
        ),
    )


def _bad(reader: Reader, address: DatasetAddress | ModelAddress | RunAddress, as_of: AsOf) -> int:
    """Find the bad state: a run stands for what it wrote, where that is one."""
    if isinstance(address, RunAddress):
        from temporal_lineage.questions.walks.runs import written_by

        wrote = written_by(reader, address, as_of)
        if len(wrote) == 1:
            return wrote[0]
        names = sorted(Naming(reader, as_of=as_of).addresses(wrote).values())
        raise UnknownNameError("single state written by", str(address), names, "name the bad one")
    if isinstance(address, ModelAddress) and address.version is None:
        raise BadTargetError(str(address), f"name the bad version, as in {address}@v3")
    if not isinstance(address, ModelAddress) and address.at is None:
        raise BadTargetError(str(address), f"name the bad snapshot, as in {address}@8823423")
    return find_version(reader, address, as_of)


class _Spread:
    """The commits that a bad commit reached, by dataset."""

    def __init__(self, reader: Reader, as_of: AsOf, graph: LineageGraph) -> None:
        self._reader = reader
        self._as_of = as_of
        self._graph = graph
        self.naming = Naming(reader, as_of=as_of)
        commits = {graph.root_id, *(step.target_id for step in graph.steps)}
        self._nodes = reader.named(node_ids=sorted({*graph.depths, *commits}))
        self._removing = self._without_rows(commits - {graph.root_id})
        self._sure = surely_reached(
            graph,
            [step for step in graph.steps if decode(EdgeClaim, step.claim).grade.claims],
            without_rows=self._removing,
        )
        self._by_dataset: dict[int, list[int]] = {}
        for node_id in sorted(commits - self._removing, key=lambda one: (graph.depths[one], one)):
            self._by_dataset.setdefault(self._dataset_of(node_id), []).append(node_id)
        self.tables = self._tables()
        self._products = {
            dataset_id: self._made(dataset_id, commits)
            for dataset_id, commits in self._by_dataset.items()
            if dataset_id not in self.tables
        }

    @property
    def products(self) -> tuple[ContaminatedProduct, ...]:
        """Give the versions of what has no history of its own, in the order they were made."""
        flat = [one for made in self._products.values() for one in made]
        return tuple(sorted(flat, key=lambda one: (one.made_at or FOREVER, one.address)))

    def _dataset_of(self, node_id: int) -> int:
        node = self._nodes[node_id]
        return node.node_id if node.kind == NodeKind.DATASET else node.parent_id

    def _without_rows(self, commits: Collection[int]) -> set[int]:
        """Give the commits whose files were known then, and hold no rows of their own: deletions.

        Of a commit that runs told before any harvest found it, nobody knew yet what it held.
        """
        places = self._reader.places(node_ids=commits)
        known = {node_id for node_id, place in places.items() if place.files_known}
        rows = self._reader.contributions_to(node_ids=sorted(known), system=self._as_of.system)
        held = {row.state_id for row in rows}
        known = {one for one in known if one in held or self._was_harvested(one)}
        return known - {row.state_id for row in rows if row.commit_id == row.state_id}

    def _was_harvested(self, commit: int) -> bool:
        """Tell whether a snapshot was known at the system time asked for."""
        node = self._nodes[commit]
        return (
            remembered_snapshot(
                self._reader, node.parent_id, int(node.name), system=self._as_of.system
            )
            is not None
        )

    def _tables(self) -> dict[int, ContaminatedTable]:
        """Give the harvested tables, nearest first."""
        found = {}
        for dataset_id, commits in self._by_dataset.items():
            if table_claim(self._reader, dataset_id, system=self._as_of.system) is not None:
                found[dataset_id] = contaminated_table(
                    self._reader,
                    dataset_id,
                    self.naming.dataset(dataset_id),
                    {one: (self._nodes[one].name, self._certainty(one)) for one in commits},
                    self._as_of,
                )
        return found

    def _certainty(self, commit_id: int) -> str:
        return "exact" if commit_id in self._sure else "possible"

    def _made(self, dataset_id: int, commits: Sequence[int]) -> list[ContaminatedProduct]:
        names = self.naming.addresses(commits)
        writers = self._writers(commits)
        newest = told_versions(self._reader, dataset_id, self._as_of)[-1:]
        products = []
        for node_id in commits:
            found = writers.get(node_id)
            since, writer = found or (None, None)
            version = self._nodes[node_id].name
            is_newest = dataset_id == node_id or version in newest
            job = (writer.job or None) if writer else None
            run = (writer.run or None) if writer else None
            products.append(ContaminatedProduct(names[node_id], since, job, run, is_newest))
        return products

    def _writers(self, node_ids: Sequence[int]) -> Mapping[int, tuple[Instant, WriterClaim]]:
        believed = self._reader.attributes_of(
            node_ids=node_ids, kind=AttributeKind.WRITER, as_of=self._as_of
        )
        return {one.node_id: (one.valid.start, decode(WriterClaim, one.claim)) for one in believed}

    def rebuild(self) -> tuple[RebuildStep, ...]:
        """Give what is still bad, sources first; what is healed needs no rebuilding."""
        bad = {key for key, one in self.tables.items() if one.current}
        bad |= {key for key, made in self._products.items() if any(one.newest for one in made)}
        dependencies, jobs = [], dict[int, dict[str, None]]()
        for step in self._graph.steps:
            source, target = self._dataset_of(step.source_id), self._dataset_of(step.target_id)
            dependencies.append(Dependency(source, target))
            job = decode(EdgeClaim, step.claim).job
            if job and source != target:
                jobs.setdefault(target, {})[job] = None
        return tuple(
            RebuildStep(
                number, self.naming.dataset(one), tuple(jobs.get(one, ())), circle=len(circle) > 1
            )
            for number, circles in enumerate(rebuild_order(bad, dependencies), start=1)
            for circle in circles
            for one in sorted(circle, key=self.naming.dataset)
        )

    def doubts(self) -> list[str]:
        """Say where less may be contaminated than is shown."""
        grades = [decode(EdgeClaim, step.claim).grade.value for step in self._graph.steps]
        removing = count(len(self._removing), "commit")
        return [
            *grade_doubts(grades),
            *(
                [f"{removing} made of it added no rows: what was removed by it is missing since"]
                if self._removing
                else ()
            ),
            *(
                f"{one.dataset} may hold none of it: {_CARRIED[one.certainty]}"
                for one in self.tables.values()
                if one.certainty in _CARRIED
            ),
        ]


def _added(reader: Reader, root_id: int, as_of: AsOf) -> tuple[int | None, list[str]]:
    """Give the rows the commit added, and what a commit that only removed rows leaves open."""
    node = reader.named(node_ids=[root_id])[root_id]
    if node.kind != NodeKind.VERSION or not node.name.lstrip("-").isdecimal():
        return None, []
    snapshot = remembered_snapshot(reader, node.parent_id, int(node.name), system=as_of.system)
    if snapshot is None:
        return None, []
    added = snapshot.counts.added_rows
    if added == 0:
        return 0, ["the commit added no rows; what it removed is missing from all later states"]
    return added, []
