"""Catalogs that pyiceberg reads: rest, sql, glue, hive and the rest of its list."""

from __future__ import annotations

import weakref
from collections.abc import Iterator
from contextlib import AbstractContextManager, suppress
from functools import cached_property
from typing import TYPE_CHECKING

from catalogs.configuration import CatalogEntry
from catalogs.credentials import without_secrets
from catalogs.listing import Listing
from catalogs.pyiceberg_errors import reaching
from catalogs.storage import Storage
from catalogs.table import TableSource
from catalogs.table_name import TableName, nearest
from snapshots.errors import UnknownNameError, UnreadableError

if TYPE_CHECKING:
    from catalogs.iceberg.pointer import Pointed
    from catalogs.pyiceberg_connection import Connection

NAMESPACES_MAX = 100_000
_SHOWN_MAX = 5


class PyIcebergCatalog:
    """A catalog of pyiceberg's; nothing is imported or connected before the first question."""

    def __init__(self, entry: CatalogEntry) -> None:
        """Take what the configuration says of it."""
        self._entry = entry

    @property
    def name(self) -> str:
        """The name in the configuration."""
        return self._entry.name

    def tables(self) -> Iterator[TableName]:
        """Yield the tables of all namespaces. See `Catalog.tables`."""
        listing = Listing(f"catalog {self.name}", "namespaces")
        waiting = [*reversed(self._children(()))]
        number = 0
        while waiting:
            namespace = waiting.pop()
            number += 1
            if number > NAMESPACES_MAX:
                listing.leave_out("", f"there are more than {NAMESPACES_MAX}")
                break
            with listing.part(str(TableName(namespace))):
                yield from self._tables_of(namespace)
                waiting += reversed(self._children(namespace))
        listing.finish()

    def table(self, name: TableName) -> TableSource:
        """Open a table. See `Catalog.table`."""
        from catalogs.opening import open_iceberg

        own = dict(self._entry.properties)
        storage = Storage(own)
        first = [self._point(name)]  # a name that is unknown is so now, not at the first question

        def point() -> Pointed:
            pointed = first.pop() if first else self._point(name)
            storage.renew({**own, **pointed.properties})
            return pointed

        return open_iceberg(point, storage)

    def check(self) -> str:
        """Connect and count. See `Catalog.check`."""
        found = [str(TableName(one)) for one in self._children(())]
        more = ", ..." if len(found) > _SHOWN_MAX else ""
        names = f": {', '.join(found[:_SHOWN_MAX])}{more}" if found else ""
        count = f"{len(found)} namespace{'' if len(found) == 1 else 's'}"
        return f"{self._where}: reachable, {count}{names}{self._elsewhere(found)}"

    def _point(self, name: TableName) -> Pointed:
        from pyiceberg.exceptions import (
            NoSuchIcebergTableError,
            NoSuchNamespaceError,
            NoSuchTableError,
        )

        if len(name.parts) > 1:
            with self._reaching():
                try:
                    return self._connection.point(name.parts)
                except NoSuchIcebergTableError as error:
                    reason = "it is not an Iceberg table"
                    advice = "if it is a Delta table, open it by its folder"
                    raise UnreadableError(self._written(name), reason, advice) from error
                except (NoSuchTableError, NoSuchNamespaceError):
                    pass
        raise self._unknown(name)

    def _unknown(self, name: TableName) -> UnknownNameError:
        known: list[TableName] = []
        with suppress(UnreadableError):
            known = self._like(name.parts[:-1])
        written = self._written(name)
        found = nearest(written, [self._written(one) for one in known])
        advice = f"tl catalog check {self.name} says what is there"
        return UnknownNameError("table", written, found, advice)

    def _like(self, namespace: tuple[str, ...]) -> list[TableName]:
        """Give the tables of a namespace; where it has none, those of the namespaces like it."""
        with suppress(UnreadableError):
            if namespace and (tables := self._tables_of(namespace)):
                return tables
        beside = {str(TableName(one)): one for one in self._children(namespace[:-1])}
        like = nearest(TableName(namespace), list(beside)) if namespace else list(beside)
        return [table for one in like[:_SHOWN_MAX] for table in self._tables_of(beside[one])]

    def _written(self, name: TableName) -> str:
        return str(TableName((self.name, *name.parts)))

    def _tables_of(self, namespace: tuple[str, ...]) -> list[TableName]:
        with self._reaching():
            return [TableName(one) for one in self._connection.tables(namespace)]

    def _children(self, namespace: tuple[str, ...]) -> list[tuple[str, ...]]:
        from pyiceberg.exceptions import BadRequestError, NoSuchNamespaceError

        with self._reaching():
            try:
                return self._connection.namespaces(namespace)
            except (BadRequestError, NoSuchNamespaceError, NotImplementedError):
                if not namespace:
                    raise
                return []  # this is how servers without nesting answer

    def _elsewhere(self, found: list[str]) -> str:
        """Say where an empty SQL catalog's tables may be: its rows stand under a name."""
        if found:
            return ""
        with self._reaching():
            others = self._connection.other_names()
        if not others:
            return ""
        return f"; its database has tables for catalog-name={' or '.join(others)}"

    @property
    def _where(self) -> str:
        uri = self._entry.properties.get("uri")
        kind = self._entry.properties.get("type", "")
        at = f" at {without_secrets(uri, self._entry.properties)}" if uri else ""
        return f"{kind} catalog {self.name}{at}".strip()

    @cached_property
    def _connection(self) -> Connection:
        from catalogs.pyiceberg_connection import Connection

        connection = Connection(self.name, self._entry.properties)
        weakref.finalize(self, connection.close)
        return connection

    def _reaching(self) -> AbstractContextManager[None]:
        return reaching(self._where, self._entry.properties)
