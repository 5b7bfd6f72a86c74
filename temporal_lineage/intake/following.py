"""Following: take in what is added to files and folders of events, and go on where one stopped."""

from __future__ import annotations

import gzip
import os
import time
import zlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from snapshots.errors import UnreadableError, UsageError
from temporal_lineage.capture.json_stream import Tail
from temporal_lineage.capture.openlineage import read_stream
from temporal_lineage.capture.openlineage_events import RejectedEvent
from temporal_lineage.intake.event_sources import (
    STANDARD_INPUT,
    event_files,
    found_below,
    is_event_file,
    is_packed,
    pieces,
)
from temporal_lineage.intake.feeds import FeedClaim, keep_feed, known_feed, place_in, read_upto
from temporal_lineage.intake.ingest import (
    BATCH_BYTES_MAX,
    BATCH_EVENTS_MAX,
    IngestReport,
    Linking,
    Tally,
)
from temporal_lineage.linking.pending import catch_up

if TYPE_CHECKING:
    from temporal_lineage.capture.openlineage_events import CapturedEvent
    from temporal_lineage.store.ledger import Ledger

_LOOK_MS = 200


class CannotFollowError(UsageError):
    """Something that cannot be followed."""

    def __init__(self, source: str) -> None:
        """Keep what was to be followed."""
        self.source = source
        super().__init__(f"{source!r} cannot be followed; name files or folders, or leave --follow")


def follow_openlineage(
    ledger: Ledger,
    sources: Sequence[str],
    *,
    poll_ms: int,
    idle_ms_max: int | None,
    is_stopped: Callable[[], bool],
) -> IngestReport:
    """Take in what lies there and what is added, until told to stop or nothing came for so long.

    `idle_ms_max` None means for ever. A line that is half written waits until it is whole. How far
    each file was read is kept with its events, so that the next one who follows goes on there;
    a file that was replaced or cut is read anew. Raises UnreadableError and CannotFollowError.
    """
    for source in sources:
        if source in ("", STANDARD_INPUT):
            raise CannotFollowError(source)
    event_files(sources)
    catch_up(ledger)
    follower = _Follower(ledger, sources)
    quiet_since = time.monotonic()
    while not is_stopped():
        if follower.look():
            quiet_since = time.monotonic()
        idle_ms = (time.monotonic() - quiet_since) * 1000
        if idle_ms_max is not None and idle_ms >= idle_ms_max:
            break
        until = time.monotonic() + poll_ms / 1000
        while not is_stopped() and (left := until - time.monotonic()) > 0:
            time.sleep(min(left, _LOOK_MS / 1000))
    return follower.tally.report()


class _Follower:
    def __init__(self, ledger: Ledger, sources: Sequence[str]) -> None:
        self._ledger = ledger
        self._sources = [Path(one).absolute() for one in sources]
        self._seen: dict[Path, tuple[int, int, int]] = {}
        self.tally = Tally(ledger, "ingest openlineage")

    def look(self) -> bool:
        """Look at every file once, and tell whether anything was taken in."""
        found = False
        for path in dict.fromkeys(one for source in self._sources for one in _files(source)):
            try:
                state = path.stat()
                mark = (state.st_ino, state.st_size, state.st_mtime_ns)
                if self._seen.get(path) != mark:
                    found |= self._read(path)
                    self._seen[path] = mark
            except FileNotFoundError:
                continue  # rotated away between the listing and the look
            except OSError as error:
                reason = (error.strerror or type(error).__name__).lower()
                raise UnreadableError(str(path), reason, "make it readable") from error
        return found

    def _read(self, path: Path) -> bool:
        """Take in what a file has more than before; tells whether that was anything."""
        with self._ledger.reading() as reader:
            known = known_feed(reader, path)
        with path.open("rb") as opened:
            start = place_in(opened, known)
            if is_packed(path):
                return self._read_packed(path, opened, start)
            name = f"{path}, from byte {start}" if start else str(path)
            opened.seek(start)
            read = read_stream(pieces(opened), source=name, tail=Tail.WAITS)
            taken = False
            for batch, end in _batches(read):
                self._take_in(path, batch, read_upto(opened, start + end))
                taken = True
            return taken

    def _read_packed(self, path: Path, opened: BinaryIO, start: int) -> bool:
        """Take in a packed file as a whole; one that is not finished waits."""
        size = os.fstat(opened.fileno()).st_size
        if start == size:
            return False
        try:
            with gzip.open(opened) as unpacked:
                read = read_stream(pieces(unpacked), source=str(path), tail=Tail.BROKEN)
                batches = [batch for batch, _ in _batches(read)]
        except (OSError, EOFError, zlib.error):
            return False
        for batch in batches:
            self._take_in(path, batch, read_upto(opened, size))
        return bool(batches)

    def _take_in(
        self, path: Path, batch: Sequence[CapturedEvent | RejectedEvent], claim: FeedClaim
    ) -> None:
        self.tally.take_in(
            batch,
            linking=Linking.NOW,
            also=lambda transaction: keep_feed(transaction, path, claim),
        )


def _files(source: Path) -> Iterator[Path]:
    """Yield a folder's files of events, or a file and what its rotation makes of it."""
    if source.is_dir():
        yield from sorted(found_below(source))
        return
    yield source
    for rotated in sorted(source.parent.glob(f"{source.name}.*")):
        if is_event_file(rotated):
            yield rotated


def _batches(
    read: Iterable[tuple[CapturedEvent | RejectedEvent, int]],
) -> Iterator[tuple[list[CapturedEvent | RejectedEvent], int]]:
    """Yield what was read in batches, each with where it ends."""
    batch: list[CapturedEvent | RejectedEvent] = []
    size = last = 0
    for one, end in read:
        # Elements of one array end where it does: they are taken in together.
        if end != last and (len(batch) >= BATCH_EVENTS_MAX or size >= BATCH_BYTES_MAX):
            yield batch, last
            batch, size = [], 0
        batch.append(one)
        size += len(one.raw if isinstance(one, RejectedEvent) else one.body)
        last = end
    if batch:
        yield batch, last
