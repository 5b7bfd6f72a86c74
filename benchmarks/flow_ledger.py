"""Flow ledgers: a flow history told to a ledger, as linking would tell it."""

from __future__ import annotations

from itertools import count, pairwise
from typing import TYPE_CHECKING

from benchmarks.flow_histories import CLAIMS, name
from snapshots.instant import Instant
from snapshots.period import Period
from temporal_lineage.claims import AliasClaim, FlowClaim, encode
from temporal_lineage.keys import AttributeKind, EdgeKind, NodeKind, name_key
from temporal_lineage.naming import unharvested_identity
from temporal_lineage.store.assertions import AttributeAssertion, EdgeAssertion, NodeKey
from temporal_lineage.store.ledger import Ledger

if TYPE_CHECKING:
    from pathlib import Path

    from benchmarks.flow_histories import FlowHistory, Numbers
    from temporal_lineage.store.transaction import Transaction

_STEP = 5_000


def tell_flows(path: Path, history: FlowHistory) -> dict[int, int]:
    """Write a new ledger, batch by batch; gives the node of each dataset."""
    batches = count()
    told = history.told
    bounds = [0, *(told.batch[1:] != told.batch[:-1]).nonzero()[0] + 1, len(told.batch)]
    sources, targets = (ends.tolist() for ends in history.edges)
    claims = [None, *(encode(flow_claim(number)) for number in range(CLAIMS))]
    with Ledger.open(str(path), clock=lambda: history.recorded(next(batches) - 1)) as ledger:
        with ledger.transaction(source="benchmark", note="datasets") as transaction:
            nodes = _datasets(transaction, history.datasets)
        for first, stop in pairwise(bounds):
            rows = zip(*(column[first:stop].tolist() for column in told[1:]), strict=True)
            with ledger.transaction(source="benchmark", note="flows") as transaction:
                transaction.assert_edges(
                    EdgeAssertion(
                        EdgeKind.FLOW,
                        nodes[sources[edge]],
                        nodes[targets[edge]],
                        Period(Instant(start), Instant(end)),
                        claims[claim],
                    )
                    for edge, start, end, claim in rows
                )
    return dict(enumerate(nodes))


def tell_edges(path: Path, edges: tuple[Numbers, Numbers]) -> dict[int, int]:
    """Write a new ledger that is told each edge once; gives the node of each dataset."""
    sources, targets = (ends.tolist() for ends in edges)
    begun = Period.since(Instant(0))
    claim = encode(flow_claim(0))
    with (
        Ledger.open(str(path), clock=lambda: Instant(1)) as ledger,
        ledger.transaction(source="benchmark", note="flows") as transaction,
    ):
        nodes = _datasets(transaction, max(*sources, *targets) + 1)
        transaction.assert_edges(
            EdgeAssertion(EdgeKind.FLOW, nodes[source], nodes[target], begun, claim)
            for source, target in zip(sources, targets, strict=True)
        )
    return dict(enumerate(nodes))


def _datasets(transaction: Transaction, number: int) -> list[int]:
    """Name datasets that events alone know, each by one name."""
    nodes: list[int] = []
    begun = Period.since(Instant(0))
    for first in range(0, number, _STEP):
        names = [name(one) for one in range(first, min(first + _STEP, number))]
        identities = [unharvested_identity(one) for one in names]
        nodes += transaction.nodes([NodeKey(NodeKind.DATASET, 0, one) for one in identities])
        aliases = transaction.nodes([NodeKey(NodeKind.NAME, 0, name_key(one)) for one in names])
        transaction.assert_attributes(
            AttributeAssertion(alias, AttributeKind.ALIAS, "", begun, encode(AliasClaim(identity)))
            for alias, identity in zip(aliases, identities, strict=True)
        )
    return nodes


def flow_claim(number: int) -> FlowClaim:
    """Say which job moves the rows: one of so many."""
    return FlowClaim((f"warehouse/build_{number:04d}",), (), ())
