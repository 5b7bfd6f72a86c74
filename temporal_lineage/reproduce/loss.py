"""Losses: since when a state cannot be read whole, and whose act that was."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol, runtime_checkable

from snapshots.availability import Gone
from snapshots.instant import Instant

if TYPE_CHECKING:
    from collections.abc import Iterable

    from catalogs.table import TableSource
    from snapshots.availability import LogTruncated
    from snapshots.files import DataFile
    from snapshots.history import Expiry, TableHistory


@dataclass(frozen=True, slots=True)
class Act:
    """The commit that took something away, in words, and its instant."""

    since: Instant
    what: str


class Losses(Protocol):
    """What a table's own commits tell of missing files."""

    def of(self, files: Iterable[DataFile]) -> tuple[Instant | None, str | None]:
        """Say since when the first of them is gone, and by which act."""


@runtime_checkable
class TellsLosses(Protocol):
    """A table whose own commits tell who deleted files, as VACUUM does."""

    def losses(self, history: TableHistory, files: Iterable[DataFile]) -> Losses:
        """Find out who took some missing files, all at once."""


class Acts:
    """Who took what of one table, for any of its states."""

    def __init__(
        self, source: TableSource, history: TableHistory, missing: Iterable[DataFile]
    ) -> None:
        """Take all files that are missing; the log is read only where there are some."""
        lost = tuple(missing)
        self._listed = history.listed
        self._losses: Losses | None = None
        if lost and isinstance(source, TellsLosses):
            self._losses = source.losses(history, lost)
        self._expiries = {one.snapshot_id: _expired(one) for one in history.expiries}

    def behind(self, snapshot_id: int, missing: Iterable[DataFile]) -> Act | None:
        """Give the commit that took missing files of a state; None where none is known."""
        lost = tuple(missing)
        if not lost:
            return None
        if self._losses is not None:
            since, what = self._losses.of(lost)
            if since is not None and what is not None:
                return Act(since, what)
        return None if snapshot_id in self._listed else self._expiries.get(snapshot_id)


def dated(
    found: LogTruncated | Gone, history: TableHistory, snapshot_id: int
) -> LogTruncated | Gone:
    """Add to a state that is gone which commit took it out of the metadata, where that is known."""
    if isinstance(found, Gone) and found.since is None:
        for one in history.expiries:
            if one.snapshot_id == snapshot_id:
                act = _expired(one)
                return Gone(found.missing, found.lost, act.since, act.what)
    return found


def _expired(one: Expiry) -> Act:
    """Who then deleted the files nobody can tell: from that commit on, anybody was free to."""
    return Act(one.since, f"{one.act}; since then nothing held the files of it alone")
