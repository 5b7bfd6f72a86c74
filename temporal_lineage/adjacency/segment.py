"""Segments: edges and all that was told of them as arrays, decided many at once.

Nodes are numbered from 0. `facts.holds` and the store's AsOf rule decide the same, one by one and
in SQL; a property test holds the three together.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from temporal_lineage.lineage.graph import Direction
from temporal_lineage.store.rank import TURNS

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Numbers = NDArray[np.signedinteger[Any]]
    Truths = NDArray[np.bool_]


class Segment(NamedTuple):
    """Edges by target, and for each what was told of it, the newest first.

    `into_start` and `out_start` have an element for each node and one more: where the edges into
    it, and the places in `out_edge` of the edges out of it, begin. `last_tx`, `since` and `held`
    are the kept state of an edge: it decides as known in `last_tx` or later, from `since` on.
    `told_start` has one element more than there are edges.
    """

    into_start: Numbers
    out_start: Numbers
    out_edge: Numbers
    edge_id: Numbers
    source: Numbers
    target: Numbers
    last_tx: Numbers
    since: Numbers
    held: Truths
    told_start: Numbers
    told_tx: Numbers
    told_from: Numbers
    told_to: Numbers
    told_held: Truths

    def edges_at(self, nodes: Numbers, direction: Direction) -> Numbers:
        """Give the edges that lead on from some nodes."""
        upwards = direction is Direction.UPSTREAM
        starts = self.into_start if upwards else self.out_start
        # Nodes that came later have no edges here.
        nodes = nodes[nodes < len(starts) - 1]
        places, _ = runs(starts[nodes], starts[nodes + 1])
        return places if upwards else self.out_edge[places]

    def far_ends(self, direction: Direction) -> Numbers:
        """Give where each edge leads to."""
        return self.source if direction is Direction.UPSTREAM else self.target

    def decided(self, edges: Numbers, *, valid: int, tx: int) -> Truths:
        """Tell of which edges the kept state decides at a point."""
        found: Truths = (self.since[edges] <= valid) & (self.last_tx[edges] <= tx)
        return found

    def held_by_history(self, edges: Numbers, *, valid: int, tx: int) -> Numbers:
        """Give those edges that hold at a point, by the newest that was told of each and covers it.

        `tx` is the last transaction that counts.
        """
        import numpy as np

        told, owner = runs(self.told_start[edges], self.told_start[edges + 1])
        covers = np.flatnonzero(
            (self.told_tx[told] <= tx)
            & (self.told_from[told] <= valid)
            & (self.told_to[told] > valid)
        )
        owner, told = owner[covers], told[covers]
        newest = np.ones(len(owner), bool)
        newest[1:] = owner[1:] != owner[:-1]
        return edges[owner[newest][self.told_held[told[newest]]]]


def runs(first: Numbers, stop: Numbers) -> tuple[Numbers, Numbers]:
    """Give all places of some runs of places, and of each the number of its run.

    >>> import numpy as np
    >>> [found.tolist() for found in runs(np.array([4, 9]), np.array([6, 10]))]
    [[4, 5, 9], [0, 0, 1]]
    """
    import numpy as np

    counts = stop - first
    owner = np.repeat(np.arange(len(first)), counts)
    jumps = first - np.cumsum(counts) + counts
    return jumps[owner] + np.arange(len(owner)), owner


def segment(edges: Numbers, told: Numbers, *, nodes: int) -> Segment:
    """Make a segment of rows.

    `edges` has a row for each edge: number, source, target, last transaction, since, and a claim,
    0 where nothing holds; source and target are below `nodes`. `told` has rows of an edge's number,
    rank, from, until, and a claim.
    """
    import numpy as np

    by_target = np.lexsort((edges[:, 1], edges[:, 2]))
    number, source, target, last_tx, since, claim = edges[by_target].T
    out_edge = np.argsort(source, kind="stable")
    by_number = np.argsort(number)
    place = by_number[np.searchsorted(number, told[:, 0], sorter=by_number)]
    newest_first = np.lexsort((told[:, 1], place))
    _, rank, told_from, told_to, told_claim = told[newest_first].T
    everyone = np.arange(nodes + 1)
    return Segment(
        into_start=np.searchsorted(target, everyone),
        out_start=np.searchsorted(source[out_edge], everyone),
        out_edge=out_edge.astype(np.int32),
        edge_id=number.astype(np.int32),
        source=source.astype(np.int32),
        target=target.astype(np.int32),
        last_tx=last_tx.astype(np.int32),
        since=np.ascontiguousarray(since),
        held=claim > 0,
        told_start=np.searchsorted(place[newest_first], np.arange(len(number) + 1)),
        told_tx=(-rank // TURNS).astype(np.int32),
        told_from=np.ascontiguousarray(told_from),
        told_to=np.ascontiguousarray(told_to),
        told_held=told_claim > 0,
    )
