"""Folders that appear whole or not at all."""

from __future__ import annotations

import hashlib
import os
import secrets
import shutil
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote

from snapshots.errors import TemporalLineageError

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence

_NAME_LENGTH_MAX = 180


class CannotWriteError(TemporalLineageError):
    """A place that cannot be written to."""

    def __init__(self, location: str, reason: str, advice: str) -> None:
        """Keep the place, why it was refused, and what would work."""
        self.location = location
        self.reason = reason
        self.advice = advice
        super().__init__(f"cannot write {location}: {reason}; {advice}")

    @classmethod
    def because(cls, location: Path, error: OSError) -> CannotWriteError:
        """Say what the operating system said; nothing is left behind by then."""
        advice = "nothing was written; make room there, or name another folder"
        return cls(str(location), (error.strerror or str(error)).lower(), advice)


def refuse_unless_free(out: Path) -> Path:
    """Give the whole path of a folder that can be made; it may be there, but empty.

    Raises CannotWriteError otherwise, before anything was read or written.
    """
    with _translated(out):
        place = out.resolve()
        if place.is_dir():
            if any(place.iterdir()):
                raise CannotWriteError(
                    str(out), "it is not empty", "name a new folder, or empty this one"
                )
            if place.is_mount() or place == Path.cwd():
                # It could only be filled bit by bit, and then half of it might stay behind.
                raise CannotWriteError(
                    str(out),
                    "it is a mount point or the folder you are in, which cannot be replaced",
                    f"name a folder in it, as in {out / 'rebuilt'}",
                )
        elif os.path.lexists(place):
            raise CannotWriteError(str(out), "it is not a folder", "name a new folder")
    return place


@contextmanager
def appearing(out: Path) -> Iterator[Path]:
    """Give a hidden folder beside `out`, to be filled; it becomes `out` when the block ends.

    When the block fails or is interrupted nothing is left. Raises CannotWriteError.
    """
    place = refuse_unless_free(out)
    hidden = hidden_beside(place, secrets.token_hex(6))
    with undone(hidden, above(hidden), out):
        with _translated(out):
            hidden.mkdir(parents=True)
        yield hidden
        put_in_place(hidden, place, out)


@contextmanager
def undone(hidden: Path, made: Sequence[Path], out: Path) -> Iterator[None]:
    """Leave nothing of a hidden folder, nor of those `made` above it, where the block fails.

    Errors name `out`: the hidden folder is ours, the user named the other one.
    """
    try:
        yield
    except BaseException as error:
        shutil.rmtree(hidden, ignore_errors=True)
        for folder in made:
            with suppress(OSError):
                folder.rmdir()
        if isinstance(error, CannotWriteError):
            raise CannotWriteError(str(out), error.reason, error.advice) from error
        if isinstance(error, OSError) and _is_inside(error, hidden):
            raise CannotWriteError.because(out, error) from error
        raise


def hidden_beside(place: Path, mark: str) -> Path:
    """Give the folder in which one is made; the mark tells it from others made there."""
    return place.with_name(f".{place.name[:100]}.{mark}.partial")


def above(hidden: Path) -> list[Path]:
    """Give the folders above one that are not there yet and have to be made for it."""
    return [one for one in hidden.parents if not one.exists()]


def put_in_place(hidden: Path, place: Path, out: Path) -> None:
    """Make a folder that is filled what it was made for; `out` is how it is called in errors."""
    with _translated(out):
        _sync(hidden)
        hidden.replace(place)
        _sync(place.parent)


def file_name(address: str, *, taken: Collection[str], ending: str = ".parquet") -> str:
    """Name the file of a state so that every file system takes it, and none twice.

    >>> file_name("lake.raw.orders@88", taken=())
    'lake.raw.orders@88.parquet'
    >>> file_name("dataset:s3://bucket/a b@7", taken=())
    'dataset%3As3%3A%2F%2Fbucket%2Fa%20b@7.parquet'
    """
    plain = quote(address, safe="@")
    if plain.startswith("."):
        plain = f"%2E{plain[1:]}"
    if len(plain) > _NAME_LENGTH_MAX:
        digest = hashlib.sha256(address.encode()).hexdigest()[:16]
        plain = f"{plain[:_NAME_LENGTH_MAX]}-{digest}"
    # Some file systems take Orders and orders for one name.
    folded = {one.casefold() for one in taken}
    name, number = f"{plain}{ending}", 1
    while name.casefold() in folded:
        number += 1
        name = f"{plain}-{number}{ending}"
    return name


@contextmanager
def _translated(out: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise CannotWriteError.because(out, error) from error


def _is_inside(error: OSError, folder: Path) -> bool:
    """Tell whether an error is about something in a folder, such as a file on a full disk."""
    return isinstance(error.filename, str) and error.filename.startswith(f"{folder}/")


def _sync(folder: Path) -> None:
    """Make the names in a folder outlive a power cut."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
