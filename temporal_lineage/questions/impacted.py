"""What a change would reach, and what it would do there."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Consequence(StrEnum):
    """What would become of something, the worst first."""

    BREAKS = "breaks"
    """The job that makes it fails."""
    MAY_BREAK = "may break"
    """The same, if it uses what is changed: nobody told."""
    STALE = "goes stale"
    """Nothing new comes into it any more."""
    UNREADABLE = "cannot be reproduced"
    """What it was made from can no longer be read, or only while its files are left."""
    HOLDS_MORE = "holds what is taken back"
    """It holds rows that its source would no longer have."""
    CHANGES = "changes"
    MAY_CHANGE = "may change"


@dataclass(frozen=True, slots=True)
class Impacted:
    """Something that a change would reach.

    `distance` counts the steps from what is changed; `path` is one shortest way there, from the
    changed thing to this one. `jobs` bring the data into it, where jobs are what breaks.
    """

    address: str
    distance: int
    path: tuple[str, ...]
    jobs: tuple[str, ...]
    effect: Consequence
    why: str
