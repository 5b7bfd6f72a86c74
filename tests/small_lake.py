"""Small real tables for tests: pyiceberg and delta-rs write them."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
from pyiceberg.catalog.sql import SqlCatalog
from pyiceberg.table import Table

ROWS = pa.table({"id": pa.array([1, 2, 3], pa.int64()), "name": ["a", "b", "c"]})


def sql_catalog(folder: Path, *, name: str) -> SqlCatalog:
    """Make a catalog in an SQLite file beside its warehouse."""
    folder.mkdir(parents=True, exist_ok=True)
    return SqlCatalog(name, uri=sqlite(folder), warehouse=f"file://{folder / 'wh'}")


def sqlite(folder: Path) -> str:
    """Give the URL of that SQLite file."""
    return f"sqlite:///{folder / 'catalog.db'}"


def iceberg_table(catalog: SqlCatalog, *identifier: str, commits: int) -> Table:
    """Make a table of that many appends, and the namespaces it needs."""
    for level in range(1, len(identifier)):
        catalog.create_namespace_if_not_exists(identifier[:level])
    table = catalog.create_table(identifier, schema=ROWS.schema)
    for _ in range(commits):
        table.append(ROWS)
    return table


def delta_table(folder: Path, *, commits: int) -> Path:
    """Make a Delta table of that many appends."""
    from deltalake import write_deltalake

    for _ in range(commits):
        write_deltalake(str(folder), ROWS, mode="append")
    return folder
