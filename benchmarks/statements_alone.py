"""Statements alone: what transactions say to SQLite, kept, and said again with nothing between."""

from __future__ import annotations

import sqlite3
import time
from typing import TYPE_CHECKING, Any

from sqlalchemy import event

from snapshots.instant import Instant
from temporal_lineage.store.engines import make_engine
from temporal_lineage.store.kept_text import kept_texts
from temporal_lineage.store.ledger import Ledger
from temporal_lineage.store.light import CACHE_KIB_MAX, WAIT_MS_MAX
from temporal_lineage.store.session import begun
from temporal_lineage.store.transaction import Transaction

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from temporal_lineage.store.runner import Parameters, Row, Runner

Said = tuple[str, Any, bool]
"""A statement, its parameters, and whether these are many rows of them."""


def overheard(
    path: Path, tellings: Sequence[Callable[[Transaction], object]], *, first: Instant
) -> list[list[Said]]:
    """Tell a new ledger something, a transaction each; returns what each said to SQLite."""
    engine = _made(path)
    heard: list[list[Said]] = []

    def hear(_c: Any, _u: Any, text: str, rows: Any, _x: Any, many: bool) -> None:  # noqa: ANN401, FBT001 - SQLAlchemy's
        if text.startswith(("INSERT", "UPDATE")):
            heard[-1].append((text, rows, many))

    event.listen(engine, "before_cursor_execute", hear)
    for number, telling in enumerate(tellings):
        heard.append([])
        with begun(engine, str(path)) as session:
            session.runner = _Overheard(session.runner, heard[-1])
            now = first.plus(micros=number)
            telling(Transaction(session, ledger=None, now=now, source="benchmark", note=""))
    engine.dispose()
    return heard


def said_again(path: Path, transactions: Sequence[Sequence[Said]]) -> float:
    """Say it to a new ledger by the standard library alone; returns the seconds it took."""
    _made(path).dispose()
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute("PRAGMA synchronous = NORMAL")
    connection.execute(f"PRAGMA cache_size = -{CACHE_KIB_MAX}")
    start = time.perf_counter()
    for said in transactions:
        connection.execute("BEGIN IMMEDIATE")
        for text, parameters, many in said:
            if many:
                connection.executemany(text, parameters)
            else:
                connection.execute(text, parameters).fetchall()
        connection.execute("COMMIT")
    seconds = time.perf_counter() - start
    connection.close()
    return seconds


class _Overheard:
    """A runner that keeps what it is asked."""

    def __init__(self, runner: Runner, said: list[Said]) -> None:
        self._runner = runner
        self._said = said
        self._texts = kept_texts()

    def rows(self, name: str, parameters: Parameters) -> list[Row]:
        """Ask the real one."""
        self._said.append((self._texts[name], parameters, False))
        return self._runner.rows(name, parameters)


def _made(path: Path) -> Any:  # noqa: ANN401 - SQLAlchemy's engine
    Ledger.open(str(path), clock=lambda: Instant(1)).close()
    return make_engine(str(path), wait_ms_max=WAIT_MS_MAX)
