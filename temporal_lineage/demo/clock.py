"""The played clock: what is written now looks written then, and every id is drawn from a seed."""

import os
import random
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from unittest import mock

import time_machine

from snapshots.instant import Instant

SECOND = 1_000_000
MINUTE = 60 * SECOND
HOUR = 60 * MINUTE
DAY = 24 * HOUR

# A commit of several snapshots takes a while: each id drawn moves the clock, so that no two
# snapshots of one table share a millisecond, and every build has the same ones.
_ID_TAKES = timedelta(milliseconds=3)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@contextmanager
def played(at: Instant, *, seed: str) -> Iterator[None]:
    """Run the block as if it were `at`, and draw its version 4 UUIDs from the seed.

    Both are the process's own while the block runs: nothing else should run beside it.
    """
    draw = random.Random(f"{seed} {at}")  # noqa: S311 - ids of a play, not secrets
    with time_machine.travel(moment(at), tick=False) as traveller:

        def next_uuid() -> uuid.UUID:
            traveller.shift(_ID_TAKES)
            return uuid.UUID(int=draw.getrandbits(128), version=4)

        with mock.patch.object(uuid, "uuid4", next_uuid):
            yield


@contextmanager
def files_dated(folder: Path, at: Instant) -> Iterator[None]:
    """Give every file that the block adds below the folder the modification time `at`."""
    known = files_below(folder)
    yield
    for path in files_below(folder) - known:
        date_file(path, at)


def files_below(folder: Path) -> frozenset[Path]:
    """List the files below a folder; none where there is no folder yet."""
    return frozenset(path for path in folder.rglob("*") if path.is_file())


def date_file(path: Path, at: Instant) -> None:
    """Set a file's access and modification time."""
    nanos = at.micros * 1000
    os.utime(path, ns=(nanos, nanos))


def moment(at: Instant) -> datetime:
    """Give the Instant as the aware datetime that other people's libraries take."""
    return _EPOCH + timedelta(microseconds=at.micros)


def day(at: Instant) -> str:
    """Give the UTC calendar day, as in `2026-09-01`."""
    return at.isoformat()[:10]
