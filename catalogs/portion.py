"""Portions: the columns and rows of a state that a read took, and the way to take them again."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from snapshots.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator

    import pyarrow as pa

    from catalogs.engines.engine import Rows
    from catalogs.table import TableState


class BadFilterError(UsageError):
    """A condition that cannot be read, or does not fit the columns of the state."""

    def __init__(self, where: str, reason: str) -> None:
        """Keep the condition as it was given, and why it was refused."""
        self.where = where
        self.reason = reason
        super().__init__(
            f"the condition {where!r} cannot be understood: {reason};"
            " write it like: amount > 5 and name in ('a', 'b') and at is not null"
        )


@dataclass(frozen=True, slots=True, order=True)
class Portion:
    """What was taken of a state.

    `columns` in the order they were asked for, None for all; `where` as `catalogs.row_filter`
    reads it, None for all rows.
    """

    columns: tuple[str, ...] | None
    where: str | None

    @property
    def whole(self) -> bool:
        """Tell whether nothing was left out."""
        return self.columns is None and self.where is None

    def __str__(self) -> str:
        """Write it for people: `id, amount where amount > 10`."""
        columns = "all columns" if self.columns is None else ", ".join(self.columns)
        return columns if self.where is None else f"{columns} where {self.where}"


def portion_rows(state: TableState | Rows, portion: Portion) -> pa.RecordBatchReader:
    """Stream a portion of a state, exactly, whatever the table is by now.

    Raises BadFilterError, UnknownNameError for a column the state does not have, and what
    `TableState.batches` raises.
    """
    if portion.where is None or portion.columns == ():
        names = None if portion.columns is None else list(dict.fromkeys(portion.columns))
        return state.batches(columns=names)
    from contextlib import closing

    import pyarrow as pa

    from catalogs.row_filter import arrow_filter, filter_columns

    with closing(state.batches(columns=None)) as whole:
        schema = whole.schema
    names = list(dict.fromkeys(schema.names if portion.columns is None else portion.columns))
    needed = dict.fromkeys([*names, *filter_columns(portion.where, schema)])
    rows = state.batches(columns=list(needed))  # a column that is not there is refused by name
    condition = arrow_filter(portion.where, rows.schema)
    wanted = pa.schema([rows.schema.field(name) for name in names])

    def kept() -> Iterator[pa.RecordBatch]:
        with closing(rows):
            for batch in rows:
                some = batch.filter(condition)
                if some.num_rows:
                    yield some.select(names)

    return pa.RecordBatchReader.from_batches(wanted, kept())
