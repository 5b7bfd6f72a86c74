"""Schemas: what a caller knows of the columns of tables."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

from temporal_lineage.sql.names import Place, Read, TableName


class Schemas(Protocol):
    """Gives the columns of tables, by the names that a text uses for them."""

    def columns(self, read: Read) -> Sequence[str] | None:
        """Give the top-level columns in order; None where the table is not known."""
        ...


class NoSchemas:
    """Knows no table."""

    def columns(self, read: Read) -> Sequence[str] | None:
        """Know nothing of it."""
        del read
        return None


class GivenSchemas:
    """Knows the tables of a mapping, by name; a name may be given with fewer parts or more."""

    def __init__(self, tables: Mapping[str, Sequence[str]]) -> None:
        """Take columns by the dotted name of their table."""
        self._tables = {tuple(name.lower().split(".")): columns for name, columns in tables.items()}

    def columns(self, read: Read) -> Sequence[str] | None:
        """Give the columns of the only table whose name fits; None for none or several."""
        parts = _parts(read.place)
        if parts in self._tables:
            return self._tables[parts]
        fitting = [
            columns
            for name, columns in self._tables.items()
            if (shared := min(len(name), len(parts))) and name[-shared:] == parts[-shared:]
        ]
        return fitting[0] if len(fitting) == 1 else None


def _parts(place: Place) -> tuple[str, ...]:
    if isinstance(place, TableName):
        return tuple(part.lower() for part in place.parts)
    return (place.path.lower(),)
