"""Later states: the files of a snapshot whose own lists are gone, from the snapshots after it.

A snapshot's manifests say which files it added and which it deleted. So what lived in its parent is
what lives in it, without the added ones and with the deleted ones. Iceberg spec, "Manifests". Some
writers leave deleted entries out, so the result is taken only where it agrees with the totals that
the snapshot's summary tells.
"""

from __future__ import annotations

from collections import defaultdict
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
class Step:
    """A snapshot on top of another, the manifests that it wrote, and what it changed by them."""

    child: int
    manifests: tuple[Manifest, ...]
    added: Live
    deleted: Live


class LaterStates:
    """Finds live files; what each commit changed is read once, however many states are asked for.

    `entry` gives a snapshot's list, `children` those made on top of it; `listed` are the snapshots
    that have a list somewhere.
    """

    def __init__(
        self,
        lists: FileLists,
        *,
        entry: Callable[[int], SnapshotEntry | None],
        children: Callable[[int], Iterable[int]],
        listed: Callable[[], Iterable[int]],
    ) -> None:
        """Take what tells of lists; nothing is read before it is asked for."""
        self._lists = lists
        self._entry = entry
        self._children = children
        self._listed = listed
        self._read: dict[int, tuple[Manifest, ...] | None] = {}
        self._steps: dict[int, Step | None] = {}
        self._whole: tuple[int, tuple[Live, Pieces]] | None = None
        self._wrote: dict[int, list[Manifest]] | None = None

    def live(self, snapshot_id: int) -> tuple[Live, Pieces] | None:
        """Give the files that were live in a snapshot, not yet held against its totals.

        None where its own lists and those of all that came after do not tell.
        """
        way: list[Step] = []
        at = snapshot_id
        for _ in range(STEPS_MAX):
            found = self._own(at)
            if found is not None:
                return _taken_back(found, way)
            step = self._step(at)
            if step is None:
                return None
            way.append(step)
            at = step.child
        return None

    def _own(self, snapshot_id: int) -> tuple[Live, Pieces] | None:
        """Give the files of a snapshot by its own lists; those of the last one found are held."""
        if self._whole is not None and self._whole[0] == snapshot_id:
            return self._whole[1]
        found = self._by_own_lists(snapshot_id)
        if found is not None:
            self._whole = snapshot_id, found
        return found

    def _by_own_lists(self, snapshot_id: int) -> tuple[Live, Pieces] | None:
        manifests = self._manifests(snapshot_id)
        if manifests is None:
            return None
        try:
            live = {one.key: one for manifest in manifests for one in self._lists.entries(manifest)}
        except UnreadableError:
            return None
        return live, [one.path for one in manifests]

    def _step(self, snapshot_id: int) -> Step | None:
        """Find a snapshot made on top of one, and what it changed."""
        if snapshot_id not in self._steps:
            self._steps[snapshot_id] = self._found_step(snapshot_id)
        return self._steps[snapshot_id]

    def _found_step(self, snapshot_id: int) -> Step | None:
        for child in self._children(snapshot_id):
            own = self._written_by(child)
            if not own:
                continue
            try:
                entries = [one for manifest in own for one in self._lists.all_entries(manifest)]
            except UnreadableError:
                continue
            added = {one.key: one for one in entries if one.status is Status.ADDED}
            deleted = {one.key: one for one in entries if one.status is Status.DELETED}
            return Step(child, own, added, deleted)
        return None

    def _written_by(self, snapshot_id: int) -> tuple[Manifest, ...]:
        """Give the manifests that a snapshot wrote: by its own list, else by all that are left."""
        manifests = self._manifests(snapshot_id)
        if manifests is not None:
            return tuple(one for one in manifests if one.snapshot_id == snapshot_id)
        if self._wrote is None:
            lists = (self._manifests(one) or () for one in self._listed())
            every = {one.path: one for some in lists for one in some}
            self._wrote = defaultdict(list)
            for one in every.values():
                self._wrote[one.snapshot_id or 0].append(one)
        return tuple(self._wrote[snapshot_id])

    def _manifests(self, snapshot_id: int) -> tuple[Manifest, ...] | None:
        if snapshot_id not in self._read:
            entry = self._entry(snapshot_id)
            try:
                found = None if entry is None else self._lists.manifests(entry)
            except UnreadableError:
                found = None
            self._read[snapshot_id] = found
        return self._read[snapshot_id]


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


def _taken_back(found: tuple[Live, Pieces], way: list[Step]) -> tuple[Live, Pieces]:
    live, pieces = dict(found[0]), list(found[1])
    for step in reversed(way):
        for key in step.added:
            live.pop(key, None)
        live.update({key: _back(one) for key, one in step.deleted.items()})
        pieces += [one.path for one in step.manifests]
    return live, list(dict.fromkeys(pieces))


def _back(entry: ManifestEntry) -> ManifestEntry:
    return replace(entry, status=Status.EXISTING)
