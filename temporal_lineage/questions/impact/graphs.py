"""Graphs of answers that are more than lineage: where bad rows went, and what a change reaches."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from temporal_lineage.lineage.graph import Direction
from temporal_lineage.questions.walks.answer import LineageAnswer, LineageEdge, LineageNode

if TYPE_CHECKING:
    from collections.abc import Mapping

    from temporal_lineage.questions.impact.contamination import ContaminationAnswer
    from temporal_lineage.questions.impact.simulated import ImpactAnswer


@dataclass(frozen=True, slots=True)
class StatedGraph:
    """A graph, and by address what was found of its nodes; `export` takes both."""

    lineage: LineageAnswer
    states: Mapping[str, str]


def contamination_graph(answer: ContaminationAnswer, downstream: LineageAnswer) -> StatedGraph:
    """Say of each state downstream of a bad commit what has become of its table or model."""
    tables = {one.dataset: one.now for one in answer.tables}
    products = {one.address: "newest" if one.newest else "superseded" for one in answer.products}
    states = {
        one.address: products.get(one.address) or tables.get(one.dataset)
        for one in downstream.nodes
    }
    told = tuple(dict.fromkeys((*answer.doubts, *downstream.doubts)))
    lineage = replace(downstream, question=answer.question, doubts=told)
    return StatedGraph(lineage, {one: state for one, state in states.items() if state})


def impact_graph(answer: ImpactAnswer) -> StatedGraph:
    """Draw the shortest ways to all that a change reaches, and what it does there."""
    starts = dict.fromkeys(one.path[0] for one in answer.impacted)
    root = next((one for one in starts if "#" in one), next(iter(starts), answer.target))
    # What nobody told the columns of is reached by the table that the column is part of.
    edges = {
        (root, one): LineageEdge("", root, one, None, "", "", ()) for one in starts if one != root
    }
    jobs = {one.address: ", ".join(one.jobs) for one in answer.impacted}
    depths = dict.fromkeys((root, *starts), 0)
    for one in answer.impacted:
        for step, (source, target) in enumerate(zip(one.path, one.path[1:], strict=False), start=1):
            depths.setdefault(source, step - 1)
            depths.setdefault(target, step)
            edges[source, target] = LineageEdge(
                "", source, target, None, jobs.get(target, ""), "", ()
            )
        depths.setdefault(one.address, one.distance)
    lineage = LineageAnswer(
        question=replace(answer.question, verb=f"impact --change {answer.change}"),
        direction=Direction.DOWNSTREAM,
        root=root,
        edges=tuple(edges.values()),
        nodes=tuple(
            LineageNode(address, address, None, None, depth, None, None)
            for address, depth in depths.items()
        ),
        contributions=(),
        runs=(),
        datasets=(),
        cuts=(),
        doubts=answer.doubts,
    )
    return StatedGraph(
        lineage, {one.address: f"{one.effect}: {one.why}" for one in answer.impacted}
    )
