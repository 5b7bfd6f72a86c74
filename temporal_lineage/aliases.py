"""Aliases: names with lifetimes, each meaning one dataset at a time."""

from __future__ import annotations

from typing import TYPE_CHECKING

from temporal_lineage.beliefs import settle_attributes
from temporal_lineage.claims import AliasClaim, decode, encode
from temporal_lineage.keys import AttributeKind, NodeKind, name_key
from temporal_lineage.naming import UNHARVESTED
from temporal_lineage.store.assertions import NodeKey

if TYPE_CHECKING:
    from collections.abc import Sequence

    from snapshots.dataset import Dataset
    from snapshots.period import Period
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
    for node_id in node_ids:
        line = transaction.reader.timeline(
            node_id=node_id, kind=AttributeKind.ALIAS, name="", system=transaction.recorded_at
        )
        kept = []
        for one in line:
            meant = decode(AliasClaim, one.claim).identity
            before.add(meant)
            if meant != identity and not meant.startswith(UNHARVESTED):
                kept += [(piece, one.claim) for piece in one.valid.minus(lifetime)]
        wanted = (*kept, (lifetime, encode(AliasClaim(identity))))
        settle_attributes(transaction, node_id, AttributeKind.ALIAS, {"": tuple(sorted(wanted))})
    return before - {identity}
