"""Errors of exports: each names the place, what is wrong there, and the next step."""

from __future__ import annotations

from snapshots.errors import TemporalLineageError


class NoExportError(TemporalLineageError):
    """A place that holds no export, or one that is not as it was written."""

    def __init__(self, place: str, reason: str, advice: str) -> None:
        """Keep the place, what is wrong, and what would work."""
        self.place = place
        self.reason = reason
        self.advice = advice
        super().__init__(f"cannot import {place}: {reason}; {advice}")


AGAIN = "nothing was kept; export the ledger anew"
"""What to do about an export that is not as it was written."""
