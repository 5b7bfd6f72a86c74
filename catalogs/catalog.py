"""What a catalog offers; another way to find tables is one more of these."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Protocol

from catalogs.configuration import CatalogEntry, CatalogKind
from catalogs.credentials import without_user_info
from catalogs.table import TableSource
from catalogs.table_name import TableName
from snapshots.dataset import TableFormat
from snapshots.errors import UnreadableError

_WHAT_WORKS = (
    "name the folder of a Delta table (with _delta_log in it) or of an Iceberg table"
    " (with metadata/*.metadata.json in it), or one *.metadata.json;"
    " a folder of many tables is a catalog: tl catalog add NAME FOLDER"
)


class Catalog(Protocol):
    """A place that knows tables by name."""

    @property
    def name(self) -> str:
        """The name in the configuration, first part of its tables' addresses."""

    def tables(self) -> Iterator[TableName]:
        """Yield the name of every table, as they are found.

        A namespace or folder that cannot be listed does not stop the others: once all of them are
        yielded, UnreadableError says what was left out.
        """

    def table(self, name: TableName) -> TableSource:
        """Open a table. Raises UnknownNameError with the nearest names, or UnreadableError."""

    def check(self) -> str:
        """Give one line for people: where it is, that it answers, how much it holds.

        Raises UnreadableError where it does not answer.
        """


def open_catalog(entry: CatalogEntry) -> Catalog:
    """Open a catalog; it is asked nothing yet. Raises UnreadableError for an incomplete entry."""
    if entry.kind is CatalogKind.PYICEBERG:
        from catalogs.pyiceberg_catalog import PyIcebergCatalog

        return PyIcebergCatalog(entry)
    location = entry.properties.get("location")
    if not location:
        advice = f"add it again with one: tl catalog add {entry.name} ..."
        raise UnreadableError(f"catalog {entry.name}", "it has no location", advice)
    options = {key: value for key, value in entry.properties.items() if key != "location"}
    if entry.kind is CatalogKind.METADATA:
        from catalogs.metadata_file import MetadataFileCatalog

        return MetadataFileCatalog(entry.name, location, options)
    from catalogs.folder import FolderCatalog

    return FolderCatalog(entry.name, location, options)


def open_path(location: str, options: Mapping[str, str]) -> TableSource:
    """Open a table by what was typed: its folder, its `_delta_log` or `metadata`, a metadata file.

    `options` are properties as pyiceberg names them. Raises UnreadableError naming what would
    work, also where a folder holds a Delta and an Iceberg table.
    """
    from catalogs.folder import tables_in
    from catalogs.iceberg.metadata import is_metadata_name
    from catalogs.opening import open_delta, open_iceberg_folder, open_metadata_file
    from catalogs.storage import Storage

    storage = Storage(options)
    shown = without_user_info(location)
    place = location.rstrip("/") or location
    if is_metadata_name(place):
        if not storage.exists(place):
            raise UnreadableError(shown, "there is no such file", _WHAT_WORKS)
        return open_metadata_file(place, storage)
    wanted = {"_delta_log": TableFormat.DELTA, "metadata": TableFormat.ICEBERG}
    parent, _, last = place.rpartition("/")
    found = tables_in(storage, place)
    if not found and last in wanted:
        place = parent or "."
        found = tuple(one for one in tables_in(storage, place) if one.format is wanted[last])
    formats = {one.format for one in found}
    if not formats:
        raise UnreadableError(shown, "no table is there", _WHAT_WORKS)
    if len(formats) > 1:
        advice = f"name one of them: {place}/_delta_log or {place}/metadata"
        raise UnreadableError(shown, "it holds a Delta and an Iceberg table", advice)
    if found[0].format is TableFormat.DELTA:
        return open_delta(place, storage)
    return open_iceberg_folder(place, storage, uuid=found[0].uuid)
