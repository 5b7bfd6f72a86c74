"""The reach of a change: what lay downstream of a column, and how its jobs fared since."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from temporal_lineage.claims import FlowClaim, RunClaim, decode
from temporal_lineage.facts import LAST, AsOf
from temporal_lineage.keys import AttributeKind, EdgeKind, NodeKind
from temporal_lineage.lineage.graph import Direction
from temporal_lineage.lineage.trace import trace
from temporal_lineage.naming import Naming
from temporal_lineage.questions.column_neighbours import ColumnNeighbours
from temporal_lineage.questions.columns import column_names
from temporal_lineage.questions.lineage_doubts import walk_doubts
from temporal_lineage.questions.neighbours import LedgerNeighbours
from temporal_lineage.questions.provenance import NODES_MAX

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence

    from snapshots.instant import Instant
    from temporal_lineage.lineage.graph import LineageGraph
    from temporal_lineage.store.reader import Reader


class Followed(StrEnum):
    """What became of a job after the change, by the runs that were heard of."""

    RAN = "ran since"
    """A run that ended after the change completed."""
    FAILED = "failed since"
    """Runs ended after the change, and none of them completed."""
    SILENT = "not run since"


@dataclass(frozen=True, slots=True)
class Affected:
    """A column, or a dataset of which nobody told the columns, downstream of a change.

    `depth` counts flows; `jobs` move the data into it, and `followed` is the worst of them.
    """

    address: str
    depth: int
    jobs: tuple[str, ...]
    followed: Followed


def reached_by(
    reader: Reader,
    dataset_id: int,
    field_id: int,
    *,
    before: AsOf,
    until: Instant,
    depth_max: int,
) -> tuple[tuple[Affected, ...], tuple[str, ...]]:
    """Give what a column fed at a point, nearest first, and what was not followed.

    `until` is how far the runs after the change are looked at. Datasets that the table fed without
    any column being told are there as datasets: nobody can say that they did not use the column.
    """
    columns = _column_graph(reader, dataset_id, field_id, before, depth_max)
    datasets = trace(
        dataset_id,
        direction=Direction.DOWNSTREAM,
        neighbours=LedgerNeighbours(reader, kinds=(EdgeKind.FLOW,), as_of=before),
        depth_max=depth_max,
        nodes_max=NODES_MAX,
    )
    untold = _without_columns(reader, datasets, before)
    naming = Naming(reader, as_of=before)
    names = {node_id: naming.dataset(node_id) for node_id in datasets.depths}
    fates = _Fates(reader, since=before.valid, until=until, system=before.system)
    reached = _reached(datasets, names, untold, fates)
    cuts = walk_doubts(datasets, names)
    if columns is not None:
        named = column_names(reader, naming, columns.depths, before)
        reached += _reached(columns, named, columns.depths.keys() - {columns.root_id}, fates)
        cuts += walk_doubts(columns, named)
    reached.sort(key=lambda one: (one.depth, one.address))
    return tuple(reached), tuple(dict.fromkeys(cuts))


def _column_graph(
    reader: Reader, dataset_id: int, field_id: int, as_of: AsOf, depth_max: int
) -> LineageGraph | None:
    node_id = reader.node(kind=NodeKind.COLUMN, parent_id=dataset_id, name=str(field_id))
    if node_id is None:
        return None
    return trace(
        node_id,
        direction=Direction.DOWNSTREAM,
        neighbours=ColumnNeighbours(reader, unnamed_id=None, as_of=as_of),
        depth_max=depth_max,
        nodes_max=NODES_MAX,
    )


def _without_columns(reader: Reader, graph: LineageGraph, as_of: AsOf) -> set[int]:
    """Give the datasets into whose columns nobody told of any flow."""
    without = set()
    for dataset_id in graph.depths.keys() - {graph.root_id}:
        columns = reader.children(parent_id=dataset_id, kind=NodeKind.COLUMN)
        node_ids = [one.node_id for one in columns]
        kinds = (EdgeKind.COLUMN_FLOW,)
        if not reader.steps_into(node_ids=node_ids, kinds=kinds, as_of=as_of):
            without.add(dataset_id)
    return without


def _reached(
    graph: LineageGraph, names: Mapping[int, str], wanted: Iterable[int], fates: _Fates
) -> list[Affected]:
    jobs: dict[int, dict[str, None]] = {}
    for step in graph.steps:
        told = decode(FlowClaim, step.claim).jobs
        jobs.setdefault(step.target_id, {}).update(dict.fromkeys(told))
    return [
        Affected(
            names[node_id],
            graph.depths[node_id],
            tuple(jobs.get(node_id, ())),
            fates.worst(tuple(jobs.get(node_id, ()))),
        )
        for node_id in wanted
    ]


class _Fates:
    """How jobs fared after an instant; each is looked up once."""

    def __init__(self, reader: Reader, *, since: Instant, until: Instant, system: Instant) -> None:
        self._reader = reader
        self._since = since
        self._until = until
        self._point = AsOf(valid=LAST, system=system)
        self._known: dict[str, Followed] = {}

    def worst(self, jobs: Sequence[str]) -> Followed:
        fates = {self._of(job) for job in jobs}
        for fate in (Followed.FAILED, Followed.SILENT, Followed.RAN):
            if fate in fates:
                return fate
        return Followed.SILENT

    def _of(self, job: str) -> Followed:
        if job not in self._known:
            states = {
                one.state
                for one in self._runs(job)
                if one.ended is not None and self._since < one.ended <= self._until
            }
            self._known[job] = _fate(states)
        return self._known[job]

    def _runs(self, job: str) -> list[RunClaim]:
        job_id = self._reader.node(kind=NodeKind.JOB, parent_id=0, name=job)
        if job_id is None:
            return []
        edges = self._reader.edges_into(
            node_ids=[job_id], kinds=(EdgeKind.RUN_OF,), as_of=self._point
        )
        claims = self._reader.attributes_of(
            node_ids=[one.src_id for one in edges], kind=AttributeKind.RUN, as_of=self._point
        )
        return [decode(RunClaim, one.claim) for one in claims]


def _fate(states: Collection[str]) -> Followed:
    """Tell how a job fared from the states in which its runs ended."""
    if "COMPLETE" in states:
        return Followed.RAN
    return Followed.FAILED if states else Followed.SILENT
