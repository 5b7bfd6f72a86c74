"""Row counts: how many rows a state must have, as its files say."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from snapshots.errors import TemporalLineageError
from snapshots.files import DataFile, FileContent

_DELETES = {
    FileContent.POSITION_DELETES,
    FileContent.EQUALITY_DELETES,
    FileContent.DELETION_VECTOR,
}


class RowCountError(TemporalLineageError):
    """A state gave another number of rows than its table says it has."""

    def __init__(self, address: str, rows: int, bounds: RowBounds, *, told_by: str) -> None:
        """Keep the state, the rows it gave, what was expected, and who says so."""
        self.address = address
        self.rows = rows
        self.bounds = bounds
        self.told_by = told_by
        super().__init__(
            f"{address} gave {rows} rows where {told_by} {bounds};"
            " nothing was written, since a copy that differs would be worse than none"
        )


@dataclass(frozen=True, slots=True)
class RowBounds:
    """How many rows a state has, as its files say; equal bounds are an exact count."""

    least: int
    most: int

    def hold(self, address: str, rows: int, *, told_by: str) -> None:
        """Raise RowCountError where a state gave fewer or more rows."""
        if not self.least <= rows <= self.most:
            raise RowCountError(address, rows, self, told_by=told_by)

    def __str__(self) -> str:
        return str(self.most) if self.least == self.most else f"{self.least} to {self.most}"


def row_bounds(files: Sequence[DataFile]) -> RowBounds | None:
    """Tell how many rows the files of a state hold together; None where they do not record it.

    A position may be deleted twice, and nobody knows how many rows an equality delete meets: with
    delete files the count is known within bounds only. A vector that is part of a data file's key
    masks that one form of it, whose rows are those that live.
    """
    data = [file for file in files if file.content is FileContent.DATA]
    if any(file.rows is None for file in data):
        return None
    most = sum(file.rows for file in data if file.rows is not None)
    deletes = [file for file in files if file.content in _DELETES]
    if deletes:
        counted = {file.key[mark.end() :] for file in data for mark in re.finditer("#", file.key)}
        deletes = [file for file in deletes if file.key not in counted]
    if not deletes:
        return RowBounds(most, most)
    counted = {FileContent.POSITION_DELETES, FileContent.DELETION_VECTOR}
    deleted = [file.rows if file.content in counted else None for file in deletes]
    if any(one is None for one in deleted):
        return RowBounds(0, most)
    return RowBounds(max(0, most - sum(one for one in deleted if one is not None)), most)
