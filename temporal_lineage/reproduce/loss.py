"""Losses: since when a state cannot be read whole, and whose act that was."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol, runtime_checkable

from snapshots.instant import Instant

if TYPE_CHECKING:
    from collections.abc import Iterable

    from catalogs.table import TableSource
    from snapshots.files import DataFile
    from snapshots.history import TableHistory


@dataclass(frozen=True, slots=True)
class Act:
    """The commit that took something away, in words, and its instant."""

    since: Instant
    what: str


@runtime_checkable
class TellsLosses(Protocol):
    """A table whose own commits tell who deleted files, as VACUUM does."""

    def loss(
        self, history: TableHistory, files: Iterable[DataFile]
    ) -> tuple[Instant | None, str | None]:
        """Say since when the first of some missing files is gone, and by which act."""


def act_behind(
    source: TableSource,
    history: TableHistory,
    snapshot_id: int,
    missing: Iterable[DataFile],
) -> Act | None:
    """Give the commit that took files of a state; None where none is known."""
    if isinstance(source, TellsLosses):
        since, what = source.loss(history, missing)
        if since is not None and what is not None:
            return Act(since, what)
    if snapshot_id in history.listed:
        return None
    return expiry_of(history, snapshot_id)


def expiry_of(history: TableHistory, snapshot_id: int) -> Act | None:
    """Give the commit that took a snapshot out of the metadata; None where none is known.

    Who then deleted the files nobody can tell: from that commit on, anybody was free to.
    """
    for one in history.expiries:
        if one.snapshot_id == snapshot_id:
            return Act(one.since, f"{one.act}; since then nothing held the files of it alone")
    return None
