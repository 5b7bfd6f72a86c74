"""Spread: what was made of states that hold the rows, and cannot be searched by value.

From each such state the edges of runs lead to the commits that were made of it, and from these to
all states that contain them. Where a state that may have held the rows can no longer be examined,
what was made of it is followed as well, and called possible.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from temporal_lineage.claims import decode
from temporal_lineage.keys import EdgeKind, NodeKind
from temporal_lineage.link_claims import EdgeClaim

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping

    from temporal_lineage.facts import AsOf
    from temporal_lineage.store.reader import Reader

STATES_MAX = 100_000
"""A spread over more states is cut, and says so."""


@dataclass(frozen=True, slots=True)
class SearchedStates:
    """What the search of one table knows of its states, by version: which hold the rows, and of
    which that cannot be told any more.
    """

    dataset_id: int
    holding: frozenset[int]
    origins: frozenset[int]
    """Where each file with matching rows came in."""
    unsure: frozenset[int]


@dataclass(slots=True)
class Spread:
    """The states and versions that were made of the rows, by dataset and node.

    `edges` lead from dataset to dataset, by the `jobs` of their targets; `grades` say how surely
    each of them is known. `possible` are the nodes reached only through states that
    could not be examined. `cut` tells whether there is more; `unfollowed` counts by dataset the
    states that something was made of, and of which nobody can tell any more whether they held the
    rows.
    """

    fed: dict[int, set[int]] = field(default_factory=lambda: defaultdict(set))
    edges: set[tuple[int, int]] = field(default_factory=set)
    jobs: dict[int, dict[str, None]] = field(default_factory=lambda: defaultdict(dict))
    grades: list[str] = field(default_factory=list)
    possible: set[int] = field(default_factory=set)
    unfollowed: dict[int, int] = field(default_factory=dict)
    cut: bool = False


def spread(reader: Reader, searched: Iterable[SearchedStates], as_of: AsOf) -> Spread:
    """Follow the edges out of the states that hold the rows."""
    walk = _Walk(reader, {one.dataset_id: one for one in searched}, as_of)
    exact, possible = walk.starts()
    walk.follow(exact, possible=False)
    walk.follow(possible, possible=True)
    walk.note_unfollowed()
    return walk.found


class _Walk:
    def __init__(self, reader: Reader, searched: Mapping[int, SearchedStates], as_of: AsOf) -> None:
        self._reader = reader
        self._searched = searched
        self._as_of = as_of
        self._seen: set[int] = set()
        self.found = Spread()

    def starts(self) -> tuple[set[int], set[int]]:
        """Give the nodes of states that hold the rows, and of those that may have held them."""
        exact: set[int] = set()
        possible: set[int] = set()
        for one in self._searched.values():
            nodes = self._nodes(one.dataset_id, one.holding | one.origins)
            exact |= {nodes[state] for state in one.holding if state in nodes}
            origins = [nodes[state] for state in one.origins if state in nodes]
            possible |= self._unsure(one, self._containing(origins))
        return exact, possible - exact

    def follow(self, start: Collection[int], *, possible: bool) -> None:
        frontier = set(start) - self._seen
        while frontier:
            self._seen |= frontier
            if len(self._seen) > STATES_MAX:
                self.found.cut = True
                return
            frontier = self._next(frontier, possible=possible) - self._seen

    def note_unfollowed(self) -> None:
        """Count the states that can no longer be examined, and that something was made of."""
        for one in self._searched.values():
            nodes = set(self._nodes(one.dataset_id, one.unsure).values()) - self._seen
            rows = self._reader.steps_out_of(
                node_ids=sorted(nodes), kinds=(EdgeKind.EDGE,), as_of=self._as_of
            )
            if sources := {row[1] for row in rows}:
                self.found.unfollowed[one.dataset_id] = len(sources)

    def _next(self, frontier: Collection[int], *, possible: bool) -> set[int]:
        rows = self._reader.steps_out_of(
            node_ids=sorted(frontier), kinds=(EdgeKind.EDGE,), as_of=self._as_of
        )
        nodes = self._reader.named(
            node_ids=sorted({one for row in rows for one in (row[1], row[2])})
        )
        made: dict[int, set[int]] = defaultdict(set)
        for _, source_id, target_id, claim in rows:
            source, target = (
                one.node_id if one.kind == NodeKind.DATASET else one.parent_id
                for one in (nodes[source_id], nodes[target_id])
            )
            told = decode(EdgeClaim, claim)
            self.found.grades.append(told.grade.value)
            if source != target:
                self.found.edges.add((source, target))
                if told.job:
                    self.found.jobs[target][told.job] = None
            made[target].add(target_id)
        reached: set[int] = set()
        for dataset_id, commits in made.items():
            states = commits | self._containing(commits)
            known = self._searched.get(dataset_id)
            if known is not None:
                # What holds the rows by value is a start of its own; the rest cannot be told.
                reached |= self._unsure(known, states)
                continue
            new = states - self.found.fed[dataset_id]
            self.found.fed[dataset_id] |= states
            if possible:
                self.found.possible |= new
            reached |= states
        return reached

    def _unsure(self, known: SearchedStates, states: Collection[int]) -> set[int]:
        nodes = self._reader.named(node_ids=sorted(states))
        return {
            one
            for one, node in nodes.items()
            if node.name.lstrip("-").isdecimal() and int(node.name) in known.unsure
        }

    def _containing(self, commits: Collection[int]) -> set[int]:
        rows = self._reader.all_states_containing(
            commit_ids=sorted(commits), system=self._as_of.system
        )
        return {row.state_id for row in rows}

    def _nodes(self, dataset_id: int, versions: Collection[int]) -> dict[int, int]:
        found = self._reader.nodes_named(
            kind=NodeKind.VERSION, parent_id=dataset_id, names=map(str, versions)
        )
        return {int(one.name): one.node_id for one in found}
