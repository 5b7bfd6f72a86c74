"""Reach: one walk to the end finds what a slow walk over the log finds, on both databases."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from snapshots.instant import FOREVER, Instant
from snapshots.period import Period
from strategies import close_instants
from temporal_lineage.facts import AsOf
from temporal_lineage.store import read_reach
from temporal_lineage.store.ledger import Ledger
from temporal_lineage.store.transaction import EdgeAssertion, NodeKey
from told_flows import ENDS, FLOW_HISTORIES, ToldFlow, ToldFlows

ALWAYS = Period.since(Instant(0))
HUB = 100_000


@pytest.fixture
def ledger(ledger_url: str) -> Iterator[Ledger]:
    with Ledger.open(ledger_url, clock=lambda: Instant(1_000)) as opened:
        yield opened


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(
    history=FLOW_HISTORIES,
    valid=close_instants(),
    which=st.integers(0, 4),
    root=ENDS,
    few=st.sampled_from([0, 1, read_reach.FEW]),
)
def test_a_walk_reaches_what_a_slow_walk_over_the_log_reaches(
    ledger: Ledger,
    monkeypatch: pytest.MonkeyPatch,
    history: list[list[ToldFlow]],
    valid: Instant,
    which: int,
    root: int,
    few: int,
) -> None:
    monkeypatch.setattr(read_reach, "FEW", few)
    flows = ToldFlows(ledger)
    for told in history:
        flows.tell(told)
    tx = which % len(history)
    with ledger.reading() as reader:
        asked = {"kind": "flow", "as_of": AsOf(valid=valid, system=flows.recorded[tx]), "limit": 99}
        up = reader.reached_into(node_ids=[flows.nodes[root]], **asked)  # type: ignore[arg-type]
        down = reader.reached_out_of(node_ids=[flows.nodes[root]], **asked)  # type: ignore[arg-type]
    assert set(up) == flows.before(root, valid=valid, tx=tx)
    assert set(down) == flows.after(root, valid=valid, tx=tx)


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
