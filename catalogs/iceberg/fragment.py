"""Fragments: one file of rows, whatever its format."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Protocol

import pyarrow as pa


class Fragment(Protocol):
    """One file, to be read in batches: an Arrow fragment, or one of ours."""

    @property
    def physical_schema(self) -> pa.Schema:
        """The file's own columns, with field ids where the file has them."""

    def to_batches(self, *, columns: Sequence[str]) -> Iterator[pa.RecordBatch]:
        """Stream some columns, in the order of the file."""

    def to_table(self, *, columns: Sequence[str]) -> pa.Table:
        """Read some columns whole."""


def as_batch(rows: pa.StructArray) -> pa.RecordBatch:
    """Make a batch of rows; of no columns too, which Arrow makes a batch of no rows of."""
    if rows.type.num_fields:
        return pa.RecordBatch.from_struct_array(rows)
    return pa.RecordBatch.from_arrays([pa.nulls(len(rows))], ["row"]).select([])
