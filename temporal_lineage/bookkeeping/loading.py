"""Loading: a ledger is made of rows that another one had, as a whole or not at all."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager
from typing import TYPE_CHECKING

from temporal_lineage.bookkeeping.audit import breaches_of
from temporal_lineage.bookkeeping.errors import LedgerThereError, UnsoundCopyError
from temporal_lineage.bookkeeping.kept_tables import KEPT_TABLES, KeptTable
from temporal_lineage.bookkeeping.placing import placed_file
from temporal_lineage.bookkeeping.row_digests import RowDigest, compare, digests_of
from temporal_lineage.store.engines import make_engine
from temporal_lineage.store.errors import LedgerMissingError
from temporal_lineage.store.light import WAIT_MS_MAX
from temporal_lineage.store.location import shown, sqlite_path
from temporal_lineage.store.migrate import (
    WRITER_LOCK,
    make_schema,
    make_tables,
    postgresql_version,
    use_settings,
)
from temporal_lineage.store.moment import PostgresqlMoment, open_moment
from temporal_lineage.store.schema_version import SCHEMA_VERSION
from temporal_lineage.store.session import Session, translated

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from temporal_lineage.store.moment import Moment
    from temporal_lineage.store.runner import Row

Batches = Callable[[KeptTable], Iterator[list["Row"]]]
"""Gives the rows of a table, some at a time."""

_REFUSALS = {"IntegrityError", "DataError"}
"""What both drivers raise for rows that a database does not take."""


def refuse_if_there(url: str) -> None:
    """Raise LedgerThereError where there is a ledger, or any file of that name."""
    path = sqlite_path(url)
    if path is not None:
        if path.exists():
            raise LedgerThereError(str(path))
        return
    try:
        with open_moment(url) as there:
            raise LedgerThereError(there.location)
    except LedgerMissingError:
        return


def load_ledger(url: str, batches: Batches, *, expected: Mapping[str, RowDigest]) -> None:
    """Make a ledger of these rows, check it, and compare it with what is expected.

    Raises LedgerThereError, CopyDiffersError, UnsoundCopyError, LedgerUnwritableError or
    LedgerUnreachableError; nothing is left then.
    """
    path = sqlite_path(url)
    if path is None:
        _into_postgresql(url, batches, expected)
        return
    with placed_file(path) as unfinished:
        with closing(sqlite3.connect(unfinished)) as driver:
            use_settings(driver, WAIT_MS_MAX)
        with _begun(str(unfinished)) as connection:
            make_tables(connection)
            _insert(Session(connection, str(path)), batches, str(path))
        with open_moment(str(unfinished)) as moment:
            prove(moment, expected, str(path))


def prove(moment: Moment, expected: Mapping[str, RowDigest], location: str) -> None:
    """See that a copy is equal to what is expected and breaks no rule.

    Raises CopyDiffersError or UnsoundCopyError.
    """
    compare(expected, digests_of(moment), location)
    found = list(breaches_of(moment))
    if found:
        first = found[0]
        told = f"{first.table} {first.key}: {first.detail}"
        raise UnsoundCopyError(location, told, count=len(found))


def _into_postgresql(url: str, batches: Batches, expected: Mapping[str, RowDigest]) -> None:
    location = shown(url)
    with _begun(url) as connection:
        connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({WRITER_LOCK})")
        if postgresql_version(connection, location) is not None:
            raise LedgerThereError(location)
        make_schema(connection)
        make_tables(connection)
        _insert(Session(connection, location), batches, location)
        for table in KEPT_TABLES:
            # The planner knows nothing of a table that was filled just now.
            connection.exec_driver_sql(f"ANALYZE {table.name}")
        prove(PostgresqlMoment(connection, location, SCHEMA_VERSION), expected, location)


def _insert(session: Session, batches: Batches, location: str) -> None:
    for table in KEPT_TABLES:
        for rows in batches(table):
            try:
                session.insert(table.name, table.names, rows)
            except Exception as error:
                if not {one.__name__ for one in type(error).__mro__} & _REFUSALS:
                    raise
                told = f"{table.name}: {' '.join(str(error).split())}"
                raise UnsoundCopyError(location, told, count=1) from error


@contextmanager
def _begun(url: str) -> Iterator[Connection]:
    """Begin one transaction, and commit it when the block ends."""
    location = shown(url)
    engine = make_engine(url, wait_ms_max=WAIT_MS_MAX)
    try:
        with translated(location), engine.begin() as connection:
            yield connection
    finally:
        engine.dispose()
