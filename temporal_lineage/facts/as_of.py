"""AsOf: one point in both times, which every question to the ledger names."""

from __future__ import annotations

from snapshots.instant import FOREVER, Instant
from snapshots.records import dataclass

LAST = FOREVER.plus(micros=-1)
"""The last instant of either time: it sees everything that has not ended, or all that is known."""


@dataclass(frozen=True, slots=True, order=True)
class AsOf:
    """What held at `valid`, as it was known at `system`: `--as-of` and `--as-known`.

    >>> AsOf(valid=Instant.parse("2026-11-17"), system=Instant.parse("2026-11-20"))
    AsOf(valid=Instant(2026-11-17T00:00:00Z), system=Instant(2026-11-20T00:00:00Z))
    """

    valid: Instant
    system: Instant
