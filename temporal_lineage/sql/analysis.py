"""An analysis: what stays the same while one statement is walked, and what is found on the way."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

from sqlglot import exp

from snapshots.errors import TemporalLineageError
from temporal_lineage.sql.dialects import Dialect
from temporal_lineage.sql.names import Place, Read, TableName, Word
from temporal_lineage.sql.relations import Relation
from temporal_lineage.sql.schemas import Schemas
from temporal_lineage.sql.scopes import Scope

STEPS_MAX = 2_000_000

Visible = Mapping[str, Relation]
"""Common table expressions by key."""


class TooLargeError(TemporalLineageError):
    """A statement that would take too long to follow."""

    def __init__(self, steps_max: int) -> None:
        """Keep the limit that was met."""
        self.steps_max = steps_max
        super().__init__(f"following it takes more than {steps_max:,} steps")


class Queries(Protocol):
    """Gives the relation of a query; passed along, since expressions hold queries too."""

    def __call__(
        self, node: exp.Expr, analysis: Analysis, *, outer: Scope | None, visible: Visible
    ) -> Relation:
        """Walk the query."""
        ...


@dataclass(slots=True)
class Names:
    """What a script has said of names so far: databases in use, tables made, spellings."""

    catalog: tuple[str, ...] = ()
    schema: tuple[str, ...] = ()
    spelled: dict[tuple[str, ...], TableName] = field(default_factory=dict)
    made: dict[TableName, Relation] = field(default_factory=dict)
    """Tables that the script made, with the columns it gave them."""
    temporary: dict[TableName, Relation] = field(default_factory=dict)
    """Tables for the script alone: reading them is reading what they were made of."""


@dataclass(slots=True)
class Analysis:
    """The walk of one statement."""

    dialect: Dialect
    schemas: Schemas
    names: Names
    queries: Queries
    reads: dict[Read, None] = field(default_factory=dict)
    doubts: dict[str, None] = field(default_factory=dict)
    steps: int = 0

    def step(self, count: int = 1) -> None:
        """Count work, and stop where it is too much."""
        self.steps += count
        if self.steps > STEPS_MAX:
            raise TooLargeError(STEPS_MAX)

    def doubt(self, text: str) -> None:
        """Say that something is not sure."""
        self.doubts[text] = None

    def scope(self, outer: Scope | None) -> Scope:
        """Open a scope inside another."""
        return Scope(self.dialect, outer, self.doubts)

    def key(self, word: Word) -> str:
        """Give a column's or alias's name as the engine compares it."""
        return self.dialect.casing.columns.key(word)

    def place(self, words: tuple[Word, ...]) -> Place:
        """Give the table of a name, with the databases in use put before it."""
        parts = tuple(word.text for word in words)
        if len(parts) == 1:
            before = (*self.names.catalog, *self.names.schema)
        elif len(parts) == 2:  # noqa: PLR2004  schema and table
            before = self.names.catalog
        else:
            before = ()
        folded = tuple(self.dialect.casing.tables.key(word) for word in words)
        key = (*(part.lower() for part in before), *folded)
        return self.names.spelled.setdefault(key, TableName((*before, *parts)))


def word_of(node: object) -> Word:
    """Read an identifier."""
    if isinstance(node, exp.Identifier):
        return Word(str(node.this), bool(node.args.get("quoted")))
    return Word(node.name if isinstance(node, exp.Expr) else str(node), quoted=False)


def column_word(node: exp.Expr) -> Word:
    """Read the last part of a column's name, or an identifier."""
    return word_of(node.this if isinstance(node, exp.Column) else node)
