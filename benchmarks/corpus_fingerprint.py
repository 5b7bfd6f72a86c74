"""Every readable past state of foreign tables, fingerprinted by two engines.

One is the program's own, over its own readers. The other one is DuckDB, in SQL, over the rows that
polars reads of the same state; where polars refuses it, or has no type for a column of it, over the
rows of our readers, so that at least the number is computed twice.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import duckdb
import polars as pl
import pyarrow as pa

from benchmarks.corpus_iceberg import NOWHERE, opened
from benchmarks.corpus_marks import KNOWN_BAD, Fixture
from benchmarks.fingerprint_reference import Named
from benchmarks.fingerprint_sql import fingerprint_by_sql
from catalogs.catalog import open_path
from catalogs.fingerprint.identities import identities
from catalogs.fingerprint.rows import fingerprint_of
from catalogs.table import TableSource, TableState
from snapshots.availability import Gone, LogTruncated
from snapshots.errors import TemporalLineageError

ROWS_MAX = 20_000
"""SQL takes about a second for so many rows of some columns."""

STATES_MAX = 12
"""Of a table with more states the first and the last ones are taken."""

_INT96 = "a year that nanoseconds in 64 bits cannot say comes as another instant"
MISREAD = {
    "delta.deltars-table_with_edge_timestamps": _INT96,
    "delta.trino-dbx-pruning-timestamp": _INT96,
    "delta.trino-dbx-read_timestamps": _INT96,
    # One commit removes a file and adds it again; the later action counts, as in Spark.
    "delta.dremio-newPlanDataset": "a file that one commit removes and adds is left out",
}
"""Tables of which polars and delta-rs read other rows than are there, and which."""


class Proof(StrEnum):
    """How far a state's fingerprint was computed twice."""

    READ_TWICE = "read and computed twice"
    COMPUTED_TWICE = "computed twice"
    LARGE = "too large for SQL"
    VARIANT = "variants, which SQL does not know"
    UNREADABLE = "not readable, and refused"
    DIFFERS = "DIFFERS"


@dataclass(frozen=True, slots=True)
class Proven:
    """A state and what came of it; `note` is empty where nothing is to be said."""

    version: int
    proof: Proof
    note: str


def fingerprint_board(fixtures: Sequence[Fixture], *, quiet: bool) -> int:
    """Print what came of every state; give of how many two fingerprints differ."""
    started = time.monotonic()
    counts: Counter[Proof] = Counter()
    with duckdb.connect() as connection:
        connection.execute("SET TimeZone = 'UTC'")
        for fixture in fixtures:
            if fixture.format == "iceberg-metadata-json" or fixture.category == KNOWN_BAD:
                continue
            for one in proven(fixture, connection):
                counts[one.proof] += 1
                if not quiet or one.proof is Proof.DIFFERS:
                    print(f"{fixture.name}@{one.version}  {one.proof}  {one.note}".rstrip())
    told = ", ".join(f"{counts[proof]:,} {proof}" for proof in Proof if counts[proof])
    print(f"fingerprints: {told} in {time.monotonic() - started:.0f} s")
    return counts[Proof.DIFFERS]


def proven(fixture: Fixture, connection: duckdb.DuckDBPyConnection) -> Iterator[Proven]:
    """Yield what came of each state of a table."""
    try:
        source = source_of(fixture)
        history = source.history(known=None)
    except TemporalLineageError:
        return
    versions = [one.snapshot_id for one in history.snapshots if one.snapshot_id in history.listed]
    half = STATES_MAX // 2
    if len(versions) > STATES_MAX:
        versions = [*versions[:half], *versions[-half:]]
    for version in versions:
        yield _proven(fixture, source, version, connection)


def source_of(fixture: Fixture) -> TableSource:
    if fixture.format == "iceberg":
        return opened(fixture)
    return open_path(str(fixture.path / "_delta_log"), NOWHERE)


def _proven(  # noqa: PLR0911 - a way out for each proof that cannot be had
    fixture: Fixture, source: TableSource, version: int, connection: duckdb.DuckDBPyConnection
) -> Proven:
    try:
        state = source.state(version, kept=())
        if isinstance(state, LogTruncated | Gone):
            return Proven(version, Proof.UNREADABLE, type(state).__name__)
        rows = pa.Table.from_batches(list(_upto(state)), state.batches(columns=None).schema)
    except TemporalLineageError as error:
        return Proven(version, Proof.UNREADABLE, str(error)[:100])
    if rows.num_rows > ROWS_MAX:
        return Proven(version, Proof.LARGE, "")
    if any(field.type == "variant" for field in state.schema.fields):
        return Proven(version, Proof.VARIANT, "")
    if not rows.num_columns:
        return Proven(version, Proof.COMPUTED_TWICE, "no columns: the number of rows says all")
    named = identities(state.schema, state.identity_of)
    ours = str(fingerprint_of(rows.to_batches(), named))
    paths = {field.path: state.identity_of(field) for field in state.schema.fields}
    proof, note = Proof.COMPUTED_TWICE, ""
    try:
        theirs = _sql(connection, _read_by_polars(fixture, source, version, rows.schema), paths)
        proof = Proof.READ_TWICE if theirs == ours else Proof.DIFFERS
        if theirs != ours:
            note = MISREAD.get(fixture.name, "polars reads other rows")
    except (Exception, pl.exceptions.PanicException) as error:  # noqa: BLE001 - a peer's own trouble
        note = f"{type(error).__name__}: {error}".partition("\n")[0][:100]
    if proof is not Proof.READ_TWICE and _sql(connection, rows, paths) != ours:
        return Proven(version, Proof.DIFFERS, "in SQL, over the same rows")
    if proof is Proof.DIFFERS and fixture.name in MISREAD:
        proof = Proof.COMPUTED_TWICE
    return Proven(version, proof, note)


def _upto(state: TableState) -> Iterator[pa.RecordBatch]:
    """Yield batches up to one more than can be compared."""
    count = 0
    for batch in state.batches(columns=None):
        yield batch
        count += batch.num_rows
        if count > ROWS_MAX:
            return


def _sql(connection: duckdb.DuckDBPyConnection, rows: pa.Table, paths: Named) -> str:
    """Compute a fingerprint in SQL, where names that differ by letter case alone are one."""
    places = {name: f"column {place}" for place, name in enumerate(rows.schema.names)}
    named = {}
    for path, identity in paths.items():
        name = next((one for one in places if path == one or path.startswith(f"{one}.")), None)
        if name is not None:
            named[places[name] + path[len(name) :]] = identity
    connection.register("rows_of_state", rows.rename_columns(list(places.values())))
    try:
        return fingerprint_by_sql(connection, "rows_of_state", named)
    finally:
        connection.unregister("rows_of_state")


def _read_by_polars(
    fixture: Fixture, source: TableSource, version: int, wanted: pa.Schema
) -> pa.Table:
    if any(_holds_map(field.type) for field in wanted):
        msg = "polars has no maps"
        raise NotImplementedError(msg)
    if fixture.format == "iceberg":
        frame = pl.scan_iceberg(source.head(), snapshot_id=version)
    else:
        frame = pl.scan_delta(str(fixture.path), version=version)
    return frame.collect().to_arrow()


def _holds_map(kind: Any) -> bool:  # noqa: ANN401
    if pa.types.is_map(kind):
        return True
    return any(_holds_map(kind.field(place).type) for place in range(kind.num_fields))
