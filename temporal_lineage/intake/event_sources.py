"""Sources of events: files, folders and standard input, in pieces, packed or not."""

from __future__ import annotations

import gzip
import re
import sys
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from snapshots.errors import UnreadableError

STANDARD_INPUT = "-"

_CHUNK_BYTES = 1024 * 1024
# Of events.ndjson a log's rotation makes events.ndjson.1, and perhaps events.ndjson.2.gz.
_NAMED = re.compile(r"\.(json|ndjson|jsonl)(\.\d+)?(\.gz)?$", re.IGNORECASE)
_ADVICE = "give a file or folder of OpenLineage events, or -"


@dataclass(frozen=True, slots=True)
class EventFile:
    """One file of events; `path` is None for standard input."""

    name: str
    path: Path | None

    def chunks(self) -> Iterator[bytes]:
        """Yield what it holds; raises UnreadableError, also in the middle of a broken file."""
        if self.path is None:
            yield from pieces(sys.stdin.buffer)
            return
        try:
            with self.path.open("rb") as opened:
                if is_packed(self.path):
                    with gzip.open(opened) as unpacked:
                        yield from pieces(unpacked)
                else:
                    yield from pieces(opened)
        except (OSError, EOFError, zlib.error) as error:
            raise _unreadable(self.name, error) from error


def event_files(sources: Iterable[str]) -> list[EventFile]:
    """Find the files that the sources name; folders are searched, their files in order.

    Raises UnreadableError for the first that cannot be opened.
    """
    return [file for source in sources for file in _files(source)]


def _files(source: str) -> Iterator[EventFile]:
    if source == STANDARD_INPUT:
        yield EventFile("standard input", None)
        return
    if not source:
        raise UnreadableError(source, "an empty name", _ADVICE)
    path = Path(source)
    try:
        found = sorted(found_below(path)) if path.is_dir() else [path]
        for file in found:
            file.open("rb").close()
            yield EventFile(str(file), file)
    except OSError as error:
        raise _unreadable(source, error) from error


def found_below(folder: Path) -> Iterator[Path]:
    """Yield the files of a folder whose names are those of event files."""
    for path in folder.rglob("*"):
        if is_event_file(path):
            yield path


def is_event_file(path: Path) -> bool:
    """Tell whether this is a file with the name of one that holds events."""
    return bool(_NAMED.search(path.name)) and path.is_file()


def is_packed(path: Path) -> bool:
    """Tell whether a file is packed, by its name."""
    return path.suffix.lower() == ".gz"


def pieces(opened: BinaryIO | gzip.GzipFile) -> Iterator[bytes]:
    """Yield what is left of an open file."""
    while chunk := opened.read(_CHUNK_BYTES):
        yield chunk


def _unreadable(source: str, error: Exception) -> UnreadableError:
    if isinstance(error, OSError) and error.strerror:
        return UnreadableError(source, error.strerror.lower(), _ADVICE)
    return UnreadableError(source, str(error) or type(error).__name__, _ADVICE)
