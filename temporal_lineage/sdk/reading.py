"""Reading: the calls of a run that pin a state, record it, and hand out its rows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from catalogs.portion import Portion
from temporal_lineage.sdk.pinning import When, pinned
from temporal_lineage.sdk.read import Read
from temporal_lineage.sdk.recorder import Recorder
from temporal_lineage.sdk.tables import OpenTable, open_delta, open_iceberg

if TYPE_CHECKING:
    from collections.abc import Sequence

    import polars as pl

    from catalogs.table import TableState


class ReadCalls(Recorder):
    """What a run reads through."""

    def read_iceberg(
        self,
        table: object,
        *,
        snapshot_id: int | None = None,
        as_of: When | None = None,
        ref: str | None = None,
        columns: Sequence[str] | None = None,
        where: object = None,
    ) -> Read:
        """Pin a state of an Iceberg table: an address, a path, or a pyiceberg Table as it is.

        Without `snapshot_id`, `as_of` or `ref` (a branch or tag) the current state is pinned, now.
        `where` is text as in `amount > 10 and country in ('DE', 'FR')`, or a pyiceberg expression.
        Raises UnknownNameError, BeforeHistoryError, UnreadableError, BadFilterError.
        """
        opened = open_iceberg(table, self.session)
        state = pinned(opened, version=snapshot_id, as_of=as_of, ref=ref)
        return self._read(opened, state, columns, where)

    def read_delta(
        self,
        table: object,
        *,
        version: int | None = None,
        as_of: When | None = None,
        columns: Sequence[str] | None = None,
        where: object = None,
    ) -> Read:
        """Pin a version of a Delta table: an address, a path, or a DeltaTable as it is loaded.

        Times are told by the log's own rule, in-commit timestamps included. Raises
        UnknownNameError, BeforeHistoryError, UnreadableError, BadFilterError.
        """
        opened = open_delta(table, self.session)
        state = pinned(opened, version=version, as_of=as_of, ref=None)
        return self._read(opened, state, columns, where)

    def scan_iceberg(self, table: object, **which: Any) -> pl.LazyFrame:  # noqa: ANN401 - as read_iceberg has them
        """Give a LazyFrame of a pinned state; the arguments are those of `read_iceberg`."""
        return self.read_iceberg(table, **which).lazy()

    def scan_delta(self, table: object, **which: Any) -> pl.LazyFrame:  # noqa: ANN401 - as read_delta has them
        """Give a LazyFrame of a pinned version; the arguments are those of `read_delta`."""
        return self.read_delta(table, **which).lazy()

    def sql(self, query: str, *, connection: Any = None, **tables: object) -> Any:  # noqa: ANN401 - a LazyFrame or a DuckDB relation
        """Run a query over reads, and record its text.

        `tables` are reads, frames or Arrow tables by the names the query has for them. With a
        DuckDB `connection` it runs there and gives a relation; else polars runs it and gives a
        LazyFrame.
        """
        self.records.asked(query)
        if connection is not None:
            for name, table in tables.items():
                if isinstance(table, Read):
                    table.to_duckdb(connection, name)
                else:
                    connection.register(name, table)
            return connection.sql(query)
        import polars as pl

        frames = {
            name: table.lazy() if isinstance(table, Read) else table
            for name, table in tables.items()
        }
        return pl.SQLContext(frames, eager=False).execute(query)

    def _read(
        self,
        opened: OpenTable,
        state: TableState,
        columns: Sequence[str] | None,
        where: object,
    ) -> Read:
        text = None
        if where is not None:
            from catalogs.row_filter import filter_text

            text = filter_text(where)
        portion = Portion(None if columns is None else tuple(dict.fromkeys(columns)), text)
        from contextlib import closing

        from catalogs.portion import portion_rows

        # A column or a filter that does not fit is refused here, before anything is recorded.
        with closing(portion_rows(state, portion)):
            pass
        with closing(state.batches(columns=None)) as rows:
            fields = tuple((field.name, str(field.type)) for field in rows.schema)
        taken = self.records.read(
            opened.named, str(state.snapshot_id), fields=fields, portion=portion
        )
        self.touches(opened.target)
        self.progressed(at_once=False)
        names = opened.named.symlinks or (opened.named.dataset,)
        return Read(names[0].name, state, portion, taken)
