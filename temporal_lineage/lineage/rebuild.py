"""Rebuilding: in which order to make datasets anew, so that none is made from a bad one."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping


@dataclass(frozen=True, slots=True)
class Dependency:
    """The target is made from the source."""

    source_id: int
    target_id: int


def rebuild_order(
    bad: Collection[int], dependencies: Iterable[Dependency]
) -> list[list[frozenset[int]]]:
    """Give the bad datasets in steps: each after all bad ones that it is made from.

    What feeds itself through others stands together in one circle. A source that is not bad can
    be read as it is, so nothing waits for it, nor for what lies before it.

    >>> rebuild_order({1, 2, 4}, [Dependency(1, 2), Dependency(2, 3), Dependency(3, 4)])
    [[frozenset({1}), frozenset({4})], [frozenset({2})]]
    """
    sources: dict[int, set[int]] = {one: set() for one in bad}
    for one in dependencies:
        if one.source_id in sources and one.target_id in sources:
            sources[one.target_id].add(one.source_id)
    circles = _circles(sources)
    circle_of = {one: circle for circle in circles for one in circle}
    steps: dict[frozenset[int], int] = {}
    # A circle comes after all that it is made from.
    for circle in circles:
        before = {circle_of[source] for one in circle for source in sources[one]} - {circle}
        steps[circle] = max((steps[one] + 1 for one in before), default=0)
    layers: dict[int, list[frozenset[int]]] = defaultdict(list)
    for circle, step in steps.items():
        layers[step].append(circle)
    return [sorted(layers[step], key=min) for step in sorted(layers)]


def _circles(sources: Mapping[int, Collection[int]]) -> list[frozenset[int]]:
    """Give the strongly connected parts, sources first: Tarjan's algorithm, without recursion."""
    order: dict[int, int] = {}
    lowest: dict[int, int] = {}
    stack: dict[int, None] = {}
    circles: list[frozenset[int]] = []
    for root in sorted(sources):
        if root in order:
            continue
        order[root] = lowest[root] = len(order)
        stack[root] = None
        work = [(root, iter(sorted(sources[root])))]
        while work:
            one, rest = work[-1]
            for source in rest:
                if source not in order:
                    order[source] = lowest[source] = len(order)
                    stack[source] = None
                    work.append((source, iter(sorted(sources[source]))))
                    break
                if source in stack:
                    lowest[one] = min(lowest[one], order[source])
            else:
                work.pop()
                if work:
                    parent = work[-1][0]
                    lowest[parent] = min(lowest[parent], lowest[one])
                if lowest[one] == order[one]:
                    circles.append(_popped(stack, one))
    return circles


def _popped(stack: dict[int, None], last: int) -> frozenset[int]:
    circle = set()
    while last not in circle:
        circle.add(stack.popitem()[0])
    return frozenset(circle)
