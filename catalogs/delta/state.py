"""Past states: one version of a Delta table, found and ready to be read."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, BinaryIO

from catalogs.delta.checkpoint import sidecars
from catalogs.delta.commits import restored_version
from catalogs.delta.files import data_files
from catalogs.delta.log import DeltaLog
from catalogs.delta.places import place_of
from catalogs.delta.replay import Table, plan_at, steps
from catalogs.delta.schema import Schemas
from catalogs.presence import Presence
from catalogs.table import NewTable, RawCommit
from catalogs.traits import Traits
from snapshots.files import DataFile
from snapshots.history import TableHistory
from snapshots.recovery import Keeper, Piece, RecoveryPlan, steps_of
from snapshots.schema import Field, SchemaVersion

if TYPE_CHECKING:
    import pyarrow as pa


@dataclass(frozen=True, slots=True)
class DeltaState:
    """One version of one table. `how` is None where the table's own log still tells of it.

    `schema_of` gives the schema with the ids its fields have in the table's history: that takes a
    pass over the log, which only who asks for the schema needs.
    """

    snapshot_id: int
    files: tuple[DataFile, ...]
    how: str | None
    table: Table
    log: DeltaLog
    schema_of: Callable[[], SchemaVersion]

    @property
    def schema(self) -> SchemaVersion:
        """The schema the state was written under. DESIGN 4.2."""
        return self.schema_of()

    @property
    def plan(self) -> RecoveryPlan | None:
        """How it was put together; None where the table's own log still tells of it."""
        return None if self.how is None else recovery_plan(self.log, self.snapshot_id, self.how)

    def traits(self) -> Traits:
        """Tell what engines must know of it."""
        from catalogs.delta.traits import traits_of

        return traits_of(self.table, self.log, listed=self.how is None)

    def identity_of(self, field: Field) -> str:
        """A column is its physical name, which it keeps when it is renamed or mapped later on.

        The ids in a `SchemaVersion` are counted along the log, and the log forgets.
        """
        return field.physical_name or field.name

    def only(self, keys: Collection[str]) -> DeltaState:
        """Give the part in some data files; see `TableState.only`."""
        live = {key: file for key, file in self.table.live.items() if key in keys}
        part = replace(self.table, live=live)
        return replace(self, table=part, files=_stored(part, self.log))

    def missing(self) -> tuple[DataFile, ...]:
        """Give the files that are not there, or not there with their recorded size."""
        return presence_of(self.log).missing(self.files)

    def open_file(self, path: str) -> BinaryIO:
        """Open one of its files; see `TableState.open_file`."""
        return self.log.storage.open(path)

    def as_table(self, new: NewTable) -> Iterator[tuple[str, bytes]]:
        """Yield the metadata of a new table that is this state; see `TableState.as_table`."""
        from catalogs.delta.as_table import files_of_table

        yield from files_of_table(self.table, self.log, self.snapshot_id, new)

    def as_kept(self) -> tuple[RawCommit, ...]:
        """Give the files of the log that lead to it; see `TableState.as_kept`."""
        return tuple(
            RawCommit(one, self.log.read(one)) for _, one in pieces_at(self.log, self.snapshot_id)
        )

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


def recovery_plan(log: DeltaLog, version: int, how: str) -> RecoveryPlan:
    """Say from which files a version is put together; `how` says it in words.

    A checkpoint's sidecars go before it, as they are kept with it.
    """

    def piece(piece: Piece, name: str) -> tuple[Piece, Keeper, str]:
        if name in log.kept and name not in log.segment.modified:
            return piece, Keeper.LEDGER, name
        return piece, Keeper.TABLE, log.location(name)

    pieces = [piece(kind, name) for kind, name in pieces_at(log, version)]
    return RecoveryPlan(how, steps_of(pieces), lost=())


def pieces_at(log: DeltaLog, version: int) -> Iterator[tuple[Piece, str]]:
    """Yield the files of a log that lead to a version, by name, in the order they are applied."""
    plan = plan_at(log, version)
    base = plan.checkpoint if plan else ()
    parts = [part for name in base for part in sidecars(log, name)]
    for name in (*parts, *base):
        yield Piece.CHECKPOINT, name
    for name in plan.steps if plan else ():
        yield Piece.COMMIT, name


def state_of(
    log: DeltaLog,
    table: Table,
    *,
    version: int,
    how: str | None,
    schema_of: Callable[[], SchemaVersion],
) -> DeltaState:
    """Give a state as its readers want it: files in a fixed order, by key."""
    return DeltaState(version, _stored(table, log), how, table, log, schema_of)


def _stored(table: Table, log: DeltaLog) -> tuple[DataFile, ...]:
    live = sorted(table.live.values(), key=lambda file: file.key)
    return tuple(stored for file in live for stored in data_files(file, log.root, log.moved))


def schema_at(log: DeltaLog, version: int, *, known: TableHistory | None) -> SchemaVersion:
    """Give a version's schema with the ids that its fields have in the known history.

    Where that does not tell, a pass over the log does.
    """
    snapshot = known.snapshot(snapshot_id=version) if known else None
    if known and snapshot and snapshot.schema_id is not None:
        found = known.schema(schema_id=snapshot.schema_id)
        if found is not None:
            return found
    return _schema_in(log, version)


def _schema_in(log: DeltaLog, version: int) -> SchemaVersion:
    schemas = Schemas((), location=log.root)
    in_force: dict[int, SchemaVersion | None] = {}
    current: SchemaVersion | None = None
    for step in steps(log, after=None):
        if step.version > version:
            break
        current = current if step.joined else None
        if step.metadata is not None:
            goes_back_to = restored_version(step.commit)
            restored = None if goes_back_to is None else in_force.get(goes_back_to)
            current = schemas.take(step.metadata, version=step.version, restored=restored)
        in_force[step.version] = current
    return current or SchemaVersion(version, ())
