"""Untold columns: flows between datasets of whose columns the job that moves them told nothing."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from temporal_lineage.claims import FlowClaim, decode
from temporal_lineage.keys import EdgeKind, NodeKind
from temporal_lineage.lineage.graph import Direction, Step
from temporal_lineage.questions.walks.doubts import few

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from temporal_lineage.facts import AsOf
    from temporal_lineage.lineage.graph import LineageGraph
    from temporal_lineage.naming import Naming
    from temporal_lineage.store.reader import Reader


def columns_untold(
    reader: Reader, naming: Naming, graph: LineageGraph, as_of: AsOf
) -> Iterator[str]:
    """Say where a walk along columns stopped since nobody told whether they lead further."""
    met = sorted(datasets_of(reader, graph))
    upwards = graph.direction is Direction.UPSTREAM
    ask = reader.steps_into if upwards else reader.steps_out_of
    steps = [Step(*row) for row in ask(node_ids=met, kinds=(EdgeKind.FLOW,), as_of=as_of)]
    silent: dict[tuple[int, str], set[int]] = defaultdict(set)
    for step, jobs in without_columns(reader, steps, as_of):
        silent[step.target_id, ", ".join(jobs)].add(step.source_id)
    ends = {target for target, _ in silent}.union(*silent.values())
    names = naming.datasets(sorted(ends))
    for (target, told_by), sources in sorted(silent.items(), key=lambda one: names[one[0][0]]):
        made_from = few(names[one] for one in sources)
        yield f"not followed, {told_by} told no columns of {names[target]}, made from {made_from}"


def datasets_of(reader: Reader, columns: LineageGraph) -> set[int]:
    """Give the datasets whose columns a walk met."""
    return {node.parent_id for node in reader.named(node_ids=sorted(columns.depths)).values()}


def without_columns(
    reader: Reader, steps: Collection[Step], as_of: AsOf
) -> Iterator[tuple[Step, tuple[str, ...]]]:
    """Yield those flows between datasets that some of their jobs told no columns of, with these.

    A job that told of any column of what it writes has told of them all.
    """
    targets = sorted({step.target_id for step in steps})
    parents = {
        one.node_id: one.parent_id
        for one in reader.children_of(parent_ids=targets, kind=NodeKind.COLUMN)
    }
    told: dict[int, set[str]] = defaultdict(set)
    kinds = (EdgeKind.COLUMN_FLOW,)
    for _, _, column_id, claim in reader.steps_into(node_ids=parents, kinds=kinds, as_of=as_of):
        told[parents[column_id]].update(decode(FlowClaim, claim).jobs)
    for step in steps:
        jobs = decode(FlowClaim, step.claim).jobs
        left = tuple(one for one in jobs if one not in told[step.target_id])
        if left:
            yield step, left
