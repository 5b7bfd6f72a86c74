"""Standing: whether the manifest lists and manifests that snapshots stand on are still there."""

from __future__ import annotations

from collections.abc import Mapping

from catalogs.iceberg.files import FileLists
from catalogs.iceberg.kept import KeptStates
from catalogs.iceberg.metadata import SnapshotEntry
from catalogs.iceberg.relocation import Relocation
from catalogs.presence import Presence
from catalogs.storage import AbsentFileError, Storage


class Standing:
    """Looks for the metadata files of snapshots, each once."""

    def __init__(self, storage: Storage, relocation: Relocation, presence: Presence) -> None:
        """Take the storage, what is known of moved files, and what tells which are there."""
        self._lists = FileLists(storage, relocation)
        self._relocation = relocation
        self._presence = presence

    def broken(
        self, listed: Mapping[int, SnapshotEntry], kept: KeptStates
    ) -> dict[int, tuple[str, ...]]:
        """Give the snapshots that stand on a file which is not there, or not as long as it was.

        The manifests of a snapshot are those that were kept of it; only where nothing was is its
        manifest list read. Raises UnreadableError where that one is broken.
        """
        known = kept.known(listed)
        sizes = kept.metadata_files(known)
        found = self._missing(sizes)
        broken = kept.standing_on(known, found)
        for snapshot_id, entry in listed.items():
            if snapshot_id not in known and (paths := self._looked(entry)):
                broken[snapshot_id] = paths
        return {
            one: tuple(self._relocation.find(path) for path in paths)
            for one, paths in broken.items()
        }

    def _looked(self, entry: SnapshotEntry) -> tuple[str, ...]:
        try:
            manifests = self._lists.manifests(entry)
        except AbsentFileError:
            return () if entry.manifest_list is None else (entry.manifest_list,)
        return tuple(sorted(self._missing({one.path: one.size_bytes for one in manifests})))

    def _missing(self, sizes: Mapping[str, int | None]) -> frozenset[str]:
        found = {self._relocation.find(path): path for path in sizes}
        missing = self._presence.missing_paths({place: sizes[p] for place, p in found.items()})
        return frozenset(found[place] for place in missing)
