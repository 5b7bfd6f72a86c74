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
        if nodes.max() >= len(starts) - 1:
            # Nodes that came later have no edges here.
            nodes = nodes[nodes < len(starts) - 1]
        places = runs(starts[nodes], starts[nodes + 1])
        return places if upwards else self.out_edge[places]

    def far_ends(self, direction: Direction) -> Numbers:
        """Give where each edge leads to."""
        return self.source if direction is Direction.UPSTREAM else self.target

    def decided(self, edges: Numbers, *, valid: int, tx: int | None) -> Truths:
        """Tell of which edges the kept state decides at a point; see `held_by_history`."""
        found: Truths = self.since[edges] <= valid
        return found if tx is None else found & (self.last_tx[edges] <= tx)

    def held_by_history(self, edges: Numbers, *, valid: int, tx: int | None) -> Numbers:
        """Give those edges that hold at a point, by the newest that was told of each and covers it.

        `tx` is the last transaction that counts, None where all that was ever told does.
        """
        import numpy as np

        first, stop = self.told_start[edges], self.told_start[edges + 1]
        if tx is not None:
            first = self._known_by(tx, first, stop)
        held = [edges[:0]]
        # Most are decided by the newest or the one before; the others look twice as far each time.
        width = 1
        while len(edges):
            upto = np.minimum(first + width, stop)
            told, owner = runs(first, upto), np.repeat(np.arange(len(edges)), upto - first)
            covers = (self.told_from[told] <= valid) & (self.told_to[told] > valid)
            owner, told = owner[covers], told[covers]
            newest = np.ones(len(owner), bool)
            newest[1:] = owner[1:] != owner[:-1]
            decided, told = owner[newest], told[newest]
            held.append(edges[decided[self.told_held[told]]])
            left = upto < stop
            left[decided] = False
            edges, first, stop = edges[left], upto[left], stop[left]
            width *= 2
        return np.concatenate(held)

    def _known_by(self, tx: int, first: Numbers, stop: Numbers) -> Numbers:
        """Give for each run of what was told, the newest first, where it was known by then.

        All runs are halved at once, as often as the longest needs.
        """
        import numpy as np

        low, high = first, stop
        while (undecided := low < high).any():
            middle = (low + high) >> 1
            # Of a run that is decided `middle` may be the place after all that was ever told.
            later = undecided & (self.told_tx[np.where(undecided, middle, 0)] > tx)
            low, high = np.where(later, middle + 1, low), np.where(later, high, middle)
        return low


def runs(first: Numbers, stop: Numbers) -> Numbers:
    """Give all places of some runs of places.

    >>> import numpy as np
    >>> runs(np.array([4, 9]), np.array([6, 10])).tolist()
    [4, 5, 9]
    """
    import numpy as np

    counts = stop - first
    ends = counts.cumsum()
    places = np.repeat(first - ends + counts, counts)
    places += np.arange(len(places))
    return places


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
