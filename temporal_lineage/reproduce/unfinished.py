"""Unfinished folders: hidden beside the one they become, and taken up again after a kill.

A journal in the folder names every file that was finished, with its digest. What is not in it, or
is otherwise than it says, is written anew.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
from contextlib import ExitStack, contextmanager, suppress
from typing import TYPE_CHECKING

from temporal_lineage.reproduce.answer import WrittenFile
from temporal_lineage.reproduce.folder import (
    CannotWriteError,
    above,
    hidden_beside,
    put_in_place,
    refuse_unless_free,
    undone,
)

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path
    from typing import BinaryIO

_JOURNAL = ".journal"
_DIGITS = 16


class Unfinished:
    """A folder that is being filled."""

    def __init__(self, folder: Path, journal: BinaryIO) -> None:
        """Take the folder and its journal, which this process alone has locked."""
        self.folder = folder
        self._journal = journal
        self._finished = dict(self._read())
        self._sweep()

    def finished(self, name: str) -> WrittenFile | None:
        """Give a file that an earlier process finished and that is still as it was; else None."""
        return self._finished.get(name)

    def path(self, name: str) -> Path:
        """Give the place of a file that is to be written."""
        path = self.folder / name
        path.parent.mkdir(exist_ok=True)
        return path

    def finish(self, file: WrittenFile) -> None:
        """Note that a file is whole; it must have been written through to the disk."""
        import msgspec

        try:
            self._journal.write(msgspec.json.encode(file) + b"\n")
            self._journal.flush()
            os.fsync(self._journal.fileno())
        except OSError as error:
            raise CannotWriteError.because(self.folder, error) from error

    def _read(self) -> Iterator[tuple[str, WrittenFile]]:
        import msgspec

        self._journal.seek(0)
        for line in self._journal.read().split(b"\n"):
            try:
                file = msgspec.json.decode(line, type=WrittenFile)
            except (msgspec.DecodeError, msgspec.ValidationError):
                continue  # the process was killed in the middle of it
            if _digest(self.folder / file.name) == file.sha256:
                yield file.name, file

    def _sweep(self) -> None:
        """Remove what was not finished."""
        for path in sorted(self.folder.rglob("*"), reverse=True):
            name = path.relative_to(self.folder).as_posix()
            if path.is_dir():
                with suppress(OSError):
                    path.rmdir()
            elif name != _JOURNAL and name not in self._finished:
                path.unlink()
        self._journal.seek(0)
        self._journal.truncate()
        for file in self._finished.values():
            self.finish(file)


@contextmanager
def unfinished(out: Path, digest: str) -> Iterator[Unfinished]:
    """Give the folder in which `out` is made; it becomes `out` when the block ends.

    `digest` says what is being made: only what was begun as the same is taken up. When the block
    fails or is interrupted nothing is left; a process that is killed leaves what it had finished.
    Raises CannotWriteError, also where another process is making the same.
    """
    place = refuse_unless_free(out)
    with _begun(place, digest, out) as begun:
        yield begun
        (begun.folder / _JOURNAL).unlink()
        put_in_place(begun.folder, place, out)


@contextmanager
def passing(place: Path, digest: str) -> Iterator[Unfinished]:
    """Give a folder as `unfinished` does that is gone when the block ends.

    A process that is killed leaves what it had finished, and the next one takes it up.
    """
    with _begun(place, digest, place) as begun:
        yield begun
        shutil.rmtree(begun.folder, ignore_errors=True)


@contextmanager
def _begun(place: Path, digest: str, out: Path) -> Iterator[Unfinished]:
    hidden = hidden_beside(place, digest[:_DIGITS])
    made = above(hidden)
    with ExitStack() as opened:
        try:
            hidden.mkdir(parents=True, exist_ok=True)
            journal = opened.enter_context((hidden / _JOURNAL).open("a+b"))
        except OSError as error:
            raise CannotWriteError.because(out, error) from error
        _lock(journal, out)
        opened.enter_context(undone(hidden, made, out))
        yield Unfinished(hidden, journal)


def _lock(journal: BinaryIO, out: Path) -> None:
    busy = CannotWriteError(
        str(out), "another process is writing it", "wait for it, or name another folder"
    )
    try:
        fcntl.flock(journal, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        raise busy from error
    except OSError as error:
        raise CannotWriteError.because(out, error) from error
    if not os.fstat(journal.fileno()).st_nlink:
        raise busy  # it was just done with, and its folder is in place


def _digest(path: Path) -> str | None:
    """Digest a file; None where it cannot be read."""
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError:
        return None
