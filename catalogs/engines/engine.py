"""Engines: one seam between a state and whoever reads its rows."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from snapshots.errors import TemporalLineageError, UsageError

if TYPE_CHECKING:
    import pyarrow as pa

    from catalogs.sifting import Candidate
    from catalogs.table import TableState
    from catalogs.traits import Feature


@dataclass(frozen=True, slots=True)
class ReadBy:
    """What read the rows of a state.

    `reason` says why the engine that was asked for did not; empty where it did.
    """

    engine: str
    reason: str

    def __str__(self) -> str:
        return f"{self.engine}, since {self.reason}" if self.reason else self.engine


def distinct(readers: Iterable[ReadBy]) -> tuple[ReadBy, ...]:
    """Name each once, in their order."""
    return tuple(dict.fromkeys(readers))


class Rows(Protocol):
    """The rows of one state, by one engine."""

    @property
    def read_by(self) -> ReadBy:
        """What reads them; certain once the first batch came."""

    def batches(self, *, columns: Sequence[str] | None) -> pa.RecordBatchReader:
        """Stream them in bounded memory under the state's own schema; all columns for None.

        Raises what `TableState.batches` raises, and EngineFailedError where the engine does not
        read them, or other ones than the state has.
        """


class Engine(Protocol):
    """Reads states. What it does not read right it refuses."""

    @property
    def name(self) -> str:
        """Its name, as `--engine` takes it."""

    def reads_parts(self, state: TableState) -> bool:
        """Tell whether it can read some data files of a state without the others."""

    def refused(self, state: TableState) -> tuple[Feature, ...]:
        """Name what it does not read right of a state; nothing where it reads all of it."""

    def rows(self, state: TableState) -> Rows:
        """Open a state. Raises EngineRefusedError where it needs what is refused."""

    def sift(self, files: Iterator[Candidate]) -> Mapping[str, int]:
        """Count matching rows in files; see `catalogs.search.Sieve`."""

    def close(self) -> None:
        """Let go of its servers and connections."""


class UnknownEngineError(UsageError):
    """A text that names no engine."""

    def __init__(self, text: str, reason: str) -> None:
        """Keep what was typed, and why it names none."""
        self.text = text
        self.reason = reason
        super().__init__(
            f"{text!r} is no engine: {reason}; write in-process, daft, sail,"
            " spark=sc://host:15002, or auto= before one of them"
        )


class EngineMissingError(TemporalLineageError):
    """An engine whose library is not installed."""

    def __init__(self, engine: str, install: str) -> None:
        """Keep the engine, and what pip is told to install."""
        self.engine = engine
        self.install = install
        super().__init__(
            f"{engine} is not installed; say: pip install {install}, or leave --engine out"
        )


class EngineRefusedError(TemporalLineageError):
    """A state that an engine does not read right."""

    def __init__(
        self, location: str, engine: str, features: Sequence[Feature], others: Sequence[str]
    ) -> None:
        """Keep the state, what of it the engine does not read right, and which engines do."""
        self.location = location
        self.engine = engine
        self.features = tuple(features)
        self.others = tuple(others)
        super().__init__(
            f"{engine} does not read {location} right, which has {listed(self.features)};"
            f" {' or '.join(f'--engine {one}' for one in self.others)} does"
        )


class EngineFailedError(TemporalLineageError):
    """An engine that did not read a state, or read something else."""

    def __init__(self, location: str, engine: str, reason: str) -> None:
        """Keep the state, the engine, and what came."""
        self.location = location
        self.engine = engine
        self.reason = reason
        super().__init__(
            f"{engine} cannot read {location}: {reason}; --engine in-process reads it here"
        )


def listed(features: Sequence[Feature]) -> str:
    """Join the names of features for a sentence."""
    *first, last = [one.value for one in features]
    return f"{', '.join(first)} and {last}" if first else last
