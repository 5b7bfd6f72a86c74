"""Placing: a file has its name only when it is whole, and never takes another's place."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from temporal_lineage.bookkeeping.errors import LedgerThereError
from temporal_lineage.store.errors import LedgerUnwritableError

_ADVICE = "make it writable, or name another place"


@contextmanager
def placed_file(path: Path) -> Iterator[Path]:
    """Give a file to write beside the one that is wanted, which it becomes when the block ends.

    Where the block raises nothing is left. Raises LedgerThereError or LedgerUnwritableError.
    """
    unfinished = _beside(path)
    leftovers = [unfinished.with_name(unfinished.name + end) for end in ("", "-wal", "-shm")]
    try:
        yield unfinished
        synced(unfinished)
        try:
            # Unlike a rename, a link never takes the place of another file.
            path.hardlink_to(unfinished)
        except FileExistsError as error:
            raise LedgerThereError(str(path)) from error
        synced(path.parent)
    finally:
        for file in leftovers:
            file.unlink(missing_ok=True)


def synced(path: Path) -> None:
    """Wait until a file or folder is on the disk."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _beside(path: Path) -> Path:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        if not os.access(path.parent, os.W_OK):
            raise PermissionError(13, "no permission")
    except OSError as error:
        reason = f"cannot be made: {(error.strerror or str(error)).lower()}"
        raise LedgerUnwritableError(str(path), reason, _ADVICE) from error
    return path.with_name(f".{path.name}.{os.getpid()}.part")
