"""Migrations: a file is brought up to date when it is opened, a database when that is asked for."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import uuid4

from temporal_lineage.store.engines import PAGE_BYTES, POSTGRES_SCHEMA
from temporal_lineage.store.errors import (
    LedgerDamagedError,
    LedgerForbiddenError,
    LedgerLockedError,
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


def migrate_sqlite(engine: Engine, path: Path, *, wait_ms_max: int) -> str | None:
    """Make the ledger's file where there is none, and bring it up to date.

    Gives the version that was there; None where there was none. Several processes may do so at
    once. Raises LedgerTooNewError, LedgerDamagedError or LedgerUnwritableError; a ledger that is
    up to date is not written.
    """
    location = str(path)
    _make_folder(path)
    with translated(location):
        driver = sqlite3.connect(path, timeout=wait_ms_max / 1000, isolation_level=None)
        try:
            if schema_version(driver, location) == SCHEMA_VERSION:
                return SCHEMA_VERSION
            use_settings(driver, wait_ms_max)
        finally:
            driver.close()
        with engine.begin() as connection:
            inner = connection.connection.driver_connection
            # Another process may have been quicker.
            found = schema_version(inner, location)  # type: ignore[arg-type]
            if found != SCHEMA_VERSION:
                _upgrade(connection)
            return found


def migrate_postgresql(engine: Engine, location: str) -> None:
    """Make the tables where there are none.

    A team's ledger is brought up to date by `upgrade_postgresql` alone. Raises LedgerTooNewError,
    LedgerOutdatedError, LedgerForbiddenError where this role may not write, LedgerDamagedError,
    LedgerUnwritableError or LedgerUnreachableError.
    """
    with translated(location), engine.begin() as connection:
        if not is_made(connection, location):
            connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({WRITER_LOCK})")
            # Another process may have been quicker.
            if not is_made(connection, location):
                _make(connection)
            return
        asked = "SELECT current_user, has_table_privilege('tx', 'INSERT')"
        role, may_write = connection.exec_driver_sql(asked).one()
        if not may_write:
            reason = "it lacks INSERT on table tx"
            raise LedgerForbiddenError(location, role=role, act="writing", reason=reason)


def upgrade_postgresql(
    engine: Engine, location: str, *, wait_ms_max: int, altered: Callable[[str], Sequence[str]]
) -> str | None:
    """Bring the tables up to date; gives the version that was there, None where none was.

    `altered` names the tables that must be locked, for an older version. Nobody is kept from
    reading while we wait for those who read. Raises LedgerTooNewError, LedgerForbiddenError,
    LedgerLockedError, LedgerDamagedError or LedgerUnreachableError.
    """
    deadline = time.monotonic() + wait_ms_max / 1000
    while True:
        try:
            with translated(location), engine.begin() as connection:
                return _upgraded(connection, location, altered)
        except LedgerLockedError:
            if time.monotonic() > deadline:
                raise
        time.sleep(_RETRY_SECONDS)


def _upgraded(
    connection: Connection, location: str, altered: Callable[[str], Sequence[str]]
) -> str | None:
    connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({WRITER_LOCK})")
    found = postgresql_version(connection, location)
    if found is None:
        _make(connection)
    elif found != SCHEMA_VERSION:
        _refuse_all_but_the_owner(connection, location)
        for table in altered(found):
            # Whoever waits for this lock has all later readers wait behind: so we ask again.
            connection.exec_driver_sql(f"LOCK TABLE {table} IN ACCESS EXCLUSIVE MODE NOWAIT")
        _upgrade(connection)
    return found


def _refuse_all_but_the_owner(connection: Connection, location: str) -> None:
    role, owner, is_owner = connection.exec_driver_sql(
        "SELECT current_user, pg_get_userbyid(relowner), pg_has_role(relowner, 'USAGE')"
        " FROM pg_class WHERE oid = 'alembic_version'::regclass"
    ).one()
    if not is_owner:
        reason = f"its tables are those of role {owner}"
        raise LedgerForbiddenError(location, role=role, act="an upgrade", reason=reason)


def _make(connection: Connection) -> None:
    make_schema(connection)
    _upgrade(connection)


def make_schema(connection: Connection) -> None:
    """Make the schema where it is not; whoever may not may find it made for it."""
    found = "SELECT 1 FROM pg_namespace WHERE nspname = %s"
    if connection.exec_driver_sql(found, (POSTGRES_SCHEMA,)).first() is None:
        connection.exec_driver_sql(f"CREATE SCHEMA {POSTGRES_SCHEMA}")


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
