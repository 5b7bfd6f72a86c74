"""`tl ledger check`: every rule of the ledger is broken by hand, and the breach is named."""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import count, pairwise

import pytest
from sqlalchemy import exc

from snapshots.files import DataFile, FileContent
from snapshots.instant import BEGINNING, Instant
from snapshots.period import Period
from temporal_lineage.bookkeeping.audit import Breach, audit
from temporal_lineage.bookkeeping.invariants import LedgerRule, invariants
from temporal_lineage.bookkeeping.kept_tables import CHANGING, INDEXES, KEPT_TABLES, Kind
from temporal_lineage.store.commits import OPEN, Contribution, FileLife, Place
from temporal_lineage.store.ledger import Ledger
from temporal_lineage.store.records import Blob, KeptEvent
from temporal_lineage.store.tables import APPEND_ONLY, metadata
from temporal_lineage.store.transaction import AttributeAssertion, EdgeAssertion, NodeKey

SINCE_5 = Period.since(Instant(5))
BODY = b'{"a": 1}'
BODY_SHA256 = "f9d86028c6e0d64e225186f96acb69338b2c59764df79162107f5c4bb34d1310"


def tell(ledger: Ledger) -> None:
    """Write a little of everything that a ledger keeps."""
    with ledger.transaction(source="test", note="") as told:
        table, *states = told.nodes(
            [NodeKey("table", 0, "t"), *(NodeKey("version", 0, f"{n}") for n in range(3))]
        )
        told.assert_edges(
            EdgeAssertion("edge", src, dst, SINCE_5, "1") for src, dst in pairwise(states)
        )
        told.assert_attributes([AttributeAssertion(table, "k", "", SINCE_5, "1")])
        told.places(Place(one, table, 0, at, True) for at, one in enumerate(states))
        told.contributions(opened=[Contribution(table, states[0], 0, 0, OPEN, "exact")], closed=[])
        file = DataFile("f", "f", FileContent.DATA, 10, 1, None)
        told.file_lives(opened=[FileLife(table, file, states[0], 0, 0, OPEN)], closed=[])
        told.keep_blobs(table, [Blob("v1.json", BODY)])
        told.keep_events([KeptEvent(BODY_SHA256, "r", "s", BODY)])
        told.note_harvest(name="t", dataset_id=table, head="2", outcome="new")
        told.mark_linked(told.tx_id)
    with ledger.transaction(source="test", note="") as told:
        (table,) = told.nodes([NodeKey("table", 0, "t")])
        shorter = Period(Instant(7), Instant(9))
        told.assert_attributes([AttributeAssertion(table, "k", "", shorter, "2")])
        told.assert_edges([EdgeAssertion("edge", states[0], states[1], shorter, None)])


@pytest.fixture
def ledger(ledger_url: str) -> Iterator[Ledger]:
    ticks = count(1_000, 10)
    with Ledger.open(ledger_url, clock=lambda: Instant(next(ticks))) as ledger:
        tell(ledger)
        yield ledger


def broken(ledger: Ledger, *statements: str) -> list[Breach]:
    """Run statements with nothing to protect the ledger from them, and check."""
    with ledger._engine.begin() as connection:
        on_sqlite = connection.dialect.name == "sqlite"
        guards: list[str] = []
        if on_sqlite:
            triggers = "SELECT name, sql FROM sqlite_master WHERE type = 'trigger'"
            for name, sql in connection.exec_driver_sql(triggers).all():
                connection.exec_driver_sql(f"DROP TRIGGER {name}")
                guards.append(sql)
        else:
            connection.exec_driver_sql("SET session_replication_role = replica")
        for statement in statements:
            connection.exec_driver_sql(statement)
        for guard in guards:
            connection.exec_driver_sql(guard)
    return list(audit(ledger.url, limit=100).breaches)


@dataclass(frozen=True, slots=True)
class Case:
    """A statement that breaks a rule, and the breach that must be among those named."""

    sql: str
    rule: LedgerRule
    table: str
    key: str
    tx: int | None


WORST = BEGINNING.micros + 1
CASES = (
    Case("UPDATE tx SET recorded_at = 1 WHERE tx_id = 2", LedgerRule.TIME, "tx", "2", 2),
    Case("DELETE FROM node WHERE node_id = 2", LedgerRule.GAP, "node", "3", None),
    Case("DELETE FROM tx WHERE tx_id = 1", LedgerRule.GAP, "tx", "2", None),
    *(
        Case(f"UPDATE {table} SET {number} = 7", LedgerRule.GAP, table, "7", None)
        for table, number in (("file", "file_id"), ("blob", "blob_id"), ("event", "event_id"))
    ),
    Case("UPDATE edge SET since = 3 WHERE edge_id = 2", LedgerRule.CACHE, "edge", "2", 1),
    Case("UPDATE edge SET claim_id = 0 WHERE edge_id = 1", LedgerRule.CACHE, "edge", "1", 2),
    Case("UPDATE edge SET last_tx = 1 WHERE edge_id = 1", LedgerRule.CACHE, "edge", "1", 1),
    Case("UPDATE attribute SET open_tx = 2", LedgerRule.CACHE, "attribute", "1", 2),
    Case("DELETE FROM edge_assertion WHERE edge_id = 2", LedgerRule.CACHE, "edge", "2", 1),
    Case(
        "DELETE FROM attribute_assertion WHERE rank < -131071",
        LedgerRule.CACHE,
        "attribute",
        "1",
        2,
    ),
    Case("UPDATE place SET was_read = 1", LedgerRule.CACHE, "place", "4", 1),
    Case(
        "UPDATE edge_assertion SET valid_to = valid_from WHERE edge_id = 2",
        *(LedgerRule.PERIOD, "edge_assertion", "2", 1),
    ),
    Case(
        f"UPDATE attribute_assertion SET valid_to = {WORST} WHERE rank < -131071",
        *(LedgerRule.PERIOD, "attribute_assertion", "1", 2),
    ),
    Case("UPDATE contribution SET stop = start", LedgerRule.PERIOD, "contribution", "2", 1),
    Case("UPDATE file_life SET stop = -1", LedgerRule.PERIOD, "file_life", "1", 1),
    Case(
        "INSERT INTO contribution SELECT commit_id, dataset_id, line, 1, stop, certainty, tx_id"
        " FROM contribution",
        *(LedgerRule.PERIOD, "contribution", "2", 1),
    ),
    Case(
        "INSERT INTO edge_assertion SELECT edge_id, rank, 6, valid_to, claim_id"
        " FROM edge_assertion WHERE edge_id = 2",
        *(LedgerRule.PERIOD, "edge_assertion", "2", 1),
    ),
    Case(
        "UPDATE edge_assertion SET rank = -655360 WHERE edge_id = 2",
        *(LedgerRule.RANK, "edge_assertion", "2", 10),
    ),
    Case("UPDATE edge SET dst_id = 99 WHERE edge_id = 2", LedgerRule.REFERENCE, "edge", "2", 1),
    Case(
        "UPDATE node SET parent_id = 99 WHERE node_id = 1", LedgerRule.REFERENCE, "node", "1", None
    ),
    Case(
        "UPDATE attribute_assertion SET claim_id = 99",
        LedgerRule.REFERENCE,
        "attribute_assertion",
        "1",
        2,
    ),
    Case(
        "UPDATE edge_assertion SET edge_id = 99 WHERE edge_id = 2",
        LedgerRule.REFERENCE,
        "edge_assertion",
        "99",
        1,
    ),
    Case("UPDATE file_life SET file_id = 99", LedgerRule.REFERENCE, "file_life", "99", 1),
    Case("UPDATE place SET dataset_id = 99", LedgerRule.REFERENCE, "place", "3", 1),
    Case("UPDATE event SET tx_id = 99", LedgerRule.REFERENCE, "event", "1", 99),
    Case("UPDATE harvest SET dataset_id = 99", LedgerRule.REFERENCE, "harvest", "1", 1),
    Case("UPDATE linked SET upto_tx = 99", LedgerRule.REFERENCE, "linked", "99", 1),
    Case("UPDATE claim SET body = '3' WHERE claim_id = 1", LedgerRule.DIGEST, "claim", "1", None),
    Case("UPDATE file SET path = 'g'", LedgerRule.DIGEST, "file", "1", None),
    Case("UPDATE blob SET witness = 'v2.json'", LedgerRule.DIGEST, "blob", "1", 1),
    Case(f"UPDATE event SET digest = '{'0' * 64}'", LedgerRule.DIGEST, "event", "1", 1),
    Case("DROP INDEX edge_up", LedgerRule.DATABASE, "edge", "", None),
)


def test_a_sound_ledger_breaks_no_rule(ledger: Ledger) -> None:
    found = audit(ledger.url, limit=100)
    assert found.breaches == ()
    assert (found.transactions, found.left_out) == (2, 0)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.sql[:60])
def test_each_breach_is_named_with_its_key_and_transaction(ledger: Ledger, case: Case) -> None:
    found = [one[:4] for one in broken(ledger, case.sql)]
    assert (case.rule, case.table, case.key, case.tx) in found


def test_every_kind_of_rule_is_broken_above() -> None:
    assert {one.rule for one in invariants()} <= {case.rule for case in CASES}
    assert {case.rule for case in CASES} == set(LedgerRule)


@pytest.mark.parametrize("body", [zlib.compress(b"other"), b"no zlib"])
def test_an_event_that_was_changed_or_cannot_be_unpacked_is_named(
    ledger: Ledger, body: bytes
) -> None:
    text = f"X'{body.hex()}'" if ledger.url.endswith("ledger.db") else f"'\\x{body.hex()}'::bytea"
    (breach,) = broken(ledger, f"UPDATE event SET body = {text}")
    assert (breach.rule, breach.table, breach.key, breach.tx) == (
        LedgerRule.DIGEST,
        "event",
        "1",
        1,
    )


def test_a_trigger_that_is_switched_off_is_named(ledger: Ledger) -> None:
    with ledger._engine.begin() as connection:
        drop = "DROP TRIGGER tx_no_delete"
        on_sqlite = connection.dialect.name == "sqlite"
        connection.exec_driver_sql(
            drop if on_sqlite else "ALTER TABLE tx DISABLE TRIGGER tx_no_delete"
        )
    (breach,) = audit(ledger.url, limit=9).breaches
    assert (breach.rule, breach.table) == (LedgerRule.DATABASE, "tx")
    assert "tx_no_delete is missing" in breach.detail


def test_repairing_makes_caches_anew_and_nothing_else(ledger: Ledger) -> None:
    broken(
        ledger,
        "UPDATE edge SET since = 3, claim_id = 0",
        "UPDATE place SET was_read = 1 - was_read",
        "UPDATE claim SET body = '3' WHERE claim_id = 1",
    )
    assert ledger.rebuild() == 2 + 3
    (breach,) = audit(ledger.url, limit=9).breaches
    assert breach.rule is LedgerRule.DIGEST


def test_what_is_beyond_the_limit_is_counted(ledger: Ledger) -> None:
    broken(ledger, "UPDATE edge SET since = 3")
    found = audit(ledger.url, limit=1)
    assert (len(found.breaches), found.left_out) == (1, 1)


def test_the_tables_are_those_that_the_ledger_has() -> None:
    kinds = {
        Kind.NUMBER: "INTEGER",
        Kind.LARGE: "BIGINT",
        Kind.TEXT: "TEXT",
        Kind.BYTES: "BLOB",
    }
    told = {
        table.name: (
            [(one.name, kinds[one.kind], one.is_optional) for one in table.columns],
            list(table.key),
        )
        for table in KEPT_TABLES
    }
    made = {
        table.name: (
            [(one.name, str(one.type), bool(one.nullable)) for one in table.columns],
            [one.name for one in table.primary_key.columns],
        )
        for table in metadata.sorted_tables
    }
    assert told == made
    indexes = {
        str(index.name): table.name for table in metadata.tables.values() for index in table.indexes
    }
    assert indexes == INDEXES
    assert {one.name for one in APPEND_ONLY} == set(told) - CHANGING


def test_system_time_cannot_be_the_same_twice(ledger: Ledger) -> None:
    with pytest.raises(exc.IntegrityError):
        broken(ledger, "UPDATE tx SET recorded_at = 1")
    assert audit(ledger.url, limit=9).breaches == ()
