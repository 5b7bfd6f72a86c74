"""Opening a table where it lies: the one place that knows the readers of each format."""

from __future__ import annotations

from typing import TYPE_CHECKING

from snapshots.dataset import TableFormat

if TYPE_CHECKING:
    from collections.abc import Sequence

    from catalogs.iceberg.pointer import Pointer
    from catalogs.storage import Storage
    from catalogs.table import RawCommit, States, TableSource
    from snapshots.history import TableHistory


def open_metadata_file(location: str, storage: Storage) -> TableSource:
    """Open the Iceberg table that one metadata file describes."""
    from catalogs.iceberg.source import IcebergSource

    return IcebergSource(location, storage=storage, properties=storage.options)


def open_iceberg(pointer: Pointer, storage: Storage) -> TableSource:
    """Open the Iceberg table whose current metadata file the pointer tells, each time anew."""
    from catalogs.iceberg.source import IcebergSource

    return IcebergSource.pointed_to(pointer, storage=storage, properties=storage.options)


def open_iceberg_folder(folder: str, storage: Storage, *, uuid: str | None) -> TableSource:
    """Open an Iceberg table by its folder; `uuid` tells which where the folder holds several."""
    from catalogs.iceberg_folder import folder_pointer

    return open_iceberg(folder_pointer(storage, folder, uuid=uuid), storage)


def open_delta(location: str, storage: Storage) -> TableSource:
    """Open a Delta table by its folder."""
    from catalogs.delta.source import DeltaSource

    return DeltaSource(location, storage=storage, options=storage.options)


def open_remains(known: TableHistory, storage: Storage, *, kept: Sequence[RawCommit]) -> States:
    """Open what is left of a table that nothing leads into any more, where it was last seen."""
    if known.identity.format is TableFormat.DELTA:
        from catalogs.delta.remains import DeltaRemains

        return DeltaRemains(known, kept=kept, storage=storage)
    from catalogs.iceberg.remains import IcebergRemains

    return IcebergRemains(known, kept=kept, storage=storage, properties=storage.options)
