"""Daft: reads states in this process, or on the Ray cluster that it is connected to.

Iceberg states are handed over as stand-ins. Daft opens Delta tables by delta-rs, which takes a
version by its number: there the files that delta-rs found must be those of the state.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from catalogs.engines.abilities import DAFT, refusals, require
from catalogs.engines.engine import EngineFailedError, EngineMissingError, Rows
from catalogs.engines.sifted import sifted
from catalogs.engines.stand_in import stand_in
from catalogs.engines.through import EngineRows
from catalogs.traits import TableKind
from snapshots.errors import TemporalLineageError

if TYPE_CHECKING:
    import pyarrow as pa

    from catalogs.sifting import Candidate
    from catalogs.table import TableState
    from catalogs.traits import Feature

WAITING_BATCHES_MAX = 4

_PATH = "__temporal_lineage_path"
# It declares pyarrow < 26, and reads the same with 26.
_INSTALL = "--no-deps daft tqdm"


class Daft:
    """Reads states by Daft; implements `catalogs.engines.engine.Engine`."""

    name = DAFT

    def __init__(self) -> None:
        """Load Daft. Raises EngineMissingError where it is not installed."""
        try:
            import daft
        except ImportError as error:
            raise EngineMissingError(DAFT, _INSTALL) from error
        self._daft: Any = daft

    def reads_parts(self, state: TableState) -> bool:
        """Read parts of what is handed over as a stand-in."""
        return state.traits().kind is TableKind.ICEBERG

    def refused(self, state: TableState) -> tuple[Feature, ...]:
        """Name what Daft does not read right of a state."""
        return refusals(DAFT, state.traits())

    def rows(self, state: TableState) -> Rows:
        """Open a state; see `Engine.rows`."""
        require(DAFT, state)
        return EngineRows(state, DAFT, lambda columns: self._opened(state, columns))

    def sift(self, files: Iterator[Candidate]) -> Mapping[str, int]:
        """Count matching rows in files; see `catalogs.search.Sieve`."""
        return sifted(files, DAFT, self._counted)

    def _counted(self, group: Sequence[Candidate]) -> Iterator[tuple[str, int, int]]:
        from catalogs.sifting import Words, expression

        col, lit = self._daft.col, self._daft.lit
        words = Words(
            column=lambda field: col(field.name),
            literal=lit,
            is_null=lambda one: one.is_null(),
            starts_with=lambda one, start: one.startswith(start),
            sure=lambda one: one.fill_null(lit(False)),
        )
        places = [one.place for one in group]
        frame = self._daft.read_parquet(places, file_path_column=_PATH)
        hit = expression(group[0], words).cast(self._daft.DataType.int64()).alias("hit")
        rows, hits = col("hit").count("all").alias("rows"), col("hit").sum().alias("hits")
        found = frame.select(col(_PATH), hit).groupby(_PATH).agg(rows, hits).to_pydict()
        yield from zip(found[_PATH], found["rows"], found["hits"], strict=True)

    def close(self) -> None:
        """Leave Daft as it is: it runs in this process, or on a cluster of somebody else's."""

    @contextmanager
    def _opened(
        self, state: TableState, columns: Sequence[str]
    ) -> Iterator[Iterator[pa.RecordBatch]]:
        traits = state.traits()
        location = f"{traits.location}@{state.snapshot_id}"
        try:
            if traits.kind is TableKind.DELTA:
                self._same_files(state)
                frame = self._daft.read_deltalake(traits.location, version=state.snapshot_id)
                yield self._batches(frame, columns)
                return
            with stand_in(state, parent=None) as folder:
                from pyiceberg.table import StaticTable

                table = StaticTable.from_metadata(str(folder / "metadata" / "v1.metadata.json"))
                yield self._batches(self._daft.read_iceberg(table), columns)
        except TemporalLineageError:
            raise
        except Exception as error:  # whatever an engine raises is its answer
            raise EngineFailedError(location, DAFT, first_line(error)) from error

    def _batches(self, frame: Any, columns: Sequence[str]) -> Iterator[pa.RecordBatch]:  # noqa: ANN401
        chosen = frame.select(*(self._daft.col(one) for one in columns))
        found: Iterator[pa.RecordBatch] = chosen.to_arrow_iter(
            results_buffer_size=WAITING_BATCHES_MAX
        )
        return found

    def _same_files(self, state: TableState) -> None:
        """Raise EngineFailedError where delta-rs finds other files by the number of a state."""
        from urllib.parse import unquote

        from deltalake import DeltaTable

        location = state.traits().location
        table = DeltaTable(location, version=state.snapshot_id)
        found = {
            os.path.realpath(unquote(one.removeprefix("file://"))) for one in table.file_uris()
        }
        known = {os.path.realpath(unquote(one.path.removeprefix("file://"))) for one in state.files}
        if found != known:
            reason = f"by that number it finds other files: {min(found ^ known)} among them"
            raise EngineFailedError(f"{location}@{state.snapshot_id}", DAFT, reason)


def first_line(error: Exception) -> str:
    """Give the first line that an engine says of its trouble."""
    text = str(error).strip().partition("\n")[0]
    return f"{type(error).__name__}: {text}"[:300]
