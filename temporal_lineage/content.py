"""Content: files and folders whose version is the digest of what they hold."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from snapshots.errors import UnreadableError

if TYPE_CHECKING:
    from pathlib import Path

DIGEST = "sha256:"
"""How the version of a file or folder starts."""

_ADVICE = "name a file that is there"


def content_version(place: Path) -> str:
    """Digest a file; or a folder: SHA-256 over one line a file, path and digest, sorted.

    Raises UnreadableError.
    """
    try:
        if not place.is_dir():
            return f"{DIGEST}{_digest(place)}"
        lines = sorted(
            f"{file.relative_to(place).as_posix()}\0{_digest(file)}\n" for file in files_in(place)
        )
    except OSError as error:
        raise unreadable(place, error) from error
    return f"{DIGEST}{hashlib.sha256(''.join(lines).encode()).hexdigest()}"


def version_of_bytes(content: bytes) -> str:
    """Give the version of a file that holds these bytes."""
    return f"{DIGEST}{hashlib.sha256(content).hexdigest()}"


def files_in(place: Path) -> list[Path]:
    """Give a file itself, or every file of a folder."""
    return [place] if place.is_file() else [one for one in place.rglob("*") if one.is_file()]


def unreadable(place: Path, error: OSError) -> UnreadableError:
    """Say that a file cannot be read, and why."""
    return UnreadableError(str(place), (error.strerror or str(error)).lower(), _ADVICE)


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
