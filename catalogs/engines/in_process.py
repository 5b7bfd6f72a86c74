"""The engine in this process: a state reads itself."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from catalogs.engines.engine import Rows
    from catalogs.table import TableState
    from catalogs.traits import Feature

IN_PROCESS = "in-process"


class InProcess:
    """Reads states by the project's own readers; they refuse what they cannot read."""

    name = IN_PROCESS
    reads_parts = True

    def refused(self, state: TableState) -> tuple[Feature, ...]:
        """Refuse nothing before it is read."""
        del state
        return ()

    def rows(self, state: TableState) -> Rows:
        """Give the state, which has rows of its own."""
        return state

    def close(self) -> None:
        """Hold nothing that could be let go."""
