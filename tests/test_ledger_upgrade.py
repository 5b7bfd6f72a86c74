"""Upgrades of a ledger: told before they are done, done once, by its owner, with readers beside."""

from __future__ import annotations

import json
import sqlite3
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
import pytest
from sqlalchemy import Connection, event

from snapshots.instant import Instant
from temporal_lineage.bookkeeping.upgrading import planned_upgrade, upgrade_ledger
from temporal_lineage.store.engines import POSTGRES_SCHEMA, make_engine
from temporal_lineage.store.errors import (
    LedgerForbiddenError,
    LedgerLockedError,
    LedgerOutdatedError,
)
from temporal_lineage.store.ledger import Ledger
from temporal_lineage.store.location import sqlite_path
from temporal_lineage.store.migrate import WRITER_LOCK
from temporal_lineage.store.moment import open_moment_of_any_version
from temporal_lineage.store.schema_version import SCHEMA_VERSION
from transcripts import asked

WAIT_SECONDS_MAX = 30


@contextmanager
def writing(url: str) -> Iterator[Connection]:
    engine = make_engine(url, wait_ms_max=1_000)
    try:
        with engine.begin() as connection:
            yield connection
    finally:
        engine.dispose()


@pytest.fixture
def old_ledger(ledger_url: str) -> str:
    return aged(ledger_url)


@pytest.fixture
def old_team_ledger(postgresql_url: str) -> str:
    return aged(postgresql_url)


def aged(url: str) -> str:
    """Make a ledger as version 0002 left it, with one file in it."""
    Ledger.open(url, clock=lambda: Instant(1)).close()
    with writing(url) as connection:
        for statement in (
            "DROP TABLE former_place",
            "ALTER TABLE file DROP COLUMN masks",
            "UPDATE alembic_version SET version_num = '0002'",
            (
                "INSERT INTO file (file_id, dataset_id, digest, key, path, content, size_bytes)"
                " VALUES (1, 1, 'd', 'k', 'p', 'data', 5)"
            ),
        ):
            connection.exec_driver_sql(statement)
    return url


def upgrade(*words: str, url: str) -> dict[str, object]:
    done = asked("--ledger", url, "ledger", "upgrade", *words, "--output", "json")
    assert (done.status, done.err) == (0, "")
    report: dict[str, object] = json.loads(done.out)["report"]
    return report


def test_a_dry_run_tells_the_statements_that_the_upgrade_then_runs(old_ledger: str) -> None:
    planned = upgrade("--dry-run", url=old_ledger)
    assert (planned["before"], planned["after"]) == ("0002", SCHEMA_VERSION)
    with open_moment_of_any_version(old_ledger) as moment:
        assert moment.schema_version == "0002"
    ran: list[str] = []

    def noted(*told: object) -> None:
        ran.append(str(told[2]))

    from sqlalchemy import Engine

    event.listen(Engine, "before_cursor_execute", noted)
    try:
        done = upgrade(url=old_ledger)
    finally:
        event.remove(Engine, "before_cursor_execute", noted)
    steps: list[dict[str, object]] = planned["steps"]  # type: ignore[assignment]
    assert [one["statement"] for one in steps] == [
        one.strip() for one in ran if one.strip().startswith(("CREATE", "ALTER"))
    ]
    assert [(one["schema_version"], one["table"], one["rows"]) for one in steps] == [
        ("0003", "file", 1),
        ("0004", "former_place", None),
        ("0004", "former_place", None),
    ]
    assert (done["before"], done["after"], done["is_done"]) == ("0002", SCHEMA_VERSION, True)
    again = asked("--ledger", old_ledger, "ledger", "upgrade")
    assert again.out.endswith(f"schema version {SCHEMA_VERSION}, nothing to do\n")


def test_a_dry_run_makes_nothing_where_there_is_nothing(ledger_url: str) -> None:
    planned = planned_upgrade(ledger_url)
    assert planned.before is None
    assert {one.schema_version for one in planned.steps} == {"0001", "0002", "0003", SCHEMA_VERSION}
    path = sqlite_path(ledger_url)
    assert path is None or not path.exists()
    assert upgrade(url=ledger_url)["before"] is None
    assert upgrade(url=ledger_url)["steps"] == []


def test_writing_brings_a_file_up_to_date_and_leaves_a_teams_ledger_to_its_owner(
    old_ledger: str,
) -> None:
    if sqlite_path(old_ledger) is None:
        with pytest.raises(LedgerOutdatedError, match=r"0002.*`tl ledger upgrade` brings"):
            Ledger.open(old_ledger, clock=lambda: Instant(1))
        upgrade_ledger(old_ledger)
    with Ledger.open(old_ledger, clock=lambda: Instant(1)) as ledger:
        assert ledger.check() == []


def test_of_two_who_upgrade_at_once_one_does_it_and_one_finds_nothing_to_do(
    old_ledger: str,
) -> None:
    found: list[str | None] = []
    together = threading.Barrier(2)

    def run() -> None:
        together.wait()
        found.append(upgrade_ledger(old_ledger).before)

    threads = [threading.Thread(target=run) for _ in range(2)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert sorted(map(str, found)) == ["0002", SCHEMA_VERSION]


def test_readers_answer_while_an_upgrade_waits_for_one_of_them(old_team_ledger: str) -> None:
    done: list[str | None] = []
    waiting = threading.Thread(target=lambda: done.append(upgrade_ledger(old_team_ledger).before))
    with psycopg.connect(old_team_ledger) as reader:
        reader.execute(f"SELECT * FROM {POSTGRES_SCHEMA}.file")
        waiting.start()
        deadline = time.monotonic() + WAIT_SECONDS_MAX
        while not asks_for_the_lock(old_team_ledger):
            assert time.monotonic() < deadline
        for _ in range(20):
            with open_moment_of_any_version(old_team_ledger) as moment:
                assert moment.rows("SELECT count(*) FROM file") == [(1,)]
        assert done == []
    waiting.join()
    assert done == ["0002"]


def asks_for_the_lock(url: str) -> bool:
    """Tell whether somebody writes, or tries to."""
    with psycopg.connect(url) as connection:
        asked_for = "SELECT 1 FROM pg_locks WHERE locktype = 'advisory' AND objid = %s"
        return connection.execute(asked_for, (WRITER_LOCK & 0xFFFFFFFF,)).fetchone() is not None


@pytest.mark.parametrize("held", ["read", "written"])
def test_an_upgrade_that_waited_long_enough_says_so_and_changed_nothing(
    old_team_ledger: str, held: str
) -> None:
    with psycopg.connect(old_team_ledger) as other:
        other.execute(
            f"SELECT * FROM {POSTGRES_SCHEMA}.file"
            if held == "read"
            else f"SELECT pg_advisory_xact_lock({WRITER_LOCK})"
        )
        with pytest.raises(LedgerLockedError, match="is locked by another process"):
            upgrade_ledger(old_team_ledger, wait_ms_max=100)
    assert upgrade_ledger(old_team_ledger).before == "0002"


def test_whoever_does_not_own_the_tables_is_told_who_does(old_team_ledger: str) -> None:
    with psycopg.connect(old_team_ledger) as connection:
        connection.execute(f"GRANT USAGE ON SCHEMA {POSTGRES_SCHEMA} TO pg_monitor")
        connection.execute(f"GRANT ALL ON ALL TABLES IN SCHEMA {POSTGRES_SCHEMA} TO pg_monitor")
        connection.execute("CREATE ROLE upgrade_guest LOGIN IN ROLE pg_monitor")
    try:
        with pytest.raises(
            LedgerForbiddenError,
            match="refuses an upgrade by role upgrade_guest: its tables are those of role postgres",
        ):
            upgrade_ledger(old_team_ledger.replace("postgres@", "upgrade_guest@"))
    finally:
        with psycopg.connect(old_team_ledger) as connection:
            connection.execute("DROP ROLE upgrade_guest")


def test_a_program_that_is_older_than_the_ledger_says_what_would_help(old_ledger: str) -> None:
    with writing(old_ledger) as connection:
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = '9999'")
    for words in (("upgrade",), ("upgrade", "--dry-run"), ("info",), ("check",)):
        done = asked("--ledger", old_ledger, "ledger", *words)
        assert (done.status, done.out, done.err.count("\n")) == (1, "", 1)
        assert "9999" in done.err
        assert done.err.endswith("pip install --upgrade temporal-lineage\n")


def test_an_upgrade_that_fails_halfway_leaves_the_version_and_the_tables(old_ledger: str) -> None:
    with writing(old_ledger) as connection:
        connection.exec_driver_sql("CREATE TABLE former_place (mine INTEGER)")
    with pytest.raises(
        (sqlite3.OperationalError, psycopg.errors.DuplicateTable), match="former_place"
    ):
        upgrade_ledger(old_ledger)
    with writing(old_ledger) as connection:
        connection.exec_driver_sql("DROP TABLE former_place")
    assert planned_upgrade(old_ledger).before == "0002"
    assert len(upgrade_ledger(old_ledger).steps) == 3
