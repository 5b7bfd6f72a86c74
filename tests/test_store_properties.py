"""The store answers as the pure rule does, on both databases, at every point in both times."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import count

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from snapshots.instant import FOREVER, Instant
from snapshots.period import Period
from strategies import close_instants, periods
from temporal_lineage.facts import AsOf, Assertion, holds, timeline
from temporal_lineage.facts.fact import rectangles
from temporal_lineage.store.ledger import Ledger
from temporal_lineage.store.records import Believed, EdgeRow
from temporal_lineage.store.transaction import (
    AttributeAssertion,
    EdgeAssertion,
    NodeKey,
    Transaction,
)

KEYS = 2
CLAIMS = st.sampled_from(["1", "2", None])
SAID = st.tuples(st.integers(0, KEYS - 1), periods(), CLAIMS)
CALLS = st.lists(SAID, min_size=1, max_size=5)
"""What one call asserts of the keys."""

HISTORIES = st.lists(st.lists(CALLS, min_size=1, max_size=2), min_size=1, max_size=5)
"""Transactions of one or two calls each, so that a transaction also corrects itself."""

POINTS = st.one_of(close_instants(), st.just(Instant(-1)), st.just(FOREVER.plus(micros=-1)))

WHICH = st.integers(0, 10)

Said = tuple[int, Period, str | None]
Log = list[Assertion[str]]

_numbers = count()


class World:
    """A ledger, and beside it the same assertions as plain lists."""

    def __init__(self, ledger: Ledger) -> None:
        self.ledger = ledger
        self.logs: list[Log] = [[] for _ in range(KEYS)]
        self.recorded: dict[int, Instant] = {}
        self.nodes: list[int] = []
        # Other examples share the ledger: every example has nodes of its own.
        self.name = str(next(_numbers))

    def tell(self, history: list[list[list[Said]]]) -> None:
        for calls in history:
            with self.ledger.transaction(source="test", note="") as transaction:
                self.recorded[transaction.tx_id] = transaction.recorded_at
                names = [NodeKey("thing", 0, f"{self.name}.{key}") for key in range(KEYS + 1)]
                self.nodes = transaction.nodes(names)
                for call in calls:
                    self._tell(transaction, call)

    def _tell(self, transaction: Transaction, call: list[Said]) -> None:
        transaction.assert_attributes(
            AttributeAssertion(self.nodes[key], "kind", "", valid, claim)
            for key, valid, claim in call
        )
        transaction.assert_edges(
            EdgeAssertion("kind", self.nodes[key], self.nodes[KEYS], valid, claim)
            for key, valid, claim in call
        )
        for key, valid, claim in call:
            self.logs[key].append(Assertion(claim, valid, transaction.tx_id))

    def tx_at(self, system: Instant) -> int:
        return max((tx for tx, at in self.recorded.items() if at <= system), default=0)

    def system(self, which: int) -> Instant:
        """Instants just before, at, and after all transactions, picked by a number."""
        ends = [one for at in self.recorded.values() for one in (at.plus(micros=-1), at)]
        return [*ends, FOREVER][which % (len(ends) + 1)]


@pytest.fixture
def ledger(ledger_url: str) -> Iterator[Ledger]:
    ticks = count(1_000, 10)
    with Ledger.open(ledger_url, clock=lambda: Instant(next(ticks))) as ledger:
        yield ledger


def property_test(examples: int) -> settings:
    return settings(
        max_examples=examples, suppress_health_check=[HealthCheck.function_scoped_fixture]
    )


@property_test(40)
@given(history=HISTORIES, asked=st.lists(st.tuples(POINTS, WHICH), min_size=4, max_size=4))
def test_what_holds_in_the_store_is_what_holds_by_the_rule(
    ledger: Ledger, history: list[list[list[Said]]], asked: list[tuple[Instant, int]]
) -> None:
    world = World(ledger)
    world.tell(history)
    with ledger.reading() as reader:
        for valid, which in asked:
            as_of = AsOf(valid=valid, system=world.system(which))
            edges = reader.edges_into(node_ids=[world.nodes[KEYS]], kinds=["kind"], as_of=as_of)
            outward = reader.edges_out_of(node_ids=world.nodes[:KEYS], kinds=["kind"], as_of=as_of)
            assert sorted(edges, key=_src) == sorted(outward, key=_src)
            attributes = reader.attributes_of(node_ids=world.nodes, kind="kind", as_of=as_of)
            _agree(world, as_of, edges, attributes)


@property_test(30)
@given(history=HISTORIES, valid=POINTS, which=WHICH)
def test_timelines_in_the_store_are_those_of_the_rule(
    ledger: Ledger, history: list[list[list[Said]]], valid: Instant, which: int
) -> None:
    world = World(ledger)
    world.tell(history)
    system = world.system(which)
    keys = [("kind", node, world.nodes[KEYS]) for node in world.nodes[:KEYS]]
    with ledger.reading() as reader:
        of_edges = reader.edge_timelines(keys=keys, system=system)
        for node, key, log in zip(world.nodes, keys, world.logs, strict=False):
            wanted = timeline(log, tx=world.tx_at(system))
            line = reader.timeline(node_id=node, kind="kind", name="", system=system)
            assert tuple((one.valid, one.claim) for one in line) == wanted
            assert of_edges.get(key, ()) == wanted
            as_of = AsOf(valid=valid, system=system)
            now = reader.attribute(node_id=node, kind="kind", name="", as_of=as_of)
            believed = [one for one in line if one.valid.contains(valid)]
            assert believed == ([] if now is None else [now])


@property_test(30)
@given(history=HISTORIES)
def test_the_state_kept_of_a_key_is_what_its_log_leads_to(
    ledger: Ledger, history: list[list[list[Said]]]
) -> None:
    World(ledger).tell(history)
    assert ledger.check() == []


@property_test(30)
@given(history=HISTORIES, valid=POINTS, which=WHICH)
def test_the_view_of_rectangles_agrees_with_the_rule(
    ledger: Ledger, history: list[list[list[Said]]], valid: Instant, which: int
) -> None:
    world = World(ledger)
    world.tell(history)
    system = world.system(which)
    for node, log in zip(world.nodes, world.logs, strict=False):
        seen = [
            claim
            for claim, valid_from, valid_to, recorded_at, superseded_at in _facts(ledger, node)
            if valid_from <= valid.micros < valid_to
            and recorded_at <= system.micros < superseded_at
        ]
        wanted = [
            fact.claim
            for fact in rectangles(log, world.recorded.__getitem__)
            if fact.valid.contains(valid) and fact.system.contains(system)
        ]
        assert seen == wanted


def _facts(ledger: Ledger, node: int) -> list[tuple[str, int, int, int, int]]:
    with ledger._engine.connect() as connection:
        rows = connection.exec_driver_sql(
            "SELECT claim, valid_from, valid_to, recorded_at, superseded_at"
            f" FROM attribute_fact WHERE node_id = {node}"
        )
        return [tuple(row) for row in rows]


def _src(row: EdgeRow) -> int:
    return row.src_id


def _agree(world: World, as_of: AsOf, edges: list[EdgeRow], attributes: list[Believed]) -> None:
    for node, log in zip(world.nodes, world.logs, strict=False):
        one = holds(log, valid=as_of.valid, tx=world.tx_at(as_of.system))
        if one is None or one.claim is None:
            assert [row for row in edges if row.src_id == node] == []
            assert [row for row in attributes if row.node_id == node] == []
            continue
        (edge,) = [row for row in edges if row.src_id == node]
        (attribute,) = [row for row in attributes if row.node_id == node]
        assert (edge.claim, edge.recorded_at) == (one.claim, world.recorded[one.tx])
        assert (attribute.claim, attribute.tx_id) == (one.claim, one.tx)
        assert edge.valid == attribute.valid
        # The stretch lies within one piece of the timeline, and within the assertion.
        pieces = timeline(log, tx=world.tx_at(as_of.system))
        assert edge.valid.contains(as_of.valid)
        assert any(piece.intersection(edge.valid) == edge.valid for piece, _ in pieces)
        assert one.valid.intersection(edge.valid) == edge.valid
