"""Routing: states that an engine does not read right are read in this process."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import chain
from typing import TYPE_CHECKING

import pyarrow as pa

from catalogs.engines.engine import Engine, EngineFailedError, ReadBy, Rows, listed
from catalogs.engines.in_process import OwnRows

if TYPE_CHECKING:
    from catalogs.sifting import Candidate
    from catalogs.table import TableState
    from catalogs.traits import Feature


class Routing:
    """Has an engine read what it reads right, and this process the rest; implements `Engine`."""

    def __init__(self, engine: Engine) -> None:
        """Take the engine that is asked first."""
        self._engine = engine
        self.name = engine.name

    def reads_parts(self, state: TableState) -> bool:
        """Ask the engine, where it is the one that reads."""
        return bool(self._engine.refused(state)) or self._engine.reads_parts(state)

    def refused(self, state: TableState) -> tuple[Feature, ...]:
        """Refuse nothing before it is read."""
        del state
        return ()

    def rows(self, state: TableState) -> Rows:
        """Choose by what the state needs, and once more by what comes first."""
        features = self._engine.refused(state)
        if features:
            reason = f"{self._engine.name} does not read {listed(features)} right"
            return OwnRows(state, reason)
        return _Tried(self._engine.rows(state), state)

    def sift(self, files: Iterator[Candidate]) -> Mapping[str, int]:
        """Have the engine count; where it cannot, all files are to be read here."""
        try:
            return self._engine.sift(files)
        except EngineFailedError:
            return {}

    def close(self) -> None:
        """Close the engine."""
        self._engine.close()


class _Tried:
    """The rows of a state by an engine; by this process where it gives none of them."""

    def __init__(self, rows: Rows, state: TableState) -> None:
        self._rows = rows
        self._state = state

    @property
    def read_by(self) -> ReadBy:
        return self._rows.read_by

    def batches(self, *, columns: Sequence[str] | None) -> pa.RecordBatchReader:
        found = self._rows.batches(columns=columns)
        try:
            first = next(found, None)
        except EngineFailedError as error:
            self._rows = OwnRows(self._state, f"{error.engine} cannot: {error.reason}")
            return self._rows.batches(columns=columns)
        batches: Iterator[pa.RecordBatch] = chain(() if first is None else (first,), found)
        return pa.RecordBatchReader.from_batches(found.schema, batches)
