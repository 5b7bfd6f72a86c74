"""Reasons in commits: what a commit tells of itself where no run does. DESIGN 4.4."""

from __future__ import annotations

from typing import TYPE_CHECKING

from temporal_lineage.claims import decode
from temporal_lineage.evidence import Method
from temporal_lineage.evidence.commit_words import commit_words
from temporal_lineage.harvesting.history_parts import remembered_snapshot
from temporal_lineage.keys import EdgeKind, NodeKind
from temporal_lineage.link_claims import EdgeClaim
from temporal_lineage.naming import Naming

if TYPE_CHECKING:
    from collections.abc import Iterator

    from temporal_lineage.evidence.grades import Evidence
    from temporal_lineage.facts import AsOf
    from temporal_lineage.store.reader import Reader

_SELF_EXPLAINED = frozenset({Method.RESTORE, Method.CLONE, Method.CHERRY_PICK, Method.WAP_PUBLISH})


def sources_told(reader: Reader, node_id: int, as_of: AsOf) -> Iterator[tuple[str, Evidence]]:
    """Yield what a commit says it was made from, and how: RESTORE, CLONE, cherry-pick, WAP."""
    naming = Naming(reader, as_of=as_of)
    for row in reader.edges_into(node_ids=[node_id], kinds=(EdgeKind.EDGE,), as_of=as_of):
        claim = decode(EdgeClaim, row.claim)
        if claim.reads.method in _SELF_EXPLAINED:
            source = naming.addresses([row.src_id])[row.src_id]
            yield f"it was made from {source}", claim.reads


def unclaimed(reader: Reader, node_id: int, as_of: AsOf) -> str:
    """Say that no run claims a version, and what its commit says of who made it."""
    doubt = "no run claims this commit: nobody has told the ledger who made it"
    node = reader.named(node_ids=[node_id])[node_id]
    if node.kind != NodeKind.VERSION or not node.name.isdecimal():
        return doubt
    snapshot = remembered_snapshot(reader, node.parent_id, int(node.name), system=as_of.system)
    words = () if snapshot is None else commit_words(snapshot)
    return f"{doubt}; the commit itself says: {', '.join(words)}" if words else doubt
