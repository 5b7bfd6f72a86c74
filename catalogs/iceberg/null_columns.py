"""Null columns: what a column holds where the file that it is read from does not have it.

Arrow's own column of nulls has nulls in the required fields of its null structs too, and such a
column cannot be cast to its own type.
"""

from __future__ import annotations

import pyarrow as pa


def null_column(kind: pa.DataType, count: int) -> pa.Array:
    """Give a column of nulls; what is inside of them are values that mean nothing."""
    return _column(kind, count, nullable=True)


def _column(kind: pa.DataType, count: int, *, nullable: bool) -> pa.Array:
    if pa.types.is_struct(kind):
        inside = [_column(one.type, count, nullable=False) for one in kind]
        mask = pa.repeat(pa.scalar(nullable), count)
        return pa.StructArray.from_arrays(inside, fields=list(kind), mask=mask)
    if nullable:
        return pa.nulls(count, kind)
    if isinstance(kind, pa.BaseExtensionType):
        stored = _column(kind.storage_type, count, nullable=False)
        return pa.ExtensionArray.from_storage(kind, stored)
    required = pa.struct([pa.field("of", kind, nullable=False)])
    return pa.array([None], required).field(0).take(pa.repeat(pa.scalar(0), count))
