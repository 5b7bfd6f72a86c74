"""Opening a table where it lies: the one place that knows the readers of each format."""

from __future__ import annotations

from catalogs.iceberg_folder import folder_pointer
from catalogs.metadata_pointer import Pointer
from catalogs.storage import Storage
from catalogs.table import TableSource


def open_iceberg(pointer: Pointer) -> TableSource:
    """Open the Iceberg table that a catalog points to."""
    raise NotImplementedError(pointer)


def open_iceberg_folder(folder: str, storage: Storage, *, uuid: str | None) -> TableSource:
    """Open an Iceberg table by its folder; `uuid` tells which where the folder holds several."""
    return open_iceberg(folder_pointer(storage, folder, uuid=uuid))


def open_delta(location: str, storage: Storage) -> TableSource:
    """Open a Delta table by its folder."""
    raise NotImplementedError(location, storage)
