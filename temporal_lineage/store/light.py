"""The light path: a SQLite ledger read with the standard library alone."""

from __future__ import annotations

import os
import sqlite3
import stat
from collections.abc import Iterator
from contextlib import contextmanager

from temporal_lineage.store.errors import (
    LedgerDamagedError,
    LedgerMissingError,
    LedgerOutdatedError,
    LedgerTooNewError,
    LedgerUnreachableError,
)
from temporal_lineage.store.kept_text import kept_texts
from temporal_lineage.store.runner import Parameters, Row
from temporal_lineage.store.schema_version import SCHEMA_VERSION, SCHEMA_VERSIONS
from temporal_lineage.store.sqlite_errors import sqlite_error

WAIT_MS_MAX = 30_000
"""How long to wait for another writer before giving up."""

CACHE_KIB_MAX = 65_536
"""How much of the ledger one connection keeps in memory."""

_VERSION = "SELECT version_num FROM alembic_version"


class LightRunner:
    """Runs the kept texts over a connection of the standard library."""

    def __init__(self, connection: sqlite3.Connection, location: str) -> None:
        """Read through this connection; the location is for messages."""
        self._connection = connection
        self._location = location
        self._texts = kept_texts()

    def rows(self, name: str, parameters: Parameters) -> list[Row]:
        """Give all rows of a statement."""
        try:
            return self._connection.execute(self._texts[name], parameters).fetchall()
        except sqlite3.DatabaseError as error:
            raise sqlite_error(self._location, error) from error


@contextmanager
def light_runner(location: str) -> Iterator[LightRunner]:
    """Open a SQLite ledger for reading: all answers are of one moment.

    Raises LedgerMissingError where there is no file, LedgerDamagedError where it is no ledger,
    LedgerTooNewError and LedgerOutdatedError where another version wrote it.
    """
    connection = connect_light(location)
    try:
        version = schema_version(connection, location)
        if version is None:
            raise LedgerMissingError(location)
        if version != SCHEMA_VERSION:
            raise LedgerOutdatedError(location, found=version, known=SCHEMA_VERSION)
        yield LightRunner(connection, location)
    finally:
        connection.close()


def schema_version(connection: sqlite3.Connection, location: str) -> str | None:
    """Give the ledger's schema version; None for a file in which nothing was made yet.

    Raises LedgerDamagedError where another program's tables lie there, and LedgerTooNewError.
    """
    try:
        tables = connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")
        names = {name for (name,) in tables}
        if not names:
            return None
        if "alembic_version" not in names or "edge_assertion" not in names:
            raise LedgerDamagedError(
                location, "is a database of something else", "name another file for the ledger"
            )
        row = connection.execute(_VERSION).fetchone()
    except sqlite3.DatabaseError as error:
        raise sqlite_error(location, error) from error
    version = row[0] if row else None
    if version is not None and version not in SCHEMA_VERSIONS:
        raise LedgerTooNewError(location, found=version, known=SCHEMA_VERSION)
    return str(version) if version else None


def connect_light(location: str) -> sqlite3.Connection:
    """Connect to a file for reading, and begin: all that is read is of one moment.

    Raises LedgerMissingError, LedgerDamagedError or LedgerUnreachableError.
    """
    try:
        if not _is_file(location):
            raise LedgerMissingError(location)
    except PermissionError as error:
        raise LedgerUnreachableError(
            location, "cannot be reached: no permission", "ask its owner, or name another ledger"
        ) from error
    try:
        connection = _open(location, "mode=ro")
        try:
            _begin(connection)
        except sqlite3.OperationalError:
            connection.close()
            wal = f"{location}-wal"
            if os.path.exists(wal) and os.path.getsize(wal) > 0:
                raise
            # A folder that cannot be written has no place for WAL's shared memory; with an empty
            # log the file itself is whole.
            connection = _open(location, "immutable=1")
            _begin(connection)
    except sqlite3.DatabaseError as error:
        raise sqlite_error(location, error) from error
    return connection


def _begin(connection: sqlite3.Connection) -> None:
    """Fix the moment of all answers: it is that of the first row read."""
    connection.execute("BEGIN")
    connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
    # The usual two megabytes hold the edges of a few thousand tables: a walk through more would
    # read the same pages again and again. What is not needed is not taken.
    connection.execute(f"PRAGMA cache_size = -{CACHE_KIB_MAX}")


def _is_file(location: str) -> bool:
    """Tell whether a file is there, or raise PermissionError where nobody may look."""
    try:
        return stat.S_ISREG(os.stat(location).st_mode)
    except PermissionError:
        raise
    except (OSError, ValueError):
        return False


def _open(location: str, how: str) -> sqlite3.Connection:
    escaped = os.path.join(os.getcwd(), location)
    for letter, code in (("%", "%25"), ("?", "%3f"), ("#", "%23")):
        escaped = escaped.replace(letter, code)
    # No mmap: for few rows it reads a hundred times more from a cold disk.
    return sqlite3.connect(
        f"file:{escaped}?{how}", uri=True, isolation_level=None, timeout=WAIT_MS_MAX / 1000
    )
