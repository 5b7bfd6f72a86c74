"""Why a run is not replayed."""

from __future__ import annotations

from snapshots.errors import TemporalLineageError


class NotReplayableError(TemporalLineageError):
    """A run cannot be replayed, and why."""

    def __init__(self, reason: str) -> None:
        """Keep the reason."""
        super().__init__(f"not replayed: {reason}")
        self.reason = reason


class NoEngineError(TemporalLineageError):
    """There is nothing here that runs SQL."""

    def __init__(self) -> None:
        """Say what to install."""
        super().__init__(
            "a replay needs DuckDB, which is not installed;"
            " install it: pip install 'temporal-lineage[replay]'"
        )
