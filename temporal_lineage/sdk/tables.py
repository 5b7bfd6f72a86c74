"""Tables: from what people hold in their hands to a table that can be pinned and named."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from snapshots.dataset import Dataset
from snapshots.errors import UsageError
from temporal_lineage.capture.openlineage_names import located
from temporal_lineage.harvesting.targets import Target, find_table
from temporal_lineage.naming import CATALOG_NAMESPACE
from temporal_lineage.sdk.records import Named

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from catalogs.iceberg.pointer import Pointed
    from catalogs.table import TableSource
    from temporal_lineage.session import Session

TABLE = "TABLE"

_DELTA_OPTIONS = {
    "access_key_id": "s3.access-key-id",
    "secret_access_key": "s3.secret-access-key",
    "session_token": "s3.session-token",
    "region": "s3.region",
    "endpoint_url": "s3.endpoint",
}
"""What deltalake calls an option, without `aws_` before it, and what pyiceberg calls it."""


class WrongFormatError(UsageError):
    """A table of one format was asked for by a call for the other."""

    def __init__(self, table: str, wanted: str, call: str) -> None:
        """Keep the table, the format that was asked for, and the call that would work."""
        self.table = table
        self.wanted = wanted
        self.call = call
        super().__init__(f"{table} is no {wanted} table; use {call}")


@dataclass(frozen=True, slots=True)
class OpenTable:
    """A table that can be read; `target` is how to harvest it, None where nobody here can.

    `held` is the version that the caller's own object is loaded at, None where there is none.
    """

    source: TableSource
    named: Named
    target: Target | None
    held: int | None


def open_iceberg(table: object, session: Session) -> OpenTable:
    """Open what was given for an Iceberg table: an address, a path, or a pyiceberg Table.

    A Table is taken as it is loaded. Raises UnknownNameError, UnreadableError, WrongFormatError.
    """
    if isinstance(table, str | os.PathLike):
        return _by_name(os.fspath(table), session, "Iceberg", "read_delta")
    if hasattr(table, "metadata_location"):
        return _iceberg_object(table, session)
    raise WrongFormatError(repr(table), "Iceberg", "an address, a path or a pyiceberg Table")


def open_delta(table: object, session: Session) -> OpenTable:
    """Open what was given for a Delta table: an address, a path, or a DeltaTable as it is loaded.

    Raises UnknownNameError, UnreadableError, WrongFormatError.
    """
    if isinstance(table, str | os.PathLike):
        return _by_name(os.fspath(table), session, "Delta", "read_iceberg")
    if hasattr(table, "table_uri") and hasattr(table, "version"):
        return _delta_object(table, session)
    raise WrongFormatError(repr(table), "Delta", "an address, a path or a DeltaTable")


def native_iceberg(table: object, session: Session) -> Any:  # noqa: ANN401 - a pyiceberg Table
    """Give pyiceberg's own Table for an address of one of its catalogs; a Table stays itself."""
    if not isinstance(table, str):
        return table
    from catalogs.configuration import CatalogKind, Configuration
    from catalogs.pyiceberg_connection import native_catalog
    from catalogs.table_name import TableName

    catalog, *parts = TableName.parse(table).parts
    entry = Configuration(session.workspace.folder).entry(catalog)
    if entry.kind is not CatalogKind.PYICEBERG:
        raise WrongFormatError(table, "table of a pyiceberg catalog", "a pyiceberg Table")
    return native_catalog(catalog, entry.properties).load_table(tuple(parts))


def delta_properties(options: Mapping[str, str] | None) -> dict[str, str]:
    """Give deltalake's storage options by the names pyiceberg has for them."""
    found = {}
    for name, value in (options or {}).items():
        known = _DELTA_OPTIONS.get(name.lower().removeprefix("aws_"))
        if known is not None:
            found[known] = value
    return found


def _by_name(name: str, session: Session, wanted: str, call: str) -> OpenTable:
    target = find_table(session.workspace.folder, name)
    source = target.open()
    if type(source).__name__ != f"{wanted}Source":
        raise WrongFormatError(name, wanted, call)
    return OpenTable(source, _named(source.location, target.address), target, None)


def _iceberg_object(table: Any, session: Session) -> OpenTable:  # noqa: ANN401
    from catalogs.opening import open_iceberg as opened
    from catalogs.opening import open_metadata_file
    from catalogs.storage import Storage

    storage = Storage({name: str(value) for name, value in table.io.properties.items()})
    source = open_metadata_file(table.metadata_location, storage)
    parts = tuple(table.name())
    address = _configured(table.catalog.name, parts, session)

    def newest() -> Pointed:
        from catalogs.iceberg.pointer import Pointed

        return Pointed(table.catalog.load_table(parts).metadata_location, {})

    if address is not None:
        target = find_table(session.workspace.folder, address)
    else:
        place = f"dataset:{located(table.location())}"
        target = Target(place, None, lambda: opened(newest, storage))
    return OpenTable(source, _named(source.location, target.address), target, None)


def _delta_object(table: Any, session: Session) -> OpenTable:  # noqa: ANN401
    from catalogs.opening import open_delta as opened
    from catalogs.storage import Storage, is_local, local_path

    place = str(table.table_uri).rstrip("/")
    place = local_path(place) if is_local(place) else place
    storage = Storage(delta_properties(getattr(table, "_storage_options", None)))
    target = _target_of_place(place, session, lambda: opened(place, storage))
    named = _named(place, target.address)
    return OpenTable(opened(place, storage), named, target, int(table.version()))


def _named(location: str, address: str) -> Named:
    symlinks = () if address.startswith("dataset:") else (Dataset(CATALOG_NAMESPACE, address),)
    return Named(located(location), symlinks, TABLE)


def _configured(catalog: str | None, parts: tuple[str, ...], session: Session) -> str | None:
    """Give the address under which our own configuration knows a table; None where it does not."""
    from catalogs.configuration import Configuration
    from catalogs.table_name import TableName

    names = {entry.name for entry in Configuration(session.workspace.folder).entries()}
    return str(TableName((catalog, *parts))) if catalog in names else None


def _target_of_place(place: str, session: Session, opening: Callable[[], TableSource]) -> Target:
    """Call a place by the folder catalog that covers it, else by itself."""
    from catalogs.configuration import CatalogKind, Configuration
    from catalogs.table_name import TableName

    whole = str(located(place))
    for entry in Configuration(session.workspace.folder).entries():
        root = str(located(entry.properties.get("location", ""))).rstrip("/")
        below = whole.removeprefix(f"{root}/")
        if entry.kind is CatalogKind.FOLDER and below != whole:
            address = str(TableName((entry.name, *below.split("/"))))
            return Target(address, entry.name, opening)
    return Target(f"dataset:{whole}", None, opening)


def place_of_delta(table: object, session: Session, properties: Mapping[str, str]) -> OpenTable:
    """Give the place of a Delta table that is about to be written, and may not be there yet."""
    if not isinstance(table, str | os.PathLike):
        return open_delta(table, session)
    from catalogs.opening import open_delta as opened
    from catalogs.storage import Storage, is_local, local_path

    place = os.fspath(table).rstrip("/")
    if is_local(place):
        place = os.path.abspath(local_path(place))  # noqa: PTH100 - resolve() would follow links
    storage = Storage(properties)
    target = _target_of_place(place, session, lambda: opened(place, storage))
    return OpenTable(opened(place, storage), _named(place, target.address), target, None)
