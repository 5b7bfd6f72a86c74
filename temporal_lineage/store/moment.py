"""Moments: a ledger as it stood at one instant, asked in SQL that both databases read."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any, Protocol

from temporal_lineage.store.errors import LedgerMissingError, LedgerOutdatedError
from temporal_lineage.store.light import LightRunner, connect_light, schema_version
from temporal_lineage.store.location import shown, sqlite_file
from temporal_lineage.store.runner import Row
from temporal_lineage.store.schema_version import SCHEMA_VERSION
from temporal_lineage.store.sqlite_errors import sqlite_error

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from temporal_lineage.store.reader import Reader

STREAMED_ROWS = 20_000
"""How many rows are in memory at once where all rows of a table go by."""

BODIES_MAX = 500
"""How many where there are whole files or events in them."""

_SQLITE_TABLES = "SELECT name FROM sqlite_master WHERE type = 'table'"

_POSTGRESQL_TABLES = (
    "SELECT relname FROM pg_class"
    " WHERE relkind = 'r' AND relnamespace = current_schema()::regnamespace"
)


class Moment(Protocol):
    """One moment of a ledger: whatever is asked, no later write shows."""

    location: str
    schema_version: str
    on_sqlite: bool

    def rows(self, sql: str) -> list[Row]:
        """Give all rows of a statement without parameters."""

    def streamed(self, sql: str, *, rows_max: int = STREAMED_ROWS) -> Iterator[Row]:
        """Yield the rows of a statement, few of them in memory at a time."""

    def table_names(self) -> set[str]:
        """Name the tables that are there."""

    def reader(self) -> Reader:
        """Give a reader of the same moment."""


class SqliteMoment:
    """A moment of a SQLite ledger, by the standard library alone."""

    on_sqlite = True

    def __init__(self, connection: sqlite3.Connection, location: str, version: str) -> None:
        """Read through a connection whose transaction has begun."""
        self.connection = connection
        self.location = location
        self.schema_version = version

    def rows(self, sql: str) -> list[Row]:
        """Give all rows of a statement."""
        return list(self.streamed(sql))

    def streamed(self, sql: str, *, rows_max: int = STREAMED_ROWS) -> Iterator[Row]:
        """Yield the rows of a statement; SQLite has one in memory, whatever is asked."""
        del rows_max
        try:
            yield from self.connection.execute(sql)
        except sqlite3.DatabaseError as error:
            raise sqlite_error(self.location, error) from error

    def table_names(self) -> set[str]:
        """Name the tables that are there."""
        return {name for (name,) in self.rows(_SQLITE_TABLES)}

    def reader(self) -> Reader:
        """Give a reader of the same moment."""
        from temporal_lineage.store.reader import Reader

        return Reader(LightRunner(self.connection, self.location))


class PostgresqlMoment:
    """A moment of a PostgreSQL ledger: one repeatable read, that blocks nobody."""

    on_sqlite = False

    def __init__(self, connection: Connection, location: str, version: str) -> None:
        """Read through a connection whose transaction has begun."""
        self._connection = connection
        self.location = location
        self.schema_version = version

    def rows(self, sql: str) -> list[Row]:
        """Give all rows of a statement."""
        from temporal_lineage.store.session import translated

        with translated(self.location):
            return [tuple(row) for row in self._connection.exec_driver_sql(sql)]

    def streamed(self, sql: str, *, rows_max: int = STREAMED_ROWS) -> Iterator[Row]:
        """Yield the rows of a statement, through a cursor of the server."""
        import psycopg

        from temporal_lineage.store.database_errors import ledger_error

        driver: Any = self._connection.connection.driver_connection
        try:
            with driver.cursor(name="streamed") as cursor:
                cursor.itersize = rows_max
                yield from cursor.execute(sql)
        except psycopg.Error as error:
            raise ledger_error(self.location, error) from error

    def table_names(self) -> set[str]:
        """Name the tables that are there."""
        return {name for (name,) in self.rows(_POSTGRESQL_TABLES)}

    def reader(self) -> Reader:
        """Give a reader of the same moment."""
        from temporal_lineage.store.full import FullRunner
        from temporal_lineage.store.reader import Reader

        return Reader(FullRunner(self._connection, self.location))


@contextmanager
def open_moment(url: str) -> Iterator[Moment]:
    """Open a ledger of this program's schema version at the present moment.

    Raises LedgerMissingError, LedgerOutdatedError, LedgerTooNewError or LedgerUnreachableError.
    """
    with open_moment_of_any_version(url) as moment:
        if moment.schema_version != SCHEMA_VERSION:
            raise LedgerOutdatedError(
                moment.location, found=moment.schema_version, known=SCHEMA_VERSION
            )
        yield moment


@contextmanager
def open_moment_of_any_version(url: str) -> Iterator[Moment]:
    """Open a ledger of this program's schema version or an older one.

    Raises LedgerMissingError, LedgerTooNewError or LedgerUnreachableError.
    """
    file = sqlite_file(url)
    opened = _sqlite(file) if file is not None else _postgresql(url)
    with opened as moment:
        yield moment


@contextmanager
def _sqlite(location: str) -> Iterator[Moment]:
    connection = connect_light(location)
    try:
        version = schema_version(connection, location)
        if version is None:
            raise LedgerMissingError(location)
        yield SqliteMoment(connection, location, version)
    finally:
        connection.close()


@contextmanager
def _postgresql(url: str) -> Iterator[Moment]:
    from sqlalchemy.exc import DBAPIError

    from temporal_lineage.store.engines import make_engine
    from temporal_lineage.store.light import WAIT_MS_MAX
    from temporal_lineage.store.migrate import postgresql_version
    from temporal_lineage.store.session import translated

    location = shown(url)
    engine = make_engine(url, wait_ms_max=WAIT_MS_MAX)
    try:
        with translated(location):
            connection = engine.connect().execution_options(
                isolation_level="REPEATABLE READ", postgresql_readonly=True
            )
        try:
            with translated(location):
                version = postgresql_version(connection, location)
            if version is None:
                raise LedgerMissingError(location)
            yield PostgresqlMoment(connection, location, version)
        finally:
            # What was to be told is told: a full disk hinders the end of a transaction too.
            with suppress(DBAPIError):
                connection.close()
    finally:
        engine.dispose()
