"""Past states: one version of a Delta table, found and ready to be read."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from catalogs.delta.files import data_files
from catalogs.delta.log import DeltaLog
from catalogs.delta.replay import Table
from catalogs.storage import is_local
from snapshots.files import DataFile, FileContent
from snapshots.schema import SchemaVersion

if TYPE_CHECKING:
    import pyarrow as pa

_LISTED_FROM = 32
"""From so many files on, one listing of a remote table is cheaper than a question for each."""


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
        """Give the files that are not there, or not there with their recorded size.

        A deletion vector's file may be longer: it holds those of other data files too.
        """
        sizes = dict(self._sizes())
        return tuple(file for file in self.files if not _fits(file, sizes.get(file.path)))

    def batches(self, *, columns: Sequence[str] | None) -> pa.RecordBatchReader:
        """Stream the rows with the state's own schema; all columns where `columns` is None.

        Raises UnreadableError where a file cannot be read or holds other rows than the log says,
        UnsupportedError where a column's type has no exact reader here, and UnknownNameError for
        a column the state does not have.
        """
        from catalogs.delta.rows import stream

        return stream(self.table, root=self.log.root, storage=self.log.storage, columns=columns)

    def _sizes(self) -> Iterator[tuple[str, int | None]]:
        root, storage = self.log.root, self.log.storage
        paths = {file.path for file in self.files}
        inside = {path for path in paths if path.startswith(f"{root}/")}
        if not is_local(root) and len(inside) >= _LISTED_FROM:
            for stored in storage.walk(root):
                if stored.path in inside:
                    yield stored.path, stored.size_bytes
            paths -= inside
        for path in sorted(paths):
            yield path, storage.size(path)


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
    files = tuple(stored for file in live for stored in data_files(file, log.root))
    return DeltaState(version, files, found_in, table, log, schema_of)


def _fits(file: DataFile, size: int | None) -> bool:
    if size is None:
        return False
    if file.content is FileContent.DATA:
        return size == file.size_bytes
    return size >= file.size_bytes
