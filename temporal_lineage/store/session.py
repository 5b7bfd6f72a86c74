"""Sessions: one transaction of the database, its statements in bulk, its errors in our words."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any

from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from temporal_lineage.store.database_errors import ledger_error
from temporal_lineage.store.errors import LedgerUnreachableError
from temporal_lineage.store.light import LightRunner

if TYPE_CHECKING:
    from sqlalchemy import Connection, Engine

    from temporal_lineage.store.runner import Runner

BULK_ROWS_MIN = 50
"""From how many rows on PostgreSQL is told by COPY and by arrays, which then is quicker."""


class Session:
    """One database transaction, that nobody else's writes come into."""

    def __init__(self, connection: Connection, location: str) -> None:
        """Write through this connection, whose transaction has begun."""
        self._connection = connection
        self._location = location
        self.on_sqlite = connection.dialect.name == "sqlite"
        self._mark = "?" if self.on_sqlite else "%s"
        self.runner = self._make_runner()

    def insert(self, table: str, columns: Sequence[str], rows: Sequence[tuple[Any, ...]]) -> None:
        """Add rows; a key that is there already is a bug."""
        if not rows:
            return
        names = ", ".join(columns)
        with self._translated():
            if not self.on_sqlite and len(rows) >= BULK_ROWS_MIN:
                self._copy(f"COPY {table} ({names}) FROM STDIN", rows)
                return
            marks = ", ".join([self._mark] * len(columns))
            self._connection.exec_driver_sql(
                f"INSERT INTO {table} ({names}) VALUES ({marks})", list(rows)
            )

    def update(
        self,
        table: str,
        columns: Sequence[str],
        where: Sequence[str],
        rows: Sequence[tuple[Any, ...]],
    ) -> None:
        """Set columns of the rows with these keys; each row is values, then key."""
        if not rows:
            return
        if not self.on_sqlite and len(rows) >= BULK_ROWS_MIN:
            self._update_from_arrays(table, columns, where, rows)
            return
        values = ", ".join(f"{name} = {self._mark}" for name in columns)
        keys = " AND ".join(f"{name} = {self._mark}" for name in where)
        with self._translated():
            self._connection.exec_driver_sql(
                f"UPDATE {table} SET {values} WHERE {keys}", list(rows)
            )

    def run(self, statement: str) -> None:
        """Run a statement without parameters, for what it does."""
        with self._translated():
            self._connection.exec_driver_sql(statement)

    def changed(self, statement: str) -> int:
        """Run a statement without parameters; returns how many rows it changed."""
        with self._translated():
            return self._connection.exec_driver_sql(statement).rowcount

    def schema_version(self) -> str:
        """Give the version of the tables as this transaction finds them."""
        asked = "SELECT version_num FROM alembic_version"
        with self._translated():
            if not self.on_sqlite:
                return str(self._connection.exec_driver_sql(asked).scalar())
            # Every transaction asks: SQLite's driver alone takes a tenth of the time.
            driver: Any = self._connection.connection.driver_connection
            (found,) = driver.execute(asked).fetchone()
            return str(found)

    def _make_runner(self) -> Runner:
        if self.on_sqlite:
            driver = self._connection.connection.driver_connection
            # Kept text on the same connection: quicker, and sees what was written here.
            return LightRunner(driver, self._location)  # type: ignore[arg-type]
        from temporal_lineage.store.full import FullRunner

        return FullRunner(self._connection, self._location)

    def _update_from_arrays(
        self,
        table: str,
        columns: Sequence[str],
        where: Sequence[str],
        rows: Sequence[tuple[Any, ...]],
    ) -> None:
        places = range(len(rows[0]))
        told = ", ".join(f"c{place}" for place in places)
        values = ", ".join(f"{name} = told.c{place}" for place, name in enumerate(columns))
        keys = " AND ".join(
            f"{table}.{name} = told.c{place}" for place, name in enumerate(where, len(columns))
        )
        arrays = ", ".join(
            f"{self._mark}::{'bigint' if isinstance(value, int) else 'text'}[]" for value in rows[0]
        )
        with self._translated():
            self._connection.exec_driver_sql(
                f"UPDATE {table} SET {values} FROM unnest({arrays}) AS told({told}) WHERE {keys}",
                tuple(list(column) for column in zip(*rows, strict=True)),
            )

    def _copy(self, statement: str, rows: Sequence[tuple[Any, ...]]) -> None:
        import psycopg

        driver: Any = self._connection.connection.driver_connection
        try:
            with driver.cursor() as cursor, cursor.copy(statement) as copy:
                for row in rows:
                    copy.write_row(row)
        except psycopg.Error as error:
            raise ledger_error(self._location, error) from error

    @contextmanager
    def _translated(self) -> Iterator[None]:
        with translated(self._location):
            yield


@contextmanager
def begun(engine: Engine, location: str) -> Iterator[Session]:
    """Begin, give the session, and commit; an exception undoes everything."""
    with translated(location):
        connection = engine.connect()
    try:
        with translated(location):
            transaction = connection.begin()
        try:
            yield Session(connection, location)
        except BaseException:
            # A connection that was lost has undone everything by itself.
            with suppress(DBAPIError):
                transaction.rollback()
            raise
        with translated(location):
            transaction.commit()
    finally:
        connection.close()


@contextmanager
def translated(location: str) -> Iterator[None]:
    """Turn the database's errors inside the block into ours."""
    import sqlite3

    try:
        yield
    except DBAPIError as error:
        raise ledger_error(location, error.orig or error) from error
    except PoolTimeoutError as error:
        advice = "wait until some are free, or raise pool_size in its URL"
        raise LedgerUnreachableError(location, "has all its connections in use", advice) from error
    except sqlite3.DatabaseError as error:
        raise ledger_error(location, error) from error
