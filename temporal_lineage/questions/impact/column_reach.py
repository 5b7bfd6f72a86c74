"""The reach of a column: all that lay downstream of it at a point, as far as anybody told."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from temporal_lineage.claims import FlowClaim, decode
from temporal_lineage.keys import EdgeKind, NodeKind
from temporal_lineage.lineage.graph import Direction
from temporal_lineage.lineage.trace import trace
from temporal_lineage.naming import Naming
from temporal_lineage.questions.schemas.columns import column_names
from temporal_lineage.questions.walks.column_neighbours import ColumnNeighbours
from temporal_lineage.questions.walks.doubts import walk_doubts
from temporal_lineage.questions.walks.neighbours import NODES_MAX, ledger_graph

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping

    from temporal_lineage.facts import AsOf
    from temporal_lineage.lineage.graph import LineageGraph
    from temporal_lineage.store.reader import Reader


@dataclass(frozen=True, slots=True)
class ColumnReach:
    """What a column feeds: the graph of columns, and datasets that may use it unsaid.

    `untold` are those datasets downstream of the table into which nobody told any column's flow:
    nobody can say that they do not use this one. `columns` is None where no flow names the column.
    `cuts` is what was not followed.
    """

    datasets: LineageGraph
    untold: Collection[int]
    columns: LineageGraph | None
    names: Mapping[int, str]
    cuts: tuple[str, ...]

    def nodes(self) -> Iterator[tuple[int, int, tuple[str, ...]]]:
        """Yield each column and each untold dataset, its depth, and the jobs that feed it."""
        yield from _fed(self.datasets, self.untold)
        if self.columns is not None:
            yield from _fed(self.columns, self.columns.depths.keys() - {self.columns.root_id})

    def path(self, node_id: int) -> tuple[str, ...]:
        """Give one shortest way from the column, or its table, to a node, both ends included."""
        columns = self.columns
        graph = columns if columns and node_id in columns.depths else self.datasets
        return tuple(self.names[one] for one in shortest_path(graph, node_id))


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
    untold = _without_columns(reader, datasets, as_of)
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


def _fed(
    graph: LineageGraph, wanted: Collection[int]
) -> Iterator[tuple[int, int, tuple[str, ...]]]:
    jobs = jobs_into(graph)
    for node_id in wanted:
        yield node_id, graph.depths[node_id], jobs.get(node_id, ())


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
