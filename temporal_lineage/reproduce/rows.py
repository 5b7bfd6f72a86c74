"""Rows of a state, streamed into one file within bounded memory."""

from __future__ import annotations

import hashlib
import os
import re
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from snapshots.errors import TemporalLineageError, UnsupportedError
from snapshots.files import DataFile, FileContent
from temporal_lineage.reproduce.answer import WrittenFile
from temporal_lineage.reproduce.folder import CannotWriteError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from io import FileIO
    from pathlib import Path

    import pyarrow as pa

ROW_GROUP_ROWS_MAX = 1_048_576
ROW_GROUP_BYTES_MAX = 64 * 1024 * 1024
"""Batches are held until they are this large together; a reader's batch may be larger."""

_DELETES = {
    FileContent.POSITION_DELETES,
    FileContent.EQUALITY_DELETES,
    FileContent.DELETION_VECTOR,
}


class RowForm(StrEnum):
    """What rows are written as."""

    PARQUET = "parquet"
    ARROW = "arrow"
    """Arrow IPC, the file format, which can be mapped into memory."""


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


def write_rows(
    batches: pa.RecordBatchReader,
    path: Path,
    *,
    address: str,
    progress: Callable[[int], None],
    form: RowForm = RowForm.PARQUET,
) -> WrittenFile:
    """Write all rows to a new file; `progress` gets the number of rows so far.

    The fingerprint is left to who can tell what the columns are. Raises CannotWriteError,
    UnsupportedError for a type that the form does not have, and whatever the reader raises.
    """
    import pyarrow as pa

    rows = 0
    with path.open("xb", buffering=0) as file:
        sink = _Hashed(path, file)
        try:
            writer = _writer(sink, batches.schema, form)
        except (pa.ArrowNotImplementedError, pa.ArrowInvalid) as error:
            raise UnsupportedError(address, str(error), "read it with its own engine") from error
        try:
            for table in _gathered(batches):
                writer.write_table(table, ROW_GROUP_ROWS_MAX)
                rows += table.num_rows
                progress(rows)
        finally:
            writer.close()
        sink.sync()
    return WrittenFile(path.name, address, rows, sink.size, sink.digest.hexdigest(), None)


def _writer(sink: _Hashed, schema: pa.Schema, form: RowForm) -> Any:  # noqa: ANN401 - pyarrow has no types
    import pyarrow as pa
    from pyarrow import parquet

    target = pa.PythonFile(sink, mode="w")
    if form is RowForm.ARROW:
        options = pa.ipc.IpcWriteOptions(compression="zstd")
        return pa.ipc.new_file(target, schema, options=options)
    return parquet.ParquetWriter(target, schema, compression="zstd", version="2.6")


def _gathered(batches: pa.RecordBatchReader) -> Iterator[pa.Table]:
    """Join small batches, so that a table of many small files does not become many row groups."""
    import pyarrow as pa

    waiting: list[pa.RecordBatch] = []
    rows = size = 0
    for batch in batches:
        waiting.append(batch)
        rows += batch.num_rows
        size += batch.nbytes
        if rows >= ROW_GROUP_ROWS_MAX or size >= ROW_GROUP_BYTES_MAX:
            yield pa.Table.from_batches(waiting, schema=batches.schema)
            waiting, rows, size = [], 0, 0
    if waiting:
        yield pa.Table.from_batches(waiting, schema=batches.schema)


class _Hashed:
    """A file for pyarrow that hashes what passes: Parquet is written from front to end."""

    closed = False

    def __init__(self, path: Path, file: FileIO) -> None:
        self.size = 0
        self.digest = hashlib.sha256()
        self._path = path
        self._file = file

    def write(self, piece: bytes) -> int:
        try:
            rest = memoryview(piece)
            while rest:
                rest = rest[self._file.write(rest) :]
        except OSError as error:
            raise CannotWriteError.because(self._path, error) from error
        self.digest.update(piece)
        self.size += len(piece)
        return len(piece)

    def sync(self) -> None:
        """Make what was written outlive a power cut."""
        try:
            os.fsync(self._file.fileno())
        except OSError as error:
            raise CannotWriteError.because(self._path, error) from error

    def tell(self) -> int:
        return self.size

    def flush(self) -> None:
        """Nothing waits here."""

    def close(self) -> None:
        self.closed = True
