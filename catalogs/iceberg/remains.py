"""Remains: what is left of an Iceberg table whose metadata files are gone or broken."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from catalogs.iceberg.kept import KeptState, KeptStates
from catalogs.iceberg.pieced import Pieced
from catalogs.iceberg.piecing import Piecing
from catalogs.iceberg.relocation import Relocation
from catalogs.iceberg.state import IcebergState, presence_of
from catalogs.moved import moved_by
from catalogs.presence import Presence
from catalogs.storage import Storage
from catalogs.table import RawCommit
from snapshots.availability import Gone
from snapshots.history import TableHistory
from snapshots.snapshot import Snapshot


class IcebergRemains:
    """A table that nothing leads into any more; implements `catalogs.table.States`.

    No metadata file of its own is read, since none is known to be of this table.
    """

    def __init__(
        self,
        known: TableHistory,
        *,
        kept: Sequence[RawCommit],
        storage: Storage,
        properties: Mapping[str, str],
    ) -> None:
        """Take what is known of the table, and where and how its files are to be found."""
        self._storage = storage
        self._properties = dict(properties)
        self._piecing = Piecing()
        self._relocation = Relocation(
            root=known.location,
            recorded_root=KeptStates(kept).location() or known.location,
            moved=moved_by(storage.options),
            storage=storage,
        )

    @property
    def location(self) -> str:
        """The table's root, where it was last seen."""
        return self._relocation.root

    def presence(self) -> Presence:
        """Give what tells which files are there; see `States.presence`."""
        return presence_of(self._storage, self._relocation)

    def rebuildable(self, kept: Sequence[RawCommit]) -> frozenset[int]:
        """Give the snapshots whose file lists are kept; see `States.rebuildable`."""
        return KeptStates(kept).rebuildable()

    def broken(
        self, snapshot_ids: Collection[int], *, kept: Sequence[RawCommit], presence: Presence
    ) -> Mapping[int, tuple[str, ...]]:
        """Give none: the table lists nothing."""
        del snapshot_ids, kept, presence
        return {}

    def state(self, snapshot_id: int, *, kept: Sequence[RawCommit]) -> IcebergState | Gone:
        """Find a snapshot in what was kept; see `States.state`."""
        again = KeptStates(kept).state(snapshot_id)
        if again is None:
            return Gone(missing=(), lost=0, since=None, act=None)
        return self._made(again)

    def from_pieces(self, snapshot_id: int, *, known: TableHistory) -> IcebergState | None:
        """Put a snapshot together from lists and manifests; see `FromPieces.from_pieces`.

        Only one that is on top of a known one, where any is known: other tables' pieces may lie
        among its own.
        """
        pieced = self._pieced_of(known)
        ids = {one.snapshot_id for one in pieced.known.snapshots}
        if ids and not pieced.pieces.descend(snapshot_id, known=ids):
            return None
        found = pieced.state(snapshot_id)
        return None if found is None else self._made(found)

    def _pieced_of(self, known: TableHistory) -> Pieced:
        storage, relocation = self._storage, self._relocation
        return self._piecing.of(known, storage=storage, relocation=relocation, metadata=None)

    def never_seen(self, known: TableHistory) -> tuple[Snapshot, ...]:
        """Give the snapshots that only their lists tell of; see `FromPieces.never_seen`."""
        pieced = self._pieced_of(known)
        ids = {one.snapshot_id for one in known.snapshots}
        proven = [
            one.snapshot_id
            for one in pieced.pieces.all_lists
            if not ids or pieced.pieces.descend(one.snapshot_id, known=ids)
        ]
        return self._piecing.never_seen(pieced, proven=proven)

    def _made(self, found: KeptState) -> IcebergState:
        return IcebergState(
            found.metadata,
            found.entry,
            found.entries,
            plan=found.plan,
            storage=self._storage,
            relocation=self._relocation,
            properties=self._properties,
        )
