"""Iceberg tables: a TableSource over one table, wherever its metadata lies."""

from __future__ import annotations

import difflib
import os
import re
import uuid
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from hashlib import sha256

from catalogs.iceberg.chain import Fetched, walk_back
from catalogs.iceberg.current import CurrentTable
from catalogs.iceberg.files import FileLists, commit_of
from catalogs.iceberg.history import history_of
from catalogs.iceberg.keeping import FindListing, Keeping
from catalogs.iceberg.kept import KeptState, KeptStates
from catalogs.iceberg.metadata import SnapshotEntry, TableMetadata, file_name
from catalogs.iceberg.pieced import Pieced
from catalogs.iceberg.piecing import Piecing
from catalogs.iceberg.pointer import Pointed, Pointer
from catalogs.iceberg.reading import Reading, Readings
from catalogs.iceberg.standing import Standing
from catalogs.iceberg.state import IcebergState, open_state, presence_of
from catalogs.iceberg.upkeep import IcebergUpkeep
from catalogs.moved import moved_by, normal
from catalogs.presence import Presence
from catalogs.search import Searched, Sieve, Watch
from catalogs.storage import Storage, is_local, local_path
from catalogs.table import RawCommit, Tip
from snapshots.availability import Gone
from snapshots.commit_point import CommitPoint
from snapshots.dataset import TableFormat, TableIdentity
from snapshots.errors import UnknownNameError, UnreadableError
from snapshots.files import CommitFiles
from snapshots.history import TableHistory
from snapshots.snapshot import Snapshot

_COUNTED = re.compile(r"v?\d+(\.gz)?\.metadata\.json(\.gz)?")


class IcebergSource:
    """One Iceberg table; implements `catalogs.table.TableSource`.

    Made from a metadata file, or from whoever points at the current one: a folder, a catalog.
    `properties` are those of a pyiceberg FileIO, for reading data files. The storage's options may
    tell where recorded prefixes lie now, for what a moved table's own folder does not tell.
    """

    def __init__(
        self, metadata_location: str, *, storage: Storage, properties: Mapping[str, str]
    ) -> None:
        """Take the current metadata file; nothing is read before something is asked."""
        self._pointer: Pointer = lambda: Pointed(metadata_location, {})
        self._storage = storage
        self._properties = dict(properties)
        self._moved = moved_by(storage.options)
        self._current: CurrentTable | None = None
        self._keeping = Keeping()
        self._piecing = Piecing()

    @classmethod
    def pointed_to(
        cls,
        pointer: Pointer,
        *,
        storage: Storage,
        properties: Mapping[str, str],
    ) -> IcebergSource:
        """Take the table whose current metadata file a pointer tells, asked each time."""
        source = cls("", storage=storage, properties=properties)
        source._pointer = pointer
        return source

    @property
    def location(self) -> str:
        """The table's root, where it lies now. Raises what `head` and reading its file raise."""
        return self._now().relocation.root

    def head(self) -> str:
        """Give the current metadata file: a new one is written by every commit.

        Where files are only counted, a table that was dropped and made again has the same names:
        then the content tells.
        """
        location = self._place(self._pointer())
        if _COUNTED.fullmatch(location.rpartition("/")[2]) is None:
            return location
        return f"{location} {sha256(self._storage.read(location)).hexdigest()}"

    def tip(self) -> Tip:
        """Tell what the current metadata file says; see `TableSource.tip`."""
        current = self._now(fresh=True)
        refs = current.metadata.refs or {}
        return Tip(
            snapshot_id=current.metadata.current_snapshot(),
            refs={name: ref.snapshot_id for name, ref in refs.items()},
            witness=current.location,
        )

    def history(self, *, known: TableHistory | None) -> TableHistory:
        """Read the chain of metadata files back to what is known; see `TableSource.history`.

        What is known of another table, by its uuid, is left alone. Raises UnreadableError where
        the current metadata file cannot be read.
        """
        current = self._now(fresh=True)
        identity = _identity(current.metadata, known)
        if known is not None and known.identity != identity:
            known = None
        newest = known.head() if known else None
        if known and newest and newest.witness == current.location:
            current.history = replace(known, location=current.relocation.root)
            return current.history
        readings = Readings(
            snapshots=known.snapshots if known else (), schemas=known.schemas if known else ()
        )
        named = {} if known is None else _by_file_name(known)
        walk = walk_back(
            Fetched(current.location, current.metadata),
            readings=readings,
            fetch=current.fetch,
            folder=current.beside,
            known=named,
        )
        paths = [link.path for link in walk.links if isinstance(link, Reading)]
        current.note(readings.listings, paths=paths)
        current.history = history_of(
            walk, readings, identity=identity, location=current.relocation.root, known=known
        )
        return current.history

    def commit_files(
        self, history: TableHistory, *, skip: Collection[int]
    ) -> Iterator[CommitFiles]:
        """Yield the file differences of the snapshots; see `TableSource.commit_files`."""
        find, lists = self._finding(history)
        for one in self._keeping.differences(history, skip=skip, find=find, lists=lists):
            yield commit_of(one, lists)

    def raw_commits(self, history: TableHistory, *, skip: Collection[str]) -> Iterator[RawCommit]:
        """Yield the file lists of the snapshots in a form of our own, and what they need.

        A snapshot whose manifests cannot be read is left out.
        """
        find, lists = self._finding(history)
        yield from self._keeping.raw_commits(history, skip=skip, find=find, lists=lists)

    def state(self, snapshot_id: int, *, kept: Sequence[RawCommit]) -> IcebergState | Gone:
        """Find a snapshot: in the current metadata, in `kept`, in older metadata of the folder.

        Raises UnknownNameError for an id that nothing ever named, UnreadableError where a file
        list is there and broken, and nothing else tells the same.
        """
        current = self._now(fresh=True)
        first: IcebergState | Gone | UnreadableError | None = None
        listed = current.metadata.snapshot(snapshot_id=snapshot_id)
        if listed is not None:
            first = _tried(lambda: self._open(current, current.metadata, listed, None))
            if isinstance(first, IcebergState):
                return first
        again = KeptStates(kept).state(snapshot_id) if kept else None
        if again is not None:
            return self._made(current, again)
        if isinstance(first, UnreadableError):
            raise first
        if first is not None:
            return first
        history = current.history or self.history(known=None)
        listing = current.listing(snapshot_id, history) or current.stray_listing(snapshot_id)
        if listing is not None:
            return self._open(current, current.read(listing.path), listing.entry, listing.path)
        return _forgotten(snapshot_id, history)

    def from_pieces(self, snapshot_id: int, *, known: TableHistory) -> IcebergState | None:
        """Put a snapshot together from lists and manifests; see `FromPieces.from_pieces`."""
        current = self._now()
        found = self._pieced(current, known).state(snapshot_id)
        return None if found is None else self._made(current, found)

    def never_seen(self, known: TableHistory) -> tuple[Snapshot, ...]:
        """Give those named as parents or in the snapshot log; see `FromPieces.never_seen`.

        What nothing names may never have been committed.
        """
        ids = {one.snapshot_id for one in known.snapshots}
        named = {one.snapshot_id for one in known.recorded}
        named |= {one.parent_id for one in known.snapshots if one.parent_id is not None}
        if named <= ids:
            return ()
        pieced = self._pieced(self._now(), known)
        return self._piecing.never_seen(pieced, proven=named - ids)

    def presence(self) -> Presence:
        """Give what tells which files are there; see `TableSource.presence`."""
        current = self._now()
        return presence_of(current.storage, current.relocation)

    def upkeep(self, history: TableHistory) -> IcebergUpkeep:
        """Give what simulates maintenance; see `TableSource.upkeep`."""
        return IcebergUpkeep(self._now(), history, self.presence())

    def rebuildable(self, kept: Sequence[RawCommit]) -> frozenset[int]:
        """Give the snapshots whose file lists are kept; see `TableSource.rebuildable`."""
        return KeptStates(kept).rebuildable()

    def broken(
        self, snapshot_ids: Collection[int], *, kept: Sequence[RawCommit], presence: Presence
    ) -> Mapping[int, tuple[str, ...]]:
        """Give the snapshots whose manifest lists or manifests are not there.

        Raises UnreadableError where one that is not kept is there and broken.
        """
        current = self._now()
        places = Standing(current.storage, current.relocation, presence)
        listed = {
            one.snapshot_id: one
            for one in current.metadata.snapshots or ()
            if one.snapshot_id in snapshot_ids
        }
        return places.broken(listed, KeptStates(kept))

    def search(
        self,
        where: str,
        *,
        history: TableHistory,
        kept: Sequence[RawCommit],
        sieve: Sieve,
        watch: Watch,
    ) -> Searched:
        """Find the rows of a condition in all files; see `TableSource.search`."""
        from catalogs.iceberg.search import search_table

        return search_table(self._now(), history, where, kept=kept, sieve=sieve, watch=watch)

    def _pieced(self, current: CurrentTable, known: TableHistory) -> Pieced:
        storage, relocation = current.storage, current.relocation
        return self._piecing.of(
            known, storage=storage, relocation=relocation, metadata=current.metadata
        )

    def _finding(self, history: TableHistory) -> tuple[FindListing, FileLists]:
        current = self._now()
        return (
            lambda snapshot_id: current.listing(snapshot_id, history),
            FileLists(current.storage, current.relocation),
        )

    def _made(self, current: CurrentTable, again: KeptState) -> IcebergState:
        return IcebergState(
            again.metadata,
            again.entry,
            again.entries,
            plan=again.plan,
            storage=current.storage,
            relocation=current.relocation,
            properties=current.properties,
        )

    def _open(
        self,
        current: CurrentTable,
        metadata: TableMetadata,
        entry: SnapshotEntry,
        found_in: str | None,
    ) -> IcebergState | Gone:
        found = open_state(
            metadata,
            entry,
            found_in=found_in,
            storage=current.storage,
            relocation=current.relocation,
            properties=current.properties,
        )
        if isinstance(found, Gone) and current.history is not None:
            return _blamed(found, entry.snapshot_id, current.history)
        return found

    def _now(self, *, fresh: bool = False) -> CurrentTable:
        """Read the current metadata file; again only where a fresh look finds another."""
        if self._current is None or fresh:
            pointed = self._pointer()
            location = self._place(pointed)
            if self._current is None or self._current.location != location:
                lent = pointed.properties
                self._current = CurrentTable(
                    location,
                    storage=Storage({**self._storage.options, **lent}) if lent else self._storage,
                    properties={**self._properties, **lent},
                    moved=self._moved,
                )
        return self._current

    def _place(self, pointed: Pointed) -> str:
        return _absolute(self._moved.find(pointed.location) or pointed.location)


def _absolute(location: str) -> str:
    """Write a location so that it means the same from every working directory."""
    return os.path.abspath(local_path(location)) if is_local(location) else normal(location)  # noqa: PTH100 - resolve() would follow links


def _identity(metadata: TableMetadata, known: TableHistory | None) -> TableIdentity:
    """Give the table's uuid. Old v1 files may lack one: then what was known, or made from the path.

    The made one is the same as long as the table's location is.
    """
    if metadata.table_uuid is not None:
        return TableIdentity(TableFormat.ICEBERG, metadata.table_uuid)
    if known is not None:
        return known.identity
    made = uuid.uuid5(uuid.NAMESPACE_URL, normal(metadata.location))
    return TableIdentity(TableFormat.ICEBERG, str(made))


def _by_file_name(history: TableHistory) -> dict[str, CommitPoint]:
    """Give the commits that were read, by the file names of their metadata."""
    points = (point for point in history.chain if isinstance(point, CommitPoint))
    return {file_name(point.witness): point for point in points}


def _tried(opening: Callable[[], IcebergState | Gone]) -> IcebergState | Gone | UnreadableError:
    try:
        return opening()
    except UnreadableError as error:
        return error


def _forgotten(snapshot_id: int, history: TableHistory) -> Gone:
    """Answer for a snapshot that no metadata lists: gone, if anything ever named it."""
    named = {one.snapshot_id for one in history.recorded}
    named |= {one.parent_id for one in history.snapshots if one.parent_id is not None}
    named |= {one.snapshot_id for one in history.snapshots}
    if snapshot_id not in named:
        known = [str(one.snapshot_id) for one in history.snapshots]
        nearest = difflib.get_close_matches(str(snapshot_id), known)
        advice = f"{history.location} never had it, as far as its metadata tells"
        raise UnknownNameError("snapshot", str(snapshot_id), nearest, advice)
    return _blamed(Gone(missing=(), lost=0, since=None, act=None), snapshot_id, history)


def _blamed(gone: Gone, snapshot_id: int, history: TableHistory) -> Gone:
    """Add the commit that took the snapshot out of the metadata, where one is known."""
    expiry = next((one for one in history.expiries if one.snapshot_id == snapshot_id), None)
    return gone if expiry is None else replace(gone, since=expiry.since, act=expiry.act)
