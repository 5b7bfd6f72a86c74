"""Reads: one portion of one pinned state, in whatever shape the caller's library has."""

from __future__ import annotations

from contextlib import closing
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from catalogs.portion import portion_rows

if TYPE_CHECKING:
    from collections.abc import Iterator

    import polars as pl
    import pyarrow as pa

    from catalogs.portion import Portion
    from catalogs.table import TableState
    from temporal_lineage.sdk.records import Taken


class Read:
    """A pinned read: the same rows each time, whatever is committed to the table meanwhile."""

    def __init__(self, name: str, state: TableState, portion: Portion, taken: Taken) -> None:
        """Use the calls of a run."""
        self.name = name
        self.portion = portion
        self._state = state
        self._taken = taken

    @property
    def version(self) -> int:
        """The Iceberg snapshot id, or the Delta version, that was pinned."""
        return self._state.snapshot_id

    @property
    def schema(self) -> pa.Schema:
        """The Arrow schema of what is read."""
        with closing(portion_rows(self._state, self.portion)) as rows:
            return rows.schema

    def batches(self) -> pa.RecordBatchReader:
        """Stream the rows in bounded memory; each call starts from the first row.

        Raises UnreadableError where a file of the state is gone or damaged.
        """
        import pyarrow as pa

        rows = portion_rows(self._state, self.portion)

        def counted() -> Iterator[pa.RecordBatch]:
            number = 0
            with closing(rows):
                for batch in rows:
                    number += batch.num_rows
                    yield batch
            self._taken.rows = number

        return pa.RecordBatchReader.from_batches(rows.schema, counted())

    def to_arrow(self) -> pa.Table:
        """Give all rows as an Arrow table."""
        return self.batches().read_all()

    def to_polars(self) -> pl.DataFrame:
        """Give all rows as a polars frame."""
        import polars as pl

        frame = pl.from_arrow(self.to_arrow())
        return frame if isinstance(frame, pl.DataFrame) else frame.to_frame()

    def to_pandas(self, **options: Any) -> Any:  # noqa: ANN401 - pandas is the caller's
        """Give all rows as a pandas frame; `options` are those of Arrow's `to_pandas`."""
        return self.to_arrow().to_pandas(**options)

    def to_duckdb(self, connection: Any, name: str) -> Any:  # noqa: ANN401 - duckdb is the caller's
        """Register all rows as a view of a DuckDB connection; gives the relation."""
        connection.register(name, self.to_arrow())
        return connection.table(name)

    def lazy(self) -> pl.LazyFrame:
        """Give a polars LazyFrame of the pinned state.

        Columns that the query does not use are not read. What is recorded are those it used.
        """
        import polars as pl
        from polars.io.plugins import register_io_source

        empty = pl.from_arrow(self.schema.empty_table())
        names = list(self.schema.names)
        used: dict[str, None] = {}

        def frames(
            columns: list[str] | None,
            predicate: pl.Expr | None,
            rows_max: int | None,
            _: int | None,
        ) -> Iterator[pl.DataFrame]:
            wanted = names if columns is None else columns
            used.update(dict.fromkeys(wanted))
            portion = replace(self.portion, columns=tuple(one for one in names if one in used))
            if len(used) < len(names):
                self._taken.portion = portion
            else:
                self._taken.portion = self.portion
            left = rows_max
            with closing(
                portion_rows(self._state, replace(self.portion, columns=tuple(wanted)))
            ) as rows:
                for batch in rows:
                    frame = pl.DataFrame(pl.from_arrow(batch))
                    if predicate is not None:
                        frame = frame.filter(predicate)
                    if left is not None:
                        frame = frame.head(left)
                        left -= frame.height
                    yield frame
                    if left == 0:
                        return

        return register_io_source(frames, schema=pl.DataFrame(empty).schema)

    def __arrow_c_stream__(self, requested_schema: object = None) -> object:
        """Stream the rows to any library that speaks Arrow."""
        return self.batches().__arrow_c_stream__(requested_schema)
