"""What a dbt node reads: its references, followed through what is no table to what is one."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from temporal_lineage.capture.dbt_manifest import Manifest, Node, Relation


@dataclass(frozen=True, slots=True)
class Read:
    """A relation that a node reads; `instead` is another environment's table that stood for it."""

    node: Node
    instead: Relation | None


def reads(manifest: Manifest, node: Node, *, compiled: str | None) -> tuple[Read, ...]:
    """Give the relations a node reads, ephemeral models resolved to what they read.

    `compiled` decides where a reference was deferred: the query names the table it really read.
    References to nodes that the manifest does not hold are left out.
    """
    found = _relations(manifest, node.unique_id)
    return tuple(Read(one, _instead(one, compiled)) for one in found if one is not node)


def concepts(manifest: Manifest, node: Node) -> tuple[Node, ...]:
    """Give the metrics, semantic models and saved queries that a node is made from."""
    above = (manifest.node(one) for one in dict.fromkeys(node.depends_on.nodes))
    return tuple(one for one in above if one is not None and _is_concept(one))


def _relations(manifest: Manifest, unique_id: str) -> Iterator[Node]:
    start = manifest.node(unique_id)
    waiting = list(start.depends_on.nodes) if start else []
    seen: set[str] = set()
    while waiting:
        one = waiting.pop(0)
        if one in seen:
            continue
        seen.add(one)
        node = manifest.node(one)
        if node is None:
            continue
        if node.is_relation:
            yield node
        elif not _is_concept(node):
            waiting = [*node.depends_on.nodes, *waiting]


def _is_concept(node: Node) -> bool:
    return node.kind in ("metric", "semantic_model", "saved_query", "exposure")


def _instead(node: Node, compiled: str | None) -> Relation | None:
    told = node.defer_relation
    if told is None or not told.relation_name or compiled is None:
        return None
    own = node.relation_name
    if told.relation_name in compiled and not (own and own in compiled):
        return told
    return None
