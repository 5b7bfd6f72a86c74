"""The log of one table: its listed files, their bytes, and what commits and checkpoints say."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from io import BytesIO
from typing import BinaryIO

from catalogs.delta.actions import Commit, decoded
from catalogs.delta.segment import LOG_FOLDER, LogSegment
from catalogs.moved import moved_by
from catalogs.storage import AbsentFileError, Storage, is_local
from snapshots.errors import UnreadableError
from snapshots.instant import Instant

CACHED_BYTES_MAX = 64 * 1024 * 1024
READS_AT_ONCE = 16
FETCHED_AHEAD = 256
"""So many files are fetched before the first of them is asked for, where each is a round trip."""


class LogCache:
    """Bytes of log files read lately: one harvest asks for the same commits several times."""

    def __init__(self) -> None:
        """Start empty."""
        self._bodies: dict[tuple[str, Instant | None], bytes] = {}
        self._bytes = 0

    def get(self, name: str, modified: Instant | None) -> bytes | None:
        """Give the bytes of a file as it was then; None where they are not held."""
        return self._bodies.get((name, modified))

    def put(self, name: str, modified: Instant | None, body: bytes) -> None:
        """Hold bytes, as long as there is room."""
        if self._bytes + len(body) <= CACHED_BYTES_MAX:
            self._bodies[name, modified] = body
            self._bytes += len(body)


class DeltaLog:
    """Reads the files of one log; `kept` holds bytes of files the table no longer has."""

    def __init__(
        self,
        *,
        root: str,
        storage: Storage,
        segment: LogSegment,
        kept: Mapping[str, bytes],
        cache: LogCache,
    ) -> None:
        """Keep where to read; nothing is read before it is asked for."""
        self.root = root
        self.storage = storage
        self.moved = moved_by(storage.options)
        self.segment = segment
        self.kept = kept
        self._cache = cache
        self._ahead: dict[str, bytes] = {}

    def with_kept(
        self, kept: Mapping[str, bytes], *, broken: Collection[str] = frozenset()
    ) -> DeltaLog:
        """Join kept files to those the table has; the table's own win, but for broken ones."""
        return DeltaLog(
            root=self.root,
            storage=self.storage,
            segment=self.segment.with_names(kept, broken=broken),
            kept=kept,
            cache=self._cache,
        )

    def location(self, name: str) -> str:
        """Give the whole path of a file of the log."""
        return f"{self.root}/{LOG_FOLDER}/{name}"

    def read(self, name: str) -> bytes:
        """Give the bytes of a file: the table's own where it has it, else kept ones."""
        modified = self.segment.modified.get(name)
        if modified is None and name in self.kept:
            return self.kept[name]
        body = self._cache.get(name, modified)
        if body is None:
            body = self._ahead.pop(name, None) or self._stored(name)
            self._cache.put(name, modified, body)
        return body

    def open(self, name: str) -> BinaryIO:
        """Open a file of which only a part is wanted; the caller closes it."""
        modified = self.segment.modified.get(name)
        held = self._cache.get(name, modified)
        if held is None and modified is None:
            held = self.kept.get(name)
        return self.storage.open(self.location(name)) if held is None else BytesIO(held)

    def in_turn(self, names: Sequence[str]) -> Iterator[str]:
        """Yield names to be read in this order, their files fetched ahead from remote storage."""
        if is_local(self.root):
            yield from names
            return
        for start in range(0, len(names), FETCHED_AHEAD):
            some = names[start : start + FETCHED_AHEAD]
            self._fetch(some)
            yield from some

    def _fetch(self, names: Sequence[str]) -> None:
        modified = self.segment.modified
        wanted = [
            name
            for name in names
            if name in modified and self._cache.get(name, modified[name]) is None
        ]
        with ThreadPoolExecutor(READS_AT_ONCE) as pool:
            self._ahead = dict(zip(wanted, pool.map(self._fetched, wanted), strict=True))

    def _fetched(self, name: str) -> bytes:
        try:
            return self._stored(name)
        except UnreadableError:
            return b""  # who asks for it is told why

    def commit(self, name: str) -> Commit:
        """Give the actions of a commit, a compacted range or a checkpoint in JSON."""
        return decoded(self.read(name), witness=name, location=self.location(name))

    def _stored(self, name: str) -> bytes:
        try:
            return self.storage.read(self.location(name))
        except AbsentFileError:
            # The log can be cleaned between the listing and the reading.
            if name in self.kept:
                return self.kept[name]
            raise
