"""Copies of ledgers: backups, restored ones, and moves between SQLite and PostgreSQL.

Whatever the databases, a copy is of one moment of its source, is compared with it row by row before
it has its name, and stands where nothing stood before.
"""

from __future__ import annotations

import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING, NamedTuple

from temporal_lineage.bookkeeping.errors import NoBackupError
from temporal_lineage.bookkeeping.loading import load_ledger, prove, refuse_if_there
from temporal_lineage.bookkeeping.placing import placed_file
from temporal_lineage.bookkeeping.row_digests import RowDigest, digests_of, rows_of
from temporal_lineage.store.location import shown, sqlite_path
from temporal_lineage.store.moment import SqliteMoment, open_moment
from temporal_lineage.store.sqlite_errors import sqlite_error

if TYPE_CHECKING:
    from pathlib import Path


class LedgerCopied(NamedTuple):
    """What was copied whereto; both held the same, which was compared row by row."""

    source: str
    target: str
    uuid: str
    transactions: int
    rows: int


def copy_ledger(source: str, target: str) -> LedgerCopied:
    """Copy a ledger, as it is now, to a place that has none; others may write it meanwhile.

    Between SQLite files by SQLite's online backup, otherwise row by row. Raises LedgerThereError,
    CopyDiffersError, UnsoundCopyError, LedgerMissingError, LedgerOutdatedError,
    LedgerUnwritableError or LedgerUnreachableError; then the target is as it was.
    """
    refuse_if_there(target)
    with open_moment(source) as moment:
        digests = digests_of(moment)
        path = sqlite_path(target)
        if path is not None and isinstance(moment, SqliteMoment):
            _online(moment, path, digests)
        else:
            load_ledger(target, lambda table: rows_of(moment, table), expected=digests)
        ((uuid,),) = moment.rows("SELECT uuid FROM ledger")
        return LedgerCopied(
            source=moment.location,
            target=shown(target),
            uuid=str(uuid),
            transactions=digests["tx"].rows,
            rows=sum(one.rows for one in digests.values()),
        )


def back_up(source: str, file: str) -> LedgerCopied:
    """Copy a ledger into a file. Raises NoBackupError for a URL, and what `copy_ledger` raises."""
    _path_of(file)
    return copy_ledger(source, file)


def restore(file: str, target: str) -> LedgerCopied:
    """Bring a backup back to where no ledger is. Raises likewise."""
    if not _path_of(file).exists():
        raise NoBackupError(file, "is not there", "name a file that `tl ledger backup` made")
    return copy_ledger(file, target)


def _path_of(file: str) -> Path:
    path = sqlite_path(file)
    if path is None:
        advice = "name a file; `tl ledger copy` goes between databases"
        raise NoBackupError(shown(file), "is no file, as a backup is", advice)
    return path


def _online(moment: SqliteMoment, path: Path, digests: dict[str, RowDigest]) -> None:
    with placed_file(path) as unfinished:
        try:
            with closing(sqlite3.connect(unfinished)) as copy:
                # In one step: it is of the moment that is open, and no writer makes it begin anew.
                moment.connection.backup(copy)
        except sqlite3.DatabaseError as error:
            raise sqlite_error(str(path), error) from error
        with open_moment(str(unfinished)) as copied:
            prove(copied, digests, str(path))
