"""Reach: one walk to the end finds what a slow walk over the log finds, on both databases."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import count

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from snapshots.instant import FOREVER, Instant
from snapshots.period import Period
from strategies import close_instants, periods
from temporal_lineage.facts import AsOf, Assertion, holds
from temporal_lineage.store.ledger import Ledger
from temporal_lineage.store.transaction import EdgeAssertion, NodeKey

NODES = 6
ENDS = st.integers(0, NODES - 1)
SAID = st.tuples(ENDS, ENDS, periods(), st.sampled_from(["1", "2", None]))
"""An edge from one node to another, itself included, holds over a period, or does not."""

HISTORIES = st.lists(st.lists(SAID, min_size=1, max_size=8), min_size=1, max_size=4)
ALWAYS = Period.since(Instant(0))
HUB = 100_000

_numbers = count()

Said = tuple[int, int, Period, str | None]


@pytest.fixture
def ledger(ledger_url: str) -> Iterator[Ledger]:
    with Ledger.open(ledger_url, clock=lambda: Instant(1_000)) as opened:
        yield opened


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(history=HISTORIES, valid=close_instants(), which=st.integers(0, 4), root=ENDS)
def test_a_walk_in_one_statement_reaches_what_a_slow_walk_over_the_log_reaches(
    ledger: Ledger, history: list[list[Said]], valid: Instant, which: int, root: int
) -> None:
    nodes, logs, recorded = _tell(ledger, history)
    system = recorded[which % len(recorded)]
    edges = {
        ends
        for ends, log in logs.items()
        if (one := holds(log, valid=valid, tx=which % len(recorded))) and one.claim is not None
    }
    with ledger.reading() as reader:
        asked = {"kind": "flow", "as_of": AsOf(valid=valid, system=system), "limit": 99}
        up = reader.reached_into(node_ids=[nodes[root]], **asked)  # type: ignore[arg-type]
        down = reader.reached_out_of(node_ids=[nodes[root]], **asked)  # type: ignore[arg-type]
    assert set(up) == {nodes[one] for one in _before(root, edges)}
    turned = {(target, source) for source, target in edges}
    assert set(down) == {nodes[one] for one in _before(root, turned)}


def test_a_hub_with_a_hundred_thousand_neighbours_is_walked_both_ways(ledger: Ledger) -> None:
    with ledger.transaction(source="test", note="") as transaction:
        keys = [NodeKey("dataset", 0, str(number)) for number in range(HUB + 2)]
        above, hub, *below = transaction.nodes(keys)
        transaction.assert_edges(
            [
                EdgeAssertion("flow", above, hub, ALWAYS, "{}"),
                EdgeAssertion("flow", hub, hub, ALWAYS, "{}"),
                *(EdgeAssertion("flow", hub, one, ALWAYS, "{}") for one in below),
                # A circle through the hub.
                EdgeAssertion("flow", below[0], above, ALWAYS, "{}"),
            ]
        )
    point = AsOf(valid=Instant(5), system=FOREVER)
    with ledger.reading() as reader:
        down = reader.reached_out_of(node_ids=[above], kind="flow", as_of=point, limit=2 * HUB)
        up = reader.reached_into(node_ids=[below[-1]], kind="flow", as_of=point, limit=2 * HUB)
        some = reader.reached_out_of(node_ids=[hub], kind="flow", as_of=point, limit=10)
    assert set(down) == {above, hub, *below}
    assert set(up) == {above, hub, below[0]}
    assert len(some) == 10


def _tell(
    ledger: Ledger, history: list[list[Said]]
) -> tuple[list[int], dict[tuple[int, int], list[Assertion[str]]], list[Instant]]:
    """Tell a history; gives the nodes, the log of each edge, and when each part was recorded."""
    name = str(next(_numbers))
    logs: dict[tuple[int, int], list[Assertion[str]]] = {}
    recorded: list[Instant] = []
    nodes: list[int] = []
    for number, told in enumerate(history):
        with ledger.transaction(source="test", note="") as transaction:
            # Other examples share the ledger: every example has nodes of its own.
            nodes = transaction.nodes([NodeKey("d", 0, f"{name}.{one}") for one in range(NODES)])
            transaction.assert_edges(
                EdgeAssertion("flow", nodes[source], nodes[target], valid, claim)
                for source, target, valid, claim in told
            )
            recorded.append(transaction.recorded_at)
        for source, target, valid, claim in told:
            logs.setdefault((source, target), []).append(Assertion(claim, valid, number))
    return nodes, logs, recorded


def _before(root: int, edges: set[tuple[int, int]]) -> set[int]:
    """Give all from which edges lead to the root: the root too, where it is in a circle."""
    found: set[int] = set()
    while True:
        more = {source for source, target in edges if target in found | {root}} - found
        if not more:
            return found
        found |= more
