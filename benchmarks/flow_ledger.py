"""Flow ledgers: a flow history told to a ledger, as linking would tell it."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from itertools import count, pairwise
from typing import TYPE_CHECKING

from benchmarks.flow_histories import CLAIMS, name
from benchmarks.flow_log import FIRST_TX, Log
from snapshots.instant import Instant
from snapshots.period import Period
from temporal_lineage.claims import AliasClaim, FlowClaim, encode
from temporal_lineage.keys import AttributeKind, EdgeKind, NodeKind, name_key
from temporal_lineage.naming import unharvested_identity
from temporal_lineage.store.assertions import AttributeAssertion, EdgeAssertion, NodeKey
from temporal_lineage.store.digest import digest
from temporal_lineage.store.ledger import Ledger

if TYPE_CHECKING:
    from collections.abc import Iterator
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


def load_flows(path: Path, history: FlowHistory) -> dict[int, int]:
    """Write the same rows all at once: quicker, and the log's pages are as full as VACUUM's."""
    import numpy as np

    with (
        Ledger.open(str(path), clock=lambda: history.recorded(-1)) as ledger,
        ledger.transaction(source="benchmark", note="datasets") as transaction,
    ):
        nodes = _datasets(transaction, history.datasets)
    recorded = [history.recorded(one).micros for one in range(int(history.told.batch[-1]) + 1)]
    with closing(sqlite3.connect(path)) as connection:
        # Nobody reads the file meanwhile, and a broken one is made anew.
        connection.executescript("PRAGMA journal_mode = OFF; PRAGMA cache_size = -500000")
        ((claims,),) = connection.execute("SELECT max(claim_id) FROM claim")
        # Edges and claims are numbered as they are first told of.
        edge_id = _by_first(history.told.edge)
        claim_id = _by_first(history.told.claim[history.told.claim > 0])
        claim_id[claim_id > 0] += claims
        log = Log.of(history)
        states = log.states(len(edge_id))
        ends = (np.array(nodes)[one] for one in history.edges)
        newest_first = np.lexsort((log.start, log.rank, edge_id[log.edge]))
        assertions = (edge_id[log.edge], log.rank, log.start, log.end, claim_id[log.claim])
        kept = (states.last_tx, states.since, states.open_tx, claim_id[states.claim_id])
        bodies = (
            (one, encode(flow_claim(place - 1))) for place, one in enumerate(claim_id.tolist())
        )
        for statement, rows in (
            ("tx VALUES (?, ?, 'benchmark', 'flows')", enumerate(recorded, FIRST_TX)),
            (
                "claim VALUES (?, ?, ?)",
                ((one, digest(body.encode()), body) for one, body in bodies if one),
            ),
            ("edge VALUES (?, 'flow', ?, ?, ?, ?, ?, ?)", _rows(*ends, edge_id, *kept)),
            (
                "edge_assertion VALUES (?, ?, ?, ?, ?)",
                _rows(*(one[newest_first] for one in assertions)),
            ),
        ):
            connection.executemany(f"INSERT INTO {statement}", rows)
        connection.commit()
        connection.execute("PRAGMA journal_mode = WAL")
    return dict(enumerate(nodes))


def _by_first(told: Numbers) -> Numbers:
    """Give each number that was told the place in which it first was, from 1; 0 for the others."""
    import numpy as np

    numbers, first = np.unique(told, return_index=True)
    places = np.zeros(numbers[-1] + 1, np.int64)
    places[numbers[np.argsort(first)]] = np.arange(1, len(numbers) + 1)
    return places


def _rows(*columns: Numbers) -> Iterator[tuple[int, ...]]:
    for first in range(0, len(columns[0]), _STEP):
        yield from zip(*(one[first : first + _STEP].tolist() for one in columns), strict=True)


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
