"""Acts: the commits that took something away."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from snapshots.instant import Instant


@dataclass(frozen=True, slots=True)
class Act:
    """A commit that took states or files away: since when, and in words.

    `snapshot_id` is the one that it made, None where it made none. `user` is who the commit says
    made it, None where it does not say.
    """

    since: Instant
    what: str
    snapshot_id: int | None
    user: str | None
