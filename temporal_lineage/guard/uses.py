"""Uses: the models and runs that rest on states of a table."""

from __future__ import annotations

from typing import TYPE_CHECKING

from snapshots.dataset import Dataset
from temporal_lineage.claims import RunClaim, decode
from temporal_lineage.facts import LAST, AsOf
from temporal_lineage.guard.answer import BrokenUse
from temporal_lineage.keys import AttributeKind, EdgeKind, NodeKind, name_key
from temporal_lineage.link_claims import EdgeClaim, LinkClaim
from temporal_lineage.naming import MODEL_NAMESPACE, UNHARVESTED, Naming

if TYPE_CHECKING:
    from collections.abc import Collection

    from temporal_lineage.store.reader import Reader

_MODELS = f"{UNHARVESTED}{name_key(Dataset(MODEL_NAMESPACE, ''))}"
"""How the identity of every model begins."""


class Uses:
    """Who used the states of one table, as is believed now."""

    def __init__(self, reader: Reader, dataset_id: int, name: str) -> None:
        """Ask about this table, which people call by that name."""
        self._reader = reader
        self._dataset_id = dataset_id
        self._name = name
        self._point = AsOf(valid=LAST, system=LAST)

    def models(self, versions: Collection[str]) -> tuple[BrokenUse, ...]:
        """Give the model versions that were made from states of these versions."""
        nodes = {
            one.node_id: one.name
            for one in self._reader.nodes_named(
                kind=NodeKind.VERSION, parent_id=self._dataset_id, names=list(versions)
            )
        }
        edges = self._reader.edges_out_of(
            node_ids=list(nodes), kinds=(EdgeKind.EDGE,), as_of=self._point
        )
        made = self._reader.named(node_ids=[one.dst_id for one in edges])
        parents = self._reader.named(node_ids=[one.parent_id for one in made.values()])
        models = [
            one for one in edges if parents[made[one.dst_id].parent_id].name.startswith(_MODELS)
        ]
        addresses = Naming(self._reader, as_of=self._point).addresses(
            [one.dst_id for one in models]
        )
        found = {
            BrokenUse(
                addresses[one.dst_id],
                decode(EdgeClaim, one.claim).job,
                f"{self._name}@{nodes[one.src_id]}",
            )
            for one in models
            if decode(EdgeClaim, one.claim).reads.grade.claims
        }
        return _sorted(found)

    def runs(self, versions: Collection[str]) -> tuple[BrokenUse, ...]:
        """Give the runs that read states of these versions."""
        rows = self._reader.edges_into(
            node_ids=[self._dataset_id], kinds=(EdgeKind.READS,), as_of=self._point
        )
        run_ids = sorted({one.src_id for one in rows})
        identity = self._reader.named(node_ids=[self._dataset_id])[self._dataset_id].name
        links = self._reader.attributes_of(
            node_ids=run_ids, kind=AttributeKind.READS, as_of=self._point
        )
        read: dict[int, list[str]] = {}
        for one in links:
            link = decode(LinkClaim, one.claim)
            if link.identity == identity and link.evidence.grade.claims:
                read.setdefault(one.node_id, []).extend(
                    version for version in link.versions if version in versions
                )
        names = self._reader.named(node_ids=list(read))
        jobs = {
            one.node_id: decode(RunClaim, one.claim).job
            for one in self._reader.attributes_of(
                node_ids=list(read), kind=AttributeKind.RUN, as_of=self._point
            )
        }
        found = {
            BrokenUse(f"run:{names[run_id].name}", jobs.get(run_id, ""), f"{self._name}@{version}")
            for run_id, told in read.items()
            for version in told
        }
        return _sorted(found)


def _sorted(found: set[BrokenUse]) -> tuple[BrokenUse, ...]:
    return tuple(sorted(found, key=lambda one: (one.state, one.address)))
