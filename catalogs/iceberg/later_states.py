"""Later states: the files of a snapshot whose own lists are gone, from the snapshots after it.

A snapshot's manifests say which files it added and which it deleted. So what lived in its parent is
what lives in it, without the added ones and with the deleted ones. Iceberg spec, "Manifests". Some
writers leave deleted entries out, so the result is taken only where it agrees with the totals that
the snapshot's summary tells.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace

from catalogs.iceberg.files import FileLists, Live
from catalogs.iceberg.manifests import Manifest, ManifestEntry, Status
from catalogs.iceberg.metadata import SnapshotEntry
from snapshots.errors import UnreadableError
from snapshots.files import FileContent

STEPS_MAX = 1_000
"""Over so many later snapshots the files of one are followed."""

Pieces = list[str]
"""The paths of the manifests and lists that were needed, in the order they were."""


@dataclass(frozen=True, slots=True)
class LaterStates:
    """Finds live files; `entry` gives a snapshot's list, `children` those made on top of it.

    `listed` are the snapshots that have a list somewhere.
    """

    lists: FileLists
    entry: Callable[[int], SnapshotEntry | None]
    children: Callable[[int], Iterable[int]]
    listed: tuple[int, ...]

    def live(self, snapshot_id: int) -> tuple[Live, Pieces] | None:
        """Give the files that were live in a snapshot, not yet held against its totals.

        None where its own lists and those of all that came after do not tell.
        """
        way: list[tuple[tuple[Manifest, ...], Live, Live]] = []
        at = snapshot_id
        for _ in range(STEPS_MAX):
            found = self._own(at)
            if found is not None:
                return _taken_back(found, way)
            step = self._step(at)
            if step is None:
                return None
            at, manifests, added, deleted = step
            way.append((manifests, added, deleted))
        return None

    def _own(self, snapshot_id: int) -> tuple[Live, Pieces] | None:
        manifests = self._manifests(snapshot_id)
        if manifests is None:
            return None
        try:
            live = {one.key: one for manifest in manifests for one in self.lists.entries(manifest)}
        except UnreadableError:
            return None
        return live, [one.path for one in manifests]

    def _step(self, snapshot_id: int) -> tuple[int, tuple[Manifest, ...], Live, Live] | None:
        """Find a snapshot made on top of one, and what it changed."""
        for child in self.children(snapshot_id):
            own = self._written_by(child)
            if not own:
                continue
            try:
                entries = [one for manifest in own for one in self.lists.all_entries(manifest)]
            except UnreadableError:
                continue
            added = {one.key: one for one in entries if one.status is Status.ADDED}
            deleted = {one.key: one for one in entries if one.status is Status.DELETED}
            return child, own, added, deleted
        return None

    def _written_by(self, snapshot_id: int) -> tuple[Manifest, ...]:
        """Give the manifests that a snapshot wrote: by its own list, else by all that are left."""
        manifests = self._manifests(snapshot_id)
        if manifests is None:
            lists = (self._manifests(one) or () for one in self.listed)
            manifests = tuple({one.path: one for some in lists for one in some}.values())
        return tuple(one for one in manifests if one.snapshot_id == snapshot_id)

    def _manifests(self, snapshot_id: int) -> tuple[Manifest, ...] | None:
        entry = self.entry(snapshot_id)
        try:
            return None if entry is None else self.lists.manifests(entry)
        except UnreadableError:
            return None


def agrees(live: Live, summary: Mapping[str, str]) -> bool:
    """Tell whether files are as many, and hold as many rows, as a snapshot's summary says."""
    data = [one for one in live.values() if one.content is FileContent.DATA]
    found = {
        "total-data-files": len(data),
        "total-delete-files": len(live) - len(data),
        "total-records": sum(one.rows for one in data),
        "total-files-size": sum(one.size_bytes for one in live.values()),
    }
    told = {name: summary[name] for name in found if name in summary}
    return "total-data-files" in told and all(str(found[name]) == told[name] for name in told)


def _taken_back(
    found: tuple[Live, Pieces], way: list[tuple[tuple[Manifest, ...], Live, Live]]
) -> tuple[Live, Pieces]:
    live, pieces = found
    for manifests, added, deleted in reversed(way):
        before = {key: one for key, one in live.items() if key not in added}
        live = before | {key: _back(one) for key, one in deleted.items()}
        pieces += [one.path for one in manifests]
    return live, list(dict.fromkeys(pieces))


def _back(entry: ManifestEntry) -> ManifestEntry:
    return replace(entry, status=Status.EXISTING)
