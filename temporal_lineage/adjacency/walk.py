"""Walks over segments: all that edges lead from, or lead to, however far, at one point."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from temporal_lineage.adjacency.segment import Numbers, Segment, Truths
    from temporal_lineage.lineage.graph import Direction


AT_ONCE = 512
"""How many edges are decided by their history as they are found; more than that wait."""


class Walk:
    """One walk; `hidden` tells of each edge of the first segment whether a later one has it."""

    def __init__(
        self,
        segments: Sequence[Segment],
        hidden: Truths | None,
        direction: Direction,
        *,
        nodes: int,
        valid: int,
        tx: int | None,
    ) -> None:
        """Walk among so many nodes; `valid` in microseconds, `tx` the last that counts, or None."""
        import numpy as np

        self._segments = segments
        self._hidden = hidden
        self._direction = direction
        self._valid = valid
        self._tx = tx
        self._seen = np.zeros(nodes, bool)
        self._turn = np.zeros(nodes, np.int64)
        self._waiting: list[list[Numbers]] = [[] for _ in segments]

    def reached(self, roots: Numbers) -> Numbers:
        """Give all nodes reached, each once; a root only where some way leads back to it."""
        import numpy as np

        near = roots
        while len(near):
            near = self._unseen([self._step(place, near) for place in range(len(self._segments))])
            if not len(near):
                near = self._unseen(list(map(self._late, range(len(self._segments)))))
        return np.flatnonzero(self._seen)

    def _step(self, place: int, near: Numbers) -> Numbers:
        """Give where the edges lead that hold, as far as they are decided yet.

        A few are decided by their history at once, since every step has its own cost. Of many it
        pays to wait: most of what they would lead to is found until the others lead no further.
        """
        import numpy as np

        segment = self._segments[place]
        edges = segment.edges_at(near, self._direction)
        if place == 0 and self._hidden is not None:
            edges = edges[~self._hidden[edges]]
        ends = segment.far_ends(self._direction)[edges]
        unseen = ~self._seen[ends]
        edges, ends = edges[unseen], ends[unseen]
        decided = segment.decided(edges, valid=self._valid, tx=self._tx)
        held, undecided = ends[decided & segment.held[edges]], edges[~decided]
        if len(undecided) > AT_ONCE:
            self._waiting[place].append(undecided)
        elif len(undecided):
            held = np.concatenate([held, self._held_by_history(place, undecided)])
        return held

    def _late(self, place: int) -> Numbers:
        """Give where the edges lead that waited and hold by their history."""
        import numpy as np

        waiting, self._waiting[place] = self._waiting[place], []
        far = self._segments[place].far_ends(self._direction)
        edges = np.concatenate(waiting) if waiting else np.zeros(0, np.int64)
        return self._held_by_history(place, edges[~self._seen[far[edges]]])

    def _held_by_history(self, place: int, edges: Numbers) -> Numbers:
        segment = self._segments[place]
        held = segment.held_by_history(edges, valid=self._valid, tx=self._tx)
        return segment.far_ends(self._direction)[held]

    def _unseen(self, found: list[Numbers]) -> Numbers:
        """Give each of these once that was not seen before, and mark them as seen."""
        import numpy as np

        ends = found[0] if len(found) == 1 else np.concatenate(found)
        ends = ends[~self._seen[ends]]
        # Whoever wrote last at a node is the one that stays: quicker than sorting.
        places = np.arange(len(ends))
        self._turn[ends] = places
        fresh: Numbers = ends[self._turn[ends] == places]
        self._seen[fresh] = True
        return fresh
