"""A PostgreSQL whose disk is full, or whose processes all die: what was committed stays."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import psycopg
import pytest

from benchmarks.postgresql_server import Server, own_server
from delta_logs import add, commit_info, new_table, write
from lake_session import lake_session
from small_disk import remount, small_disk
from temporal_lineage.session import Session
from temporal_lineage.store.errors import LedgerError, LedgerUnwritableError

TABLES = 20
DISK_BYTES = 10_500_000
"""An empty database takes seven million, and the rows of each table three hundred thousand."""


@pytest.fixture
def server() -> Iterator[Server]:
    """A server that waits for the disk, as one does that nobody configured."""
    try:
        with own_server(()) as running:
            yield running
    except (OSError, subprocess.SubprocessError) as error:
        pytest.skip(f"PostgreSQL does not start here ({error})")


def write_tables(lake: Path) -> None:
    for number in range(TABLES):
        root = lake / f"t{number:02}"
        new_table(root)
        write(root, 1, commit_info("WRITE"), *(add(f"{n:0200}.parquet") for n in range(400)))


def kept(session: Session) -> set[str]:
    with suppress(LedgerError):
        return {one.dataset for one in session.show_all().datasets}
    return set()


def test_a_server_killed_with_all_its_processes_in_a_harvest_lost_nothing_it_had_committed(
    tmp_path: Path, server: Server
) -> None:
    session = lake_session(tmp_path, server.url)
    write_tables(tmp_path / "lake")
    session.workspace.folder.rename(tmp_path / ".temporal-lineage")
    command = [sys.executable, "-m", "temporal_lineage", "--ledger", server.url, "harvest"]
    before: set[str] = set()
    for _ in range(3):
        process = subprocess.Popen(
            command, cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )
        while process.poll() is None and len(kept(session)) < len(before) + 3:
            pass
        before = kept(session)
        server.crash()
        out, err = process.communicate(timeout=60)
        assert "Traceback" not in out + err
        server.start()
        assert before <= kept(session)
        assert session.ledger_check().breaches == ()
    assert 0 < len(before) < TABLES
    subprocess.run(command, cwd=tmp_path, capture_output=True, check=True)
    assert len(kept(session)) == TABLES
    assert session.ledger_check().breaches == ()


@pytest.fixture
def disk(server: Server) -> Iterator[tuple[Path, str]]:
    """A small disk, and a database on it alone: the server's own files lie elsewhere."""
    folder = Path(tempfile.mkdtemp(prefix="tl-disk-"))
    folder.chmod(0o755)
    place = folder / "disk"
    try:
        with small_disk(place, str(DISK_BYTES)):
            shutil.chown(place, "nobody")
            with psycopg.connect(server.url, autocommit=True) as connection:
                connection.execute(f"CREATE TABLESPACE small LOCATION '{place}'")
                connection.execute("CREATE DATABASE small TEMPLATE template0 TABLESPACE small")
            yield place, server.url.replace("/postgres?", "/small?")
            server.stop()
    finally:
        shutil.rmtree(folder)


@pytest.mark.skipif(os.geteuid() != 0, reason="mounting a disk takes root")
def test_a_full_disk_under_postgresql_leaves_what_was_kept_and_the_next_harvest_goes_on(
    tmp_path: Path, disk: tuple[Path, str]
) -> None:
    place, url = disk
    session = lake_session(tmp_path, url)
    write_tables(tmp_path / "lake")
    failed = [one.error for one in session.harvest().tables if one.error is not None]
    assert failed
    assert [error for error in failed if "the disk is full; make room" not in error] == []
    before = kept(session)
    assert 0 < len(before) < TABLES
    # Where a rule takes sorting the server has no room for that either, and it says so.
    with suppress(LedgerUnwritableError):
        assert session.ledger_check().breaches == ()
    remount(place, "size=256m")
    assert session.ledger_check().breaches == ()
    assert kept(session) == before
    session.harvest()
    assert len(kept(session)) == TABLES
    assert session.ledger_check().breaches == ()
