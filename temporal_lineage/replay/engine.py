"""The engine of a replay: DuckDB, in this process, with no way to files or the network."""

from __future__ import annotations

from contextlib import ExitStack, closing
from typing import TYPE_CHECKING

from temporal_lineage.replay.errors import NoEngineError, NotReplayableError
from temporal_lineage.replay.statement import table_name

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    import pyarrow as pa

    from catalogs.table import TableState


def ran(texts: Sequence[str], states: Sequence[TableState], scratch: Path) -> pa.Table:
    """Run statements over copies of states, numbered as given; give the rows of the last.

    Raises NoEngineError, and NotReplayableError for what DuckDB cannot run, such as a function
    that it does not have.
    """
    try:
        import duckdb
    except ImportError as error:
        raise NoEngineError from error
    with ExitStack() as opened:
        connection = opened.enter_context(duckdb.connect())
        connection.execute("SET TimeZone = 'UTC'")
        connection.execute("SET temp_directory = ?", [str(scratch)])
        try:
            for place, state in enumerate(states):
                with closing(state.batches(columns=None)) as rows:
                    connection.register("rows_of_state", rows)
                    connection.execute(
                        f'CREATE TABLE "{table_name(place)}" AS SELECT * FROM rows_of_state'
                    )
                    connection.unregister("rows_of_state")
            # The statement was told by others: from here on nothing but these tables can be read.
            connection.execute("SET enable_external_access = false")
            connection.execute("SET lock_configuration = true")
            *changes, query = texts
            for change in changes:
                connection.execute(change)
            return connection.sql(query).to_arrow_table()
        except duckdb.Error as error:
            told = str(error).partition("\n")[0][:200]
            raise NotReplayableError(f"DuckDB cannot run it: {told}") from error
