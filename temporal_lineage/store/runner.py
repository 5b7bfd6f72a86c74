"""Runners: what answers a named statement, by SQLite's own text or through SQLAlchemy."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

Row = tuple[Any, ...]

OPEN_READ_LIMIT = 2**31 - 1
"""A limit for statements that want one, where the caller wants none."""


class Runner(Protocol):
    """Runs the statements of `temporal_lineage.store.statements` by their names."""

    def rows(self, name: str, parameters: Mapping[str, int | str]) -> list[Row]:
        """Give all rows; raises LedgerError where the ledger cannot be read."""
