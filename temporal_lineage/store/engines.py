"""Engines: how SQLAlchemy reaches a ledger for writing, with the settings that were measured."""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING, Any

from sqlalchemy import URL, create_engine, event, make_url
from sqlalchemy.exc import ArgumentError

from temporal_lineage.store.errors import LedgerForbiddenError, LedgerUrlError
from temporal_lineage.store.light import CACHE_KIB_MAX
from temporal_lineage.store.location import database_url, shown, sqlite_path
from temporal_lineage.store.url_options import url_options

if TYPE_CHECKING:
    from sqlalchemy import Connection, Engine, ExceptionContext

POSTGRES_SCHEMA = "temporal_lineage"
"""Where the tables lie in PostgreSQL, apart from anybody else's."""

PAGE_BYTES = 8192

_INSUFFICIENT_PRIVILEGE = "42501"

_ADVICE = "name a file, or postgresql://user@host/database"


class Durability(Enum):
    """What a committed transaction outlives; PostgreSQL's server decides for itself."""

    PROCESS = "NORMAL"
    """WAL with NORMAL loses no committed transaction but the last ones in a power cut."""

    POWER = "FULL"
    """Each commit waits for the disk."""


def make_engine(
    url: str, *, wait_ms_max: int, durability: Durability = Durability.PROCESS
) -> Engine:
    """Make the engine of a ledger; nothing is opened yet."""
    path = sqlite_path(url)
    if path is not None:
        return _sqlite(URL.create("sqlite", database=str(path)), wait_ms_max, durability)
    return _postgresql(url, wait_ms_max)


def _sqlite(url: URL, wait_ms_max: int, durability: Durability) -> Engine:
    engine = create_engine(
        url,
        connect_args={
            "timeout": wait_ms_max / 1000,
            # Transactions are begun below, not when the driver thinks it sees a write.
            "isolation_level": None,
            "check_same_thread": False,
        },
    )

    def connected(driver: Any, _record: object) -> None:  # noqa: ANN401 - the DBAPI's own type
        driver.execute(f"PRAGMA synchronous = {durability.value}")
        driver.execute(f"PRAGMA cache_size = -{CACHE_KIB_MAX}")

    def began(connection: Connection) -> None:
        # A later upgrade from reading to writing could fail halfway.
        connection.exec_driver_sql("BEGIN IMMEDIATE")

    event.listen(engine, "connect", connected)
    event.listen(engine, "begin", began)
    return engine


def _postgresql(url: str, wait_ms_max: int) -> Engine:
    # libpq counts in seconds, and takes less than two for two.
    arguments = {"connect_timeout": max(2, wait_ms_max // 1000)}
    try:
        parsed = make_url(database_url(url))
        if parsed.drivername != "postgresql+psycopg":
            raise LedgerUrlError(shown(url), "is in no database known here", _ADVICE)
        parsed, options = url_options(parsed, url)
        engine = create_engine(
            parsed,
            connect_args=arguments,
            # Who waited for the lock of writers must see what they wrote.
            isolation_level="READ COMMITTED",
            use_native_hstore=False,
            # A server that was restarted has cut what the pool kept open: each is tried before use.
            pool_pre_ping=True,
            pool_size=options.pool_size,
            max_overflow=0,
            pool_timeout=wait_ms_max / 1000,
        )
    except (ArgumentError, ValueError) as error:
        raise LedgerUrlError(shown(url), "is no URL that can be read", _ADVICE) from error
    except ModuleNotFoundError as error:
        install = "pip install 'temporal-lineage[postgresql]'"
        raise LedgerUrlError(shown(url), f"needs {error.name}", install) from error

    # For each transaction: a pooler gives the next one another session.
    settings = [f"search_path TO {POSTGRES_SCHEMA}", f"lock_timeout TO {wait_ms_max}"]
    if options.statement_timeout:
        settings.append(f"statement_timeout TO '{options.statement_timeout}'")
    settle = "; ".join(f"SET LOCAL {one}" for one in settings)

    def began(connection: Connection) -> None:
        connection.exec_driver_sql(settle)

    def failed(context: ExceptionContext) -> None:
        if getattr(context.original_exception, "sqlstate", None) == _INSUFFICIENT_PRIVILEGE:
            raise _forbidden(shown(url), context) from context.original_exception

    event.listen(engine, "connect", _connected)
    event.listen(engine, "begin", began)
    event.listen(engine, "handle_error", failed)
    return engine


def _connected(driver: Any, _record: object) -> None:  # noqa: ANN401 - the DBAPI's own type
    """Prepare no statements behind a pooler, which gives out process numbers of its own making.

    There the next transaction may find another client's statement under the name of ours, and run
    that: transactions were lost without an error.
    """
    (process,) = driver.execute("SELECT pg_backend_pid()").fetchone()
    driver.rollback()
    if process != driver.info.backend_pid:
        driver.prepare_threshold = None


def _forbidden(location: str, context: ExceptionContext) -> LedgerForbiddenError:
    error: Any = context.original_exception
    driver: Any = context.connection and context.connection.connection.driver_connection
    return LedgerForbiddenError(
        location,
        role=driver.info.user if driver else "",
        act=(context.statement or "CONNECT").split()[0],
        reason=error.diag.message_primary,
    )
