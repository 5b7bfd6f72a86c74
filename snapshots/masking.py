"""Masking: which rows of a state the delete files in it may hide. DESIGN 4.3.

A delete file that names a data file which is live when it comes hides rows of that file alone, and
no more than it has. It is aimed, for good. Any other is loose: it may hide every row of every file
before it, also one that names no file known here, for it may mean one by another spelling.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING

from snapshots.files import FileContent

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from snapshots.files import AddedFile, DataFile
    from snapshots.lives import FileLife, Origins


class Masks:
    """The delete files of a line's newest state."""

    def __init__(self) -> None:
        """Start without any."""
        self._aimed: dict[str, dict[str, DataFile]] = {}
        self._loose: Counter[int] = Counter()

    def add(self, life: FileLife) -> None:
        """Let a delete file come."""
        if life.file.masks is None:
            self._loose[life.start] += 1
        else:
            self._aimed.setdefault(life.file.masks, {})[life.file.key] = life.file

    def drop(self, life: FileLife) -> None:
        """Let a delete file go."""
        target = life.file.masks
        if target is None:
            self._loose[life.start] -= 1
            if not self._loose[life.start]:
                del self._loose[life.start]
            return
        del self._aimed[target][life.file.key]
        if not self._aimed[target]:
            del self._aimed[target]

    def loose(self) -> int:
        """Count those that may hide rows of any file."""
        return self._loose.total()

    def loose_before(self) -> int:
        """Give the position before which a file's rows may all be hidden; -1 where none are."""
        return max(self._loose, default=-1)

    def held(self, life: FileLife) -> Origins:
        """Give whose rows a data file surely holds under the delete files that are aimed at it."""
        return life.origins if self.leave_all(life) else life.origins.doubted()

    def leave_all(self, life: FileLife) -> bool:
        """Tell whether, of all whose rows a data file may hold, nobody can have lost the last."""
        hiding = self._aimed.get(life.file.key)
        of_one = len(life.origins.sure) == 1 and not life.origins.possible
        return not hiding or (of_one and _rows_left(life.file, hiding.values()))


def is_mask(file: DataFile) -> bool:
    """Tell whether the file masks rows of others and holds none."""
    return file.content is not FileContent.DATA


def is_loose(file: DataFile) -> bool:
    """Tell whether the file is a delete file that may hide rows of any other."""
    return is_mask(file) and file.masks is None


def aimed(added: Iterable[AddedFile], *, data: Collection[str]) -> list[AddedFile]:
    """Set those new delete files loose that name none of the data files, live or new."""
    files = list(added)
    live = {one.file.key for one in files if not is_mask(one.file)}
    return [
        one
        if one.file.masks is None or one.file.masks in live or one.file.masks in data
        else replace(one, file=replace(one.file, masks=None))
        for one in files
    ]


def _rows_left(file: DataFile, hiding: Iterable[DataFile]) -> bool:
    """Tell whether rows of a data file are surely left; positions may be deleted twice."""
    hidden = 0
    for one in hiding:
        if file.key.endswith(f"#{one.key}"):
            continue  # the data file's rows are those that this one leaves
        if one.rows is None:
            return False
        hidden += one.rows
    return file.rows is not None and file.rows > hidden
