"""Erased states: what the ledger keeps of a case that was verified, so that verdicts can say why
a state is gone.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from snapshots.instant import FOREVER
from snapshots.period import Period
from temporal_lineage.beliefs import settle_attributes, since
from temporal_lineage.claims import decode, encode
from temporal_lineage.keys import AttributeKind, NodeKind
from temporal_lineage.store.assertions import NodeKey

if TYPE_CHECKING:
    from temporal_lineage.erasure.case import Case
    from temporal_lineage.facts import AsOf
    from temporal_lineage.store.ledger import Ledger
    from temporal_lineage.store.reader import Reader


@dataclass(frozen=True, slots=True)
class ErasedClaim:
    """A state held rows that a case took away; `case` is the name of the case."""

    case: str


def note_erased(ledger: Ledger, case: Case) -> int:
    """Note the states that held the rows of a case; gives how many."""
    with ledger.transaction(source="erasure", note=f"case {case.case} is closed") as transaction:
        body = encode(ErasedClaim(case.case))
        count = 0
        for table in case.tables:
            dataset_id = transaction.reader.node(
                kind=NodeKind.DATASET, parent_id=0, name=table.identity
            )
            if dataset_id is None or not table.states:
                continue
            keys = [NodeKey(NodeKind.VERSION, dataset_id, one) for one in table.states]
            lasts = Period(transaction.recorded_at, FOREVER)
            for node_id in transaction.nodes(keys):
                line = since(lasts, body)
                settle_attributes(transaction, node_id, AttributeKind.ERASED, {case.case: line})
            count += len(keys)
    return count


def erased_states(reader: Reader, dataset_id: int, *, as_of: AsOf) -> dict[int, str]:
    """Give the cases that took states of a table away, by version."""
    nodes = reader.children(parent_id=dataset_id, kind=NodeKind.VERSION)
    rows = reader.attributes_of(
        node_ids=[one.node_id for one in nodes], kind=AttributeKind.ERASED, as_of=as_of
    )
    cases = {one.node_id: decode(ErasedClaim, one.claim).case for one in rows}
    return {int(one.name): cases[one.node_id] for one in nodes if one.node_id in cases}
