"""Sureness: what a walk downstream reached through states that surely hold the rows."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from temporal_lineage.lineage.graph import LineageGraph, Step


def surely_reached(
    graph: LineageGraph, steps: Iterable[Step], *, without_rows: Collection[int]
) -> set[int]:
    """Give the commits to which a way leads on which each state that was read surely holds rows.

    All others were made of states that may hold none. `steps` are those of the graph that one may
    rely on. Commits `without_rows`, as deletions, pass none on.
    """
    states: dict[int, list[int]] = defaultdict(list)
    for one in graph.contained:
        if one.certainty == "exact" and one.commit_id is not None:
            states[one.commit_id].append(one.state_id)
    made: dict[int, list[int]] = defaultdict(list)
    for step in steps:
        made[step.source_id].append(step.target_id)
    found = {graph.root_id}
    fresh = [graph.root_id]
    while fresh:
        commit_id = fresh.pop()
        for state_id in (commit_id, *states[commit_id]):
            for target_id in made[state_id]:
                if target_id not in found and target_id not in without_rows:
                    found.add(target_id)
                    fresh.append(target_id)
    return found
