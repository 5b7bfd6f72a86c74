"""Beliefs: bring what the ledger believes to what is now known, asserting only the difference."""

from __future__ import annotations

from operator import itemgetter
from typing import TYPE_CHECKING

from temporal_lineage.collecting import nothing_collected
from temporal_lineage.facts.revise import revision
from temporal_lineage.store.assertions import AttributeAssertion, EdgeAssertion
from temporal_lineage.store.read_edges import believed_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from snapshots.period import Period
    from temporal_lineage.store.read_edges import EdgeTold
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
    with nothing_collected():
        known = transaction.reader.edge_lines(keys=wanted, system=transaction.recorded_at)
        new = {key: line for key, line in wanted.items() if not _is_told(known.get(key), line)}
        assertions = [
            EdgeAssertion(*key, period, claim)
            for key, line in sorted(new.items(), key=itemgetter(0))
            for period, claim in revision(believed_of(known.get(key, ())), line)
        ]
        return transaction.assert_edges(assertions)


def _is_told(told: Sequence[EdgeTold] | None, line: Line) -> bool:
    """Tell whether a line of one piece is all that was ever told.

    So it is of nearly everything that is settled again, and then no belief need be worked out.
    """
    if told is None or len(told) != 1 or len(line) != 1:
        return False
    ((valid, claim),) = line
    return told[0][1:] == (valid.start.micros, valid.end.micros, claim)


def since(period: Period, claim: str) -> Line:
    """Give the line of one claim over one period."""
    return ((period, claim),)
