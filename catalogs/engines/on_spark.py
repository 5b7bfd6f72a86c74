"""Spark: reads states through Spark Connect, on a cluster or by Sail in this process.

States are handed over as stand-ins, in a folder that this process and the engine both see. Sail
knows no absolute paths in Delta logs, and takes a version by its number.
"""

from __future__ import annotations

import os
import sys
import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from catalogs.engines.abilities import SAIL, SPARK, refusals, require
from catalogs.engines.engine import EngineFailedError, EngineMissingError, Rows, UnknownEngineError
from catalogs.engines.on_daft import first_line
from catalogs.engines.on_spark_files import counting, tallies
from catalogs.engines.sifted import plain_path, sifted
from catalogs.engines.stand_in import stand_in
from catalogs.engines.through import EngineRows
from catalogs.traits import TableKind
from snapshots.errors import TemporalLineageError

if TYPE_CHECKING:
    import pyarrow as pa

    from catalogs.sifting import Candidate
    from catalogs.table import TableState
    from catalogs.traits import Feature

FOLDER_VARIABLE = "TEMPORAL_LINEAGE_ENGINE_FOLDER"
"""Names a folder that this process and the workers of a cluster both see."""

_SETTINGS = {
    "spark.sql.session.timeZone": "UTC",
    "spark.sql.caseSensitive": "true",
    "spark.sql.readSideCharPadding": "false",
    "spark.sql.files.ignoreMissingFiles": "false",
    "spark.sql.files.ignoreCorruptFiles": "false",
}


class Spark:
    """Reads states by a Spark Connect server; implements `catalogs.engines.engine.Engine`."""

    name = SPARK

    def __init__(self, url: str) -> None:
        """Connect to a server. Raises EngineMissingError and EngineFailedError."""
        if not url.startswith("sc://"):
            raise UnknownEngineError(url, "a Spark Connect URL begins with sc://")
        self._session = _connected(url, SPARK)
        for name, value in _SETTINGS.items():
            self._session.conf.set(name, value)

    def reads_parts(self, state: TableState) -> bool:
        """Read parts of everything: all is handed over as a stand-in."""
        del state
        return True

    def refused(self, state: TableState) -> tuple[Feature, ...]:
        """Name what Spark does not read right of a state."""
        return refusals(SPARK, state.traits())

    def rows(self, state: TableState) -> Rows:
        """Open a state; see `Engine.rows`."""
        require(SPARK, state)
        return EngineRows(state, SPARK, lambda columns: self._opened(state, columns))

    def sift(self, files: Iterator[Candidate]) -> Mapping[str, int]:
        """Count matching rows in files; see `catalogs.search.Sieve`."""
        return sifted(files, SPARK, self._counted)

    def _counted(self, group: Sequence[Candidate]) -> Iterator[tuple[str, int, int]]:
        from pyspark.sql.connect import functions

        frame = counting(self._session, group).groupBy(functions.col("_metadata.file_path"))
        for path, rows, hits in frame.agg(*tallies()).collect():
            yield plain_path(path), rows, hits

    def close(self) -> None:
        """Release the session; the server goes on."""
        self._session.stop()

    @contextmanager
    def _opened(
        self, state: TableState, columns: Sequence[str]
    ) -> Iterator[Iterator[pa.RecordBatch]]:
        told = os.environ.get(FOLDER_VARIABLE)
        with stand_in(state, parent=Path(told) if told else None) as folder:
            kind = state.traits().kind
            yield _batches(self._session, kind, f"file://{folder}", {}, columns, state, SPARK)


class Sail:
    """Reads states by Sail, a server in this process; implements `Engine`."""

    name = SAIL

    def __init__(self) -> None:
        """Start the server. Raises EngineMissingError where it is not installed."""
        try:
            from pysail.spark import SparkConnectServer
        except ImportError as error:
            raise EngineMissingError(SAIL, _extra(SAIL)) from error
        os.environ.setdefault("RUST_LOG", "error")  # it tells of its comings and goings
        self._server: Any = SparkConnectServer(port=0)
        self._server.start()
        self._session = _connected(f"sc://127.0.0.1:{self._server.listening_address[1]}", SAIL)
        self._session.conf.set("spark.sql.session.timeZone", "UTC")

    def reads_parts(self, state: TableState) -> bool:
        """Read parts of what is handed over as a stand-in."""
        return state.traits().kind is TableKind.ICEBERG

    def refused(self, state: TableState) -> tuple[Feature, ...]:
        """Name what Sail does not read right of a state."""
        return refusals(SAIL, state.traits())

    def rows(self, state: TableState) -> Rows:
        """Open a state; see `Engine.rows`."""
        require(SAIL, state)
        return EngineRows(state, SAIL, lambda columns: self._opened(state, columns))

    def sift(self, files: Iterator[Candidate]) -> Mapping[str, int]:
        """Count matching rows in files; see `catalogs.search.Sieve`."""
        return sifted(files, SAIL, self._counted)

    def _counted(self, group: Sequence[Candidate]) -> Iterator[tuple[str, int, int]]:
        """Ask for one file after the other: Sail does not tell of which a row is."""
        for one in group:
            ((rows, hits),) = counting(self._session, [one]).agg(*tallies()).collect()
            yield one.place, rows, hits

    def close(self) -> None:
        """Stop the server, after its session: else the client asks it again for minutes."""
        self._session.stop()
        self._server.stop()

    @contextmanager
    def _opened(
        self, state: TableState, columns: Sequence[str]
    ) -> Iterator[Iterator[pa.RecordBatch]]:
        traits = state.traits()
        if traits.kind is TableKind.DELTA:
            options = {"versionAsOf": str(state.snapshot_id)}
            place = traits.location
            yield _batches(self._session, traits.kind, place, options, columns, state, SAIL)
            return
        with stand_in(state, parent=None) as folder:
            yield _batches(self._session, traits.kind, str(folder), {}, columns, state, SAIL)


def _extra(engine: str) -> str:
    return f"'temporal-lineage[{engine}]'"


@contextmanager
def _told_as_a_file() -> Iterator[None]:
    """Give the program a file: pyspark takes `python -c` for its own doctests, and ends it."""
    program = sys.modules["__main__"]
    if program.__spec__ is not None or hasattr(program, "__file__"):
        yield
        return
    program.__file__ = "<string>"
    try:
        yield
    finally:
        del program.__file__


def _connected(url: str, engine: str) -> Any:  # noqa: ANN401 - pyspark is loaded late
    try:
        with warnings.catch_warnings(), _told_as_a_file():
            warnings.simplefilter("ignore")  # it warns of pandas 3, which is not used here
            from pyspark.sql.connect.session import SparkSession
    except (ImportError, TemporalLineageError) as error:
        raise EngineMissingError(engine, _extra(engine)) from error
    except Exception as error:  # pyspark has errors of its own for a package that it lacks
        if "required" in str(error):
            raise EngineMissingError(engine, _extra(engine)) from error
        raise
    try:
        session: Any = SparkSession.builder.remote(url).create()
        session.version  # noqa: B018 - asks the server
    except Exception as error:
        raise EngineFailedError(url, engine, first_line(error)) from error
    return session


def _batches(
    session: Any,  # noqa: ANN401
    kind: TableKind,
    place: str,
    options: Mapping[str, str],
    columns: Sequence[str],
    state: TableState,
    engine: str,
) -> Iterator[pa.RecordBatch]:
    """Stream the columns of a table as they come from the server."""
    location = f"{state.traits().location}@{state.snapshot_id}"
    try:
        frame = session.read.format(kind.value).options(**options).load(place)
        chosen = frame.select(*(frame[f"`{one.replace('`', '``')}`"] for one in columns))
        client = session.client
        for found in client.to_table_as_iterator(chosen._plan.to_proto(client), {}):  # noqa: SLF001
            if hasattr(found, "to_batches"):  # a schema comes first
                yield from found.to_batches()
    except TemporalLineageError:
        raise
    except Exception as error:  # whatever an engine raises is its answer
        raise EngineFailedError(location, engine, first_line(error)) from error
