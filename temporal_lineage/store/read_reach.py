"""Walks to the end: all nodes that edges lead from, or lead to, however far."""

from __future__ import annotations

from collections.abc import Iterable

from temporal_lineage.facts import AsOf
from temporal_lineage.store.read_base import Reads, listed
from temporal_lineage.store.runner import Parameters, Row

FEW = 64
"""From so many nodes at most a step decides every edge at once."""


class ReachReads(Reads):
    """Walk from some nodes to the end, many edges at once."""

    def reached_into(
        self, *, node_ids: Iterable[int], kind: str, as_of: AsOf, limit: int
    ) -> dict[int, str]:
        """Give all nodes from which edges of a kind lead to some of these, with their names.

        A root is among them where some way leads back to it. At most `limit`, in no order that is
        promised; as many as that means there may be more.
        """
        return self._reached("into", node_ids, kind, as_of, limit)

    def reached_out_of(
        self, *, node_ids: Iterable[int], kind: str, as_of: AsOf, limit: int
    ) -> dict[int, str]:
        """Give all nodes to which edges of a kind lead from some of these, likewise."""
        return self._reached("out_of", node_ids, kind, as_of, limit)

    def node_names(self, *, node_ids: Iterable[int]) -> dict[int, str]:
        """Give the names of nodes, and nothing else of them."""
        return self._names(map(str, node_ids))

    def edges_told_since(self, *, kind: str, tx: int) -> list[Row]:
        """Give the edges of which something was told after a transaction; the whole table is read.

        Rows of number, source, target and kept state: last transaction, since, and claim.
        """
        return self._runner.rows("edges_told_since", {"kind": kind, "after": tx})

    def told_of_edges(self, *, edge_ids: Iterable[int]) -> list[Row]:
        """Give all that was ever told of some edges: rows of number, rank, from, until, claim."""
        return self._runner.rows("told_of_edges", {"edges": listed(edge_ids)})

    def _reached(
        self, which: str, node_ids: Iterable[int], kind: str, as_of: AsOf, limit: int
    ) -> dict[int, str]:
        """Walk a step from all that the last step found anew, until a step finds nothing.

        Numbers stay digits, as the database writes and reads them. From a few nodes one statement
        decides every edge. From many, edges whose history must be searched wait until the others
        lead no further: most of what they would lead to is found by then.
        """
        rows = self._runner.rows
        asked: dict[str, int | str] = {"kind": kind, **self._point(as_of)}
        near = set(map(str, node_ids))
        found: set[str] = set()
        waiting: dict[str, str] = {}
        while near and len(found) < limit:
            asked["nodes"] = _listed(near)
            if len(near) <= FEW:
                ((held,),) = rows(f"held_{which}", asked)
            else:
                ((held, open_ends, open_edges),) = rows(f"step_{which}", asked)
                if open_ends is not None:
                    waiting.update(zip(open_edges.split(","), open_ends.split(","), strict=True))
            near = set(held.split(",")) - found if held is not None else set()
            if not near and waiting:
                near = self._held_by_history(waiting, found, asked)
                waiting.clear()
            found |= near
        # The order of digits is nearly that of the numbers, in which the database keeps them.
        return self._names(sorted(found)[:limit])

    def _held_by_history(
        self, waiting: dict[str, str], found: set[str], point: Parameters
    ) -> set[str]:
        """Give the far ends of those edges that hold and lead to something new."""
        asked = {edge: end for edge, end in waiting.items() if end not in found}
        if not asked:
            return set()
        ((held,),) = self._runner.rows("held_by_history", {**point, "edges": _listed(asked)})
        return {asked[edge] for edge in held.split(",")} if held is not None else set()

    def _names(self, node_ids: Iterable[str]) -> dict[int, str]:
        return dict(self._runner.rows("node_names", {"nodes": _listed(node_ids)}))


def _listed(numbers: Iterable[str]) -> str:
    return f"[{','.join(numbers)}]"
