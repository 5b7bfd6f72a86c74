"""The engine in this process: a state reads itself."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from catalogs.engines.engine import ReadBy, Rows

if TYPE_CHECKING:
    import pyarrow as pa

    from catalogs.sifting import Candidate
    from catalogs.table import TableState
    from catalogs.traits import Feature

IN_PROCESS = "in-process"
READ_HERE = ReadBy(IN_PROCESS, "")
"""Nobody asked for another engine."""


@dataclass(frozen=True, slots=True)
class OwnRows:
    """The rows of a state by its own readers; `reason` is that of `ReadBy`."""

    state: TableState
    reason: str

    @property
    def read_by(self) -> ReadBy:
        """This process."""
        return ReadBy(IN_PROCESS, self.reason)

    def batches(self, *, columns: Sequence[str] | None) -> pa.RecordBatchReader:
        """Stream the rows; see `catalogs.engines.engine.Rows`."""
        return self.state.batches(columns=columns)


class InProcess:
    """Reads states by the project's own readers; they refuse what they cannot read."""

    name = IN_PROCESS

    def reads_parts(self, state: TableState) -> bool:
        """Read any part of any state."""
        del state
        return True

    def refused(self, state: TableState) -> tuple[Feature, ...]:
        """Refuse nothing before it is read."""
        del state
        return ()

    def rows(self, state: TableState) -> Rows:
        """Give the rows that a state has of its own."""
        return OwnRows(state, "")

    def sift(self, files: Iterator[Candidate]) -> Mapping[str, int]:
        """Look at nothing twice: all files are to be read here."""
        del files
        return {}

    def close(self) -> None:
        """Hold nothing that could be let go."""
