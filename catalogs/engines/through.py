"""Rows through an engine: counted, and under the schema of the state."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, closing
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pyarrow as pa

from catalogs.engines.conform import conformed
from catalogs.engines.engine import EngineFailedError, ReadBy
from snapshots.row_counts import RowCountError, row_bounds

if TYPE_CHECKING:
    from catalogs.table import TableState

Opened = AbstractContextManager[Iterator[pa.RecordBatch]]


@dataclass(frozen=True, slots=True)
class EngineRows:
    """The rows of a state by another engine; implements `catalogs.engines.engine.Rows`.

    `opened` gives all rows of the columns that it is told, and is left when all are read.
    """

    state: TableState
    engine: str
    opened: Callable[[Sequence[str]], Opened]

    @property
    def read_by(self) -> ReadBy:
        """The engine."""
        return ReadBy(self.engine, "")

    def batches(self, *, columns: Sequence[str] | None) -> pa.RecordBatchReader:
        """Stream the rows; see `catalogs.engines.engine.Rows`."""
        with closing(self.state.batches(columns=columns)) as own:
            target = own.schema
        return pa.RecordBatchReader.from_batches(target, self._counted(target))

    def _counted(self, target: pa.Schema) -> Iterator[pa.RecordBatch]:
        """Yield the rows; at the end there must be as many as the files of the state hold."""
        location = f"{self.state.traits().location}@{self.state.snapshot_id}"
        bounds = row_bounds(self.state.files)
        rows = 0
        with self.opened(target.names) as found:
            for batch in conformed(found, target, location=location, engine=self.engine):
                rows += batch.num_rows
                yield batch
        if bounds is None:
            return
        try:
            bounds.hold(location, rows, told_by="its files hold")
        except RowCountError as error:
            reason = f"it gave {rows} rows where the files hold {bounds}"
            raise EngineFailedError(location, self.engine, reason) from error
