"""Upkeep: what simulates maintenance of one table, whatever its format."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol, runtime_checkable

if TYPE_CHECKING:
    from collections.abc import Collection

    from snapshots.history import TableHistory
    from snapshots.instant import Instant
    from snapshots.maintenance import Act, Refused, Removal


class Upkeep(Protocol):
    """One table as it lies there now. Nothing is ever written or deleted."""

    def usual(self) -> tuple[Act, ...]:
        """Give the acts that whoever keeps the table runs without options."""

    def removal(
        self, act: Act, *, at: Instant, hold: Collection[int], let_go: Collection[str]
    ) -> Removal | Refused:
        """Tell what an act at that instant would take, if nothing is committed until then.

        As if the states in `hold` were kept by whatever the format has for that, and the branches
        and tags in `let_go` were not there. Raises UnreadableError where the table's own metadata
        cannot be read.
        """


@runtime_checkable
class Maintained(Protocol):
    """A table that is there and can be kept up; what is left of one that is gone cannot."""

    def upkeep(self, history: TableHistory) -> Upkeep:
        """Give what simulates maintenance; see `TableSource.upkeep`."""
