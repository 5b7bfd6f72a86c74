"""Metadata pointers: which metadata file is an Iceberg table's current one, asked each time."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class PointedMetadata:
    """What a catalog says now: the current metadata file, and the options to read storage with.

    `location` changes with every commit. `options` are properties as pyiceberg names them, with
    credentials a REST server may have lent for this table: they expire, so ask again. `body` is the
    metadata as a REST server sent it, all snapshots included; None where the file alone has it.
    """

    location: str
    options: Mapping[str, str]
    body: bytes | None


Pointer = Callable[[], PointedMetadata]
"""Asks the catalog, or the folder's listing; raises UnreadableError or UnknownNameError."""


def fixed_pointer(location: str, options: Mapping[str, str]) -> Pointer:
    """Point to one metadata file for ever, as a copy or an archive of a table does."""
    pointed = PointedMetadata(location, dict(options), None)
    return lambda: pointed
