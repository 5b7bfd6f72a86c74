"""What went into a job's outputs, and what is made of them: `tl upstream job:...`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from temporal_lineage.claims import FlowClaim, decode, encode
from temporal_lineage.keys import EdgeKind
from temporal_lineage.lineage.graph import Direction, Step
from temporal_lineage.naming import Naming
from temporal_lineage.questions.runs.jobs import datasets_beside, find_job
from temporal_lineage.questions.walks.answer import (
    LineageAnswer,
    LineageCut,
    LineageEdge,
    LineageNode,
)
from temporal_lineage.questions.walks.doubts import lineage_doubts
from temporal_lineage.questions.walks.neighbours import LedgerNeighbours
from temporal_lineage.questions.walks.nodes import dataset_lines, lineage_node
from temporal_lineage.questions.walks.run_lines import run_lines

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from temporal_lineage.addresses import JobAddress
    from temporal_lineage.facts import AsOf
    from temporal_lineage.questions.question import Question
    from temporal_lineage.store.reader import Reader


def job_lineage(
    reader: Reader,
    address: JobAddress,
    question: Question,
    *,
    direction: Direction,
    depth_max: int,
) -> LineageAnswer:
    """Answer by flow: the datasets that the job's runs named, and the flows beyond them."""
    as_of = question.as_of
    job_id = find_job(reader, address)
    near = Near(job_id, address.name, datasets_beside(reader, job_id, direction, as_of))
    neighbours = JobNeighbours(reader, near, as_of)
    graph = neighbours.graph(job_id, direction=direction, depth_max=depth_max)
    naming = Naming(reader, as_of=as_of)
    names = naming.datasets(graph.depths.keys() - {job_id})
    names[job_id] = str(address)
    runs = {one: node.name for one, node in reader.named(node_ids=near.tellers()).items()}
    edges = tuple(_edge(step, near, runs, names) for step in graph.steps)
    found = naming.nodes(graph.depths.keys() - {job_id})
    nodes = sorted(graph.depths.items(), key=lambda item: item[1])
    root = LineageNode(str(address), str(address), None, None, 0, address.name, None)
    return LineageAnswer(
        question=question,
        direction=direction,
        root=str(address),
        edges=edges,
        nodes=(
            root,
            *(
                lineage_node(found[one], depth, naming, names[one], None)
                for one, depth in nodes
                if one != job_id
            ),
        ),
        contributions=(),
        runs=run_lines(reader, runs.values(), as_of),
        datasets=dataset_lines(reader, found.values(), naming, as_of),
        cuts=tuple(LineageCut(names[one.node_id], one.why) for one in graph.cuts),
        doubts=lineage_doubts(graph, names, {}, edges),
    )


class Near:
    """The datasets next to a job, each with the run, or the job itself, that names it."""

    def __init__(self, job_id: int, job: str, named: Mapping[int, int]) -> None:
        """`named` has for each dataset the node that names it."""
        self.job_id, self.job = job_id, job
        self._named = named
        self._claim = encode(FlowClaim((job,), (), ()))

    def steps(self, direction: Direction) -> list[Step]:
        """Give the steps between the job and these datasets."""
        ends = sorted(self._named)
        if direction is Direction.UPSTREAM:
            return [Step(0, one, self.job_id, self._claim) for one in ends]
        return [Step(0, self.job_id, one, self._claim) for one in ends]

    def tellers(self) -> list[int]:
        """Give the nodes of the runs that name these datasets."""
        return sorted(set(self._named.values()) - {self.job_id})

    def teller(self, step: Step) -> int | None:
        """Give who names the dataset of a step; None for a step beyond."""
        ends = {step.source_id, step.target_id}
        if self.job_id not in ends:
            return None
        (dataset_id,) = ends - {self.job_id}
        return self._named[dataset_id]


class JobNeighbours(LedgerNeighbours):
    """Flows, and beside them what is next to one job."""

    def __init__(self, reader: Reader, near: Near, as_of: AsOf) -> None:
        """Read flows, and take what is next to the job from `near`."""
        super().__init__(reader, kinds=(EdgeKind.FLOW,), as_of=as_of)
        self._near = near

    def steps_into(self, node_ids: Sequence[int]) -> Sequence[Step]:
        """Give the flows into the nodes, and what the job reads."""
        found = list(super().steps_into(node_ids))
        return found + (
            self._near.steps(Direction.UPSTREAM) if self._near.job_id in node_ids else []
        )

    def steps_out_of(self, node_ids: Sequence[int]) -> Sequence[Step]:
        """Give the flows out of the nodes, and what the job writes."""
        found = list(super().steps_out_of(node_ids))
        return found + (
            self._near.steps(Direction.DOWNSTREAM) if self._near.job_id in node_ids else []
        )


def _edge(step: Step, near: Near, runs: Mapping[int, str], names: Mapping[int, str]) -> LineageEdge:
    """Give an edge; that of the job itself is told by its newest run, which `tl why` takes."""
    source, target = names[step.source_id], names[step.target_id]
    teller = near.teller(step)
    if teller is None:
        flow = decode(FlowClaim, step.claim)
        jobs = ", ".join(flow.jobs)
        return LineageEdge(f"edge:{step.edge_id}", source, target, None, jobs, "", flow.how)
    run = runs.get(teller, "")
    edge = f"run:{run}" if run else f"job:{near.job}"
    # It is flow, and no run made the job: with a run it would be an edge between states.
    return LineageEdge(edge, source, target, None, near.job, "", ())
