"""Replacing the rows of Iceberg tables: files become all that a table holds, by one commit."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, cast
from uuid import uuid4

from catalogs.pyiceberg_errors import reaching
from catalogs.registering import TableExistsError, upload
from catalogs.table_name import TableName
from snapshots.errors import UnsupportedError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from typing import IO

    import pyarrow as pa
    from pyiceberg.catalog import Catalog
    from pyiceberg.manifest import DataFile
    from pyiceberg.table import Table, Transaction

    from catalogs.configuration import CatalogEntry
    from catalogs.registering import RowFile

OWNER = "temporal-lineage.export-of"
"""The property of a table that says of what it is a copy: nobody else's table is replaced."""


@dataclass(frozen=True, slots=True)
class NewContent:
    """What a table is to hold: `files` of one schema, each with one value of `by`, if that is set.

    `order` are the columns that rows are sorted by within a file. `owner` is of what the table is
    a copy, and `told` what the snapshot's summary says of it.
    """

    files: Sequence[RowFile]
    schema: pa.Schema
    by: str
    order: Sequence[str]
    owner: str
    told: Mapping[str, str]


class ReplacedTables:
    """Tables in a namespace of a catalog, whose rows are replaced as a whole."""

    def __init__(self, entry: CatalogEntry, namespace: tuple[str, ...]) -> None:
        """Take the catalog's configuration; nothing is connected before it is asked for."""
        self._entry = entry
        self._namespace = namespace

    def named(self, name: str) -> str:
        """Write the whole name of a table in it."""
        return str(TableName((self._entry.name, *self._namespace, name)))

    def table(self, name: str) -> StandingTable | None:
        """Give a table as it is now; None where there is none. Raises UnreadableError."""
        from pyiceberg.exceptions import NoSuchNamespaceError, NoSuchTableError

        with reaching(self.named(name), self._entry.properties):
            try:
                table = self._catalog.load_table((*self._namespace, name))
            except (NoSuchTableError, NoSuchNamespaceError):
                return None
            return StandingTable(self.named(name), table, self._entry.properties)

    def refuse_others(self, name: str, content: NewContent) -> StandingTable | None:
        """Give the table whose rows may be replaced; None where it is to be made.

        Raises TableExistsError for a table that is a copy of something else, or of nothing, and
        UnsupportedError for one with other columns.
        """
        standing = self.table(name)
        if standing is None:
            return None
        if standing.owner != content.owner:
            raise TableExistsError(self.named(name))
        if standing.columns != content.schema.names:
            feature = "columns of another version of temporal-lineage"
            raise UnsupportedError(self.named(name), feature, "drop it, or name another namespace")
        return standing

    def replace(self, name: str, content: NewContent) -> None:
        """Make these files all that the table holds, in one snapshot; a table that is not is made.

        Earlier snapshots stay, as long as the table's own maintenance keeps them. Raises what
        `refuse_others` does, and UnreadableError where the catalog or the storage refuses.
        """
        standing = self.refuse_others(name, content)
        with reaching(self.named(name), self._entry.properties):
            if standing is None:
                self._catalog.create_namespace_if_not_exists(self._namespace)
                _commit(self._begun(name, content), content, former=())
            else:
                begun, former = standing.begun()
                _commit(begun, content, former=former)

    @cached_property
    def _catalog(self) -> Catalog:
        from catalogs.pyiceberg_connection import native_catalog

        return native_catalog(self._entry.name, self._entry.properties)

    def _begun(self, name: str, content: NewContent) -> Transaction:
        """Begin to make a table; it is there when its rows are."""
        from pyiceberg.table.sorting import NullOrder
        from pyiceberg.transforms import IdentityTransform

        begun = self._catalog.create_table_transaction(
            (*self._namespace, name), content.schema, properties={OWNER: content.owner}
        )
        mapping = begun.table_metadata.schema().name_mapping.model_dump_json()
        # The files name their columns and do not number them.
        begun.set_properties({"schema.name-mapping.default": mapping})
        if content.by:
            with begun.update_spec() as spec:
                spec.add_identity(content.by)
        with begun.update_sort_order() as order:
            for column in content.order:
                order.asc(column, IdentityTransform(), NullOrder.NULLS_FIRST)
        return begun


class StandingTable:
    """A table as it was when it was looked at."""

    def __init__(self, name: str, table: Table, properties: Mapping[str, str]) -> None:
        """Keep what the catalog gave; the properties are for messages without secrets."""
        self.name = name
        self._table = table
        self._properties = properties

    @property
    def owner(self) -> str:
        """Say of what it is a copy; empty where it is none."""
        return self._table.properties.get(OWNER, "")

    @property
    def columns(self) -> list[str]:
        """Give the names of its columns."""
        return [field.name for field in self._table.schema().fields]

    def told(self) -> Mapping[str, str]:
        """Give what the summary of its current snapshot says."""
        snapshot = self._table.current_snapshot()
        summary = snapshot.summary if snapshot else None
        return summary.additional_properties if summary else {}

    def files(self) -> Iterator[tuple[str, IO[bytes]]]:
        """Yield its data files by place, open. Raises UnreadableError, and UnsupportedError for
        rows that are hidden by deletes.
        """
        with reaching(self.name, self._properties):
            for task in self._table.scan().plan_files():
                if task.delete_files:
                    raise UnsupportedError(self.name, "rows that were deleted", "export anew")
                place = task.file.file_path
                with self._table.io.new_input(place).open() as file:
                    yield place, cast("IO[bytes]", file)

    def begun(self) -> tuple[Transaction, list[DataFile]]:
        """Begin to change it; gives the files that it holds too."""
        return self._table.transaction(), [one.file for one in self._table.scan().plan_files()]


def _commit(begun: Transaction, content: NewContent, *, former: Iterable[DataFile]) -> None:
    """Commit a transaction with these files instead of all that are there."""
    from pyiceberg.expressions import AlwaysTrue
    from pyiceberg.io.pyarrow import parquet_files_to_data_files

    io = begun._table.io  # noqa: SLF001 - the one way to its storage
    location = begun.table_metadata.location
    places: list[str] = []
    try:
        # A name of its own each time: the files of earlier snapshots stay where they are.
        number = uuid4().hex
        for file in content.files:
            places.append(f"{location}/data/{number}-{file.name.replace('/', '-')}")
            upload(io, file, places[-1])
        update = begun.update_snapshot(snapshot_properties=dict(content.told))
        with update.overwrite() as overwriting:
            overwriting.delete_by_predicate(AlwaysTrue())
            for old in former:
                overwriting.delete_data_file(old)
            for new in parquet_files_to_data_files(io, begun.table_metadata, iter(places)):
                overwriting.append_data_file(new)
        begun.commit_transaction()
    except BaseException:
        with suppress(Exception):  # what went wrong before says more
            for place in places:
                io.delete(place)
        raise
