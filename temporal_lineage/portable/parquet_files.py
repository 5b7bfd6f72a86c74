"""Parquet files of one table, written row by row in little memory: groups, parts, digests."""

from __future__ import annotations

import hashlib
import os
from itertools import islice
from typing import TYPE_CHECKING, Any, Self

from snapshots.records import dataclass

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    import pyarrow as pa

    from temporal_lineage.portable.layout import ExportTable

_STEP_ROWS = 5_000
_GROUP_ROWS = 122_880
_GROUP_BYTES = 32 << 20
_PART_BYTES = 128 << 20
"""Where a row group is complete, in rows or in bytes in memory, and where a file is, on the disk.

DuckDB shares work out by groups of about so many rows, and Spark by files of that size.
"""


@dataclass(frozen=True, slots=True)
class ExportedFile:
    """A file of an export, by its path in it."""

    name: str
    rows: int
    size_bytes: int
    sha256: str


def write_files(
    folder: Path, table: ExportTable, rows: Iterable[tuple[Any, ...]], *, stem: str
) -> Iterator[ExportedFile]:
    """Write rows into files of a table below `folder`: one at least, so that others find one."""
    (folder / table.name).mkdir(exist_ok=True)
    groups = _groups(table.schema(), iter(rows))
    group = next(groups, None)
    part = 0
    while part == 0 or group is not None:
        name = f"{table.name}/{stem}{part:05}.parquet"
        part += 1
        rows_written = 0
        with _Part(folder / name, table.schema()) as file:
            while group is not None and file.size < _PART_BYTES:
                file.write(group)
                rows_written += group.num_rows
                group = next(groups, None)
        yield _finished(folder, name, rows_written)


class _Part:
    """One file, and how long it is by now."""

    def __init__(self, path: Path, schema: pa.Schema) -> None:
        from pyarrow import parquet

        self._file = path.open("wb")
        self._writer = parquet.ParquetWriter(self._file, schema, compression="zstd")

    @property
    def size(self) -> int:
        return self._file.tell()

    def write(self, group: pa.Table) -> None:
        self._writer.write_table(group, row_group_size=group.num_rows)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        with self._file:
            self._writer.close()
            self._file.flush()
            os.fsync(self._file.fileno())


def _groups(schema: pa.Schema, rows: Iterator[tuple[Any, ...]]) -> Iterator[pa.Table]:
    """Gather rows into groups; no more than one is in memory."""
    import pyarrow as pa

    batches: list[pa.RecordBatch] = []
    count = size = 0
    while step := list(islice(rows, _STEP_ROWS)):
        columns = zip(*step, strict=True)
        arrays = [pa.array(one, field.type) for one, field in zip(columns, schema, strict=True)]
        batches.append(pa.RecordBatch.from_arrays(arrays, schema=schema))
        count += len(step)
        size += batches[-1].nbytes
        if count >= _GROUP_ROWS or size >= _GROUP_BYTES:
            yield pa.Table.from_batches(batches)
            batches.clear()
            count = size = 0
    if batches:
        yield pa.Table.from_batches(batches)


def _finished(folder: Path, name: str, rows: int) -> ExportedFile:
    path = folder / name
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    return ExportedFile(name, rows, path.stat().st_size, digest)
