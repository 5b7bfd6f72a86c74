"""Piecing: what puts the snapshots of one table together, held so that each list is read once."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace

from catalogs.iceberg.files import FileLists
from catalogs.iceberg.metadata import TableMetadata
from catalogs.iceberg.pieced import Pieced
from catalogs.iceberg.pieces import Pieces
from catalogs.iceberg.relocation import Relocation, folder_of
from catalogs.storage import Storage
from snapshots.commit_point import CommitPoint
from snapshots.history import TableHistory
from snapshots.snapshot import Snapshot


class Piecing:
    """Goes on with the same pieces as long as the same history is known."""

    def __init__(self) -> None:
        """Start with nothing."""
        self._asked: tuple[TableHistory, Pieced] | None = None
        self._never_seen: frozenset[int] = frozenset()

    def of(
        self,
        known: TableHistory,
        *,
        storage: Storage,
        relocation: Relocation,
        metadata: TableMetadata | None,
    ) -> Pieced:
        """Give what puts snapshots together; those that `never_seen` told count as unknown."""
        if self._asked is None or self._asked[0] is not known:
            seen = [one for one in known.snapshots if one.snapshot_id not in self._never_seen]
            pieced = Pieced(
                pieces=Pieces(_folders(known, relocation), storage=storage),
                lists=FileLists(storage, relocation),
                root=relocation.root,
                metadata=metadata,
                known=replace(known, snapshots=tuple(seen)),
            )
            self._asked = known, pieced
        return self._asked[1]

    def never_seen(self, pieced: Pieced, *, proven: Collection[int]) -> tuple[Snapshot, ...]:
        """Give the snapshots that only their lists tell of; see `Pieced.never_seen`."""
        found = pieced.never_seen(proven=proven)
        self._never_seen = frozenset(one.snapshot_id for one in found)
        return found


def _folders(known: TableHistory, relocation: Relocation) -> list[str]:
    """Give the folders in which a table's lists lie: its own, and where its metadata files lay."""
    points = (one.witness for one in known.chain if isinstance(one, CommitPoint))
    return [f"{relocation.root}/metadata", *map(folder_of, points)]
