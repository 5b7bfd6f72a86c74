"""Questions about nodes: the things that facts are about."""

from __future__ import annotations

from collections.abc import Iterable

from temporal_lineage.store.read_base import Reads, listed, listed_texts
from temporal_lineage.store.records import Node
from temporal_lineage.store.runner import Parameters


class NodeReads(Reads):
    """Find nodes by name, by number, by kind."""

    def node(self, *, kind: str, parent_id: int, name: str) -> int | None:
        """Give the number of a node; None where it was never named."""
        rows = self._runner.rows("node", {"kind": kind, "parent_id": parent_id, "name": name})
        return rows[0][0] if rows else None

    def named(self, *, node_ids: Iterable[int]) -> dict[int, Node]:
        """Give nodes by number; numbers that stand for nothing are left out."""
        rows = self._runner.rows("named", {"nodes": listed(node_ids)})
        return {row[0]: Node(*row) for row in rows}

    def nodes_named(self, *, kind: str, parent_id: int, names: Iterable[str]) -> list[Node]:
        """Give the nodes of a kind under a parent that have one of the names, oldest first."""
        parameters: Parameters = {
            "kind": kind,
            "parent_id": parent_id,
            "names": listed_texts(names),
        }
        return [Node(*row) for row in self._runner.rows("nodes_named", parameters)]

    def numbers(self, *, kind: str, keys: Iterable[tuple[int, str]]) -> dict[tuple[int, str], int]:
        """Give the numbers of nodes of a kind by parent and name, of those that were named."""
        import json

        pairs = json.dumps(list(dict.fromkeys(keys)))
        rows = self._runner.rows("nodes_by_key", {"kind": kind, "keys": pairs})
        return {(parent_id, name): node_id for parent_id, name, node_id in rows}

    def nodes_after(self, *, kind: str, low: str, limit: int) -> list[Node]:
        """Give the first nodes of a kind, under no other, whose names come at `low` or after."""
        parameters: Parameters = {"kind": kind, "parent_id": 0, "low": low, "limit": limit}
        return [Node(*row) for row in self._runner.rows("nodes_after", parameters)]

    def nodes(self, *, kind: str) -> list[Node]:
        """Give all nodes of a kind, oldest first."""
        return [Node(*row) for row in self._runner.rows("nodes", {"kind": kind})]

    def children_of(self, *, parent_ids: Iterable[int], kind: str) -> list[Node]:
        """Give the nodes of a kind under any of the parents, oldest first."""
        parameters: Parameters = {"kind": kind, "parents": listed(parent_ids)}
        return [Node(*row) for row in self._runner.rows("children_of", parameters)]

    def children(self, *, parent_id: int, kind: str) -> list[Node]:
        """Give the nodes of a kind under a parent, oldest first."""
        rows = self._runner.rows("children", {"kind": kind, "parent_id": parent_id})
        return [Node(*row) for row in rows]
