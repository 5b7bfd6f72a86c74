"""Remains: what is left of a Delta table whose log is gone, broken, or another table's."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence

from catalogs.delta.files import commit_files_of
from catalogs.delta.kept_log import as_known
from catalogs.delta.log import DeltaLog, LogCache
from catalogs.delta.loss import Losses, removed_at
from catalogs.delta.paths import root_of
from catalogs.delta.protocol import check
from catalogs.delta.replay import state_at
from catalogs.delta.segment import LogSegment
from catalogs.delta.state import DeltaState, presence_of, schema_at, state_of
from catalogs.presence import Presence
from catalogs.storage import Storage
from catalogs.table import RawCommit
from snapshots.availability import LogTruncated
from snapshots.files import DataFile
from snapshots.history import TableHistory

KEPT = "the commits that the ledger kept"
"""Where a version was found whose table has no log."""


class DeltaRemains:
    """A table without its log; implements `catalogs.table.States`.

    No file of a log that lies there is read, since none is known to be of this table.
    """

    def __init__(self, known: TableHistory, *, kept: Sequence[RawCommit], storage: Storage) -> None:
        """Take what is known of the table, and what was kept of its log."""
        self._known = known
        nothing = LogSegment(commits={}, checkpoints={}, compactions=(), modified={})
        log = DeltaLog(
            root=root_of(known.location),
            storage=storage,
            segment=nothing,
            kept={},
            cache=LogCache(),
        )
        self._log = log.with_kept(as_known(kept))

    @property
    def location(self) -> str:
        """The table's root, where it was last seen."""
        return self._known.location

    def presence(self) -> Presence:
        """Give what tells which files are there; see `States.presence`."""
        return presence_of(self._log)

    def rebuildable(self, kept: Sequence[RawCommit]) -> frozenset[int]:
        """Give the versions to which the kept files lead."""
        del kept  # the log has them
        return self._log.segment.readable()

    def broken(
        self, snapshot_ids: Collection[int], *, kept: Sequence[RawCommit], presence: Presence
    ) -> Mapping[int, tuple[str, ...]]:
        """Give none: the table lists nothing."""
        del snapshot_ids, kept, presence
        return {}

    def state(self, snapshot_id: int, *, kept: Sequence[RawCommit]) -> DeltaState | LogTruncated:
        """Find a version in what was kept; raises what `DeltaSource.state` does."""
        del kept
        table = state_at(self._log, snapshot_id)
        if table is None:
            return LogTruncated(min(self._log.segment.readable(), default=0))
        check(table.protocol, location=self._log.root)
        return state_of(
            self._log,
            table,
            version=snapshot_id,
            how=KEPT,
            schema_of=lambda: schema_at(self._log, snapshot_id, known=self._known),
        )

    def losses(
        self, history: TableHistory, files: Iterable[DataFile], *, kept: Sequence[RawCommit]
    ) -> Losses:
        """Find out who took some missing files, in one pass over the kept commits."""
        del kept  # the log has them
        commits = commit_files_of(self._log, history, skip=())
        return Losses(history, removed_at(files, commits))
