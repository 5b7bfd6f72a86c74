"""Loading: all that the works need is loaded before children are forked, and no thread started."""

from __future__ import annotations

import importlib
import pkgutil

_LIBRARIES = (
    *("alembic.command", "deltalake", "pyarrow.dataset", "pyarrow.parquet", "psycopg"),
    *("pyiceberg.catalog.sql", "pyiceberg.io.pyarrow", "sqlalchemy.dialects.postgresql"),
    *("sqlalchemy.dialects.sqlite", "sqlglot"),
)
_OWN = ("catalogs", "snapshots", "temporal_lineage")
_NOT = ("migrations", "demo", "__main__", "mlflow", "replay", "benchmarks")


def load() -> None:
    """Import libraries and every module of ours that a work could need."""
    for name in _LIBRARIES:
        importlib.import_module(name)
    for package in map(importlib.import_module, _OWN):
        for found in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
            if not any(word in found.name for word in _NOT):
                importlib.import_module(found.name)
