"""What is found in a SQL text: statements, their tables and columns, and what was refused."""

from __future__ import annotations

from dataclasses import dataclass

from temporal_lineage.sql.dependencies import Dependencies
from temporal_lineage.sql.names import Place, Read


@dataclass(frozen=True, slots=True)
class TargetColumn:
    """A column that is written or shown; `*` for those that only a schema could name."""

    name: str
    found: Dependencies


@dataclass(frozen=True, slots=True)
class Write:
    """A table or file whose rows or shape a statement changes."""

    place: Place
    columns: tuple[TargetColumn, ...]
    whole: Dependencies
    """What decides which rows are written: filters, joins, grouping, sorting."""


@dataclass(frozen=True, slots=True)
class Renamed:
    """A table that is called otherwise from here on."""

    before: Place
    after: Place


@dataclass(frozen=True, slots=True)
class Statement:
    """One statement; `kind` is its verb as SQL has it, such as MERGE or CREATE TABLE AS."""

    kind: str
    line: int
    """The line it begins on, from 1."""
    reads: tuple[Read, ...]
    writes: tuple[Write, ...]
    renames: tuple[Renamed, ...]
    shown: tuple[TargetColumn, ...]
    """The columns of a query whose rows go to whoever asked."""
    deciding: Dependencies
    """What decides which rows of such a query there are."""
    doubts: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Refusal:
    """A statement that could not be read; line and column from 1, 0 where none is known."""

    reason: str
    line: int
    column: int
    near: str

    def __str__(self) -> str:
        """Give the reason and the place in one line."""
        where = f"line {self.line}, column {self.column}" if self.line else ""
        near = f"near {self.near!r}" if self.near else ""
        return ": ".join(
            part for part in (", ".join(filter(None, (where, near))), self.reason) if part
        )


@dataclass(frozen=True, slots=True)
class Script:
    """All statements of a text, in order."""

    dialect: str
    statements: tuple[Statement | Refusal, ...]
    temporary: frozenset[Place]
    """Tables that exist for this text alone; what is read from them is said of their sources."""
    doubts: tuple[str, ...]

    @property
    def read(self) -> tuple[Statement, ...]:
        """Give the statements that were understood."""
        return tuple(one for one in self.statements if isinstance(one, Statement))

    @property
    def refused(self) -> tuple[Refusal, ...]:
        """Give those that were not."""
        return tuple(one for one in self.statements if isinstance(one, Refusal))
