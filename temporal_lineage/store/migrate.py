"""Migrations: a ledger is brought to this program's schema version when it is opened."""

from __future__ import annotations

import sqlite3
import time
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import uuid4

from temporal_lineage.store.engines import PAGE_BYTES, POSTGRES_SCHEMA
from temporal_lineage.store.errors import (
    LedgerDamagedError,
    LedgerOutdatedError,
    LedgerTooNewError,
    LedgerUnwritableError,
)
from temporal_lineage.store.light import schema_version
from temporal_lineage.store.schema_version import SCHEMA_VERSION, SCHEMA_VERSIONS
from temporal_lineage.store.session import translated

if TYPE_CHECKING:
    from sqlalchemy import Connection, Engine

MIGRATIONS = Path(__file__).with_name("migrations")

WRITER_LOCK = 0x746C_6C65_6467_6572
"""The advisory lock that every writer to a PostgreSQL ledger takes: one at a time."""

_RETRY_SECONDS = 0.02


def migrate_sqlite(engine: Engine, path: Path, *, wait_ms_max: int) -> None:
    """Make the ledger's file where there is none, and bring it up to date.

    Several processes may do so at once. Raises LedgerTooNewError, LedgerDamagedError or
    LedgerUnwritableError; a ledger that is up to date is not written.
    """
    location = str(path)
    _make_folder(path)
    with translated(location):
        driver = sqlite3.connect(path, timeout=wait_ms_max / 1000, isolation_level=None)
        try:
            if schema_version(driver, location) == SCHEMA_VERSION:
                return
            use_settings(driver, wait_ms_max)
        finally:
            driver.close()
        with engine.begin() as connection:
            inner = connection.connection.driver_connection
            # Another process may have been quicker.
            if schema_version(inner, location) != SCHEMA_VERSION:  # type: ignore[arg-type]
                _upgrade(connection)


def migrate_postgresql(engine: Engine, location: str) -> None:
    """Make the tables where there are none, and bring them up to date.

    Raises LedgerTooNewError, LedgerDamagedError, LedgerUnwritableError or
    LedgerUnreachableError.
    """
    with translated(location), engine.begin() as connection:
        if postgresql_version(connection, location) == SCHEMA_VERSION:
            return
        connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({WRITER_LOCK})")
        if postgresql_version(connection, location) == SCHEMA_VERSION:
            return
        found = "SELECT 1 FROM pg_namespace WHERE nspname = %s"
        if connection.exec_driver_sql(found, (POSTGRES_SCHEMA,)).first() is None:
            connection.exec_driver_sql(f"CREATE SCHEMA {POSTGRES_SCHEMA}")
        _upgrade(connection)


def is_made(connection: Connection, location: str) -> bool:
    """Tell whether there is a ledger in a PostgreSQL database.

    Raises LedgerTooNewError and LedgerOutdatedError where another version wrote it.
    """
    version = postgresql_version(connection, location)
    if version not in (None, SCHEMA_VERSION):
        raise LedgerOutdatedError(location, found=str(version), known=SCHEMA_VERSION)
    return version is not None


def refuse_other_version(found: str, location: str) -> None:
    """Raise LedgerTooNewError or LedgerOutdatedError where tables are not those known here."""
    if found not in SCHEMA_VERSIONS:
        raise LedgerTooNewError(location, found=found, known=SCHEMA_VERSION)
    if found != SCHEMA_VERSION:
        raise LedgerOutdatedError(location, found=found, known=SCHEMA_VERSION)


def postgresql_version(connection: Connection, location: str) -> str | None:
    """Give the schema version; None where nothing was made yet.

    Raises LedgerTooNewError or LedgerDamagedError.
    """
    known = connection.exec_driver_sql(
        f"SELECT to_regclass('{POSTGRES_SCHEMA}.alembic_version') IS NOT NULL"
    )
    if not known.scalar_one():
        return None
    version = connection.exec_driver_sql("SELECT version_num FROM alembic_version").scalar()
    if version is None:
        raise LedgerDamagedError(location, "has no schema version", "restore it from a copy")
    if version not in SCHEMA_VERSIONS:
        raise LedgerTooNewError(location, found=str(version), known=SCHEMA_VERSION)
    return str(version)


def use_settings(driver: sqlite3.Connection, wait_ms_max: int) -> None:
    """Give a new SQLite file its page size and its write-ahead log."""
    driver.execute(f"PRAGMA page_size = {PAGE_BYTES}")
    _use_wal(driver, wait_ms_max)


def make_tables(connection: Connection) -> None:
    """Make the tables, or bring them up to date, inside the connection's transaction."""
    from alembic import command
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    config.attributes["connection"] = connection
    command.upgrade(config, "head")


def _upgrade(connection: Connection) -> None:
    make_tables(connection)
    if connection.exec_driver_sql("SELECT uuid FROM ledger").first() is None:
        connection.exec_driver_sql(f"INSERT INTO ledger (uuid) VALUES ('{uuid4()}')")


def _make_folder(path: Path) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        reason = f"cannot be made: {error.strerror} ({error.filename})"
        advice = "name another file with --ledger"
        raise LedgerUnwritableError(str(path), reason, advice) from error


def _use_wal(driver: sqlite3.Connection, wait_ms_max: int) -> None:
    """Switch to the write-ahead log; SQLite does not wait for others here, so we do."""
    deadline = time.monotonic() + wait_ms_max / 1000
    while True:
        try:
            driver.execute("PRAGMA journal_mode = WAL").fetchone()
        except sqlite3.OperationalError as error:
            busy = error.sqlite_errorname.startswith("SQLITE_BUSY")
            if not busy or time.monotonic() > deadline:
                raise
            time.sleep(_RETRY_SECONDS)
        else:
            return
