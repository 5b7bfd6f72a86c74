"""Rows: the data files of one state streamed with the state's own schema, and never other rows.

Files are read one by one, exactly those that the replay names, whatever wrote the log: kept
commits, staged ones, features that concern writers alone. Each file must hold as many rows as the
log says, and its deletion vector must delete as many.

This module imports pyarrow; it is loaded only when rows are read.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from catalogs.choice import chosen
from catalogs.delta.conform import arrow_fields, conformed, place_of
from catalogs.delta.log import DeltaLog
from catalogs.delta.partition_values import value_of
from catalogs.delta.paths import located
from catalogs.delta.replay import LogicalFile, Table
from catalogs.delta.types import (
    Column,
    Primitive,
    StructType,
    mapping_mode,
    parsed,
    refuse_unknown_mode,
)
from catalogs.delta.vectors import deleted_rows
from catalogs.moved import Moved
from catalogs.storage import Storage, is_local
from snapshots.errors import UnreadableError

BATCH_ROWS = 65_536
_ADVICE = "restore the file from a copy of the table"


def stream(table: Table, log: DeltaLog, *, columns: Sequence[str] | None) -> Any:  # noqa: ANN401 - a pyarrow RecordBatchReader, which has no type
    """Stream the rows of a state, file by file; all columns where `columns` is None.

    Raises UnknownNameError for a column the state does not have and UnsupportedError for a type or
    a mapping of columns that no exact reader here has; while streaming, UnreadableError where a
    file is missing, damaged, or holds other rows than the log says.
    """
    root, properties = log.root, table.metadata.properties
    refuse_unknown_mode(properties, location=root)
    mode = mapping_mode(properties)
    root_type = parsed(table.metadata.schema_string, mapped=mode is not None, location=root)
    asked = _chosen(root_type, columns, root)
    schema = pa.schema(arrow_fields(asked, location=root))
    wanted = Wanted(
        columns=asked.columns,
        schema=schema,
        partitions=frozenset(table.metadata.partition_columns),
        by_id=mode == "id",
        root=root,
        storage=log.storage,
        moved=log.moved,
    )
    files = sorted(table.live.values(), key=lambda file: file.key)
    batches = (batch for file in files for batch in _batches(file, wanted))
    return pa.RecordBatchReader.from_batches(schema, batches)


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is read of each file, and where the files lie."""

    columns: tuple[Column, ...]
    schema: Any
    partitions: frozenset[str]
    by_id: bool
    root: str
    storage: Storage
    moved: Moved

    def is_partition(self, column: Column) -> bool:
        """Tell whether a column's value stands in the log, not in the file."""
        return column.name in self.partitions


def _chosen(all_columns: StructType, names: Sequence[str] | None, root: str) -> StructType:
    by_name = {column.name: column for column in all_columns.columns}
    wanted = chosen(names, columns=list(by_name), state=root)
    return StructType(tuple(by_name[name] for name in wanted))


def _batches(file: LogicalFile, wanted: Wanted) -> Iterator[Any]:
    path = located(wanted.root, file.path, wanted.moved)
    with opened(wanted.storage, path) as (parquet, _):
        yield from _read(parquet, file, wanted, path)


@contextmanager
def opened(storage: Storage, path: str) -> Iterator[tuple[Any, Any]]:
    """Open a Parquet file; give it, and the raw file below it.

    Raises UnreadableError, here and while it is used, for all that goes wrong with it.
    """
    with ExitStack() as closing:
        raw = closing.enter_context(storage.open(path))
        try:
            # Where writers left checksums, a damaged page is an error and no wrong row.
            parquet = pq.ParquetFile(
                raw,
                coerce_int96_timestamp_unit="us",
                page_checksum_verification=True,
                pre_buffer=not is_local(path),
            )
            yield closing.enter_context(parquet), raw
        except (pa.ArrowException, OSError, ValueError, KeyError, OverflowError) as error:
            reason = str(error).partition("\n")[0]
            raise UnreadableError(path, reason, _ADVICE) from error


def _read(parquet: Any, file: LogicalFile, wanted: Wanted, path: str) -> Iterator[Any]:  # noqa: ANN401
    rows = parquet.metadata.num_rows
    if file.physical_rows is not None and rows != file.physical_rows:
        reason = f"it holds {rows} rows where the log says {file.physical_rows}"
        raise UnreadableError(path, reason, _ADVICE)
    deleted = None
    if file.vector is not None:
        bits, _ = deleted_rows(
            file.vector,
            rows=rows,
            root=wanted.root,
            storage=wanted.storage,
            moved=wanted.moved,
        )
        deleted = pa.BooleanArray.from_buffers(pa.bool_(), rows, [None, pa.py_buffer(bits)])
    names = names_in(list(parquet.schema_arrow), wanted)
    start = 0
    for size, source in _sources(parquet, sorted(set(names.values())), rows):
        arrays = [column_of(one, file, wanted, source, size, names) for one in wanted.columns]
        batch = pa.RecordBatch.from_arrays(arrays, schema=wanted.schema)
        if deleted is not None:
            batch = batch.filter(pc.invert(deleted.slice(start, size)))
        start += size
        if batch.num_rows:
            yield batch
    if start != rows:
        reason = f"it gave {start} rows where its footer says {rows}"
        raise UnreadableError(path, reason, _ADVICE)


def names_in(fields: list[Any], wanted: Wanted) -> dict[str, str]:
    """Give the file's own name of each wanted column that it holds."""
    places = {
        column.name: place_of(column, fields, by_id=wanted.by_id)
        for column in wanted.columns
        if not wanted.is_partition(column)
    }
    return {name: str(fields[at].name) for name, at in places.items() if at is not None}


def _sources(parquet: Any, names: list[str], rows: int) -> Iterator[tuple[int, Any]]:  # noqa: ANN401
    """Yield the batches of a file with their sizes; where nothing of it is wanted, sizes alone."""
    if names:
        for batch in parquet.iter_batches(batch_size=BATCH_ROWS, columns=names):
            yield batch.num_rows, batch
        return
    for start in range(0, rows, BATCH_ROWS):
        yield min(BATCH_ROWS, rows - start), None


def column_of(
    column: Column,
    file: LogicalFile,
    wanted: Wanted,
    source: Any,  # noqa: ANN401
    size: int,
    names: dict[str, str],
) -> Any:  # noqa: ANN401
    """Give a column of a batch under the table's type, whatever the file has of it.

    Raises ValueError where the file holds another kind of thing.
    """
    target = wanted.schema.field(column.name).type
    if wanted.is_partition(column):
        return pa.repeat(_partition_scalar(column, file, target), size)
    if column.name not in names:
        if column.required:
            msg = f"it lacks the column {column.name}, which the table requires"
            raise ValueError(msg)
        return pa.nulls(size, target)  # the file is older than the column
    array = source.column(names[column.name])
    return conformed(array, column.type, target, by_id=wanted.by_id, location=wanted.root)


def _partition_scalar(column: Column, file: LogicalFile, target: Any) -> Any:  # noqa: ANN401
    if not isinstance(column.type, Primitive):
        msg = f"{column.name} cannot partition a table"
        raise ValueError(msg)  # noqa: TRY004 - the log is at fault, not the caller
    values = file.partition_values
    name = column.physical_name or column.name
    if name not in values:
        folded = {key.casefold(): key for key in values}
        name = folded.get(name.casefold(), name)
    return pa.scalar(value_of(values.get(name), column.type.name), type=target)
