"""Lives: where states stand in a table's history, and which files and whose rows live in them."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING

from snapshots.records import dataclass

if TYPE_CHECKING:
    from collections.abc import Mapping

    from snapshots.files import DataFile

Origin = int | None
"""The commit that wrote rows; None for commits older than anything that is remembered."""


class ContributionCertainty(StrEnum):
    """How surely rows of a commit are live in a state. DESIGN 4.3."""

    EXACT = "exact"
    """Rows of the commit are live: no commit since could have removed the last of them."""
    POSSIBLE = "possible"
    """Rows went through a commit that rewrote or masked files, and nobody knows which rows."""
    ASSUMED = "assumed"
    """No file facts are left: every commit since the last full overwrite is taken to be live."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a state stands: a line is a run of states, each the parent of the next.

    The first child of a state goes on in its parent's line; every further child begins a line.
    `line` is the snapshot id of the line's first state; positions count from 0.
    """

    line: int
    position: int


@dataclass(frozen=True, slots=True)
class Origins:
    """The commits whose rows one file holds: surely, and possibly. No commit is in both.

    A file holds rows of no other commit. Both are empty for delete files: they mask rows.
    """

    sure: frozenset[Origin]
    possible: frozenset[Origin]

    def doubted(self) -> Origins:
        """Give the same commits, none of them sure."""
        return Origins(frozenset(), self.sure | self.possible) if self.sure else self


@dataclass(frozen=True, slots=True)
class FileLife:
    """A file is part of the states of a line from `start` on, up to, not including, `end`.

    `origin` is the commit that first wrote the file, `origins` are those whose rows it got.
    `end` is None while the file is part of the line's newest state.
    """

    file: DataFile
    origin: Origin
    origins: Origins
    line: int
    start: int
    end: int | None


@dataclass(frozen=True, slots=True)
class Contribution:
    """Rows of a commit are live in the states of a line from `start` on, up to `end`.

    `end` is not included, and None while they live in the line's newest state.
    """

    commit_id: Origin
    line: int
    start: int
    end: int | None
    certainty: ContributionCertainty


@dataclass(frozen=True, slots=True)
class LiveState:
    """What lives in one state: its files, and the contributions to it."""

    lives: tuple[FileLife, ...]
    contributions: tuple[Contribution, ...]


@dataclass(frozen=True, slots=True)
class ContributionTrace:
    """Where every state stands, and what lives in it."""

    places: Mapping[int, Place]
    contributions: tuple[Contribution, ...]
    lives: tuple[FileLife, ...]

    def state(self, snapshot_id: int) -> LiveState:
        """Give what lives in a state. Looks at everything once; ask a ledger where it is much."""
        place = self.places[snapshot_id]
        return LiveState(
            tuple(one for one in self.lives if holds_at(one, place)),
            tuple(one for one in self.contributions if holds_at(one, place)),
        )


def holds_at(one: FileLife | Contribution, place: Place) -> bool:
    """Tell whether a life or contribution holds in the state at that place."""
    here = one.line == place.line and one.start <= place.position
    return here and (one.end is None or place.position < one.end)
