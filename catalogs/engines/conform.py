"""Conforming: what an engine gives, under the schema of the state, with no value changed."""

from __future__ import annotations

from collections.abc import Iterator

import pyarrow as pa

from catalogs.engines.engine import EngineFailedError


def conformed(
    batches: Iterator[pa.RecordBatch], target: pa.Schema, *, location: str, engine: str
) -> Iterator[pa.RecordBatch]:
    """Cast batches whose columns are those of the target in order.

    Raises EngineFailedError for a value that its column cannot hold, and other columns.
    """
    for batch in batches:
        found = [one.casefold() for one in batch.schema.names]
        wanted = [one.casefold() for one in target.names]
        if found != wanted:
            reason = f"it gave the columns {', '.join(found)} for {', '.join(wanted)}"
            raise EngineFailedError(location, engine, reason)
        try:
            columns = [
                _cast(column, field.type)
                for column, field in zip(batch.columns, target, strict=True)
            ]
            yield pa.RecordBatch.from_arrays(columns, schema=target)
        except (pa.ArrowInvalid, pa.ArrowNotImplementedError, pa.ArrowTypeError) as error:
            raise EngineFailedError(location, engine, _first_line(error)) from error


def _cast(column: pa.Array, kind: pa.DataType) -> pa.Array:
    if column.type == kind:
        return column
    return column.cast(kind)  # safe: what does not fit raises


def _first_line(error: Exception) -> str:
    return str(error).partition("\n")[0]
