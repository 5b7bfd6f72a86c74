"""Proofs: what a lock says of the rows of an input, and whether those that came are the same."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from snapshots.errors import TemporalLineageError

if TYPE_CHECKING:
    from snapshots.fingerprint import Fingerprint


class ContentError(TemporalLineageError):
    """An input gave other rows than a lock says that it had."""

    def __init__(self, address: str, *, found: str, locked: str) -> None:
        """Keep the input, what came, and what should have come."""
        self.address = address
        self.found = found
        self.locked = locked
        super().__init__(
            f"{address} gave other rows than were locked: {found} where the lock says {locked};"
            " nothing was written, since a copy that differs would be worse than none"
        )


@dataclass(frozen=True, slots=True)
class Proof:
    """How many rows there must be, and their fingerprint; each None where the lock has none."""

    rows: int | None
    fingerprint: str | None

    def hold(self, address: str, found: Fingerprint) -> None:
        """Raise ContentError where other rows came."""
        if self.fingerprint is not None and str(found) != self.fingerprint:
            raise ContentError(address, found=str(found), locked=self.fingerprint)
        if self.rows is not None and found.rows != self.rows:
            raise ContentError(address, found=f"{found.rows} rows", locked=f"{self.rows} rows")
