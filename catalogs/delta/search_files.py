"""Searched files: the rows of one Parquet file of a Delta table that meet a condition, by their
positions. Only the row groups that may match are read, and of these the condition's columns.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import pyarrow as pa

from catalogs.condition import Path
from catalogs.delta.conform import place_of
from catalogs.delta.log import DeltaLog
from catalogs.delta.paths import located
from catalogs.delta.replay import LogicalFile
from catalogs.delta.rows import BATCH_ROWS, Wanted, column_of, names_in, opened
from catalogs.delta.sought import Sought
from catalogs.delta.types import Column, StructType
from catalogs.row_groups import Leaf, chosen_groups, look_of, runs_of
from catalogs.search import Look
from catalogs.sifting import Candidate, candidate
from snapshots.errors import TemporalLineageError

_POSITION = "\0position"


@dataclass(frozen=True, slots=True)
class Found:
    """The matching rows of a file, and how many it has in all.

    `absent` are the columns of the condition that are neither in it nor in its partition.
    """

    positions: pa.Array
    rows: int
    look: Look
    absent: frozenset[str]


def found_in(file: LogicalFile, sought: Sought, log: DeltaLog) -> Found:
    """Search a file. Raises UnreadableError where it cannot be read, or is not what the log says;
    UnsupportedError where a type of it is not read here.
    """
    path = located(log.root, file.path, log.moved)
    with opened(log.storage, path) as (parquet, raw):
        return _found(parquet, raw, file, sought, _wanted(file, sought, log))


def candidate_of(file: LogicalFile, sought: Sought, log: DeltaLog) -> Candidate | None:
    """Make a candidate for an engine of a file; None where it has to be read here."""
    path = located(log.root, file.path, log.moved)
    wanted = _wanted(file, sought, log)
    try:
        with opened(log.storage, path) as (parquet, _):
            leaves = dict(_leaves(parquet.schema_arrow, sought, wanted))
            rows = parquet.metadata.num_rows
            if not rows or file.physical_rows not in {None, rows}:
                return None
            return candidate(path, rows, sought.condition, leaves, parquet.schema_arrow)
    except TemporalLineageError:
        return None  # reading it here tells what is wrong with it


def _wanted(file: LogicalFile, sought: Sought, log: DeltaLog) -> Wanted:
    return Wanted(
        columns=sought.columns,
        schema=sought.schema,
        partitions=sought.partitions_of(file),
        by_id=sought.by_id,
        root=log.root,
        storage=log.storage,
        moved=log.moved,
    )


def _found(
    parquet: Any,  # noqa: ANN401
    raw: Any,  # noqa: ANN401
    file: LogicalFile,
    sought: Sought,
    wanted: Wanted,
) -> Found:
    rows = parquet.metadata.num_rows
    if file.physical_rows is not None and rows != file.physical_rows:
        msg = f"it holds {rows} rows where the log says {file.physical_rows}"
        raise ValueError(msg)
    names = names_in(list(parquet.schema_arrow), wanted)
    absent = [
        one.name for one in sought.columns if one.name not in names and not wanted.is_partition(one)
    ]

    def read(offset: int, length: int) -> bytes:
        raw.seek(offset)
        body: bytes = raw.read(length)
        return body

    leaves = dict(_leaves(parquet.schema_arrow, sought, wanted))
    chosen = chosen_groups(parquet.metadata, sought.condition, leaves, read)
    parts = [
        _matching(start, size, source, file, sought, wanted, names)
        for first, groups in runs_of(chosen)
        for start, size, source in _sources(parquet, first, groups, names)
    ]
    positions = pa.concat_arrays(parts) if parts else pa.array([], pa.int64())
    return Found(
        positions, rows, look_of(chosen, parquet.metadata.num_row_groups), frozenset(absent)
    )


def _sources(
    parquet: Any,  # noqa: ANN401
    first: int,
    groups: list[int],
    names: Mapping[str, str],
) -> Iterator[tuple[int, int, Any]]:
    """Yield batches with the position of their first row and their size."""
    start = first
    if not names:
        rows = sum(parquet.metadata.row_group(one).num_rows for one in groups)
        yield start, rows, None
        return
    columns = sorted(set(names.values()))
    batches = parquet.iter_batches(batch_size=BATCH_ROWS, row_groups=groups, columns=columns)
    for batch in batches:
        yield start, batch.num_rows, batch
        start += batch.num_rows


def _matching(
    start: int,
    size: int,
    source: Any,  # noqa: ANN401
    file: LogicalFile,
    sought: Sought,
    wanted: Wanted,
    names: dict[str, str],
) -> pa.Array:
    arrays = [column_of(one, file, wanted, source, size, names) for one in sought.columns]
    whole = pa.RecordBatch.from_arrays(
        [*arrays, pa.arange(start, start + size)], [*sought.schema.names, _POSITION]
    )
    return whole.filter(sought.expression).column(_POSITION)


def _leaves(physical: pa.Schema, sought: Sought, wanted: Wanted) -> Iterator[tuple[Path, Leaf]]:
    """Find the columns that statistics may be of; partition columns are none of them."""
    for path in sought.kinds:
        if path[0] in wanted.partitions:
            continue
        leaf = _leaf(physical, path, sought, by_id=wanted.by_id)
        if leaf is not None:
            yield path, leaf


def _leaf(physical: pa.Schema, path: Path, sought: Sought, *, by_id: bool) -> Leaf | None:
    inside: tuple[Column, ...] = sought.columns
    fields: list[Any] = list(physical)
    target: Any = sought.schema
    names: list[str] = []
    stored = wanted = pa.null()
    for part in path:
        column = next(one for one in inside if one.name == part)
        at = place_of(column, fields, by_id=by_id)
        if at is None:
            return None
        names.append(str(fields[at].name))
        stored, wanted = fields[at].type, target.field(part).type
        inside = column.type.columns if isinstance(column.type, StructType) else ()
        fields = list(stored) if pa.types.is_struct(stored) else []
        target = wanted
    return Leaf(".".join(names), stored, wanted)
