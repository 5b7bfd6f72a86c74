"""Commits that explain themselves, in the ledger: edges that need no run. DESIGN 4.4."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from snapshots.dataset import Dataset
from snapshots.period import Period
from temporal_lineage.capture.openlineage_names import located
from temporal_lineage.claims import decode
from temporal_lineage.evidence.commits import clones, self_explained
from temporal_lineage.evidence.grades import Method
from temporal_lineage.facts import LAST, AsOf
from temporal_lineage.keys import EdgeKind, NodeKind
from temporal_lineage.link_claims import EdgeClaim
from temporal_lineage.linking.links import version_ids
from temporal_lineage.naming import CATALOG_NAMESPACE, UNHARVESTED

if TYPE_CHECKING:
    from collections.abc import Iterable

    from temporal_lineage.evidence.grades import Evidence
    from temporal_lineage.evidence.timeline import Timeline
    from temporal_lineage.linking.links import EdgeKey, End
    from temporal_lineage.linking.resolving import Resolver
    from temporal_lineage.store.transaction import Transaction


@dataclass(frozen=True, slots=True)
class Explained:
    """An edge that the commit itself tells; `evidence` is None where it was believed wrongly."""

    period: Period
    evidence: Evidence | None


def explained_edges(
    transaction: Transaction, dataset_id: int, table: Timeline, resolver: Resolver
) -> dict[EdgeKey, Explained]:
    """Give the edges into a table that its commits tell, and those they told of another name.

    The source of a clone may be harvested after the clone: then it has another identity.
    """
    found: list[tuple[End, int, Evidence]] = [
        ((dataset_id, str(one.source_id)), one.target_id, one.evidence)
        for one in self_explained(table)
    ]
    for clone in clones(table):
        copied = table.by_id[clone.target_id]
        by_path = "/" in clone.source
        name = located(clone.source) if by_path else Dataset(CATALOG_NAMESPACE, clone.source)
        source = resolver.names((name,), at=copied.committed_at)
        version = None if clone.source_version is None else str(clone.source_version)
        found.append(((source.dataset_id, version), clone.target_id, clone.evidence))
    ends = [end for source, target, _ in found for end in (source, (dataset_id, str(target)))]
    node_ids = iter(version_ids(transaction, ends))
    edges: dict[EdgeKey, Explained] = {}
    for _, target, evidence in found:
        key = (EdgeKind.EDGE, next(node_ids), next(node_ids))
        edges[key] = Explained(Period.since(table.by_id[target].committed_at), evidence)
    targets = sorted({target_id for _, _, target_id in edges})
    point = AsOf(valid=LAST, system=transaction.recorded_at)
    for row in transaction.reader.edges_into(node_ids=targets, kinds=(EdgeKind.EDGE,), as_of=point):
        if decode(EdgeClaim, row.claim).reads.method.tells_itself:
            edges.setdefault((row.kind, row.src_id, row.dst_id), Explained(row.valid, None))
    return edges


def cloned_from(transaction: Transaction, dataset_ids: Iterable[int]) -> set[int]:
    """Give the tables with a clone of one of these that no harvest knew under this identity."""
    reader = transaction.reader
    nodes = reader.named(node_ids=dataset_ids).values()
    unharvested = [one.node_id for one in nodes if one.name.startswith(UNHARVESTED)]
    node_ids = list(unharvested)
    for dataset_id in unharvested:
        node_ids += [
            one.node_id for one in reader.children(parent_id=dataset_id, kind=NodeKind.VERSION)
        ]
    point = AsOf(valid=LAST, system=transaction.recorded_at)
    made = {
        row.dst_id
        for row in reader.edges_out_of(node_ids=node_ids, kinds=(EdgeKind.EDGE,), as_of=point)
        if decode(EdgeClaim, row.claim).reads.method is Method.CLONE
    }
    return {node.parent_id for node in reader.named(node_ids=sorted(made)).values()}
