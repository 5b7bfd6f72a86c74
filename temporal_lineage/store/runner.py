"""Runners: what answers a named statement, by SQLite's own text or through SQLAlchemy."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

Row = tuple[Any, ...]

Parameters = Mapping[str, int | str]
"""By name; a list is JSON text."""


class Runner(Protocol):
    """Runs the statements of `temporal_lineage.store.statements` by their names."""

    def rows(self, name: str, parameters: Parameters) -> list[Row]:
        """Give all rows; raises LedgerError where the ledger cannot be read."""
