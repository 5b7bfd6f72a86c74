"""Copies of ledgers: equal row by row, whatever the databases, and never over something."""

from __future__ import annotations

from itertools import count
from pathlib import Path

import pytest

from another_writer import another_writing
from snapshots.instant import Instant
from snapshots.period import Period
from temporal_lineage.bookkeeping.copying import copy_ledger
from temporal_lineage.bookkeeping.errors import LedgerThereError, UnsoundCopyError
from temporal_lineage.bookkeeping.row_digests import digests_of
from temporal_lineage.store.ledger import Ledger
from temporal_lineage.store.location import sqlite_path
from temporal_lineage.store.moment import open_moment
from temporal_lineage.store.transaction import AttributeAssertion, EdgeAssertion, NodeKey
from transcripts import asked


def tell(ledger: Ledger, turn: int) -> None:
    """Write a transaction that adds and corrects."""
    since = Period.since(Instant(turn))
    with ledger.transaction(source="test", note=f"{turn}") as told:
        nodes = told.nodes([NodeKey("thing", 0, f"{turn}.{one}\n") for one in range(60)])
        first = told.nodes([NodeKey("thing", 0, "first")])[0]
        told.assert_edges(EdgeAssertion("e", first, one, since, f"{one % 7}") for one in nodes)
        told.assert_attributes([AttributeAssertion(first, "k", "", since, f"{turn}")])


def made(url: str) -> str:
    """Make a ledger of a few transactions."""
    ticks = count(1_000, 10)
    with Ledger.open(url, clock=lambda: Instant(next(ticks))) as ledger:
        for turn in range(4):
            tell(ledger, turn)
    return url


def test_a_ledger_goes_to_a_file_and_comes_back_equal(ledger_url: str, tmp_path: Path) -> None:
    made(ledger_url)
    backup, back = str(tmp_path / "backup.db"), str(tmp_path / "back.db")
    copied = copy_ledger(ledger_url, backup)
    assert copied.transactions == 4
    copy_ledger(backup, back)
    with open_moment(ledger_url) as one, open_moment(back) as other:
        assert digests_of(one) == digests_of(other)
    with Ledger.open(back, clock=lambda: Instant(1)) as ledger:
        tell(ledger, 9)
        assert ledger.check() == []
    assert list(tmp_path.glob("*.part*")) == []


def test_a_ledger_moves_to_postgresql_and_is_written_on(
    sqlite_url: str, postgresql_url: str
) -> None:
    made(sqlite_url)
    copy_ledger(sqlite_url, postgresql_url)
    with open_moment(sqlite_url) as one, open_moment(postgresql_url) as other:
        assert digests_of(one) == digests_of(other)
    with Ledger.open(postgresql_url, clock=lambda: Instant(1)) as ledger:
        tell(ledger, 9)
        assert ledger.check() == []
    with pytest.raises(LedgerThereError):
        copy_ledger(sqlite_url, postgresql_url)


def test_a_copy_made_while_another_writes_is_of_one_moment(sqlite_url: str, tmp_path: Path) -> None:
    made(sqlite_url)
    with another_writing(sqlite_url, tell):
        copies = [copy_ledger(sqlite_url, str(tmp_path / f"c{n}.db")) for n in range(3)]
    assert [one.transactions for one in copies] == sorted(one.transactions for one in copies)


def test_a_copy_of_an_unsound_ledger_is_refused_and_leaves_nothing(
    ledger_url: str, tmp_path: Path
) -> None:
    made(ledger_url)
    with (
        Ledger.open(ledger_url, clock=lambda: Instant(1)) as ledger,
        ledger._engine.begin() as connection,
    ):
        connection.exec_driver_sql("UPDATE edge SET since = 3 WHERE edge_id = 1")
    target = tmp_path / "copies" / "copy.db"
    with pytest.raises(UnsoundCopyError, match="edge 1"):
        copy_ledger(ledger_url, str(target))
    assert list(target.parent.iterdir()) == []


def test_a_backup_of_any_ledger_is_a_file_and_comes_back_to_any(
    ledger_url: str, postgresql_url: str, tmp_path: Path
) -> None:
    made(ledger_url)
    backup = str(tmp_path / "backup.db")
    done = asked("--ledger", ledger_url, "ledger", "backup", backup)
    assert (done.status, done.err) == (0, "")
    place = postgresql_url if sqlite_path(ledger_url) else str(tmp_path / "back.db")
    assert asked("--ledger", place, "ledger", "restore", backup).status == 0
    with open_moment(ledger_url) as one, open_moment(place) as other:
        assert digests_of(one) == digests_of(other)
    again = asked("--ledger", place, "ledger", "restore", backup)
    assert (again.status, again.out, again.err.count("\n")) == (1, "", 1)
    assert "is there already; move it away, or name another place" in again.err


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("backup", "postgresql://ada:secret@db/x"), "is no file, as a backup is; name a file"),
        (("restore", "postgresql://ada:secret@db/x"), "is no file, as a backup is; name a file"),
        (("restore", "nothing.db"), "nothing.db is not there; name a file that `tl ledger backup`"),
    ],
)
def test_what_is_no_backup_is_refused_in_one_line(
    words: tuple[str, ...], told: str, sqlite_url: str, tmp_path: Path
) -> None:
    made(sqlite_url)
    before = sorted(tmp_path.iterdir())
    done = asked("--ledger", sqlite_url, "ledger", *words)
    assert (done.status, done.out, done.err.count("\n")) == (1, "", 1)
    assert told in done.err
    assert "secret" not in done.err
    assert sorted(tmp_path.iterdir()) == before
