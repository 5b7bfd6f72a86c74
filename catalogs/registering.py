"""Registering: files of rows that lie here become a new table in a catalog or at a place."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from snapshots.errors import TemporalLineageError, UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from pyiceberg.io import FileIO

    from catalogs.configuration import Configuration
    from catalogs.iceberg.replacing import ReplacedTables
    from snapshots.instant import Instant
    from snapshots.schema import SchemaVersion

ORIGIN = "temporal-lineage.reproduced-from"
"""The property of a new table that says which state its rows are from."""
PLAN = "temporal-lineage.plan"
"""The property that says what was to be written: who finds it again need not write it again."""

_PIECE_BYTES = 8 * 1024 * 1024
_EXAMPLE = "name a namespace of a catalog, as in lake.reproduced, or a folder for Delta tables"
_NAMESPACE = "name a namespace of a catalog that pyiceberg opens, as in lake.lineage"


class BadPlaceError(UsageError):
    """A place in which no table can be made."""

    def __init__(self, place: str, reason: str, advice: str = _EXAMPLE) -> None:
        """Keep the place as it was given, why it was refused, and what would work."""
        self.place = place
        self.reason = reason
        super().__init__(f"no table can be made in {place}: {reason}; {advice}")


class TableExistsError(TemporalLineageError):
    """A table stands where a new one was to be made."""

    def __init__(self, table: str) -> None:
        """Keep the table."""
        self.table = table
        super().__init__(
            f"{table} is there already and is left alone;"
            " name another place, or let its owner drop it first"
        )


@dataclass(frozen=True, slots=True)
class RowFile:
    """A Parquet file of rows: where it lies here, and its name in the new table."""

    path: Path
    name: str
    rows: int
    size_bytes: int


@dataclass(frozen=True, slots=True)
class NewRows:
    """What becomes a table: its files, its columns, and what is said of it.

    `schema` is that of an Iceberg state, whose field ids are kept; None where the columns of the
    files have none. `columns` are those that were taken, in order.
    """

    files: Sequence[RowFile]
    schema: SchemaVersion | None
    columns: Sequence[str]
    properties: Mapping[str, str]
    made_at: Instant


@dataclass(frozen=True, slots=True)
class Standing:
    """A table that is there: by what it is opened for reading, and its properties."""

    entry: str
    options: Mapping[str, str]
    properties: Mapping[str, str]


class NewTables(Protocol):
    """A namespace of a catalog, or a folder, in which new tables are made."""

    @property
    def format(self) -> str:
        """The format of its tables."""

    def named(self, name: str) -> str:
        """Write the whole name of a table in it, as people name it."""

    def standing(self, name: str) -> Standing | None:
        """Look at the table of that name; None where there is none. Raises UnreadableError."""

    def make(self, name: str, rows: NewRows) -> None:
        """Make a table of files, in one commit: it is there whole, or not at all.

        Raises TableExistsError, UnsupportedError for columns that its format does not have, and
        UnreadableError where the catalog or the storage refuses.
        """


def new_tables(into: str, configuration: Configuration) -> NewTables:
    """Open the place that was typed. Raises BadPlaceError and UnknownNameError."""
    from catalogs.configuration import CatalogKind
    from catalogs.delta.registering import DeltaFolder
    from catalogs.iceberg.registering import IcebergNamespace
    from catalogs.table_name import TableName

    if "/" in into:
        return DeltaFolder(into.rstrip("/") or "/", {})
    name, *namespace = TableName.parse(into).parts
    entry = configuration.entry(name)
    if entry.kind is CatalogKind.FOLDER:
        options = {key: one for key, one in entry.properties.items() if key != "location"}
        place = "/".join([entry.properties["location"].rstrip("/"), *namespace])
        return DeltaFolder(place, options)
    if entry.kind is not CatalogKind.PYICEBERG:
        raise BadPlaceError(into, f"catalog {name} is one metadata file, which is only read")
    if not namespace:
        raise BadPlaceError(into, "it is a catalog, and the namespace is missing")
    return IcebergNamespace(entry, tuple(namespace))


def replaced_tables(into: str, configuration: Configuration) -> ReplacedTables:
    """Open a namespace whose Iceberg tables are replaced. Raises BadPlaceError."""
    from catalogs.configuration import CatalogKind
    from catalogs.iceberg.replacing import ReplacedTables
    from catalogs.table_name import TableName

    name, *namespace = TableName.parse(into).parts
    entry = configuration.entry(name)
    if entry.kind is not CatalogKind.PYICEBERG:
        raise BadPlaceError(into, f"catalog {name} is no catalog of Iceberg tables", _NAMESPACE)
    if not namespace:
        raise BadPlaceError(into, "it is a catalog, and the namespace is missing", _NAMESPACE)
    return ReplacedTables(entry, tuple(namespace))


def upload(io: FileIO, file: RowFile, place: str) -> None:
    """Copy a file to its place in a table, over what a process that was killed left there."""
    with file.path.open("rb") as source, io.new_output(place).create(overwrite=True) as target:
        while piece := source.read(_PIECE_BYTES):
            target.write(piece)
