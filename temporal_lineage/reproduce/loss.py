"""Losses: since when a state cannot be read whole, and whose act that was."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol, runtime_checkable

from snapshots.act import Act
from snapshots.availability import Gone, LogTruncated

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from catalogs.table import RawCommit, States
    from snapshots.files import DataFile
    from snapshots.history import Expiry, TableHistory
    from temporal_lineage.reproduce.reaching import Reached
    from temporal_lineage.reproduce.tables import Tables


class Losses(Protocol):
    """What a table's own commits tell of missing files."""

    def of(self, files: Iterable[DataFile]) -> Act | None:
        """Give the act that took the first of them; None where none is known."""


@runtime_checkable
class TellsLosses(Protocol):
    """A table whose own commits tell who deleted files, as VACUUM does."""

    def losses(
        self, history: TableHistory, files: Iterable[DataFile], *, kept: Sequence[RawCommit]
    ) -> Losses:
        """Find out who took some missing files, all at once; `kept` joins what the table has."""


class Acts:
    """Who took what of one table, for any of its states."""

    def __init__(self, tables: Tables, reached: Reached, missing: Iterable[DataFile]) -> None:
        """Take all files that are missing; the log is read only where there are some."""
        self._tables = tables
        self._reached = reached
        self._lost = tuple(missing)
        self._losses: dict[States, Losses | None] = {}
        self._expiries = {one.snapshot_id: _expired(one) for one in reached.history.expiries}

    def behind(self, snapshot_id: int, missing: Iterable[DataFile]) -> Act | None:
        """Give the commit that took missing files of a state; None where none is known."""
        lost = tuple(missing)
        if not lost:
            return None
        losses = self._told(self._reached.holder(snapshot_id))
        if losses is not None:
            act = losses.of(lost)
            if act is not None:
                return act
        listed = self._reached.history.listed
        return None if snapshot_id in listed else self._expiries.get(snapshot_id)

    def _told(self, holder: States) -> Losses | None:
        if holder not in self._losses:
            self._losses[holder] = None
            if isinstance(holder, TellsLosses):
                kept = self._tables.kept(self._reached.dataset_id)
                self._losses[holder] = holder.losses(self._reached.history, self._lost, kept=kept)
        return self._losses[holder]


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


def why_lost(lost: LogTruncated | Gone) -> str:
    """Say in words why a state cannot be read."""
    if isinstance(lost, LogTruncated):
        return "the commits that tell of it were removed from the table's log"
    what = f": {', '.join(lost.missing)}" if lost.missing else ""
    since = f" since {lost.since}" if lost.since else ""
    act = f" ({lost.act})" if lost.act else ""
    return f"it is gone{since}{act}{what}"


def _expired(one: Expiry) -> Act:
    """Who then deleted the files nobody can tell: from that commit on, anybody was free to."""
    what = f"{one.act}; since then nothing held the files of it alone"
    return Act(one.since, what, snapshot_id=None, user=None)
