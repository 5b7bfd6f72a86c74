"""Warehouses: Iceberg tables that pyiceberg wrote, in its SQLite catalog."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pyiceberg.catalog import Catalog

NAME = "lake"
_COMMITS = (1, 2, 3, 4, 10)
"""How many commits tables have, in turn: most are quiet, some are busy."""


def properties(folder: Path) -> dict[str, str]:
    """Give what opens the catalog."""
    uri = f"sqlite:///{folder / 'catalog.db'}"
    return {"type": "sql", "uri": uri, "warehouse": f"file://{folder / 'warehouse'}"}


def open_warehouse(folder: Path) -> Catalog:
    """Open the catalog as pyiceberg does."""
    from pyiceberg.catalog import load_catalog

    return load_catalog(NAME, **properties(folder))


def write_warehouse(folder: Path, *, tables: int) -> int:
    """Write that many tables of a few commits each. Returns how many commits they have."""
    import pyarrow as pa

    columns = {f"column_{number}": pa.array(range(3), pa.int64()) for number in range(8)}
    rows = pa.table(columns)
    folder.mkdir(parents=True)
    catalog = open_warehouse(folder)
    written = 0
    for namespace in dict.fromkeys(name[0] for name in _names(tables)):
        catalog.create_namespace(namespace)
    for place, name in enumerate(_names(tables)):
        table = catalog.create_table(name, schema=rows.schema)
        for _ in range(_COMMITS[place % len(_COMMITS)]):
            table.append(rows)
            written += 1
    return written


def _names(tables: int) -> Iterator[tuple[str, str]]:
    for place in range(tables):
        yield f"n{place % 10}", f"t{place:04d}"
