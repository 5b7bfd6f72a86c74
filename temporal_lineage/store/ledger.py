"""The ledger: opened by path or URL, written in transactions, read at one moment."""

from __future__ import annotations

import weakref
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Self

from sqlalchemy.exc import DBAPIError

from temporal_lineage.store.engines import Durability, make_engine
from temporal_lineage.store.errors import LedgerMissingError
from temporal_lineage.store.full import FullRunner
from temporal_lineage.store.light import WAIT_MS_MAX
from temporal_lineage.store.location import shown, sqlite_path
from temporal_lineage.store.migrate import (
    WRITER_LOCK,
    is_made,
    migrate_postgresql,
    migrate_sqlite,
    refuse_other_version,
)
from temporal_lineage.store.reader import Reader, open_reader
from temporal_lineage.store.rebuild import StaleState, rebuild, stale_states
from temporal_lineage.store.session import Session, begun, translated
from temporal_lineage.store.transaction import Transaction

if TYPE_CHECKING:
    from sqlalchemy import Engine

    from snapshots.instant import Instant


class Ledger:
    """Our bitemporal store: assertions are superseded by later ones, never erased."""

    def __init__(self, url: str, engine: Engine, clock: Callable[[], Instant]) -> None:
        """Use `Ledger.open`."""
        self.url = url
        self.location = shown(url)
        self._engine = engine
        self._clock = clock
        self._closed = weakref.finalize(self, engine.dispose)

    @classmethod
    def open(
        cls,
        url: str,
        *,
        clock: Callable[[], Instant],
        wait_ms_max: int = WAIT_MS_MAX,
        durability: Durability = Durability.PROCESS,
    ) -> Ledger:
        """Open a ledger, a SQLite file or a database URL; made where there is none.

        A file of an older version is brought to this program's. Raises LedgerTooNewError,
        LedgerOutdatedError for an older database, LedgerForbiddenError, LedgerDamagedError,
        LedgerUnwritableError or LedgerUnreachableError.
        """
        engine = make_engine(url, wait_ms_max=wait_ms_max, durability=durability)
        ledger = cls(url, engine, clock)
        path = sqlite_path(url)
        try:
            if path is not None:
                migrate_sqlite(engine, path, wait_ms_max=wait_ms_max)
            else:
                migrate_postgresql(engine, ledger.location)
        except BaseException:
            ledger.close()
            raise
        return ledger

    @contextmanager
    def transaction(self, *, source: str, note: str) -> Iterator[Transaction]:
        """Begin a transaction: all of it is recorded, or nothing where the block raises.

        One writer at a time; others wait. A transaction in which nothing new was said leaves
        no trace. Raises LedgerUnwritableError.
        """
        with self._writing() as session:
            now = self._clock()
            yield Transaction(session, ledger=self, now=now, source=source, note=note)

    @contextmanager
    def reading(self) -> Iterator[Reader]:
        """Read what is recorded, all answers at one moment."""
        if sqlite_path(self.url) is not None:
            with open_reader(self.url) as reader:
                yield reader
        else:
            with _reading(self._engine, self.location) as reader:
                yield reader

    def check(self) -> list[StaleState]:
        """Compare the state kept of every key with what its log leads to; a sound ledger: none."""
        with begun(self._engine, self.location) as session:
            return list(stale_states(session.runner))

    def rebuild(self) -> int:
        """Make the states that are wrong anew from the log; returns how many were wrong."""
        with self._writing() as session:
            return rebuild(session)

    def now(self) -> Instant:
        """Ask the clock the ledger was opened with."""
        return self._clock()

    def close(self) -> None:
        """Let go of the database's connections."""
        self._closed()

    @contextmanager
    def _writing(self) -> Iterator[Session]:
        with begun(self._engine, self.location) as session:
            if not session.on_sqlite:
                session.run(f"SELECT pg_advisory_xact_lock({WRITER_LOCK})")
            # A newer program may have changed the tables since this one opened the ledger.
            refuse_other_version(session.schema_version(), self.location)
            yield session

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


@contextmanager
def full_reader(url: str) -> Iterator[Reader]:
    """Open a ledger in PostgreSQL for reading, all answers at one moment.

    Raises LedgerMissingError, LedgerTooNewError or LedgerUnreachableError.
    """
    engine = make_engine(url, wait_ms_max=WAIT_MS_MAX)
    try:
        with _reading(engine, shown(url)) as reader:
            yield reader
    finally:
        engine.dispose()


@contextmanager
def _reading(engine: Engine, location: str) -> Iterator[Reader]:
    with translated(location):
        connection = engine.connect()
    try:
        with translated(location):
            connection = connection.execution_options(
                isolation_level="REPEATABLE READ", postgresql_readonly=True
            )
            made = is_made(connection, location)
        if not made:
            raise LedgerMissingError(location)
        yield Reader(FullRunner(connection, location))
    finally:
        # All that was asked is answered: a connection that is cut by now takes nothing along.
        with suppress(DBAPIError):
            connection.close()
