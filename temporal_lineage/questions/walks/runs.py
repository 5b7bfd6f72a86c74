"""What went into a run, and what is made of what it wrote: `tl upstream run:...`."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from temporal_lineage.claims import decode, encode
from temporal_lineage.keys import AttributeKind, EdgeKind, NodeKind
from temporal_lineage.lineage.graph import Direction, Step
from temporal_lineage.link_claims import EdgeClaim, LinkClaim
from temporal_lineage.naming import Naming
from temporal_lineage.questions.knowledge.reasons import known_run
from temporal_lineage.questions.walks.answer import LineageAnswer, LineageNode
from temporal_lineage.questions.walks.neighbours import LedgerNeighbours
from temporal_lineage.questions.walks.provenance import state_lineage
from temporal_lineage.questions.walks.untold import written_untold

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from temporal_lineage.addresses import RunAddress
    from temporal_lineage.facts import AsOf
    from temporal_lineage.questions.question import Question
    from temporal_lineage.store.reader import Reader

_NO_EDGE = 0
"""The number of a step between a run and a state: it is a link of the run, and no edge."""


def run_lineage(
    reader: Reader,
    address: RunAddress,
    question: Question,
    *,
    direction: Direction,
    depth_max: int,
) -> LineageAnswer:
    """Answer by the states that a run read or wrote, and by all that lies beyond them."""
    as_of = question.as_of
    run_id, run = known_run(reader, address, as_of)
    near = tuple(_near(reader, run_id, run.job, direction, as_of))
    neighbours = _RunNeighbours(reader, run_id, near, as_of)
    graph = neighbours.graph(run_id, direction=direction, depth_max=depth_max)
    graph = replace(graph, depths={k: depth for k, depth in graph.depths.items() if k != run_id})
    naming = Naming(reader, as_of=as_of)
    beside = {run_id: str(address)}
    answer = state_lineage(reader, graph, question, naming, neighbours, beside)
    if direction is Direction.DOWNSTREAM:
        own = written_untold(reader, run_id, run.job, as_of)
        answer = replace(answer, doubts=tuple(dict.fromkeys((*answer.doubts, *own))))
    edges = tuple(
        one._replace(edge=str(address)) if one.edge == f"edge:{_NO_EDGE}" else one
        for one in answer.edges
    )
    root = LineageNode(str(address), str(address), None, None, 0, run.job, address.run_id)
    return replace(answer, edges=edges, nodes=(root, *answer.nodes))


def written_by(reader: Reader, address: RunAddress, as_of: AsOf) -> list[int]:
    """Give the version nodes that a run wrote."""
    run_id, run = known_run(reader, address, as_of)
    near = _near(reader, run_id, run.job, Direction.DOWNSTREAM, as_of)
    return [step.target_id for step in near]


def _near(
    reader: Reader, run_id: int, job: str, direction: Direction, as_of: AsOf
) -> Iterator[Step]:
    """Give the steps between a run and the states that it read, or those that it wrote."""
    upwards = direction is Direction.UPSTREAM
    kind = AttributeKind.READS if upwards else AttributeKind.WRITES
    node = reader.named(node_ids=[run_id])[run_id]
    for one in reader.attributes(node_id=run_id, kind=kind, as_of=as_of):
        link = decode(LinkClaim, one.claim)
        dataset_id = reader.node(kind=NodeKind.DATASET, parent_id=0, name=link.identity)
        if dataset_id is None:
            continue
        evidence = link.evidence
        claim = encode(EdgeClaim(node.name, job, evidence.grade, evidence, evidence))
        versions = [
            reader.node(kind=NodeKind.VERSION, parent_id=dataset_id, name=version)
            for version in link.versions
        ]
        # A dataset that was read in no state that anybody knows is still where rows came from.
        ends = [one for one in versions if one is not None] or ([dataset_id] if upwards else [])
        for end in ends:
            source, target = (end, run_id) if upwards else (run_id, end)
            yield Step(_NO_EDGE, source, target, claim)


class _RunNeighbours(LedgerNeighbours):
    """Edges and contributions, and beside them the links of one run."""

    def __init__(self, reader: Reader, run_id: int, near: Sequence[Step], as_of: AsOf) -> None:
        super().__init__(reader, kinds=(EdgeKind.EDGE,), as_of=as_of)
        self._run_id, self._near = run_id, near

    def steps_into(self, node_ids: Sequence[int]) -> Sequence[Step]:
        found = list(super().steps_into(node_ids))
        return [*found, *self._near] if self._run_id in node_ids else found

    def steps_out_of(self, node_ids: Sequence[int]) -> Sequence[Step]:
        found = list(super().steps_out_of(node_ids))
        return [*found, *self._near] if self._run_id in node_ids else found
