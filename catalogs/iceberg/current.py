"""Current metadata: one look at a table, and all that is read from there on."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor

from catalogs.iceberg.chain import Fetched, Lost
from catalogs.iceberg.metadata import (
    MetadataLogEntry,
    TableMetadata,
    decode_metadata,
    is_metadata_name,
    reading_of,
)
from catalogs.iceberg.reading import Listing
from catalogs.iceberg.relocation import folder_of, relocation_of
from catalogs.moved import Moved
from catalogs.storage import AbsentFileError, Storage, is_local
from snapshots.commit_point import CommitPoint
from snapshots.errors import UnreadableError
from snapshots.history import TableHistory
from snapshots.instant import Instant

_AT_ONCE = 8
"""Metadata files fetched in parallel from places where each costs a round trip."""


class CurrentTable:
    """A table as one metadata file has it; remembers which older file lists which snapshot."""

    def __init__(
        self,
        location: str,
        *,
        storage: Storage,
        properties: Mapping[str, str],
        moved: Moved,
    ) -> None:
        """Read the metadata file. Raises UnreadableError where it is none."""
        self.location = location
        self.storage = storage
        self.properties = dict(properties)
        self.metadata = decode_metadata(storage.read(location), location=location)
        self.relocation = relocation_of(location, self.metadata, moved=moved, storage=storage)
        self.history: TableHistory | None = None
        self._listings: dict[int, Listing] = {}
        self._seen: set[str] = set()
        self._note(location, self.metadata)

    def note(self, listings: Mapping[int, Listing], *, paths: Sequence[str]) -> None:
        """Remember what a walk along the metadata files found, so that none is read again."""
        for snapshot_id, listing in listings.items():
            self._listings.setdefault(snapshot_id, listing)
        self._seen.update(paths)

    def fetch(self, entries: Sequence[MetadataLogEntry]) -> Iterator[Fetched | Lost]:
        """Read the metadata files that a metadata-log names, in that order.

        A file that is gone or broken is Lost. Raises UnreadableError where a place that should
        answer does not: then the chain is not known to be broken.
        """
        if is_local(self.location):
            yield from map(self._fetch, entries)
            return
        with ThreadPoolExecutor(_AT_ONCE) as threads:
            # By the handful, since each may be megabytes.
            for start in range(0, len(entries), _AT_ONCE):
                yield from threads.map(self._fetch, entries[start : start + _AT_ONCE])

    def beside(self) -> list[str]:
        """List the metadata files in the current one's folder."""
        found = self.storage.list(folder_of(self.location))
        return [file.path for file in found if is_metadata_name(file.path)]

    def read(self, path: str) -> TableMetadata:
        """Read another metadata file of the table. Raises UnreadableError."""
        return decode_metadata(self.storage.read(path), location=path)

    def listing(self, snapshot_id: int, history: TableHistory) -> Listing | None:
        """Find the newest metadata file of the chain that lists a snapshot; None where none does.

        Files are read from the newest back, each at most once.
        """
        if snapshot_id not in self._listings:
            points = (point for point in reversed(history.chain) if isinstance(point, CommitPoint))
            self._read_until(snapshot_id, (point.witness for point in points))
        return self._listings.get(snapshot_id)

    def stray_listing(self, snapshot_id: int) -> Listing | None:
        """Find a metadata file beside the chain that lists a snapshot; None where none does."""
        self._read_until(snapshot_id, iter(sorted(self.beside(), reverse=True)))
        return self._listings.get(snapshot_id)

    def stray_ids(self) -> frozenset[int]:
        """Give the snapshots that any metadata file beside the current one lists."""
        self._read_until(None, iter(sorted(self.beside(), reverse=True)))
        return frozenset(self._listings)

    def _read_until(self, snapshot_id: int | None, paths: Iterator[str]) -> None:
        for path in paths:
            if snapshot_id in self._listings:
                return
            if path in self._seen:
                continue
            self._seen.add(path)
            (found,) = self.fetch([MetadataLogEntry(timestamp_ms=0, metadata_file=path)])
            if isinstance(found, Fetched):
                self._note(found.path, found.metadata)

    def _note(self, path: str, metadata: TableMetadata) -> None:
        self._seen.add(path)
        if metadata.table_uuid == self.metadata.table_uuid:
            reading = reading_of(metadata)
            for entry in metadata.snapshots or ():
                self._listings.setdefault(entry.snapshot_id, Listing(entry, path, reading))

    def _fetch(self, entry: MetadataLogEntry) -> Fetched | Lost:
        path = self.relocation.find(entry.metadata_file)
        at = Instant.from_millis(entry.timestamp_ms)
        if self.relocation.is_left_behind(path):
            return Lost(path, at, f"it is not below {self.relocation.root}, where the table is now")
        try:
            body = self.storage.read(path)
        except AbsentFileError as error:
            return Lost(path, at, error.reason)
        try:
            return Fetched(path, decode_metadata(body, location=path))
        except UnreadableError as error:
            return Lost(path, at, error.reason)
