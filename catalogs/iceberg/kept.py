"""Kept commits: the file lists of snapshots as a ledger keeps them, enough to read rows exactly.

A snapshot is kept as what sets it apart from its parent, so that a table of many snapshots takes
as much as its files do. What the files are read with (schemas, partition specs, name mapping) is
kept apart, once for all snapshots that share it. Both are compact forms of what manifests and
metadata files say: column statistics, which no reader of a whole state needs, are left out.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

import msgspec

from catalogs.iceberg.files import Difference
from catalogs.iceberg.manifests import ManifestEntry, PartitionField, Status
from catalogs.iceberg.metadata import SnapshotEntry, TableMetadata, decode_metadata, reading_of
from catalogs.iceberg.reading import Listing
from catalogs.table import RawCommit
from snapshots.files import FileContent
from snapshots.recovery import Keeper, Piece, RecoveryPlan, steps_of

KEPT = "the file list that the ledger kept"
"""Where a state was found that was rebuilt from what was kept."""

_NAME = re.compile(r"files/(?P<snapshot>-?\d+)( on (?P<parent>-?\d+))?")
_READING = "reading/"


class _Entry(msgspec.Struct, array_like=True, frozen=True):
    """A live manifest entry; `fields` is the place of its partition's fields in the commit's."""

    content: FileContent
    path: str
    file_format: str
    spec_id: int
    fields: int
    partition: list[Any]
    rows: int
    size_bytes: int
    snapshot_id: int | None
    sequence_number: int | None
    is_encrypted: bool
    referenced_path: str | None
    offset: int | None
    length: int | None
    equality_ids: list[int]


class _Commit(msgspec.Struct, rename="kebab", frozen=True):
    """One snapshot; `removed` holds file keys, `dropped` the paths of manifests."""

    timestamp_ms: int
    sequence_number: int | None
    schema_id: int | None
    reading: str
    manifest_list: str | None
    fields: list[list[tuple[int | None, str]]]
    added: list[_Entry]
    removed: list[str]
    manifests: list[tuple[str, int | None]]
    dropped: list[str]
    live_files: int | None


_DECODER = msgspec.msgpack.Decoder(_Commit)


@dataclass(frozen=True, slots=True)
class KeptState:
    """A snapshot rebuilt from what was kept: all that reading its rows takes, and from what."""

    metadata: TableMetadata
    entry: SnapshotEntry
    entries: tuple[ManifestEntry, ...]
    plan: RecoveryPlan


def kept_ids(names: Iterable[str]) -> dict[int, int | None]:
    """Give the snapshots that something was kept of, each with the one it differs from."""
    links: dict[int, int | None] = {}
    for name in names:
        told = _NAME.fullmatch(name)
        if told:
            links[int(told["snapshot"])] = int(told["parent"]) if told["parent"] else None
    return links


def kept_reading(reading: bytes) -> RawCommit:
    """Give what files are read with, named by its own digest."""
    return RawCommit(f"{_READING}{sha256(reading).hexdigest()[:32]}", reading)


def kept_commit(one: Difference, listing: Listing) -> RawCommit:
    """Give the compact form of a snapshot's file lists."""
    fields, added = _compacted((*one.added, *one.restated))
    commit = _Commit(
        timestamp_ms=listing.entry.timestamp_ms,
        sequence_number=listing.entry.sequence_number,
        schema_id=listing.entry.schema_id,
        reading=kept_reading(listing.reading).witness,
        manifest_list=listing.entry.manifest_list,
        fields=fields,
        added=added,
        removed=[entry.key for entry in one.removed],
        manifests=[(manifest.path, manifest.size_bytes) for manifest in one.new],
        dropped=[manifest.path for manifest in one.dropped],
        live_files=one.live_files,
    )
    name = _file_list(one.snapshot.snapshot_id, one.parent_id)
    return RawCommit(name, msgspec.msgpack.encode(commit))


def kept_state(
    metadata: TableMetadata, entry: SnapshotEntry, entries: Sequence[ManifestEntry]
) -> tuple[RawCommit, RawCommit]:
    """Give the compact form of one snapshot for itself: nothing else is needed to rebuild it."""
    reading = kept_reading(reading_of(metadata))
    fields, added = _compacted(entries)
    commit = _Commit(
        timestamp_ms=entry.timestamp_ms,
        sequence_number=entry.sequence_number,
        schema_id=entry.schema_id,
        reading=reading.witness,
        manifest_list=None,
        fields=fields,
        added=added,
        removed=[],
        manifests=[],
        dropped=[],
        live_files=len(entries),
    )
    return reading, RawCommit(_file_list(entry.snapshot_id, None), msgspec.msgpack.encode(commit))


class KeptStates:
    """The snapshots of one table that can be rebuilt, from all that was kept of it."""

    def __init__(self, kept: Sequence[RawCommit]) -> None:
        """Take what was kept; of two of one name the later one counts."""
        self._bodies = {one.witness: one.body for one in kept}
        self._links = kept_ids(self._bodies)
        self._ids = self._linked()

    def rebuildable(self) -> frozenset[int]:
        """Give the snapshots that `state` rebuilds."""
        children = Counter(self._links[one] for one in self._ids)
        live: dict[int, set[str]] = {}
        good = set()
        for one in reversed(self._back_from(self._ids)):
            commit, parent = self._commit(one), self._links[one]
            keys: set[str] = set()
            if parent is not None:
                children[parent] -= 1
                # A line of thousands of snapshots is followed with one set.
                keys = set(live[parent]) if children[parent] else live.pop(parent)
            keys.difference_update(commit.removed)
            keys.update(_entry(told, ()).key for told in commit.added)
            live[one] = keys
            if self._is_whole(commit, len(keys)):
                good.add(one)
        return frozenset(good)

    def state(self, snapshot_id: int) -> KeptState | None:
        """Rebuild a snapshot; None where what was kept does not suffice, or contradicts itself."""
        line = self._line(snapshot_id)
        if not line:
            return None
        live: dict[str, ManifestEntry] = {}
        for commit in line:
            for key in commit.removed:
                live.pop(key, None)
            shapes = [tuple(PartitionField(*one) for one in shape) for shape in commit.fields]
            for told in commit.added:
                entry = _entry(told, shapes[told.fields])
                live[entry.key] = entry
        newest = line[-1]
        if not self._is_whole(newest, len(live)):
            return None
        metadata = decode_metadata(self._bodies[newest.reading], location=newest.reading)
        entry_of_snapshot = SnapshotEntry(
            snapshot_id=snapshot_id,
            timestamp_ms=newest.timestamp_ms,
            manifest_list=newest.manifest_list,
            parent_snapshot_id=self._links[snapshot_id],
            sequence_number=newest.sequence_number,
            schema_id=newest.schema_id,
        )
        plan = RecoveryPlan(KEPT, steps_of(self._pieces(snapshot_id, newest)), lost=())
        return KeptState(metadata, entry_of_snapshot, tuple(live.values()), plan)

    def location(self) -> str | None:
        """Give the root that the table's metadata recorded; None where nothing is kept."""
        for name, body in self._bodies.items():
            if name.startswith(_READING):
                return decode_metadata(body, location=name).location
        return None

    def known(self, snapshot_ids: Iterable[int]) -> frozenset[int]:
        """Give those of the snapshots that can be rebuilt."""
        return self._ids & set(snapshot_ids)

    def metadata_files(self, snapshot_ids: Iterable[int]) -> dict[str, int | None]:
        """Give every manifest list and manifest that some of these snapshots stand on, by path.

        The sizes are None where nothing says them; those of the snapshots before may be in it too.
        """
        found: dict[str, int | None] = {}
        for one in self._back_from(snapshot_ids):
            commit = self._commit(one)
            found.update(commit.manifests)
        for one in set(snapshot_ids) & self._ids:
            if (path := self._commit(one).manifest_list) is not None:
                found[path] = None
        return found

    def standing_on(
        self, snapshot_ids: Iterable[int], paths: Collection[str]
    ) -> dict[int, tuple[str, ...]]:
        """Give, for each snapshot that stands on some of these metadata files, which ones."""
        wanted = set(snapshot_ids) & self._ids
        memory: dict[int, frozenset[str]] = {}
        for one in reversed(self._back_from(wanted)):
            commit, parent = self._commit(one), self._links[one]
            before = memory[parent] if parent is not None else frozenset[str]()
            new = {path for path, _ in commit.manifests if path in paths}
            memory[one] = (before - set(commit.dropped)) | new
        found = {one: set(memory[one]) for one in wanted}
        for one, on in found.items():
            if (path := self._commit(one).manifest_list) is not None and path in paths:
                on.add(path)
        return {one: tuple(sorted(on)) for one, on in found.items() if on}

    def _back_from(self, snapshot_ids: Iterable[int]) -> list[int]:
        """Give the snapshots and all they differ from, each once, and after those on top of it."""
        ordered: dict[int, None] = {}
        for one in snapshot_ids:
            line: list[int] = []
            at: int | None = one if one in self._ids else None
            while at is not None and at not in ordered:
                line.append(at)
                at = self._links[at]
            ordered.update(dict.fromkeys(reversed(line)))
        return list(reversed(ordered))

    def _is_whole(self, commit: _Commit, live_files: int) -> bool:
        """Tell whether all is kept that a snapshot needs, and fits together.

        A writer that lists a file twice means its rows twice, which keys cannot say.
        """
        return commit.live_files in {None, live_files} and commit.reading in self._bodies

    def _linked(self) -> frozenset[int]:
        """Give the snapshots that are kept whole, or as what sets them apart from such a one."""
        whole: dict[int, bool] = {}
        for one in self._links:
            line: list[int] = []
            at: int | None = one
            while at is not None and at not in whole and at in self._links:
                whole[at] = False  # a circle, which only hostile metadata has, ends
                line.append(at)
                at = self._links[at]
            good = at is None or whole.get(at, False)
            whole.update(dict.fromkeys(line, good))
        return frozenset(one for one, good in whole.items() if good)

    def _line(self, snapshot_id: int) -> list[_Commit]:
        """Give the commits that lead to a snapshot, oldest first; none where one is lacking."""
        if snapshot_id not in self._ids:
            return []
        line: list[_Commit] = []
        at: int | None = snapshot_id
        while at is not None:
            line.append(self._commit(at))
            at = self._links[at]
        return line[::-1]

    def _pieces(self, snapshot_id: int, newest: _Commit) -> Iterator[tuple[Piece, Keeper, str]]:
        yield Piece.SCHEMA, Keeper.LEDGER, newest.reading
        for one in reversed(self._back_from([snapshot_id])):
            yield Piece.FILE_LIST, Keeper.LEDGER, _file_list(one, self._links[one])

    def _commit(self, snapshot_id: int) -> _Commit:
        return _DECODER.decode(self._bodies[_file_list(snapshot_id, self._links[snapshot_id])])


def _file_list(snapshot_id: int, parent_id: int | None) -> str:
    """Name what is kept of a snapshot; `parent_id` is the one it differs from, None if whole."""
    return f"files/{snapshot_id}" + ("" if parent_id is None else f" on {parent_id}")


def _compacted(
    entries: Iterable[ManifestEntry],
) -> tuple[list[list[tuple[int | None, str]]], list[_Entry]]:
    """Give the shapes of the entries' partitions, each once, and the entries that refer to them."""
    fields: dict[tuple[PartitionField, ...], int] = {}
    told = [_compact(one, fields.setdefault(one.partition_fields, len(fields))) for one in entries]
    return [[(field.field_id, field.name) for field in shape] for shape in fields], told


def _compact(entry: ManifestEntry, fields: int) -> _Entry:
    return _Entry(
        content=entry.content,
        path=entry.path,
        file_format=entry.file_format,
        spec_id=entry.spec_id,
        fields=fields,
        partition=list(entry.partition),
        rows=entry.rows,
        size_bytes=entry.size_bytes,
        snapshot_id=entry.snapshot_id,
        sequence_number=entry.sequence_number,
        is_encrypted=entry.is_encrypted,
        referenced_path=entry.referenced_path,
        offset=entry.offset,
        length=entry.length,
        equality_ids=list(entry.equality_ids),
    )


def _entry(told: _Entry, fields: tuple[PartitionField, ...]) -> ManifestEntry:
    return ManifestEntry(
        status=Status.EXISTING,
        snapshot_id=told.snapshot_id,
        sequence_number=told.sequence_number,
        content=told.content,
        path=told.path,
        file_format=told.file_format,
        spec_id=told.spec_id,
        partition_fields=fields,
        partition=tuple(told.partition),
        rows=told.rows,
        size_bytes=told.size_bytes,
        is_encrypted=told.is_encrypted,
        referenced_path=told.referenced_path,
        offset=told.offset,
        length=told.length,
        equality_ids=tuple(told.equality_ids),
    )
