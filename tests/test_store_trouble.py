"""Trouble with the ledger's storage is named, with the next step; nothing is half-written."""

from __future__ import annotations

import os
import resource
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from snapshots.instant import Instant
from snapshots.period import Period
from temporal_lineage.store.errors import (
    LedgerDamagedError,
    LedgerError,
    LedgerMissingError,
    LedgerTooNewError,
    LedgerUnreachableError,
    LedgerUnwritableError,
    LedgerUrlError,
)
from temporal_lineage.store.ledger import Ledger
from temporal_lineage.store.reader import open_reader
from temporal_lineage.store.schema_version import SCHEMA_VERSION
from temporal_lineage.store.transaction import AttributeAssertion, NodeKey

NOBODY = 65534


def clock() -> Instant:
    return Instant(1_000)


def open_ledger(url: str, *, wait_ms_max: int = 50) -> Ledger:
    return Ledger.open(url, clock=clock, wait_ms_max=wait_ms_max)


def fill(ledger: Ledger, *, names: int, bytes_each: int) -> None:
    with ledger.transaction(source="test", note="") as transaction:
        nodes = transaction.nodes([NodeKey("thing", 0, f"{name}") for name in range(names)])
        transaction.assert_attributes(
            AttributeAssertion(node, "kind", "", Period.since(Instant(5)), f"{node:{bytes_each}d}")
            for node in nodes
        )


def asserted(url: str) -> int:
    with open_reader(url) as reader:
        return len(reader.nodes(kind="thing"))


@contextmanager
def unprivileged() -> Iterator[None]:
    """Root may write everywhere; for this block we are nobody."""
    if os.geteuid() != 0:
        yield
        return
    os.seteuid(NOBODY)
    try:
        yield
    finally:
        os.seteuid(0)


@pytest.fixture
def everyones(tmp_path: Path) -> Path:
    """A folder that nobody can reach and read, and nobody but its owner write."""
    for folder in (tmp_path, *tmp_path.parents):
        if folder.stat().st_uid == os.getuid() and not folder.stat().st_mode & 0o005:
            folder.chmod(0o755)
    return tmp_path


def test_a_ledger_that_is_not_there_is_not_made_by_reading(tmp_path: Path) -> None:
    path = tmp_path / "ledger.db"
    with pytest.raises(LedgerMissingError, match="tl harvest"), open_reader(str(path)):
        pass
    assert not path.exists()


def test_an_empty_database_is_not_made_a_ledger_by_reading(postgresql_url: str) -> None:
    with pytest.raises(LedgerMissingError, match="tl harvest"), open_reader(postgresql_url):
        pass
    with open_ledger(postgresql_url) as ledger, ledger.reading() as reader:
        assert reader.transactions(limit=1) == []


def test_a_file_that_is_no_database_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "notes.txt"
    path.write_text("not a ledger\n" * 1_000)
    with pytest.raises(LedgerDamagedError, match=r"notes.txt is not a database; name another file"):
        open_ledger(str(path))
    with pytest.raises(LedgerDamagedError, match="is not a database"), open_reader(str(path)):
        pass
    assert path.read_text() == "not a ledger\n" * 1_000


def test_another_programs_database_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "catalog.db"
    with sqlite3.connect(path) as connection:
        connection.execute("CREATE TABLE iceberg_tables (name TEXT)")
    connection.close()
    before = path.read_bytes()
    with pytest.raises(LedgerDamagedError, match="a database of something else"):
        open_ledger(str(path))
    with pytest.raises(LedgerDamagedError, match="something else"), open_reader(str(path)):
        pass
    assert path.read_bytes() == before


def test_a_ledger_of_a_newer_version_is_refused_with_both_versions(ledger_url: str) -> None:
    with open_ledger(ledger_url) as ledger, ledger._engine.begin() as connection:
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = '9999'")
    with pytest.raises(
        LedgerTooNewError, match=rf"9999.*{SCHEMA_VERSION}.*install a newer"
    ) as caught:
        open_ledger(ledger_url)
    assert (caught.value.found, caught.value.known) == ("9999", SCHEMA_VERSION)
    with pytest.raises(LedgerTooNewError), open_reader(ledger_url):
        pass


def test_a_damaged_ledger_is_said_to_be_one(tmp_path: Path) -> None:
    path = tmp_path / "ledger.db"
    with open_ledger(str(path)) as ledger:
        fill(ledger, names=500, bytes_each=200)
    body = bytearray(path.read_bytes())
    body[8192 * 2 :] = b"\xff" * (len(body) - 8192 * 2)
    path.write_bytes(body)
    with pytest.raises(LedgerDamagedError, match="is damaged"):
        asserted(str(path))


def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(LedgerUnwritableError, match=r"Not a directory|File exists"):
        open_ledger(str(tmp_path / "file" / "ledger.db"))


def test_a_ledger_in_a_read_only_folder_is_not_made_but_can_be_read(everyones: Path) -> None:
    with unprivileged(), pytest.raises(LedgerUnwritableError, match=r"cannot be (opened or )?made"):
        open_ledger(str(everyones / "new.db"))
    path = everyones / "ledger.db"
    with open_ledger(str(path)) as ledger:
        fill(ledger, names=3, bytes_each=10)
    assert [one.name for one in everyones.iterdir()] == ["ledger.db"]
    with unprivileged():
        assert asserted(str(path)) == 3
        with pytest.raises(LedgerUnwritableError, match="read-only; make it writable"):
            open_ledger(str(path))
    assert [one.name for one in everyones.iterdir()] == ["ledger.db"]


def test_a_ledger_that_one_may_not_reach_is_named(everyones: Path) -> None:
    locked = everyones / "locked"
    locked.mkdir(mode=0o700)
    with open_ledger(str(locked / "ledger.db")) as ledger:
        fill(ledger, names=1, bytes_each=10)
    if os.geteuid() != 0:
        locked.chmod(0)
    with unprivileged(), pytest.raises(LedgerUnreachableError, match="no permission; ask"):
        asserted(str(locked / "ledger.db"))
    locked.chmod(0o700)


def test_a_full_disk_leaves_the_ledger_as_it_was(sqlite_url: str) -> None:
    with open_ledger(sqlite_url) as ledger:
        fill(ledger, names=10, bytes_each=10)
        soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
        resource.setrlimit(resource.RLIMIT_FSIZE, (1_000_000, hard))
        try:
            # More than the cache holds, so that it is written before the end.
            with pytest.raises(LedgerUnwritableError) as caught:
                fill(ledger, names=100, bytes_each=1_000_000)
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert caught.value.location == sqlite_url
    assert asserted(sqlite_url) == 10
    with open_ledger(sqlite_url) as ledger:
        assert ledger.check() == []
        fill(ledger, names=20, bytes_each=10)
    assert asserted(sqlite_url) == 20


def test_a_ledger_that_may_not_grow_says_that_the_disk_is_full(sqlite_url: str) -> None:
    with open_ledger(sqlite_url) as ledger:
        fill(ledger, names=10, bytes_each=10)

        def overfill() -> None:
            with ledger.transaction(source="test", note="") as transaction:
                transaction._session.run("PRAGMA max_page_count = 60")
                transaction.nodes([NodeKey("thing", 0, f"{n:01000d}") for n in range(1_000)])

        with pytest.raises(LedgerUnwritableError, match="the disk is full; make room"):
            overfill()
    assert asserted(sqlite_url) == 10


def test_a_ledger_locked_for_too_long_is_said_to_be_locked(ledger_url: str) -> None:
    with (
        open_ledger(ledger_url) as first,
        open_ledger(ledger_url) as second,
        first.transaction(source="test", note=""),
        pytest.raises(LedgerUnwritableError, match="locked by another process; wait"),
    ):
        fill(second, names=1, bytes_each=1)


def test_a_writer_that_was_killed_leaves_nothing_behind(sqlite_url: str) -> None:
    program = f"""
import os
from snapshots.instant import Instant
from temporal_lineage.store.ledger import Ledger
from temporal_lineage.store.transaction import NodeKey
ledger = Ledger.open({sqlite_url!r}, clock=lambda: Instant(1))
with ledger.transaction(source="a", note="") as transaction:
    transaction.nodes([NodeKey("thing", 0, "kept")])
with ledger.transaction(source="b", note="") as transaction:
    transaction.nodes([NodeKey("thing", 0, "lost")])
    os._exit(9)
"""
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 9
    with open_reader(sqlite_url) as reader:
        assert [node.name for node in reader.nodes(kind="thing")] == ["kept"]


def test_a_server_that_does_not_answer_is_named_without_its_password() -> None:
    url = "postgresql://me:secret@127.0.0.1:1/nowhere"
    with pytest.raises(LedgerUnreachableError, match="cannot be reached") as caught:
        open_ledger(url)
    assert "secret" not in str(caught.value)
    assert "me:***@127.0.0.1:1/nowhere" in str(caught.value)
    with pytest.raises(LedgerUnreachableError), open_reader(url):
        pass


def test_a_refused_connection_is_called_refused_not_asked_about() -> None:
    with pytest.raises(LedgerUnreachableError, match="Connection refused; check"):
        open_ledger("postgresql://me@127.0.0.1:1/nowhere")


@pytest.mark.parametrize(
    "url",
    [
        "mysql://me:secret@h/db",
        "postgresql+asyncpg://me:secret@h/db",
        "http://me:secret@h/db",
        "postgresql://me:secret@h:port/db",
        "://",
    ],
)
def test_a_url_of_no_ledger_is_told_what_one_looks_like(url: str) -> None:
    with pytest.raises(LedgerUrlError, match="postgresql://user@host/database") as caught:
        open_ledger(url)
    assert "secret" not in str(caught.value)
    with pytest.raises(LedgerUrlError), open_reader(url):
        pass


def test_a_driver_that_is_not_installed_is_named_with_the_extra_that_brings_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(sys.modules, "psycopg", None)
    with pytest.raises(LedgerUrlError, match=r"needs psycopg; pip install .*\[postgresql\]"):
        open_ledger("postgresql://me@h/db")


def test_a_database_that_does_not_exist_is_named(postgresql_server: str) -> None:
    url = postgresql_server.replace("/postgres?", "/not_there?")
    with pytest.raises(LedgerError, match="not_there"):
        open_ledger(url)


def test_every_trouble_ends_with_status_1(tmp_path: Path) -> None:
    with pytest.raises(LedgerError) as caught, open_reader(str(tmp_path / "none.db")):
        pass
    assert caught.value.exit_status == 1
