"""Real Iceberg tables, written by pyiceberg into a folder."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pyarrow as pa
from pyiceberg.catalog import Catalog
from pyiceberg.catalog.sql import SqlCatalog
from pyiceberg.table import Table


@contextmanager
def lake(folder: Path) -> Iterator[Catalog]:
    """Open an SQL catalog with a namespace `shop` in a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    catalog = SqlCatalog("lake", uri=f"sqlite:///{folder}/catalog.db", warehouse=str(folder))
    catalog.create_namespace("shop")
    try:
        with warnings.catch_warnings():
            # pyiceberg warns of what its own writers do: deletes that match nothing, and the like.
            warnings.simplefilter("ignore")
            yield catalog
    finally:
        catalog.engine.dispose()


def rows(*ids: int, name: str = "x") -> pa.Table:
    """Make rows with an id and a name."""
    names = [f"{name}{number}" for number in ids]
    return pa.table({"id": pa.array(ids, pa.int64()), "name": pa.array(names, pa.string())})


def orders(catalog: Catalog) -> Table:
    """Create an empty table `shop.orders`."""
    return catalog.create_table("shop.orders", schema=rows().schema)


def newest(table: Table) -> int:
    """Give the current snapshot's id."""
    snapshot = table.current_snapshot()
    assert snapshot is not None
    return snapshot.snapshot_id
