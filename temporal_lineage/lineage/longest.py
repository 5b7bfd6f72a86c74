"""The longest chain that leads to a node, by the weights of the nodes on it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


@dataclass(frozen=True, slots=True)
class Link:
    """One node of the longest chain.

    `slack` is by how much the chain through the next best source is shorter; None without one.
    """

    node_id: int
    slack: int | None


@dataclass(frozen=True, slots=True)
class Chain:
    """The links, first to last, and their weight together; `circles` were cut where they closed."""

    links: tuple[Link, ...]
    weight: int
    circles: tuple[int, ...]


def longest_chain(
    root_id: int, sources: Mapping[int, Sequence[int]], weights: Mapping[int, int]
) -> Chain:
    """Give the heaviest chain that ends in the root.

    `sources` are what each node comes from, `weights` are not negative; a node without one weighs
    nothing. Of equal chains the one whose node comes first is taken.

    >>> found = longest_chain(1, {1: [2, 3], 2: [4]}, {1: 5, 2: 1, 3: 4, 4: 2})
    >>> [(one.node_id, one.slack) for one in found.links], found.weight
    ([(3, None), (1, 1)], 9)
    """
    best: dict[int, int] = {}
    circles: list[int] = []
    order = _sources_first(root_id, sources, circles)
    place = {node_id: number for number, node_id in enumerate(order)}
    for node_id in order:
        before = [best[one] for one in _earlier(node_id, sources, place)]
        best[node_id] = weights.get(node_id, 0) + max(before, default=0)
    links: list[Link] = []
    way = [root_id]
    while way:
        here = way.pop()
        earlier = sorted(_earlier(here, sources, place), key=lambda one: -best[one])
        slack = best[earlier[0]] - best[earlier[1]] if len(earlier) > 1 else None
        links.append(Link(here, slack))
        way = earlier[:1]
    return Chain(tuple(reversed(links)), best[root_id], tuple(circles))


def _earlier(
    node_id: int, sources: Mapping[int, Sequence[int]], place: Mapping[int, int]
) -> list[int]:
    """Give the sources that stand before a node in the order; one after it closes a circle."""
    found = dict.fromkeys(sources.get(node_id, ()))
    return [one for one in found if place[one] < place[node_id]]


def _sources_first(
    root_id: int, sources: Mapping[int, Sequence[int]], circles: list[int]
) -> list[int]:
    """Order all that leads to the root so that sources stand first, without recursion."""
    order: list[int] = []
    done: set[int] = set()
    open_now = {root_id}
    work = [(root_id, iter(sources.get(root_id, ())))]
    while work:
        node_id, rest = work[-1]
        for source in rest:
            if source in open_now:
                circles.append(source)
            elif source not in done:
                open_now.add(source)
                work.append((source, iter(sources.get(source, ()))))
                break
        else:
            work.pop()
            open_now.discard(node_id)
            done.add(node_id)
            order.append(node_id)
    return order
