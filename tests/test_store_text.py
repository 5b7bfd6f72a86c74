"""The light path's SQL is current, never leaves an index, and loads the standard library only."""

from __future__ import annotations

import json
import os
import re
import sqlite3
import subprocess
import sys
from itertools import pairwise
from pathlib import Path

import pytest
from sqlalchemy.dialects.postgresql.base import PGDialect

from snapshots.instant import Instant
from snapshots.period import Period
from temporal_lineage.store.full import FULL_STATEMENTS
from temporal_lineage.store.kept_text import TEXT_FILE, kept_texts, written_texts
from temporal_lineage.store.ledger import Ledger
from temporal_lineage.store.migrate import MIGRATIONS
from temporal_lineage.store.reach_statements import REACH_STATEMENTS
from temporal_lineage.store.schema_version import SCHEMA_VERSIONS
from temporal_lineage.store.transaction import AttributeAssertion, EdgeAssertion, NodeKey

# A whole table is read only where the whole table is asked for.
WHOLE = {"transactions", "uuid", "system_bounds", "edges_told_since"}

BY_KIND = re.compile(r"Index Cond: \(kind = \S+\)$")
"""A table that is read whole as far as it is of one kind."""

KEYED = ("edge_states", "edge_lines", "attribute_states", "nodes_by_key", "told_of_edges")
STEPS = ("edges_into", "edges_out_of", "steps_into", "steps_out_of")

HEAVY = ("sqlalchemy", "alembic", "numpy", "asyncio", "pyarrow", "psycopg", "msgspec", "rich")

ASK_EVERYTHING = """
import json, sys
from snapshots.instant import FOREVER, Instant
from temporal_lineage.facts import AsOf
from temporal_lineage.store.reader import open_reader

as_of = AsOf(valid=Instant(9), system=FOREVER)
with open_reader(sys.argv[1]) as r:
    (node,) = r.nodes(kind="b")
    answers = [
        r.uuid(), r.system_bounds(), r.transactions(limit=9),
        r.transactions_between(after=Instant(0), until=FOREVER, limit=9), r.tx_at(system=FOREVER),
        r.node(kind="b", parent_id=0, name="b"), r.named(node_ids=[1, 2]),
        r.children(parent_id=0, kind="a"), r.children_of(parent_ids=[0], kind="a"),
        r.nodes_named(kind="a", parent_id=0, names=["a"]),
        r.nodes_after(kind="a", low="", limit=9),
        r.attribute(node_id=1, kind="k", name="", as_of=as_of),
        r.attributes(node_id=1, kind="k", as_of=as_of),
        r.attributes_of(node_ids=[1], kind="k", as_of=as_of),
        r.claims_of(node_ids=[1], kind="k", as_of=as_of),
        r.claims_holding("1", node_ids=[1], kind="k", as_of=as_of),
        r.numbers(kind="a", keys=[(0, "a")]),
        r.timeline(node_id=1, kind="k", name="", system=FOREVER),
        r.timelines(node_id=1, kind="k", system=FOREVER),
        r.attribute_history(node_id=1, kind="k", name=""),
        r.by_attribute(kind="k", name="", as_of=as_of),
        r.by_attributes(kind="k", names=[""], as_of=as_of),
        r.attributes_between(kind="k", low="", high="z", limit=9, as_of=as_of),
        r.attributes_between(kind="k", low="", high="z", limit=-1, as_of=as_of),
        r.edges_into(node_ids=[2], kinds=["e"], as_of=as_of),
        r.edges_out_of(node_ids=[1], kinds=["e"], as_of=as_of),
        r.reached_into(node_ids=[2], kind="e", as_of=as_of, limit=9),
        r.reached_out_of(node_ids=[1], kind="e", as_of=as_of, limit=9),
        r.edge(edge_id=1, as_of=as_of), r.edge_history(edge_id=1), r.edge_ends(edge_id=1),
        r.edge_timelines(keys=[("e", 1, 2)], system=FOREVER),
        r.place(node_id=1), r.placed(dataset_id=1), r.live_files(node_id=1),
        r.contributions_to(node_ids=[1], system=FOREVER),
        r.provenance_of(node_id=1, kind="k", as_of=as_of),
        r.states_containing(commit_ids=[1], system=FOREVER),
        r.all_states_containing(commit_ids=[1], system=FOREVER),
        r.harvests(dataset_id=1), r.last_harvest(name="a"), r.events(run_id="r"),
        list(r.events_of(run_ids=["r"])),
        r.event_run_ids(), r.runs_arrived(tx_ids=[1]), r.linked_upto(),
        r.events_after(after_tx=0, limit=9),
        r.blobs(dataset_id=1), r.blob_witnesses(dataset_id=1),
    ]
print(json.dumps({"answers": len(answers), "modules": sorted(sys.modules)}))
"""


@pytest.fixture
def filled(sqlite_url: str) -> str:
    """A small ledger, so that the planner sees what it sees in a fresh one."""
    with (
        Ledger.open(sqlite_url, clock=lambda: Instant(1_000)) as ledger,
        ledger.transaction(source="test", note="") as transaction,
    ):
        a, b = transaction.nodes([NodeKey("a", 0, "a"), NodeKey("b", 0, "b")])
        always = Period.since(Instant(0))
        transaction.assert_attributes([AttributeAssertion(a, "k", "", always, "1")])
        transaction.assert_edges([EdgeAssertion("e", a, b, always, "1")])
    return sqlite_url


def test_the_kept_text_is_what_the_statements_compile_to() -> None:
    if "REWRITE" in os.environ:
        Path(TEXT_FILE).write_text(written_texts(), encoding="utf-8")
        kept_texts.cache_clear()
    assert Path(TEXT_FILE).read_text(encoding="utf-8") == written_texts()


@pytest.mark.parametrize("name", sorted(set(kept_texts()) - WHOLE))
def test_no_question_scans_a_table_or_builds_an_index_of_its_own(filled: str, name: str) -> None:
    plan = _plan(filled, name)
    # After ANALYZE the planner would add Bloom filters, each filled by a scan of a whole table.
    # Where the states of a stab stand is no table: one row for each of them.
    bad = re.compile(r"BLOOM|AUTOMATIC|^SCAN (?!\w+ VIRTUAL TABLE|CONSTANT ROW|stood$)")
    assert [step for step in plan if bad.search(step)] == []
    # A search without an index is for the greatest number, from the end until a row fits.
    found = [step for step in plan if re.search(r"^SEARCH \w+$", step)]
    assert found == [] or "WHERE" not in kept_texts()[name]


def test_a_walk_down_looks_at_states_that_were_read_and_at_no_others(filled: str) -> None:
    assert any("place_that_was_read" in step for step in _plan(filled, "read_states_containing"))


def test_no_statistics_are_gathered_that_would_mislead_the_planner(filled: str) -> None:
    connection = sqlite3.connect(filled)
    tables = connection.execute("SELECT name FROM sqlite_master WHERE name LIKE 'sqlite_stat%'")
    assert tables.fetchall() == []
    connection.close()


@pytest.mark.parametrize("name", ["edges_into", "edges_out_of", "attributes_by_name"])
def test_what_is_believed_now_is_read_from_one_index(filled: str, name: str) -> None:
    (first, *_) = _plan(filled, name)
    assert "COVERING INDEX" in first or "PRIMARY KEY" in first


def test_postgresql_finds_keys_by_their_index_whatever_it_is_asked(postgresql_url: str) -> None:
    """A plan made without looking at the parameters is what a prepared statement ends with."""
    dialect = PGDialect(paramstyle="numeric_dollar")  # type: ignore[no-untyped-call]
    with Ledger.open(postgresql_url, clock=lambda: Instant(1_000)) as ledger:
        with ledger.transaction(source="test", note="") as transaction:
            nodes = transaction.nodes([NodeKey("a", 0, f"{n}") for n in range(8_000)])
            always = Period.since(Instant(0))
            transaction.assert_edges(
                EdgeAssertion("e", *ends, always, "1") for ends in pairwise(nodes)
            )
        for analyzed in (False, True):
            with ledger._engine.begin() as connection:
                if analyzed:
                    connection.exec_driver_sql("ANALYZE")
                for name in (*STEPS, *KEYED, *(set(REACH_STATEMENTS) - WHOLE)):
                    text = str(FULL_STATEMENTS[name].compile(dialect=dialect))
                    rows = connection.exec_driver_sql(f"EXPLAIN (GENERIC_PLAN) {text}")
                    plan = [row[0] for row in rows]
                    assert [step for step in plan if BY_KIND.search(step)] == []
                    # A list of keys may well be longer than a small table.
                    whole = [step for step in plan if "Seq Scan on edge" in step]
                    assert name in KEYED or whole == []


def test_reading_loads_the_standard_library_only(filled: str) -> None:
    done = subprocess.run(
        [sys.executable, "-c", ASK_EVERYTHING, filled], capture_output=True, check=True, text=True
    )
    told = json.loads(done.stdout)
    assert told["answers"] == 49
    assert [name for name in told["modules"] if name.split(".")[0] in HEAVY] == []


def test_the_versions_known_are_the_migrations_there_are() -> None:
    found = sorted(path.name.partition("_")[0] for path in MIGRATIONS.glob("versions/*.py"))
    assert tuple(found) == SCHEMA_VERSIONS


def test_all_migrations_lead_to_the_tables_as_they_are(ledger_url: str) -> None:
    from alembic.autogenerate import compare_metadata
    from alembic.migration import MigrationContext

    from temporal_lineage.store.tables import metadata

    with (
        Ledger.open(ledger_url, clock=lambda: Instant(1_000)) as ledger,
        ledger._engine.connect() as connection,
    ):
        assert compare_metadata(MigrationContext.configure(connection), metadata) == []


def _plan(path: str, name: str) -> list[str]:
    text = kept_texts()[name]
    lists = {"nodes": "[1]", "kinds": '["e"]', "keys": '[["e", 1, 2]]'}
    parameters = {
        one: lists.get(one, "[1]" if one.endswith("s") else 1)
        for one in re.findall(r":(\w+)", text)
    }
    connection = sqlite3.connect(path)
    try:
        return [row[3] for row in connection.execute(f"EXPLAIN QUERY PLAN {text}", parameters)]
    finally:
        connection.close()
