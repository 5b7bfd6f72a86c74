"""A ledger of an earlier version is brought up to date, and nothing in it changes its meaning."""

from __future__ import annotations

import pytest
from alembic import command
from alembic.config import Config

from snapshots.instant import Instant
from temporal_lineage.bookkeeping.upgrading import upgrade_ledger
from temporal_lineage.linking.pending import is_pending
from temporal_lineage.store.engines import POSTGRES_SCHEMA, make_engine
from temporal_lineage.store.errors import LedgerOutdatedError
from temporal_lineage.store.ledger import Ledger
from temporal_lineage.store.location import sqlite_path
from temporal_lineage.store.migrate import MIGRATIONS
from temporal_lineage.store.reader import open_reader


@pytest.fixture
def first_ledger(ledger_url: str) -> str:
    """A ledger as the first version left it: one transaction, and an event that it linked."""
    engine = make_engine(ledger_url, wait_ms_max=1_000)
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    with engine.begin() as connection:
        if sqlite_path(ledger_url) is None:
            connection.exec_driver_sql(f"CREATE SCHEMA {POSTGRES_SCHEMA}")
        config.attributes["connection"] = connection
        command.upgrade(config, "0001")
        for statement in (
            "INSERT INTO ledger (uuid) VALUES ('11111111-2222-3333-4444-555555555555')",
            "INSERT INTO tx (tx_id, recorded_at, source, note) VALUES (3, 500, 'ingest', '')",
            (
                "INSERT INTO event (event_id, digest, run_id, tx_id, source, body)"
                " VALUES (1, 'd', 'r', 3, 's', '')"
            ),
        ):
            connection.exec_driver_sql(statement)
    engine.dispose()
    return ledger_url


def test_reading_an_earlier_ledger_says_what_brings_it_up_to_date(first_ledger: str) -> None:
    with pytest.raises(LedgerOutdatedError, match=r"0001.*`tl ledger upgrade` brings"):  # noqa: SIM117
        with open_reader(first_ledger):
            pass


def test_what_an_earlier_version_kept_was_linked_then(first_ledger: str) -> None:
    upgrade_ledger(first_ledger)
    with Ledger.open(first_ledger, clock=lambda: Instant(1_000)) as ledger:
        with ledger.reading() as reader:
            assert reader.linked_upto() == 3
            assert reader.event_run_ids() == ["r"]
            assert not is_pending(reader)
        with ledger.transaction(source="test", note="") as transaction:
            assert transaction.tx_id == 4
