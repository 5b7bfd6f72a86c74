"""Tracing: walk exact states level by level, through the commits whose rows are live in them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from temporal_lineage.lineage.graph import Contained, Cut, Direction, LineageGraph, Step

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence


class Neighbours(Protocol):
    """Where to go from a set of nodes; the ledger at one point in both times answers."""

    def steps_into(self, node_ids: Sequence[int]) -> Sequence[Step]:
        """Give the edges whose target is one of the nodes."""

    def steps_out_of(self, node_ids: Sequence[int]) -> Sequence[Step]:
        """Give the edges whose source is one of the nodes."""

    def commits_in(self, state_ids: Sequence[int]) -> tuple[Sequence[Contained], Sequence[Cut]]:
        """Give the commits whose rows are live in the states; nothing for a node without facts.

        The cuts name the states that were not looked into.
        """

    def steps_told_into(self, state_ids: Sequence[int]) -> Sequence[Step]:
        """Give the edges into states that their own commits tell, as a RESTORE does."""

    def read_states_with(
        self, commit_ids: Sequence[int]
    ) -> tuple[Sequence[Contained], Sequence[Cut]]:
        """Give the states that hold rows of the commits and that some run read.

        The cuts name the commits for which there may be more than were looked at.
        """


def trace(
    root_id: int,
    *,
    direction: Direction,
    neighbours: Neighbours,
    depth_max: int,
    nodes_max: int,
    beside: Sequence[int] = (),
) -> LineageGraph:
    """Walk from the root, and from others `beside` it; each node is visited once, at least depth.

    What lies beyond `depth_max` steps or `nodes_max` nodes is cut, and each cut is named.
    """
    frontier = [root_id, *beside]
    walk = _Walk(frontier)
    for depth in range(1, depth_max + 1):
        frontier = walk.advance(frontier, direction, neighbours, depth)
        if not frontier:
            break
        if len(walk.depths) > nodes_max:
            walk.cut(frontier, f"more than {nodes_max} nodes")
            break
    else:
        beyond = walk.peek(frontier, direction, neighbours)
        walk.cut(beyond, f"deeper than {depth_max}")
    return LineageGraph(
        root_id=root_id,
        direction=direction,
        depths=walk.depths,
        steps=tuple(walk.steps),
        contained=tuple(walk.contained),
        cuts=tuple(walk.cuts),
    )


class _Walk:
    def __init__(self, roots: Sequence[int]) -> None:
        self.depths = dict.fromkeys(roots, 0)
        # A commit met inside a state is not yet visited: it may also be a state that was read.
        self.visited = set(roots)
        # One edge can be several steps: what acts on every column acts on each.
        self.steps: dict[Step, None] = {}
        self.contained: list[Contained] = []
        self.cuts: list[Cut] = []

    def advance(
        self, frontier: Sequence[int], direction: Direction, neighbours: Neighbours, depth: int
    ) -> list[int]:
        """Go one step further; returns the nodes reached for the first time."""
        met, steps, cuts = _next(frontier, direction, neighbours)
        self.contained += met
        self.cuts += cuts
        for one in met:
            beside = one.commit_id if direction is Direction.UPSTREAM else one.state_id
            if beside is not None:
                self.depths.setdefault(beside, depth - 1)
            elif direction is Direction.UPSTREAM:
                why = "some of its rows are older than the history that is left"
                self.cuts.append(Cut(one.state_id, why))
        reached: dict[int, None] = {}
        for step in steps:
            self.steps[step] = None
            node_id = step.source_id if direction is Direction.UPSTREAM else step.target_id
            self.depths.setdefault(node_id, depth)
            if node_id not in self.visited:
                self.visited.add(node_id)
                reached[node_id] = None
        return list(reached)

    def peek(
        self, frontier: Sequence[int], direction: Direction, neighbours: Neighbours
    ) -> list[int]:
        """Give the nodes of the last level from which the walk could go on."""
        met, steps, _ = _next(frontier, direction, neighbours)
        if direction is Direction.UPSTREAM:
            ends = {step.target_id for step in steps}
            beside = {one.state_id for one in met if one.commit_id in ends}
        else:
            ends = {step.source_id for step in steps}
            beside = {
                one.commit_id for one in met if one.state_id in ends and one.commit_id is not None
            }
        return [node_id for node_id in frontier if node_id in ends | beside]

    def cut(self, node_ids: Iterable[int], why: str) -> None:
        """Note that the walk did not go on from these nodes."""
        self.cuts += [Cut(node_id, why) for node_id in node_ids]


def _next(
    frontier: Sequence[int], direction: Direction, neighbours: Neighbours
) -> tuple[Sequence[Contained], Sequence[Step], Sequence[Cut]]:
    if direction is Direction.UPSTREAM:
        met, cuts = neighbours.commits_in(frontier)
        commits = [one.commit_id for one in met if one.commit_id is not None]
        # A node without file facts is its own commit: models, files, unharvested tables.
        known = {one.state_id for one in met} | {one.node_id for one in cuts}
        bare = sorted(set(frontier) - known)
        steps = list(neighbours.steps_into([*dict.fromkeys(commits), *bare]))
        # A commit that went back to an older state owns no row of its own state.
        quiet = sorted({one.state_id for one in met} - set(commits))
        return met, [*steps, *neighbours.steps_told_into(quiet)], cuts
    met, cuts = neighbours.read_states_with(frontier)
    states = dict.fromkeys([*frontier, *(one.state_id for one in met)])
    return met, neighbours.steps_out_of(list(states)), cuts
