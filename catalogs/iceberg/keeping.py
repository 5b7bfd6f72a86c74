"""Keeping: the kept form of each snapshot, made while its manifests are read for its files."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator

from catalogs.iceberg.files import Difference, FileLists, differences
from catalogs.iceberg.kept import kept_commit, kept_ids, kept_reading
from catalogs.iceberg.metadata import SnapshotEntry
from catalogs.iceberg.reading import Listing
from catalogs.table import RawCommit
from snapshots.history import TableHistory

FindListing = Callable[[int], Listing | None]
"""Gives where a snapshot's file lists are; None where no metadata lists it any more."""


class Keeping:
    """Reads what sets snapshots apart, and holds the kept forms until somebody takes them."""

    def __init__(self) -> None:
        """Start with none."""
        self._made: dict[int, tuple[RawCommit, RawCommit]] = {}
        self._tried: set[int] = set()

    def differences(
        self,
        history: TableHistory,
        *,
        skip: Collection[int],
        find: FindListing,
        lists: FileLists,
    ) -> Iterator[Difference]:
        """Yield what sets each snapshot apart from its parent; see `files.differences`."""

        def entry(snapshot_id: int) -> SnapshotEntry | None:
            listing = find(snapshot_id)
            return listing.entry if listing else None

        self._tried.update(
            one.snapshot_id for one in history.snapshots if one.snapshot_id not in skip
        )
        for one in differences(history, skip=skip, find=entry, lists=lists):
            listing = find(one.snapshot.snapshot_id)
            if listing is not None:
                made = kept_reading(listing.reading), kept_commit(one, listing)
                self._made[one.snapshot.snapshot_id] = made
            yield one

    def raw_commits(
        self, history: TableHistory, *, skip: Collection[str], find: FindListing, lists: FileLists
    ) -> Iterator[RawCommit]:
        """Yield the kept forms of the snapshots that `skip` has none of, and what they need.

        Manifests are read only for snapshots that no difference was asked of before.
        """
        kept = kept_ids(skip)
        ids = [one.snapshot_id for one in history.snapshots]
        lacking = {one for one in ids if one not in kept and one not in self._tried}
        if lacking:
            others = set(ids) - lacking
            for _ in self.differences(history, skip=others, find=find, lists=lists):
                pass
        told = set(skip)
        for snapshot_id in ids:
            # What is needed goes first: who has a commit then has all of it.
            for raw in self._made.pop(snapshot_id, ()) if snapshot_id not in kept else ():
                if raw.witness not in told:
                    told.add(raw.witness)
                    yield raw
