"""Presence: which files of a table are still there, by one listing where that is cheaper."""

from __future__ import annotations

from typing import TYPE_CHECKING

from catalogs.storage import is_local
from snapshots.files import FileContent

if TYPE_CHECKING:
    from collections.abc import Iterable

    from catalogs.storage import Storage
    from snapshots.files import DataFile

_LISTED_FROM = 8
"""From so many files on, one listing of a remote table costs less than asking for each file."""


def missing_files(
    files: Iterable[DataFile], *, root: str, storage: Storage
) -> tuple[DataFile, ...]:
    """Give the files that are not there, or not there with their recorded size.

    Each path is looked for once, however many files name it. The file of a deletion vector may
    be longer than recorded: it holds those of other data files too. Raises UnreadableError where
    nobody could look.
    """
    wanted = tuple(files)
    paths = dict.fromkeys(file.path for file in wanted)
    sizes: dict[str, int | None] = {}
    inside = {path for path in paths if path.startswith(f"{root}/")}
    if not is_local(root) and len(inside) >= _LISTED_FROM:
        sizes = {found.path: found.size_bytes for found in storage.walk(root)}
    for path in paths:
        if path not in sizes:
            sizes[path] = storage.size(path)
    return tuple(file for file in wanted if not _fits(file, sizes[file.path]))


def _fits(file: DataFile, size: int | None) -> bool:
    if size is None:
        return False
    if file.content is FileContent.DELETION_VECTOR:
        return size >= file.size_bytes
    return size == file.size_bytes
