"""Files of commits: what each snapshot added to and removed from the one before it. DESIGN 4.3."""

from __future__ import annotations

from collections import Counter, OrderedDict
from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass

from catalogs.iceberg.commits import FileChange, effect_of
from catalogs.iceberg.manifests import (
    Manifest,
    ManifestEntry,
    Status,
    read_manifest,
    read_manifest_list,
)
from catalogs.iceberg.metadata import SnapshotEntry
from catalogs.iceberg.pieces import ManifestHeader, manifest_header
from catalogs.iceberg.relocation import Relocation
from catalogs.storage import Storage
from snapshots.errors import TemporalLineageError
from snapshots.files import AddedFile, CommitFiles, DataFile, FileContent
from snapshots.history import TableHistory
from snapshots.snapshot import Snapshot

_LISTS_KEPT = 64
"""Manifest lists kept in memory: a parent's is needed right after its own turn."""

FindEntry = Callable[[int], SnapshotEntry | None]
"""Gives a snapshot as some metadata file lists it; None where none does any more."""

Live = dict[str, ManifestEntry]
"""The live files of some manifests by key."""


class FileLists:
    """Reads manifest lists and manifests from where they lie now."""

    def __init__(self, storage: Storage, relocation: Relocation) -> None:
        """Take the storage, and what is known of moved files."""
        self._storage = storage
        self._relocation = relocation

    def manifests(self, entry: SnapshotEntry) -> tuple[Manifest, ...]:
        """Give the manifests of a snapshot. Raises UnreadableError; AbsentFileError where gone."""
        if entry.manifest_list is None:
            # Format v1 once allowed the manifests in the metadata file itself.
            paths = entry.manifests or ()
            own = entry.snapshot_id
            return tuple(Manifest(path, None, 0, own, None, None, False) for path in paths)
        location = self._relocation.find(entry.manifest_list)
        return read_manifest_list(self._storage.read(location), location=location)

    def entries(self, manifest: Manifest) -> Iterator[ManifestEntry]:
        """Yield the live entries of a manifest. Raises UnreadableError."""
        for entry in self.all_entries(manifest):
            if entry.status is not Status.DELETED:
                yield entry

    def all_entries(self, manifest: Manifest) -> Iterator[ManifestEntry]:
        """Yield all entries of a manifest, those of deleted files too. Raises UnreadableError."""
        location = self._relocation.find(manifest.path)
        yield from read_manifest(self._storage.read(location), manifest, location=location)

    def find(self, path: str) -> str:
        """Give where a recorded path lies now."""
        return self._relocation.find(path)

    def header(self, manifest: Manifest) -> ManifestHeader:
        """Give what a manifest says of how its files are read. Raises UnreadableError."""
        location = self._relocation.find(manifest.path)
        return manifest_header(self._storage.read(location), location=location)

    def data_file(self, entry: ManifestEntry) -> DataFile:
        """Give a file as the domain knows it: its key as recorded, its path as found."""
        return DataFile(
            key=entry.key,
            path=self._relocation.find(entry.path),
            content=entry.content,
            size_bytes=entry.size_bytes,
            rows=entry.rows,
            masks=entry.referenced_path,
        )


@dataclass(frozen=True, slots=True)
class Difference:
    """What sets the file lists of a snapshot apart from its parent's.

    With `parent_id` None that is all of them. `added` are files that the parent does not have;
    `restated` are those it has, too, but under other numbers. `live_files` counts the entries of
    the snapshot's manifests, None where its list does not.
    """

    snapshot: Snapshot
    parent_id: int | None
    added: tuple[ManifestEntry, ...]
    restated: tuple[ManifestEntry, ...]
    removed: tuple[ManifestEntry, ...]
    new: tuple[Manifest, ...]
    dropped: tuple[Manifest, ...]
    live_files: int | None


def differences(
    history: TableHistory, *, skip: Collection[int], find: FindEntry, lists: FileLists
) -> Iterator[Difference]:
    """Yield what sets each snapshot apart from its parent, parents first.

    Where the parent's file lists are gone, the whole state counts as added, with `parent_id` None.
    A snapshot whose own lists cannot be read is left out. Each manifest is read once: it is kept
    until the last difference that needs it, and a manifest that parent and child share needs none.
    """
    reader = _ManifestReader(find, lists)
    plans = [
        plan
        for snapshot in history.snapshots
        if snapshot.snapshot_id not in skip and (plan := _plan(snapshot, reader)) is not None
    ]
    reader.expect(plans)
    for plan in plans:
        found = _difference(plan, reader) or _whole(plan, reader)
        reader.release(plan)
        if found is not None:
            yield found


def commit_of(one: Difference, lists: FileLists) -> CommitFiles:
    """Give a difference in files as the domain knows it."""
    effect = one.snapshot.effect
    if one.parent_id is not None:
        change = FileChange(
            added_data=_count(one.added, FileContent.DATA),
            removed_data=_count(one.removed, FileContent.DATA),
            added_deletes=_count_deletes(one.added),
            removed_deletes=_count_deletes(one.removed),
        )
        effect = effect_of(one.snapshot.operation, one.snapshot.summary, change)
    return CommitFiles(
        snapshot_id=one.snapshot.snapshot_id,
        parent_id=one.parent_id,
        effect=effect,
        added=tuple(AddedFile(lists.data_file(file), file.snapshot_id) for file in one.added),
        removed=tuple(file.key for file in one.removed),
    )


@dataclass(frozen=True, slots=True)
class _Plan:
    """The manifests whose difference a snapshot makes; `parent_id` is None where that is all."""

    snapshot: Snapshot
    parent_id: int | None
    new: tuple[Manifest, ...]
    dropped: tuple[Manifest, ...]
    live_files: int | None


class _ManifestReader:
    """Reads manifests, and keeps each as long as some plan still needs it."""

    def __init__(self, find: FindEntry, lists: FileLists) -> None:
        self._find = find
        self._lists = lists
        self._recent = OrderedDict[int, tuple[Manifest, ...] | None]()
        self._needed = Counter[str]()
        self._kept: dict[str, Live] = {}

    def manifests(self, snapshot_id: int) -> tuple[Manifest, ...] | None:
        """Give the manifests of a snapshot; None where its list cannot be read any more."""
        if snapshot_id not in self._recent:
            self._recent[snapshot_id] = self._read_list(snapshot_id)
            if len(self._recent) > _LISTS_KEPT:
                self._recent.popitem(last=False)
        return self._recent[snapshot_id]

    def expect(self, plans: Iterable[_Plan]) -> None:
        """Count how often each manifest is going to be asked for."""
        for plan in plans:
            self._needed.update(one.path for one in (*plan.new, *plan.dropped))

    def live(self, manifests: Iterable[Manifest]) -> Live:
        """Give the live files of all these manifests. Raises UnreadableError."""
        files: Live = {}
        for manifest in manifests:
            if manifest.path not in self._kept:
                found = {entry.key: entry for entry in self._lists.entries(manifest)}
                if self._needed[manifest.path] <= 1:
                    files |= found
                    continue
                self._kept[manifest.path] = found
            files |= self._kept[manifest.path]
        return files

    def release(self, plan: _Plan) -> None:
        """Let go of the manifests that no later plan needs."""
        for manifest in (*plan.new, *plan.dropped):
            self._needed[manifest.path] -= 1
            if self._needed[manifest.path] <= 0:
                self._kept.pop(manifest.path, None)

    def _read_list(self, snapshot_id: int) -> tuple[Manifest, ...] | None:
        entry = self._find(snapshot_id)
        if entry is None:
            return None
        try:
            return self._lists.manifests(entry)
        except TemporalLineageError:
            return None


def _plan(snapshot: Snapshot, reader: _ManifestReader) -> _Plan | None:
    own = reader.manifests(snapshot.snapshot_id)
    if own is None:
        return None
    before = None if snapshot.parent_id is None else reader.manifests(snapshot.parent_id)
    if before is None:
        return _Plan(snapshot, None, own, (), _live_files(own))
    shared = {one.path for one in own} & {one.path for one in before}
    return _Plan(
        snapshot=snapshot,
        parent_id=snapshot.parent_id,
        new=tuple(one for one in own if one.path not in shared),
        dropped=tuple(one for one in before if one.path not in shared),
        live_files=_live_files(own),
    )


def _difference(plan: _Plan, reader: _ManifestReader) -> Difference | None:
    """Compare the manifests that differ; None where one of them cannot be read."""
    try:
        dropped = reader.live(plan.dropped)
        new = reader.live(plan.new)
    except TemporalLineageError:
        return None
    return Difference(
        snapshot=plan.snapshot,
        parent_id=plan.parent_id,
        added=tuple(one for key, one in new.items() if key not in dropped),
        restated=tuple(
            one for key, one in new.items() if key in dropped and _numbers_differ(one, dropped[key])
        ),
        removed=tuple(one for key, one in dropped.items() if key not in new),
        new=plan.new,
        dropped=plan.dropped,
        live_files=plan.live_files,
    )


def _whole(plan: _Plan, reader: _ManifestReader) -> Difference | None:
    """Give the whole state as added, where the parent's manifests are gone."""
    manifests = reader.manifests(plan.snapshot.snapshot_id)
    if plan.parent_id is None or manifests is None:
        return None
    try:
        live = reader.live(manifests)
    except TemporalLineageError:
        return None
    return Difference(
        plan.snapshot, None, tuple(live.values()), (), (), manifests, (), plan.live_files
    )


def _numbers_differ(one: ManifestEntry, other: ManifestEntry) -> bool:
    """Tell whether a file was taken out and put back: deletes apply to it by other numbers."""
    return (one.sequence_number, one.snapshot_id) != (other.sequence_number, other.snapshot_id)


def _live_files(manifests: Iterable[Manifest]) -> int | None:
    counts = [one.live_files for one in manifests]
    return None if None in counts else sum(one or 0 for one in counts)


def _count(files: Iterable[ManifestEntry], content: FileContent) -> int:
    return sum(1 for one in files if one.content is content)


def _count_deletes(files: Iterable[ManifestEntry]) -> int:
    return sum(1 for one in files if one.content is not FileContent.DATA)
