"""The adjacency in a session: made, looked at, removed; and used by walks that go far."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from temporal_lineage.session.asking import Asking

if TYPE_CHECKING:
    from collections.abc import Callable

    from temporal_lineage.adjacency.beside import AdjacencyReport, Beside
    from temporal_lineage.store.reader import Reader


class Adjacency(Asking):
    """The part of a session that keeps flows as arrays beside the ledger."""

    @cached_property
    def beside(self) -> Beside:
        """What lies beside the ledger; opened once, it stays in memory."""
        from temporal_lineage.adjacency.beside import Beside

        return Beside(self.workspace.ledger)

    def adjacency_make(self) -> AdjacencyReport:
        """Make the adjacency anew of all that the ledger was told of flows."""
        return self._done(self.beside.make)

    def adjacency(self) -> AdjacencyReport:
        """Tell how the adjacency stands: whether there is one, and how far it goes."""
        return self._done(self.beside.report)

    def adjacency_remove(self) -> AdjacencyReport:
        """Remove the adjacency; the ledger answers alone from then on."""
        return self._done(self.beside.remove)

    def _done(self, act: Callable[[Reader], AdjacencyReport]) -> AdjacencyReport:
        from temporal_lineage.store.reader import open_reader

        with open_reader(self.workspace.ledger) as reader:
            return act(reader)
