"""Beliefs: bring what the ledger believes to what is now known, asserting only the difference."""

from __future__ import annotations

from typing import TYPE_CHECKING

from temporal_lineage.facts import revision
from temporal_lineage.store.assertions import AttributeAssertion, EdgeAssertion

if TYPE_CHECKING:
    from collections.abc import Mapping

    from snapshots.period import Period
    from temporal_lineage.store.transaction import Transaction

Line = tuple[tuple["Period", str], ...]
"""What holds over valid time: periods in order with the claims' JSON texts."""


def settle_attributes(
    transaction: Transaction, node_id: int, kind: str, wanted: Mapping[str, Line]
) -> int:
    """Make the named attributes of a node believed as wanted; others stay. Returns assertions made.

    An empty line takes the belief back: the claim never held.
    """
    known = transaction.reader.timelines(node_id=node_id, kind=kind, system=transaction.recorded_at)
    assertions = [
        AttributeAssertion(node_id, kind, name, period, claim)
        for name, line in wanted.items()
        for period, claim in revision(
            tuple((one.valid, one.claim) for one in known.get(name, ())), line
        )
    ]
    return transaction.assert_attributes(assertions)


def settle_edges(transaction: Transaction, wanted: Mapping[tuple[str, int, int], Line]) -> int:
    """Make the edges, keyed by kind, source and destination, believed as wanted.

    New edges are numbered in the order of their keys, not in that of somebody's set.
    """
    known = transaction.reader.edge_timelines(keys=list(wanted), system=transaction.recorded_at)
    assertions = [
        EdgeAssertion(kind, src_id, dst_id, period, claim)
        for (kind, src_id, dst_id), line in sorted(wanted.items(), key=lambda item: item[0])
        for period, claim in revision(known.get((kind, src_id, dst_id), ()), line)
    ]
    return transaction.assert_edges(assertions)


def since(period: Period, claim: str) -> Line:
    """Give the line of one claim over one period."""
    return ((period, claim),)
