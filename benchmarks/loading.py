"""Loading: rows put into the ledger's own tables, and by the quickest way that its driver has."""

from __future__ import annotations

import sqlite3
import time
from itertools import count
from typing import TYPE_CHECKING

from benchmarks.binary_copy import packed as packed_columns
from benchmarks.measuring import take_turns
from benchmarks.postgresql_server import server_if_any
from benchmarks.rows import Row, faster
from snapshots.instant import FOREVER, Instant
from temporal_lineage.store.engines import make_engine
from temporal_lineage.store.ledger import Ledger
from temporal_lineage.store.light import CACHE_KIB_MAX, WAIT_MS_MAX
from temporal_lineage.store.session import begun

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    from benchmarks.sizes import Size

_Rows = dict[str, list[tuple[int | str, ...]]]
"""Rows by table."""

_COLUMNS = {
    "edge": (
        *("src_id", "kind", "dst_id", "edge_id"),
        *("last_tx", "since", "open_tx", "claim_id"),
    ),
    "edge_assertion": ("edge_id", "rank", "valid_from", "valid_to", "claim_id"),
}
_BYTES = {"edge_assertion": (4, 8, 8, 8, 4)}
"""How wide the columns are in PostgreSQL, of a table that holds numbers alone."""

_NODES = 1_000
_GOAL_SQLITE = 0.9
_GOAL_POSTGRESQL = 0.8


def run(size: Size, folder: Path) -> Iterator[Row]:
    """Compare our session with raw drivers, on tables with the ledger's own indexes."""
    folder.mkdir()
    yield _sqlite(size, folder)
    with server_if_any() as server:
        if server is not None:
            yield _postgresql(size, server)


def _sqlite(size: Size, folder: Path) -> Row:
    rows = _rows(size.assertions)
    paths = (folder / f"{number}.db" for number in count())
    made: list[Path] = []

    def ours() -> float:
        made.append(_new(str(next(paths)), folder))
        return _through_session(str(made[-1]), rows)

    def raw() -> float:
        path = _new(str(next(paths)), folder)
        connection = sqlite3.connect(path, isolation_level=None)
        connection.execute("PRAGMA synchronous = NORMAL")
        connection.execute(f"PRAGMA cache_size = -{CACHE_KIB_MAX}")
        start = time.perf_counter()
        connection.execute("BEGIN IMMEDIATE")
        for table, many in rows.items():
            marks = ", ".join("?" * len(_COLUMNS[table]))
            connection.executemany(f"INSERT INTO {table} VALUES ({marks})", many)
        connection.execute("COMMIT")
        seconds = time.perf_counter() - start
        counted = [_count(connection, table) for table in rows]
        connection.close()
        with sqlite3.connect(made[-1]) as other:
            assert counted == [_count(other, table) for table in rows]
        other.close()
        return seconds

    loading, peer = take_turns(ours, raw, rounds=size.rounds)
    total = sum(len(many) for many in rows.values())
    return faster(
        f"load {total:,} rows of edges and assertions into SQLite",
        ours=loading,
        peer=peer,
        peer_name="raw sqlite3 `executemany`, same tables",
        goal=_GOAL_SQLITE,
        each=total,
    )


def _postgresql(size: Size, server: str) -> Row:
    import psycopg

    rows: _Rows = {"edge_assertion": _rows(size.assertions)["edge_assertion"]}
    many = rows["edge_assertion"]
    Ledger.open(server, clock=lambda: Instant(1)).close()

    def ours() -> float:
        return _emptied(lambda: _through_session(server, rows))

    def packed() -> float:
        def load() -> float:
            start = time.perf_counter()
            with (
                psycopg.connect(server) as connection,
                connection.cursor() as cursor,
                cursor.copy(
                    "COPY temporal_lineage.edge_assertion FROM STDIN (FORMAT BINARY)"
                ) as copy,
            ):
                copy.write(_packed(many, _BYTES["edge_assertion"]))
            return time.perf_counter() - start

        return _emptied(load)

    def _emptied(load: Callable[[], float]) -> float:
        with psycopg.connect(server) as connection:
            # The ledger's own tables refuse to lose a row.
            connection.execute("ALTER TABLE temporal_lineage.edge_assertion DISABLE TRIGGER USER")
            connection.execute("TRUNCATE temporal_lineage.edge_assertion")
        seconds = load()
        with psycopg.connect(server) as connection:
            found = connection.execute("SELECT count(*) FROM temporal_lineage.edge_assertion")
            assert found.fetchone() == (len(many),)
        return seconds

    loading, peer = take_turns(ours, packed, rounds=size.rounds)
    return faster(
        f"load {len(many):,} rows of assertions into PostgreSQL",
        ours=loading,
        peer=peer,
        peer_name="binary COPY packed by numpy, same table",
        goal=_GOAL_POSTGRESQL,
        each=len(many),
    )


def _through_session(url: str, rows: _Rows) -> float:
    """Insert rows as a transaction of the ledger does."""
    engine = make_engine(url, wait_ms_max=WAIT_MS_MAX)
    try:
        start = time.perf_counter()
        with begun(engine, url) as session:
            for table, many in rows.items():
                session.insert(table, _COLUMNS[table], many)
        return time.perf_counter() - start
    finally:
        engine.dispose()


def _rows(number: int) -> _Rows:
    """Make up new edges between a thousand nodes, each with one assertion."""
    edges = range(1, number + 1)
    return {
        "edge": [
            (one % _NODES, "flow", one // _NODES + one % 3, one, 1, one, 1, one) for one in edges
        ],
        "edge_assertion": [(one, -65_536, one, FOREVER.micros, one) for one in edges],
    }


def _packed(rows: Sequence[tuple[int | str, ...]], widths: Sequence[int]) -> bytes:
    """Write rows of numbers as PostgreSQL's binary COPY has them, in one piece."""
    import numpy as np

    values = np.array(rows, dtype=np.int64)
    columns = [(values[:, place], width) for place, width in enumerate(widths)]
    return b"".join(packed_columns(columns, rows=len(rows)))


def _new(path: str, folder: Path) -> Path:
    """Make an empty ledger."""
    Ledger.open(path, clock=lambda: Instant(1)).close()
    return folder / path


def _count(connection: sqlite3.Connection, table: str) -> int:
    ((number,),) = connection.execute(f"SELECT count(*) FROM {table}")
    return int(number)
