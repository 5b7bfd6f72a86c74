"""Aliases: names with lifetimes, each meaning one dataset at a time."""

from __future__ import annotations

from typing import TYPE_CHECKING

from snapshots.period import Period
from temporal_lineage.beliefs import settle_attributes
from temporal_lineage.claims import AliasClaim, decode, encode
from temporal_lineage.keys import AttributeKind, NodeKind, name_key
from temporal_lineage.naming import CATALOG_NAMESPACE, UNHARVESTED
from temporal_lineage.store.assertions import NodeKey

if TYPE_CHECKING:
    from collections.abc import Sequence

    from snapshots.dataset import Dataset
    from snapshots.instant import Instant
    from temporal_lineage.store.reader import Reader
    from temporal_lineage.store.transaction import Transaction


def rename(
    transaction: Transaction, names: Sequence[Dataset], identity: str, lifetime: Period
) -> set[str]:
    """Make names mean a dataset from the start of its lifetime. Returns what they meant before.

    What a name meant earlier stays, unless that was only a dataset known from events: then the
    events meant this table all along.
    """
    before: set[str] = set()
    node_ids = transaction.nodes([NodeKey(NodeKind.NAME, 0, name_key(name)) for name in names])
    for name, node_id in zip(names, node_ids, strict=True):
        line = transaction.reader.timeline(
            node_id=node_id, kind=AttributeKind.ALIAS, name="", system=transaction.recorded_at
        )
        kept = []
        means = lifetime
        for one in line:
            meant = decode(AliasClaim, one.claim).identity
            before.add(meant)
            if meant.startswith(UNHARVESTED):
                continue
            kept.append(one)
            if meant != identity:
                # A table may be older than its name: until then the name was seen to mean another.
                seen = _last_seen(transaction.reader, meant, name)
                means = means if seen is None else Period.since(max(means.start, seen))
        wanted = [(piece, one.claim) for one in kept for piece in one.valid.minus(means)]
        wanted.append((means, encode(AliasClaim(identity))))
        settle_attributes(transaction, node_id, AttributeKind.ALIAS, {"": tuple(sorted(wanted))})
    return before - {identity}


def _last_seen(reader: Reader, identity: str, name: Dataset) -> Instant | None:
    """Give the last time a harvest found this table under the name; None for never."""
    dataset_id = reader.node(kind=NodeKind.DATASET, parent_id=0, name=identity)
    harvests = reader.harvests(dataset_id=dataset_id) if dataset_id is not None else []
    in_catalog = name.namespace == CATALOG_NAMESPACE
    found = [one.recorded_at for one in harvests if not in_catalog or one.name == name.name]
    return max(found, default=None)
