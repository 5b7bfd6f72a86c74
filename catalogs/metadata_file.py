"""One Iceberg metadata file as a catalog of one table: an archive, or a table sent by somebody."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from catalogs.opening import open_metadata_file
from catalogs.storage import Storage
from catalogs.table import TableSource
from catalogs.table_name import TableName
from snapshots.errors import UnknownNameError, UnreadableError


class MetadataFileCatalog:
    """The table of one metadata file, called like its folder; a file that lies alone, like itself.

    `wh/orders/metadata/00007-....metadata.json` is `orders`, `~/sent.metadata.json` is `sent`.
    """

    def __init__(self, name: str, location: str, options: Mapping[str, str]) -> None:
        """Take the file; it is read when asked."""
        self._name = name
        self._location = location
        self._options = dict(options)

    @property
    def name(self) -> str:
        """The name in the configuration."""
        return self._name

    def tables(self) -> Iterator[TableName]:
        """Yield the one name. See `Catalog.tables`."""
        yield _name_of(self._location)

    def table(self, name: TableName) -> TableSource:
        """Open it by its name. See `Catalog.table`."""
        own = _name_of(self._location)
        if name != own:
            advice = "this catalog is one metadata file, and holds one table"
            known = str(TableName((self._name, *own.parts)))
            raise UnknownNameError("table", f"{self._name}.{name}", [known], advice)
        return open_metadata_file(self._location, Storage(self._options))

    def check(self) -> str:
        """Look for the file. See `Catalog.check`."""
        size = Storage(self._options).size(self._location)
        if size is None:
            advice = "name one *.metadata.json"
            raise UnreadableError(self._location, "there is no such file", advice)
        return f"metadata file {self._location}: reachable, {size} bytes"


def _name_of(location: str) -> TableName:
    folders, _, file = location.rpartition("/")
    table, _, inner = folders.rpartition("/")
    called = table.rpartition("/")[2] if inner == "metadata" else ""
    return TableName((called or file.partition(".metadata.json")[0].removesuffix(".gz"),))
