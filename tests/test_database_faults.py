"""Databases that go away, full disks, clocks that jump: nothing is lost, doubled or half kept."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import psycopg
import pytest

from benchmarks.postgresql_server import Server, own_server
from delta_logs import add, commit_info, new_table, write
from lake_session import lake_session
from small_disk import remount, small_disk
from snapshots.instant import Instant
from temporal_lineage.session import Session
from temporal_lineage.store.errors import (
    LedgerError,
    LedgerTooNewError,
    LedgerUnreachableError,
)
from temporal_lineage.store.ledger import Ledger
from temporal_lineage.store.reader import open_reader
from temporal_lineage.store.schema_version import SCHEMA_VERSION as NOW
from temporal_lineage.store.transaction import NodeKey, Transaction

TABLES = 30
WAIT_SECONDS_MAX = 60
_DAY = 86_400_000_000


def clock() -> Instant:
    return Instant(1_000)


def say(ledger: Ledger, name: str) -> None:
    with ledger.transaction(source="test", note="") as transaction:
        tell(transaction, name)


def tell(transaction: Transaction, name: str) -> None:
    transaction.nodes([NodeKey("thing", 0, name)])


def said(url: str) -> list[str]:
    with open_reader(url) as reader:
        return sorted(node.name for node in reader.nodes(kind="thing"))


def cut(url: str) -> int:
    """Let the server cut every connection to a database but this one; tells how many."""
    with psycopg.connect(url, autocommit=True) as connection:
        done = connection.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
        return len(done.fetchall())


@pytest.fixture
def server() -> Iterator[Server]:
    """A server that may be stopped."""
    try:
        with own_server(()) as running:
            yield running
    except (OSError, subprocess.SubprocessError) as error:
        pytest.skip(f"PostgreSQL does not start here ({error})")


def test_a_connection_cut_in_a_transaction_undoes_it_and_the_next_one_goes_on(
    postgresql_url: str,
) -> None:
    with Ledger.open(postgresql_url, clock=clock) as ledger:
        say(ledger, "before")
        with (  # noqa: PT012 - the connection is cut in the middle of it
            pytest.raises(LedgerUnreachableError, match="check the URL and that the server runs"),
            ledger.transaction(source="test", note="") as transaction,
        ):
            tell(transaction, "lost")
            assert cut(postgresql_url)
            tell(transaction, "lost too")
        say(ledger, "after")
        assert ledger.check() == []
    assert said(postgresql_url) == ["after", "before"]


def test_a_connection_cut_between_transactions_is_made_anew(postgresql_url: str) -> None:
    with Ledger.open(postgresql_url, clock=clock) as ledger:
        say(ledger, "before")
        assert cut(postgresql_url)
        say(ledger, "after")
    assert said(postgresql_url) == ["after", "before"]


def test_a_server_that_is_stopped_in_a_transaction_and_started_again_lost_only_that(
    server: Server,
) -> None:
    with Ledger.open(server.url, clock=clock) as ledger:
        say(ledger, "before")
        with (  # noqa: PT012 - it is stopped in the middle
            pytest.raises(LedgerUnreachableError),
            ledger.transaction(source="test", note="") as transaction,
        ):
            tell(transaction, "lost")
            server.stop()
            tell(transaction, "lost too")
        with pytest.raises(LedgerUnreachableError, match="cannot be reached"):
            say(ledger, "while it was down")
        server.start()
        say(ledger, "after")
        assert ledger.check() == []
    assert said(server.url) == ["after", "before"]


def test_a_harvest_whose_connections_are_cut_ends_in_one_line_and_the_next_one_ends_it(
    tmp_path: Path, postgresql_url: str
) -> None:
    session = lake_session(tmp_path, postgresql_url)
    for number in range(TABLES):
        new_table(tmp_path / "lake" / f"t{number:02}")
    session.workspace.folder.rename(tmp_path / ".temporal-lineage")
    process = subprocess.Popen(
        [sys.executable, "-m", "temporal_lineage", "--ledger", postgresql_url, "harvest"],
        cwd=tmp_path,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    deadline = time.monotonic() + WAIT_SECONDS_MAX
    while process.poll() is None:
        assert time.monotonic() < deadline
        if harvested(session):
            cut(postgresql_url)
    out, err = process.communicate()
    assert "Traceback" not in out + err
    # A connection that is cut between two transactions is made anew, and nobody notices.
    assert process.returncode == (1 if "cannot be reached" in out + err else 0), out + err
    assert session.ledger_check().breaches == ()
    done = subprocess.run(process.args, cwd=tmp_path, capture_output=True, check=False)
    assert done.returncode == 0
    assert len(harvested(session)) == TABLES
    assert session.ledger_check().breaches == ()


def harvested(session: Session) -> list[str]:
    with suppress(LedgerError):
        return [one.dataset for one in session.show_all().datasets]
    return []


def test_a_program_that_was_open_when_a_newer_one_changed_the_ledger_writes_no_more(
    ledger_url: str,
) -> None:
    with Ledger.open(ledger_url, clock=clock) as older:
        say(older, "before")
        with Ledger.open(ledger_url, clock=clock) as newer, newer._engine.begin() as connection:
            connection.exec_driver_sql("UPDATE alembic_version SET version_num = '9999'")
        with pytest.raises(LedgerTooNewError, match="install a newer"):
            say(older, "by old rules")
        with older._engine.begin() as connection:
            connection.exec_driver_sql(f"UPDATE alembic_version SET version_num = '{NOW}'")
    assert said(ledger_url) == ["before"]


def refused(session: Session, reason: str) -> None:
    """Harvest, and expect that some tables are not kept, each for this reason."""
    failed = [one.error for one in session.harvest().tables if one.error is not None]
    assert failed
    assert [error for error in failed if reason not in error] == []


@pytest.mark.skipif(os.geteuid() != 0, reason="mounting a disk takes root")
def test_a_full_disk_and_a_read_only_one_leave_what_was_kept_and_the_next_harvest_goes_on(
    tmp_path: Path,
) -> None:
    disk = tmp_path / "disk"
    with small_disk(disk, "1400k"):
        session = lake_session(tmp_path, str(disk / "ledger.db"))
        for number in range(TABLES):
            root = tmp_path / "lake" / f"t{number:02}"
            new_table(root)
            write(root, 1, commit_info("WRITE"), *(add(f"{n:0200}.parquet") for n in range(60)))
        refused(session, "cannot grow: the disk is full; make room")
        kept = harvested(session)
        assert 0 < len(kept) < TABLES
        assert session.ledger_check().breaches == ()
        remount(disk, "size=64m")
        remount(disk, "ro")
        assert harvested(session) == kept
        refused(session, "read-only")
        remount(disk, "rw")
        session.harvest()
        assert len(harvested(session)) == TABLES
        assert session.ledger_check().breaches == ()


@pytest.mark.parametrize("jump", [-400 * _DAY, -1, 400 * _DAY], ids=["back", "a tick", "forward"])
def test_a_clock_that_jumps_and_jumps_back_neither_hides_nor_doubles(
    tmp_path: Path, ledger_url: str, jump: int
) -> None:
    made = lake_session(tmp_path, ledger_url)
    now = [Instant.parse("2026-11-01")]
    session = Session(made.workspace, clock=lambda: now[0])
    root = tmp_path / "lake" / "t"
    new_table(root, millis=Instant.parse("2025-01-01").micros // 1000)
    session.harvest()
    start = now[0]
    for version, at in ((1, start.plus(micros=jump)), (2, start), (3, start.plus(micros=1))):
        now[0] = at
        millis = Instant.parse(f"2025-01-0{version + 1}").micros // 1000
        write(root, version, commit_info("WRITE"), add(f"{version}.parquet"), millis=millis)
        session.harvest()
        assert session.at("lake.t").snapshot_ids == (version,)
        assert session.log("lake.t").lines[-1].snapshot_id == version
    with open_reader(ledger_url) as reader:
        instants = [one.recorded_at for one in reader.transactions(limit=100)]
    assert instants == sorted(set(instants), reverse=True)
    assert session.ledger_check().breaches == ()
    first = session.at("lake.t", as_of="2025-01-03", as_known=start)
    assert first.snapshot_ids == (0,)
