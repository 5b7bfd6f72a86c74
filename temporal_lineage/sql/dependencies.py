"""Dependencies: what a column comes from, and how, in the words of OpenLineage's columnLineage."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from temporal_lineage.sql.names import Read

EVERY_COLUMN = "*"


class Kind(StrEnum):
    """OpenLineage's `type`: whether values arrive, or only decide."""

    DIRECT = "DIRECT"
    INDIRECT = "INDIRECT"


class Step(StrEnum):
    """OpenLineage's `subtype`."""

    IDENTITY = "IDENTITY"
    TRANSFORMATION = "TRANSFORMATION"
    AGGREGATION = "AGGREGATION"
    JOIN = "JOIN"
    GROUP_BY = "GROUP_BY"
    FILTER = "FILTER"
    SORT = "SORT"
    WINDOW = "WINDOW"
    CONDITIONAL = "CONDITIONAL"

    @property
    def kind(self) -> Kind:
        """Give the type that this subtype belongs to."""
        return Kind.DIRECT if self in _DIRECT else Kind.INDIRECT


_DIRECT = {Step.IDENTITY: 0, Step.TRANSFORMATION: 1, Step.AGGREGATION: 2}


@dataclass(frozen=True, slots=True)
class ColumnSource:
    """A column of a table; `*` for one that only the table's schema could name."""

    read: Read
    column: str
    path: tuple[str, ...]
    """The fields inside the column, outermost first; empty for the column itself."""

    def __str__(self) -> str:
        """Give table and column as people write them."""
        return ".".join((str(self.read), self.column, *self.path))


@dataclass(frozen=True, slots=True)
class UnknownSource:
    """A column that nothing says the table of; `candidates` are those that may have it."""

    column: str
    candidates: tuple[Read, ...]

    def __str__(self) -> str:
        """Give the column, and where it may come from."""
        places = " or ".join(str(one) for one in self.candidates) or "no table of the query"
        return f"{self.column} (of {places})"


Source = ColumnSource | UnknownSource


@dataclass(frozen=True, slots=True)
class Dependency:
    """One source, and the strongest thing that happens to it on the way."""

    source: Source
    step: Step
    masking: bool

    def through(self, step: Step, *, masking: bool) -> Dependency:
        """Say what is left of it after one more step; what once only decides never arrives.

        >>> one = Dependency(UnknownSource("a", ()), Step.AGGREGATION, masking=False)
        >>> one.through(Step.TRANSFORMATION, masking=True).step
        <Step.AGGREGATION: 'AGGREGATION'>
        >>> one.through(Step.FILTER, masking=False).step
        <Step.FILTER: 'FILTER'>
        """
        masked = self.masking or masking
        if step.kind is Kind.INDIRECT:
            return Dependency(self.source, step, masked)
        if self.step.kind is Kind.INDIRECT:
            return Dependency(self.source, self.step, masked)
        stronger = step if _DIRECT[step] > _DIRECT[self.step] else self.step
        return Dependency(self.source, stronger, masked)


Dependencies = frozenset[Dependency]

NOTHING: Dependencies = frozenset()


def through(found: Iterable[Dependency], step: Step, *, masking: bool = False) -> Dependencies:
    """Take dependencies through one more step."""
    if step is Step.IDENTITY and not masking and isinstance(found, frozenset):
        return found
    return frozenset(one.through(step, masking=masking) for one in found)


def column(read: Read, name: str) -> Dependencies:
    """Give the column of a table as it stands."""
    return frozenset({Dependency(ColumnSource(read, name, ()), Step.IDENTITY, masking=False)})


def unknown(name: str, candidates: Iterable[Read]) -> Dependencies:
    """Give a column of unknown table."""
    told = tuple(dict.fromkeys(sorted(candidates, key=str)))
    return frozenset({Dependency(UnknownSource(name, told), Step.IDENTITY, masking=False)})


def into(found: Dependencies, path: tuple[str, ...]) -> Dependencies:
    """Go into fields of a struct: what arrives unchanged is that field alone."""
    if not path:
        return found
    return frozenset(_inside(one, path) for one in found)


def _inside(one: Dependency, path: tuple[str, ...]) -> Dependency:
    source = one.source
    if one.step is not Step.IDENTITY or not isinstance(source, ColumnSource):
        return one.through(Step.TRANSFORMATION, masking=False)
    if source.column == EVERY_COLUMN:
        return one
    return Dependency(
        ColumnSource(source.read, source.column, (*source.path, *path)), one.step, one.masking
    )
