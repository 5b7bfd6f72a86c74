"""The graph of flows in memory: what a file keeps, and over it what was told since."""

from __future__ import annotations

from itertools import chain, pairwise
from typing import TYPE_CHECKING, Any

from temporal_lineage.adjacency.layout import Arrays
from temporal_lineage.adjacency.segment import Segment, segment
from temporal_lineage.adjacency.walk import Walk
from temporal_lineage.keys import EdgeKind

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from temporal_lineage.adjacency.layout import Kept
    from temporal_lineage.adjacency.segment import Numbers, Truths
    from temporal_lineage.lineage.graph import Direction
    from temporal_lineage.store.reader import Reader

_EDGES_AT_ONCE = 20_000


class FlowGraph:
    """Flows as they were told up to a transaction; exact at every point known by then."""

    def __init__(self, kept: Kept, reader: Reader, *, tx: int) -> None:
        """Lay what the ledger was told after the file was made, up to `tx`, over what it keeps."""
        self.tx = max(tx, kept.position.tx)
        self._kept = kept.arrays
        self._text: str | None = None
        self._node_id = kept.arrays.node_id
        self._segments: tuple[Segment, ...] = (kept.arrays.edges,)
        self._hidden: Truths | None = None
        self._newer_names: dict[int, str] = {}
        if tx > kept.position.tx:
            self._overlay(reader, _edges(reader, after=kept.position.tx))

    def reached(
        self, node_ids: Sequence[int], direction: Direction, *, valid: int, tx: int
    ) -> dict[int, str]:
        """Give all nodes that flow leads from, or leads to, with their names; `valid` in us."""
        numbers = self.reached_numbers(node_ids, direction, valid=valid, tx=tx)
        return self._names(numbers)

    def reached_numbers(
        self, node_ids: Sequence[int], direction: Direction, *, valid: int, tx: int
    ) -> Numbers:
        """Give the same by the numbers that the graph gave them; see `node_ids`."""
        import numpy as np

        roots = self._numbers(np.array(node_ids, np.int64))
        walk = Walk(
            self._segments,
            self._hidden,
            direction,
            nodes=len(self._node_id),
            valid=valid,
            tx=tx if tx < self.tx else None,
        )
        return walk.reached(roots[roots >= 0])

    def node_ids(self, numbers: Numbers) -> list[int]:
        """Give the ledger's numbers of nodes."""
        found: list[int] = self._node_id[numbers].tolist()
        return found

    def _overlay(self, reader: Reader, edges: Numbers) -> None:
        """Add edges that were told of since: whole, with all that was ever told of them."""
        import numpy as np

        newer = np.setdiff1d(edges[:, 1:3], self._node_id)
        # Nodes of the file keep their numbers, and newer ones follow.
        self._node_id = np.concatenate([self._node_id, newer])
        self._newer_names = reader.node_names(node_ids=newer.tolist())
        told = _told(reader, edges[:, 0])
        edges[:, 1:3] = self._numbers(edges[:, 1:3])
        self._hidden = np.isin(self._kept.edges.edge_id, edges[:, 0])
        self._segments += (segment(edges, told, nodes=len(self._node_id)),)

    def _numbers(self, node_ids: Numbers) -> Numbers:
        """Give the numbers of nodes; -1 for one that no flow was ever told of."""
        import numpy as np

        known = len(self._kept.node_id)
        found = np.full(node_ids.shape, -1)
        for start, there in ((0, self._node_id[:known]), (known, self._node_id[known:])):
            if len(there):
                place = np.minimum(np.searchsorted(there, node_ids), len(there) - 1)
                found = np.where(there[place] == node_ids, place + start, found)
        return found

    def _names(self, numbers: Numbers) -> dict[int, str]:
        if self._text is None:
            self._text = self._kept.names.tobytes().decode()
        text, starts = self._text, self._kept.name_start
        known = numbers[numbers < len(self._kept.node_id)]
        bounds = zip(starts[known].tolist(), starts[known + 1].tolist(), strict=True)
        names = [text[start:stop] for start, stop in bounds]
        newer = self.node_ids(numbers[len(known) :])
        return {
            **dict(zip(self.node_ids(known), names, strict=True)),
            **{node_id: self._newer_names[node_id] for node_id in newer},
        }


def arrays_of(reader: Reader) -> Arrays:
    """Make the arrays of all flows that a ledger was ever told."""
    import numpy as np

    edges = _edges(reader, after=0)
    told = _told(reader, edges[:, 0])
    node_id = np.unique(edges[:, 1:3])
    edges[:, 1:3] = np.searchsorted(node_id, edges[:, 1:3])
    found = reader.node_names(node_ids=node_id.tolist())
    names = [found[one] for one in node_id.tolist()]
    starts = np.cumsum([0, *map(len, names)])
    text = np.frombuffer("".join(names).encode(), np.uint8)
    return Arrays(node_id, starts, text, segment(edges, told, nodes=len(node_id)))


def _edges(reader: Reader, *, after: int) -> Numbers:
    return _table(reader.edges_told_since(kind=EdgeKind.FLOW, tx=after), columns=6)


def _told(reader: Reader, edge_ids: Numbers) -> Numbers:
    import numpy as np

    bounds = [*range(0, len(edge_ids), _EDGES_AT_ONCE), len(edge_ids)]
    ordered = np.sort(edge_ids)
    parts = [
        _table(reader.told_of_edges(edge_ids=ordered[first:stop].tolist()), columns=5)
        for first, stop in pairwise(bounds)
    ]
    return np.concatenate(parts) if parts else _table((), columns=5)


def _table(rows: Iterable[Sequence[Any]], *, columns: int) -> Numbers:
    import numpy as np

    return np.fromiter(chain.from_iterable(rows), np.int64).reshape(-1, columns)
