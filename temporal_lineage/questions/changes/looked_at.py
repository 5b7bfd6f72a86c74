"""What is looked at: the datasets, jobs and flows upstream of a root at one point in both times."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, NamedTuple

from temporal_lineage.claims import FlowClaim, decode
from temporal_lineage.facts import AsOf
from temporal_lineage.keys import EVERY_COLUMN, EdgeKind
from temporal_lineage.lineage.graph import Direction
from temporal_lineage.lineage.trace import trace
from temporal_lineage.naming import Naming
from temporal_lineage.questions.runs.jobs import datasets_named_last, find_job
from temporal_lineage.questions.schemas.columns import column_names, find_column
from temporal_lineage.questions.walks.column_neighbours import ColumnNeighbours
from temporal_lineage.questions.walks.doubts import walk_doubts
from temporal_lineage.questions.walks.jobs import JobNeighbours, Near
from temporal_lineage.questions.walks.neighbours import NODES_MAX, LedgerNeighbours
from temporal_lineage.questions.walks.untold_columns import columns_untold

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from temporal_lineage.addresses import DatasetAddress, JobAddress
    from temporal_lineage.lineage.graph import LineageGraph
    from temporal_lineage.lineage.trace import Neighbours
    from temporal_lineage.store.reader import Reader

Fields = frozenset[str] | None
"""Columns by field id, or by name where there is none; None for all columns of a table."""


class Upstream(NamedTuple):
    """The graph above a root, and the datasets and jobs in it with their distances.

    `neighbours` tell the flows of that point, also where none leads to the root. `names` are of the
    graph's nodes; `fields` are those columns of each dataset that matter.
    """

    graph: LineageGraph
    neighbours: Neighbours
    names: Mapping[int, str]
    datasets: Mapping[int, int]
    fields: Mapping[int, Fields]
    jobs: Mapping[str, int]
    doubts: tuple[str, ...]

    def flows(self) -> dict[tuple[int, int], int]:
        """Give the flows of the graph, each with the distance of where it leads."""
        depths = self.graph.depths
        return {(one.source_id, one.target_id): depths[one.target_id] for one in self.graph.steps}

    def held(self, targets: Iterable[int]) -> set[tuple[int, int]]:
        """Give all flows into these nodes, whether they lead to the root or not."""
        steps = self.neighbours.steps_into(sorted(set(targets)))
        return {(one.source_id, one.target_id) for one in steps}


Look = Callable[[Naming, AsOf], Upstream]
"""Looks upstream at a point; names are those of another, so that they are the same each time."""


def above_dataset(reader: Reader, node_id: int, *, depth_max: int) -> Look:
    """Look at what flows into a table, a model, or any other dataset."""

    def look(naming: Naming, as_of: AsOf) -> Upstream:
        neighbours = LedgerNeighbours(reader, kinds=(EdgeKind.FLOW,), as_of=as_of)
        graph = _trace(node_id, neighbours, depth_max)
        return _upstream(graph, neighbours, naming.datasets(graph.depths))

    return look


def above_job(reader: Reader, address: JobAddress, *, depth_max: int) -> Look:
    """Look at what the newest run of a job read that told of anything, and what flows into that."""
    job_id = find_job(reader, address)

    def look(naming: Naming, as_of: AsOf) -> Upstream:
        read = datasets_named_last(reader, job_id, Direction.UPSTREAM, as_of)
        neighbours = JobNeighbours(reader, Near(job_id, address.name, read), as_of)
        graph = _trace(job_id, neighbours, depth_max)
        datasets = {one: depth for one, depth in graph.depths.items() if one != job_id}
        names = naming.datasets(datasets) | {job_id: str(address)}
        found = _upstream(graph, neighbours, names)
        return found._replace(datasets=datasets, jobs={**found.jobs, address.name: 0})

    return look


def above_column(
    reader: Reader, address: DatasetAddress, named_at: AsOf, *, depth_max: int
) -> Look:
    """Look at the columns that a column is made of, and at nothing else of their tables."""
    column = find_column(reader, address, named_at)
    unnamed_id = None if column.is_named else column.node_id

    def look(naming: Naming, as_of: AsOf) -> Upstream:
        neighbours = ColumnNeighbours(reader, unnamed_id=unnamed_id, as_of=as_of)
        graph = _trace(column.node_id, neighbours, depth_max)
        datasets: dict[int, int] = {}
        fields: dict[int, Fields] = {}
        for node_id, node in reader.named(node_ids=sorted(graph.depths)).items():
            one, depth = node.parent_id, graph.depths[node_id]
            datasets[one] = min(depth, datasets.get(one, depth))
            own = None if node.name == EVERY_COLUMN else frozenset({node.name})
            fields[one] = either(fields.get(one, frozenset()), own)
        names = column_names(reader, naming, graph.depths, named_at)
        names[column.node_id] = f"{naming.dataset(root.parent_id)}#{address.column}"
        untold = columns_untold(reader, naming, graph, as_of)
        found = _upstream(graph, neighbours, names)
        doubts = (*found.doubts, *untold)
        return found._replace(datasets=datasets, fields=fields, doubts=doubts)

    root = reader.named(node_ids=[column.node_id])[column.node_id]
    return look


def either(one: Fields, other: Fields) -> Fields:
    """Give the columns that matter where those of both do.

    >>> sorted(either(frozenset("a"), frozenset("b"))), either(frozenset("a"), None)
    (['a', 'b'], None)
    """
    return None if one is None or other is None else one | other


def _trace(node_id: int, neighbours: Neighbours, depth_max: int) -> LineageGraph:
    return trace(
        node_id,
        direction=Direction.UPSTREAM,
        neighbours=neighbours,
        depth_max=depth_max,
        nodes_max=NODES_MAX,
    )


def _upstream(graph: LineageGraph, neighbours: Neighbours, names: Mapping[int, str]) -> Upstream:
    """Give a graph of datasets, all of whose columns matter."""
    jobs: dict[str, int] = {}
    for step in graph.steps:
        # What moves data stands where the data comes to.
        depth = graph.depths[step.target_id]
        for job in decode(FlowClaim, step.claim).jobs:
            jobs[job] = min(depth, jobs.get(job, depth))
    return Upstream(
        graph=graph,
        neighbours=neighbours,
        names=names,
        datasets=graph.depths,
        fields=dict.fromkeys(graph.depths),
        jobs=jobs,
        doubts=tuple(walk_doubts(graph, names)),
    )
