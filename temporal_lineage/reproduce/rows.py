"""Rows of a state, streamed into one file within bounded memory."""

from __future__ import annotations

import hashlib
import os
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from snapshots.errors import UnsupportedError
from temporal_lineage.reproduce.answer import WrittenFile
from temporal_lineage.reproduce.folder import CannotWriteError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from io import FileIO
    from pathlib import Path

    import pyarrow as pa

ROW_GROUP_ROWS_MAX = 1_048_576
ROW_GROUP_BYTES_MAX = 64 * 1024 * 1024
"""Batches are held until they are this large together; a reader's batch may be larger."""


class RowForm(StrEnum):
    """What rows are written as."""

    PARQUET = "parquet"
    ARROW = "arrow"
    """Arrow IPC, the file format, which can be mapped into memory."""


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
