"""Past states: one version of a Delta table, found and ready to be read."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from catalogs.delta.files import data_files
from catalogs.delta.log import DeltaLog
from catalogs.delta.places import place_of
from catalogs.delta.replay import Table
from catalogs.presence import Presence
from snapshots.files import DataFile
from snapshots.schema import SchemaVersion

if TYPE_CHECKING:
    import pyarrow as pa


@dataclass(frozen=True, slots=True)
class DeltaState:
    """One version of one table. `found_in` is None where the table's own log still tells of it.

    `schema_of` gives the schema with the ids its fields have in the table's history: that takes a
    pass over the log, which only who asks for the schema needs.
    """

    snapshot_id: int
    files: tuple[DataFile, ...]
    found_in: str | None
    table: Table
    log: DeltaLog
    schema_of: Callable[[], SchemaVersion]

    @property
    def schema(self) -> SchemaVersion:
        """The schema the state was written under. DESIGN 4.2."""
        return self.schema_of()

    def missing(self) -> tuple[DataFile, ...]:
        """Give the files that are not there, or not there with their recorded size."""
        return presence_of(self.log).missing(self.files)

    def batches(self, *, columns: Sequence[str] | None) -> pa.RecordBatchReader:
        """Stream the rows with the state's own schema; all columns where `columns` is None.

        Raises UnreadableError where a file cannot be read or holds other rows than the log says,
        UnsupportedError where a column's type has no exact reader here, and UnknownNameError for
        a column the state does not have.
        """
        from catalogs.delta.rows import stream

        return stream(self.table, self.log, columns=columns)


def presence_of(log: DeltaLog) -> Presence:
    """Give what tells which files of a table's states are there."""
    return Presence(root=log.root, storage=log.storage, place_of=lambda file: place_of(file, log))


def state_of(
    log: DeltaLog,
    table: Table,
    *,
    version: int,
    found_in: str | None,
    schema_of: Callable[[], SchemaVersion],
) -> DeltaState:
    """Give a state as its readers want it: files in a fixed order, by key."""
    live = sorted(table.live.values(), key=lambda file: file.key)
    files = tuple(stored for file in live for stored in data_files(file, log.root, log.moved))
    return DeltaState(version, files, found_in, table, log, schema_of)
