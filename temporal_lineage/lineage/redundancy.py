"""Redundancy in a graph of flows: the same work done twice, and what another way brings too."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping

NODES_MAX = 10_000
"""How many nodes one search for another way visits."""


@dataclass(frozen=True, slots=True)
class JobFlow:
    """A job moves data from the source to the target."""

    source_id: int
    target_id: int
    job: str


@dataclass(frozen=True, slots=True)
class SameWork:
    """Jobs that write one target, each from exactly these sources."""

    target_id: int
    source_ids: frozenset[int]
    jobs: tuple[str, ...]


def same_work(flows: Iterable[JobFlow]) -> list[SameWork]:
    """Give the jobs that write the same target from the same sources, by target.

    >>> flows = [JobFlow(1, 9, "a"), JobFlow(2, 9, "a"), JobFlow(1, 9, "b"), JobFlow(2, 9, "b")]
    >>> [(one.target_id, one.jobs) for one in same_work([*flows, JobFlow(1, 9, "c")])]
    [(9, ('a', 'b'))]
    """
    sources: dict[tuple[int, str], set[int]] = defaultdict(set)
    for one in flows:
        sources[one.target_id, one.job].add(one.source_id)
    alike: dict[tuple[int, frozenset[int]], list[str]] = defaultdict(list)
    for (target_id, job), source_ids in sources.items():
        alike[target_id, frozenset(source_ids)].append(job)
    return [
        SameWork(target_id, source_ids, tuple(sorted(jobs)))
        for (target_id, source_ids), jobs in sorted(alike.items(), key=lambda item: item[0][0])
        if len(jobs) > 1
    ]


def ways_around(
    source_id: int, targets: Mapping[int, Collection[int]], *, nodes_max: int = NODES_MAX
) -> tuple[dict[int, tuple[int, ...]], bool]:
    """Give the direct targets of a node that a longer way leads to as well, each with that way.

    The way is a shortest one of those; it does not come back to the source. Also tells whether
    the search was cut at `nodes_max`.

    >>> ways_around(1, {1: [2, 3], 2: [3], 3: []})
    ({3: (1, 2, 3)}, False)
    """
    direct = set(targets.get(source_id, ())) - {source_id}
    # A target that is reached from any direct one is reached in two steps or more.
    before, cut = _search(sorted(direct), targets, without=source_id, nodes_max=nodes_max)
    found = {}
    for target in sorted(direct & before.keys()):
        way = _way(target, before, direct)
        if way[0] == target:
            # It was reached from itself, in a circle; another direct target may lead there too.
            others = direct - {target}
            again, _ = _search(sorted(others), targets, without=source_id, nodes_max=nodes_max)
            way = _way(target, again, others) if target in again else ()
        if way:
            found[target] = (source_id, *way)
    return found, cut


def _search(
    starts: Iterable[int], targets: Mapping[int, Collection[int]], *, without: int, nodes_max: int
) -> tuple[dict[int, int], bool]:
    """Give the node before each that can be reached from the starts in a step or more."""
    before: dict[int, int] = {}
    frontier = list(starts)
    seen = {without, *frontier}
    while frontier and len(before) <= nodes_max:
        reached: list[int] = []
        for node_id in frontier:
            for target in sorted(targets.get(node_id, ())):
                if target not in (without, node_id) and target not in before:
                    before[target] = node_id
                    if target not in seen:
                        reached.append(target)
        seen.update(reached)
        frontier = reached
    return before, bool(frontier)


def _way(target: int, before: Mapping[int, int], starts: Collection[int]) -> tuple[int, ...]:
    """Follow a way back from a target to one of the starts."""
    way = [target, before[target]]
    while way[-1] not in starts:
        way.append(before[way[-1]])
    return tuple(reversed(way))
