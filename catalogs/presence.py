"""Presence: which files of a table are still there, each looked for once."""

from __future__ import annotations

from typing import TYPE_CHECKING

from catalogs.storage import is_local
from snapshots.files import AlteredFile, DataFile, FileContent

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Mapping

    from catalogs.storage import Storage

_LISTED_FROM = 8
"""From so many files on, one listing of a remote table costs less than asking for each file."""


class Presence:
    """What lies in a table's folder, and where else its states say; asked as often as needed.

    A file is looked for where it lies now: the path it was recorded with is that of its harvest,
    and the table may have moved since.
    Each path is looked for once, however many files name it, and a remote table is listed once.
    Raises UnreadableError where nobody could look.
    """

    def __init__(self, *, root: str, storage: Storage, place_of: Callable[[DataFile], str]) -> None:
        """Look from this root; `place_of` tells a file's place by its key.

        Nothing is looked for before it is asked for.
        """
        self._root = root
        self._storage = storage
        self._place_of = place_of
        self._sizes: dict[str, int | None] = {}
        self._is_listed = False

    def missing(self, files: Iterable[DataFile]) -> tuple[DataFile, ...]:
        """Give the files that are not there, or not there with their recorded size: those altered.

        The file of a deletion vector may be longer than recorded: it holds those of other data
        files too.
        """
        wanted = [(file, self._place_of(file)) for file in files]
        self._look_for(dict.fromkeys(place for _, place in wanted))
        return tuple(
            _lost(file, place, self._sizes[place])
            for file, place in wanted
            if not _fits(file, self._sizes[place])
        )

    def missing_paths(self, sizes: Mapping[str, int | None]) -> frozenset[str]:
        """Give the paths that are not there, or not there with the size given; None fits any."""
        self._look_for(sizes)
        found = self._sizes
        return frozenset(
            path
            for path, size in sizes.items()
            if found[path] is None or (size is not None and size != found[path])
        )

    def sizes(self, paths: Collection[str]) -> dict[str, int]:
        """Give the size of each of these files that is there."""
        self._look_for(paths)
        found = ((path, self._sizes[path]) for path in paths)
        return {path: size for path, size in found if size is not None}

    def among(self, files: Iterable[DataFile], paths: Collection[str]) -> tuple[DataFile, ...]:
        """Give those files that lie at one of these paths."""
        return tuple(file for file in files if self._place_of(file) in paths)

    def _look_for(self, paths: Iterable[str]) -> None:
        unknown = [path for path in paths if path not in self._sizes]
        inside = [path for path in unknown if path.startswith(f"{self._root}/")]
        if not self._is_listed and not is_local(self._root) and len(inside) >= _LISTED_FROM:
            self._sizes |= {one.path: one.size_bytes for one in self._storage.walk(self._root)}
            self._is_listed = True
        for path in unknown:
            if path not in self._sizes:
                self._sizes[path] = self._storage.size(path)


def _lost(file: DataFile, place: str, size: int | None) -> DataFile:
    kind = DataFile if size is None else AlteredFile
    return kind(file.key, place, file.content, file.size_bytes, file.rows, file.masks)


def _fits(file: DataFile, size: int | None) -> bool:
    if size is None:
        return False
    if file.content is FileContent.DELETION_VECTOR:
        return size >= file.size_bytes
    return size == file.size_bytes
