"""Transactions: all or nothing, one instant each, always later than the one before."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Callable, Iterator
from enum import StrEnum
from itertools import count, pairwise
from pathlib import Path

import pytest

from snapshots.errors import UnknownNameError
from snapshots.instant import BEGINNING, FOREVER, Instant
from snapshots.period import Period
from temporal_lineage.facts import AsOf
from temporal_lineage.store.ledger import Ledger
from temporal_lineage.store.rank import TURNS, rank
from temporal_lineage.store.reader import open_reader
from temporal_lineage.store.transaction import (
    AttributeAssertion,
    EdgeAssertion,
    NodeKey,
    Transaction,
)

ALWAYS = Period(BEGINNING, FOREVER)
SINCE_5 = Period.since(Instant(5))


class Kind(StrEnum):
    """Kinds as the engine writes them."""

    THING = "thing"


def ticking(start: int = 1_000) -> Callable[[], Instant]:
    ticks = count(start, 10)
    return lambda: Instant(next(ticks))


@pytest.fixture
def ledger(ledger_url: str) -> Iterator[Ledger]:
    with Ledger.open(ledger_url, clock=ticking()) as ledger:
        yield ledger


def say(transaction: Transaction, claim: str | None, valid: Period = SINCE_5) -> int:
    (node,) = transaction.nodes([NodeKey("thing", 0, "a")])
    transaction.assert_attributes([AttributeAssertion(node, "kind", "name", valid, claim)])
    return node


def test_a_transaction_records_what_was_learned_together_at_one_instant(ledger: Ledger) -> None:
    with ledger.transaction(source="harvest", note="lake.sales.orders") as transaction:
        node = say(transaction, "1")
    with ledger.reading() as reader:
        (row,) = reader.transactions(limit=10)
        assert (row.tx_id, row.source, row.note) == (1, "harvest", "lake.sales.orders")
        assert row.recorded_at == Instant(1_000)
        (asserted,) = reader.attribute_history(node_id=node, kind="kind", name="name")
        assert (asserted.tx_id, asserted.recorded_at) == (row.tx_id, row.recorded_at)
        assert reader.system_bounds() == (Instant(1_000), Instant(1_000))


def test_a_transaction_in_which_nothing_was_said_leaves_no_trace(ledger: Ledger) -> None:
    with ledger.transaction(source="harvest", note=""):
        pass
    with ledger.reading() as reader:
        assert reader.transactions(limit=10) == []
        assert reader.system_bounds() is None
        assert reader.tx_at(system=FOREVER) == 0


def test_system_time_rises_even_when_the_clock_steps_back(ledger_url: str) -> None:
    clock = iter([Instant(500), Instant(100), Instant(501), Instant(900)])
    with Ledger.open(ledger_url, clock=lambda: next(clock)) as ledger:
        for claim in ("1", "2", "3", "4"):
            with ledger.transaction(source="test", note="") as transaction:
                say(transaction, claim)
        with ledger.reading() as reader:
            recorded = [row.recorded_at.micros for row in reader.transactions(limit=10)]
    assert recorded == [900, 502, 501, 500]


def test_an_exception_undoes_the_whole_transaction(ledger: Ledger) -> None:
    with ledger.transaction(source="test", note="") as transaction:
        node = say(transaction, "1")

    def fail() -> None:
        with ledger.transaction(source="test", note="") as transaction:
            say(transaction, "2")
            transaction.nodes([NodeKey("thing", 0, "b")])
            message = "halfway"
            raise RuntimeError(message)

    with pytest.raises(RuntimeError, match="halfway"):
        fail()
    with ledger.reading() as reader:
        assert len(reader.transactions(limit=10)) == 1
        assert reader.node(kind="thing", parent_id=0, name="b") is None
        assert len(reader.attribute_history(node_id=node, kind="kind", name="name")) == 1
    assert ledger.check() == []


def test_a_reader_keeps_its_moment_while_others_write(ledger: Ledger) -> None:
    with ledger.transaction(source="test", note="") as transaction:
        node = say(transaction, "1")
    with ledger.reading() as reader:
        assert len(reader.transactions(limit=10)) == 1
        with ledger.transaction(source="test", note="") as transaction:
            say(transaction, "2")
        assert len(reader.transactions(limit=10)) == 1
        line = reader.timeline(node_id=node, kind="kind", name="name", system=FOREVER)
        assert [one.claim for one in line] == ["1"]


def test_a_transaction_sees_what_it_wrote(ledger: Ledger) -> None:
    with ledger.transaction(source="test", note="") as transaction:
        node = say(transaction, "1")
        now = AsOf(valid=Instant(7), system=transaction.recorded_at)
        reader = transaction.reader
        assert reader.attribute(node_id=node, kind="kind", name="name", as_of=now) is not None
        say(transaction, None)
        assert reader.attribute(node_id=node, kind="kind", name="name", as_of=now) is None


def test_nodes_are_named_once_and_given_in_the_order_asked(ledger: Ledger) -> None:
    keys = [NodeKey("thing", 0, name) for name in ("b", "a", "b", 'odd "name"\x1f\N{SNOWMAN}')]
    with ledger.transaction(source="test", note="") as transaction:
        first = transaction.nodes(keys)
        assert transaction.nodes(keys) == first
        (child,) = transaction.nodes([NodeKey("part", first[0], "b")])
    assert first[0] == first[2]
    assert len({*first, child}) == 4
    with ledger.reading() as reader:
        assert reader.named(node_ids=[child, 10_000])[child].parent_id == first[0]
        assert [node.name for node in reader.children(parent_id=first[0], kind="part")] == ["b"]
        assert [node.node_id for node in reader.nodes(kind="thing")] == sorted({*first})


def test_many_assertions_at_once_are_as_good_as_few(ledger: Ledger) -> None:
    """Hundreds of rows go another way into PostgreSQL than a few."""
    nodes: list[int] = []
    for claim in ("1", "2"):
        with ledger.transaction(source="test", note="") as transaction:
            nodes = transaction.nodes([NodeKey("thing", 0, f"{n}") for n in range(300)])
            made = transaction.assert_edges(
                EdgeAssertion(Kind.THING, src, dst, SINCE_5, claim) for src, dst in pairwise(nodes)
            )
            assert made == 299
            transaction.assert_attributes(
                AttributeAssertion(node, Kind.THING, "", SINCE_5, claim) for node in nodes
            )
    assert ledger.check() == []
    as_of = AsOf(valid=Instant(6), system=FOREVER)
    with ledger.reading() as reader:
        rows = reader.edges_into(node_ids=nodes, kinds=["thing"], as_of=as_of)
        assert [row.claim for row in rows] == ["2"] * 299
        steps = reader.steps_out_of(node_ids=nodes, kinds=["thing"], as_of=as_of)
        assert sorted(steps) == sorted(
            (row.edge_id, row.src_id, row.dst_id, row.claim) for row in rows
        )
        assert len(reader.by_attribute(kind="thing", name="", as_of=as_of)) == 300


def test_kinds_may_be_members_of_an_enumeration(ledger: Ledger) -> None:
    with ledger.transaction(source="test", note="") as transaction:
        a, b = transaction.nodes([NodeKey(Kind.THING, 0, "a"), NodeKey(Kind.THING, 0, "b")])
        transaction.assert_attributes([AttributeAssertion(a, Kind.THING, "", ALWAYS, "1")])
        transaction.assert_edges([EdgeAssertion(Kind.THING, a, b, ALWAYS, "1")])
    as_of = AsOf(valid=Instant(0), system=FOREVER)
    with ledger.reading() as reader:
        assert reader.node(kind=Kind.THING, parent_id=0, name="a") == a
        (edge,) = reader.edges_into(node_ids=[b], kinds=[Kind.THING], as_of=as_of)
        assert edge.kind == "thing"
        assert reader.attributes(node_id=a, kind=Kind.THING, as_of=as_of)[0].claim == "1"


def test_an_edge_is_found_by_its_number_with_all_that_was_said_of_it(ledger: Ledger) -> None:
    with ledger.transaction(source="test", note="") as transaction:
        a, b = transaction.nodes([NodeKey("thing", 0, "a"), NodeKey("thing", 0, "b")])
        transaction.assert_edges([EdgeAssertion("edge", a, b, SINCE_5, "1")])
    with ledger.transaction(source="test", note="") as transaction:
        valid = Period(Instant(8), Instant(9))
        transaction.assert_edges([EdgeAssertion("edge", a, b, valid, None)])
    now = AsOf(valid=Instant(20), system=FOREVER)
    with ledger.reading() as reader:
        (found,) = reader.edges_out_of(node_ids=[a], kinds=["edge"], as_of=now)
        assert reader.edge_ends(edge_id=found.edge_id) == (a, b)
        edge = reader.edge(edge_id=found.edge_id, as_of=now)
        assert edge is not None
        assert (edge.src_id, edge.dst_id, edge.valid.start) == (a, b, Instant(9))
        assert edge.recorded_at == Instant(1_000)
        history = reader.edge_history(edge_id=found.edge_id)
        assert [one.claim for one in history] == ["1", None]
        gap = AsOf(valid=Instant(8), system=FOREVER)
        assert reader.edge(edge_id=found.edge_id, as_of=gap) is None
        assert reader.edge(edge_id=99, as_of=now) is None
        with pytest.raises(UnknownNameError):
            reader.edge_ends(edge_id=99)


def test_a_node_is_found_by_an_attribute_it_has(ledger: Ledger) -> None:
    with ledger.transaction(source="test", note="") as transaction:
        a, b = transaction.nodes([NodeKey("thing", 0, "a"), NodeKey("thing", 0, "b")])
        transaction.assert_attributes(
            AttributeAssertion(node, "alias", "", SINCE_5, claim)
            for node, claim in ((a, "1"), (b, "2"))
        )
        transaction.assert_attributes([AttributeAssertion(a, "alias", "", SINCE_5, None)])
    with ledger.reading() as reader:
        now = AsOf(valid=Instant(6), system=FOREVER)
        found = reader.by_attribute(kind="alias", name="", as_of=now)
        assert [(one.node_id, one.claim) for one in found] == [(b, "2")]
        assert [
            one.node_id for one in reader.attributes_of(node_ids=[a, b], kind="alias", as_of=now)
        ] == [b]


def test_a_belief_rests_on_the_newest_assertion_of_its_stretch(ledger: Ledger) -> None:
    """A claim that was extended is one belief, known as a whole since it was extended."""
    with ledger.transaction(source="test", note="") as transaction:
        node = say(transaction, "1", Period(Instant(0), Instant(5)))
    with ledger.transaction(source="test", note="") as transaction:
        say(transaction, "1", Period(Instant(5), Instant(9)))
    with ledger.reading() as reader:
        (one,) = reader.timeline(node_id=node, kind="kind", name="name", system=FOREVER)
        assert one.valid == Period(Instant(0), Instant(9))
        assert (one.tx_id, one.recorded_at) == (2, Instant(1_010))
        (before,) = reader.timeline(node_id=node, kind="kind", name="name", system=Instant(1_005))
        assert before.valid == Period(Instant(0), Instant(5))


def test_many_writers_take_turns_and_none_is_lost(ledger_url: str) -> None:
    with Ledger.open(ledger_url, clock=ticking()) as ledger:
        failures: list[BaseException] = []

        def write(number: int) -> None:
            try:
                for turn in range(5):
                    with ledger.transaction(source="test", note=f"{number}.{turn}") as one:
                        say(one, f"{number}")
            except BaseException as error:  # noqa: BLE001 - a thread's failure must reach the test
                failures.append(error)

        threads = [threading.Thread(target=write, args=(number,)) for number in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert failures == []
        with ledger.reading() as reader:
            rows = reader.transactions(limit=100)
        assert [row.tx_id for row in rows] == list(range(20, 0, -1))
        recorded = [row.recorded_at for row in rows]
        assert recorded == sorted(set(recorded), reverse=True)
        assert ledger.check() == []


def test_many_openers_make_one_ledger(ledger_url: str) -> None:
    uuids: list[str] = []

    def open_it() -> None:
        with Ledger.open(ledger_url, clock=ticking()) as ledger, ledger.reading() as reader:
            uuids.append(reader.uuid())

    threads = [threading.Thread(target=open_it) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(uuids) == 6
    assert len(set(uuids)) == 1


def test_a_wrong_state_is_found_and_made_anew_from_the_log(ledger: Ledger) -> None:
    with ledger.transaction(source="test", note="") as transaction:
        say(transaction, "1")
    with ledger._engine.begin() as connection:
        connection.exec_driver_sql("UPDATE attribute SET since = 3, claim_id = 0")
    (stale,) = ledger.check()
    assert (stale.kind, stale.kept.since, stale.rebuilt.since) == ("attribute", 3, 5)
    assert ledger.rebuild() == 1
    assert ledger.check() == []


@pytest.mark.parametrize("act", ["UPDATE {} SET claim_id = 0", "DELETE FROM {}"])
@pytest.mark.parametrize("table", ["attribute_assertion", "edge_assertion"])
def test_the_database_refuses_to_change_what_was_recorded(
    ledger: Ledger, act: str, table: str
) -> None:
    with ledger.transaction(source="test", note="") as transaction:
        say(transaction, "1")
        a, b = transaction.nodes([NodeKey("thing", 0, "a"), NodeKey("thing", 0, "b")])
        transaction.assert_edges([EdgeAssertion("edge", a, b, SINCE_5, "1")])
    with (
        pytest.raises(Exception, match="append-only"),
        ledger._engine.begin() as connection,
    ):
        connection.exec_driver_sql(act.format(table))


def test_writing_never_tries_to_change_what_was_recorded(sqlite_url: str) -> None:
    """The trigger would refuse it; here not even an attempt is compiled."""
    changed: set[str] = set()

    def authorize(action: int, table: str | None, *_: str | None) -> int:
        if action in {sqlite3.SQLITE_UPDATE, sqlite3.SQLITE_DELETE}:
            changed.add(str(table))
        return sqlite3.SQLITE_OK

    with Ledger.open(sqlite_url, clock=ticking()) as ledger:
        for claim in ("1", None, "2"):
            with ledger.transaction(source="test", note="") as transaction:
                connection = transaction._session._connection.connection.driver_connection
                assert isinstance(connection, sqlite3.Connection)
                connection.set_authorizer(authorize)
                say(transaction, claim)
                say(transaction, "3", Period(Instant(0), Instant(9)))
                connection.set_authorizer(None)
    # Unfolding a list declares a virtual table, which counts as a change of the schema.
    assert changed - {"sqlite_master"} == {"attribute"}


def test_one_key_may_be_revised_often_but_not_without_end() -> None:
    assert rank(tx=2, turn=0) < rank(tx=1, turn=TURNS - 1) < rank(tx=1, turn=0)
    with pytest.raises(ValueError, match="several transactions"):
        rank(tx=1, turn=TURNS)


def test_a_ledger_is_named_by_path_or_url(tmp_path: Path) -> None:
    path = tmp_path / "odd #1 100%" / "ledger.db"
    uuids = set()
    for url in (str(path), f"sqlite:///{path}"):
        with Ledger.open(url, clock=ticking()) as ledger:
            assert ledger.location == str(path)
        with open_reader(url) as reader:
            uuids.add(reader.uuid())
    assert len(uuids) == 1
    assert path.is_file()
