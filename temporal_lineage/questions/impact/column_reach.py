"""The reach of a column: all that lay downstream of it at a point, as far as anybody told."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from heapq import heapify, heappop, heappush
from typing import TYPE_CHECKING, NamedTuple

from temporal_lineage.claims import FlowClaim, decode
from temporal_lineage.keys import EdgeKind, NodeKind
from temporal_lineage.lineage.graph import Direction
from temporal_lineage.lineage.trace import trace
from temporal_lineage.naming import Naming
from temporal_lineage.questions.schemas.columns import column_names
from temporal_lineage.questions.walks.column_neighbours import ColumnNeighbours
from temporal_lineage.questions.walks.doubts import walk_doubts
from temporal_lineage.questions.walks.neighbours import NODES_MAX, ledger_graph
from temporal_lineage.questions.walks.untold_columns import datasets_of, without_columns

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping, Sequence

    from temporal_lineage.facts import AsOf
    from temporal_lineage.lineage.graph import LineageGraph
    from temporal_lineage.store.reader import Reader


class Untold(NamedTuple):
    """A dataset that may use a column unsaid: a shortest way to it, and what makes it so."""

    way: tuple[int, ...]
    sources: set[int]


@dataclass(frozen=True, slots=True)
class ColumnReach:
    """What a column feeds: the graph of columns, and datasets that may use it unsaid.

    `untold` are those datasets that a job makes from what the column reaches without telling any of
    their columns, and all that is made from these: nobody can say that they do not use it.
    `columns` is None where no flow names the column. `cuts` is what was not followed.
    """

    datasets: LineageGraph
    untold: Mapping[int, Untold]
    columns: LineageGraph | None
    names: Mapping[int, str]
    cuts: tuple[str, ...]

    def nodes(self) -> Iterator[tuple[int, int, tuple[str, ...]]]:
        """Yield each column and each untold dataset, its depth, and the jobs that feed it."""
        moved = {
            (step.source_id, step.target_id): decode(FlowClaim, step.claim).jobs
            for step in self.datasets.steps
        }
        for node_id, untold in self.untold.items():
            jobs = dict.fromkeys(job for one in untold.sources for job in moved[one, node_id])
            yield node_id, len(untold.way) - 1, tuple(jobs)
        if self.columns is not None:
            fed = jobs_into(self.columns)
            for node_id in self.columns.depths.keys() - {self.columns.root_id}:
                yield node_id, self.columns.depths[node_id], fed.get(node_id, ())

    def is_untold_at_once(self, node_id: int) -> bool:
        """Tell whether a dataset is made from the column's own table without a word of columns."""
        return self.datasets.root_id in self.untold[node_id].sources

    def path(self, node_id: int) -> tuple[str, ...]:
        """Give one shortest way from the column, or its table, to a node, both ends included."""
        if node_id in self.untold or self.columns is None:
            way: Sequence[int] = self.untold[node_id].way
        else:
            way = shortest_path(self.columns, node_id)
        return tuple(self.names[one] for one in way)


def column_reach(
    reader: Reader, dataset_id: int, field_id: int, as_of: AsOf, *, depth_max: int
) -> ColumnReach:
    """Follow a column, by field id, and its table downstream."""
    columns = _column_graph(reader, dataset_id, field_id, as_of, depth_max)
    datasets = flow_graph(reader, dataset_id, as_of, depth_max=depth_max)
    naming = Naming(reader, as_of=as_of)
    names = naming.datasets(datasets.depths)
    cuts = walk_doubts(datasets, names)
    if columns is not None:
        named = column_names(reader, naming, columns.depths, as_of)
        cuts += walk_doubts(columns, named)
        names |= named
    met = {dataset_id, *(datasets_of(reader, columns) if columns else ())}
    untold = _untold(reader, datasets, met, as_of)
    return ColumnReach(datasets, untold, columns, names, tuple(dict.fromkeys(cuts)))


def flow_graph(reader: Reader, dataset_id: int, as_of: AsOf, *, depth_max: int) -> LineageGraph:
    """Follow a dataset downstream, by the flows of jobs."""
    return ledger_graph(
        reader,
        dataset_id,
        kind=EdgeKind.FLOW,
        direction=Direction.DOWNSTREAM,
        as_of=as_of,
        depth_max=depth_max,
    )


def shortest_path(graph: LineageGraph, node_id: int) -> list[int]:
    """Give one shortest way from the root of a downstream graph to a node, both included."""
    way = [node_id]
    sources: dict[int, list[int]] = {}
    for step in graph.steps:
        sources.setdefault(step.target_id, []).append(step.source_id)
    while way[-1] != graph.root_id:
        nearer = [
            one
            for one in sources.get(way[-1], ())
            if graph.depths[one] == graph.depths[way[-1]] - 1
        ]
        if not nearer:
            break
        way.append(min(nearer))
    return way[::-1]


def jobs_into(graph: LineageGraph) -> dict[int, tuple[str, ...]]:
    """Give the jobs whose flows lead into each node of a downstream graph, from one nearer by."""
    jobs: dict[int, dict[str, None]] = {}
    for step in graph.steps:
        if graph.depths[step.source_id] >= graph.depths[step.target_id]:
            continue
        told = decode(FlowClaim, step.claim).jobs
        jobs.setdefault(step.target_id, {}).update(dict.fromkeys(told))
    return {node_id: tuple(names) for node_id, names in jobs.items()}


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


def _untold(
    reader: Reader, datasets: LineageGraph, met: Collection[int], as_of: AsOf
) -> dict[int, Untold]:
    """Give the datasets that may use what the column reaches, though nobody told that they do."""
    beyond: dict[int, list[int]] = defaultdict(list)
    for step in datasets.steps:
        beyond[step.source_id].append(step.target_id)
    silent = {
        (step.source_id, step.target_id)
        for step, _ in without_columns(reader, datasets.steps, as_of)
    }
    # The nearest first. What the column reaches leads on where a job is silent; what is untold, by
    # every flow.
    near = [(depth, one, False) for one, depth in datasets.depths.items() if one in met]
    heapify(near)
    untold: dict[int, Untold] = {}
    while near:
        depth, one, is_untold = heappop(near)
        for target in beyond[one]:
            leads_on = is_untold or (one, target) in silent
            if target == datasets.root_id or not leads_on:
                continue
            if target not in untold:
                way = untold[one].way if is_untold else shortest_path(datasets, one)
                untold[target] = Untold((*way, target), set())
                heappush(near, (depth + 1, target, True))
            untold[target].sources.add(one)
    return untold
