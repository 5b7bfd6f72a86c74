"""States: one snapshot of a table, found in some metadata file, ready to be read."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, BinaryIO

from catalogs.iceberg.files import FileLists
from catalogs.iceberg.manifests import Manifest, ManifestEntry
from catalogs.iceberg.metadata import SnapshotEntry, TableMetadata
from catalogs.iceberg.relocation import Relocation
from catalogs.iceberg.schema import schema_version
from catalogs.presence import Presence
from catalogs.storage import AbsentFileError, Storage
from catalogs.table import NewTable, RawCommit
from catalogs.traits import Traits
from snapshots.availability import Gone
from snapshots.errors import UnreadableError
from snapshots.files import DataFile, FileContent
from snapshots.recovery import Keeper, Piece, RecoveryPlan, steps_of
from snapshots.schema import Field, SchemaVersion

if TYPE_CHECKING:
    import pyarrow as pa


class IcebergState:
    """A past state; implements `catalogs.table.TableState`."""

    def __init__(
        self,
        metadata: TableMetadata,
        entry: SnapshotEntry,
        entries: Sequence[ManifestEntry],
        *,
        plan: RecoveryPlan | None,
        storage: Storage,
        relocation: Relocation,
        properties: Mapping[str, str],
    ) -> None:
        """Take the metadata that lists the snapshot, and the live entries of its manifests.

        `plan` says how they were found, None where the table itself lists the snapshot.

        Raises UnreadableError where the snapshot's schema is not to be had.
        """
        self._metadata = metadata
        self._entry = entry
        self._entries = tuple(entries)
        self._storage = storage
        self._relocation = relocation
        self._properties = properties
        self._schema_json = _schema_of(metadata, entry, relocation.root)
        self._schema = schema_version(
            self._schema_json,
            schema_id=self._schema_json.get("schema-id", 0),
            location=relocation.root,
        )
        lists = FileLists(storage, relocation)
        self._files = tuple(lists.data_file(one) for one in self._entries)
        self._plan = plan

    @property
    def snapshot_id(self) -> int:
        """The Iceberg snapshot id."""
        return self._entry.snapshot_id

    @property
    def schema(self) -> SchemaVersion:
        """The snapshot's own schema; for old v1 snapshots without one, the current at that file."""
        return self._schema

    @property
    def files(self) -> tuple[DataFile, ...]:
        """Every live file, delete files included."""
        return self._files

    @property
    def entries(self) -> tuple[ManifestEntry, ...]:
        """Every live manifest entry, in the manifests' order."""
        return self._entries

    @property
    def plan(self) -> RecoveryPlan | None:
        """How it was put together; None where the table itself lists it."""
        return self._plan

    def traits(self) -> Traits:
        """Tell what engines must know of it."""
        from catalogs.iceberg.traits import traits_of

        return traits_of(
            self._metadata,
            self._schema_json,
            self._entries,
            self._relocation,
            listed=self._plan is None,
        )

    def identity_of(self, field: Field) -> int:
        """A column is its field id."""
        return field.field_id

    def only(self, keys: Collection[str]) -> IcebergState:
        """Give the part in some data files, under all delete files; see `TableState.only`."""
        return IcebergState(
            self._metadata,
            self._entry,
            [
                entry
                for entry, file in zip(self._entries, self._files, strict=True)
                if file.content is not FileContent.DATA or file.key in keys
            ],
            plan=self._plan,
            storage=self._storage,
            relocation=self._relocation,
            properties=self._properties,
        )

    def missing(self) -> tuple[DataFile, ...]:
        """Give the files that are not there, or not there with their recorded size.

        Raises UnreadableError where nobody could look.
        """
        return presence_of(self._storage, self._relocation).missing(self._files)

    def open_file(self, path: str) -> BinaryIO:
        """Open one of its files; see `TableState.open_file`."""
        return self._storage.open(path)

    def as_table(self, new: NewTable) -> Iterator[tuple[str, bytes]]:
        """Yield the metadata of a new table that is this state; see `TableState.as_table`."""
        from catalogs.iceberg.as_table import Recovered, files_of_table

        state = Recovered(
            metadata=self._metadata,
            schema=self._schema_json,
            entry=self._entry,
            entries=self._entries,
            relocation=self._relocation,
            read=self._storage.read,
        )
        yield from files_of_table(state, new)

    def as_kept(self) -> tuple[RawCommit, ...]:
        """Give its file list and what files are read with; see `TableState.as_kept`."""
        from catalogs.iceberg.kept import kept_state

        return kept_state(self._metadata, self._entry, self._entries)

    def batches(self, *, columns: Sequence[str] | None) -> pa.RecordBatchReader:
        """Stream the rows under the snapshot's own schema; see `TableState.batches`."""
        from catalogs.iceberg.data_files import DataFiles
        from catalogs.iceberg.scan import Scan

        files = DataFiles(
            storage=self._storage, relocation=self._relocation, properties=self._properties
        )
        place = f"{self._relocation.root}@{self.snapshot_id}"
        scan = Scan(self._metadata, self._schema_json, self._entries, files=files, location=place)
        return scan.batches(columns=columns)


def presence_of(storage: Storage, relocation: Relocation) -> Presence:
    """Give what tells which files of a table's states are there."""

    def place(file: DataFile) -> str:
        is_vector = file.content is FileContent.DELETION_VECTOR
        return relocation.find(file.key.rpartition("#")[0] if is_vector else file.key)

    return Presence(root=relocation.root, storage=storage, place_of=place)


def open_state(
    metadata: TableMetadata,
    entry: SnapshotEntry,
    *,
    found_in: str | None,
    storage: Storage,
    relocation: Relocation,
    properties: Mapping[str, str],
) -> IcebergState | Gone:
    """Read a snapshot's file lists; Gone, with the list or manifest named, where one is absent.

    `found_in` is the older metadata file that lists it, None where the current one does.
    `since` and `act` are None: a deleted manifest tells nothing of who deleted it. Raises
    UnreadableError where one is there and broken.
    """
    lists = FileLists(storage, relocation)
    try:
        manifests = lists.manifests(entry)
        entries = [one for manifest in manifests for one in lists.entries(manifest)]
    except AbsentFileError as error:
        return Gone(missing=(error.location,), lost=1, since=None, act=None)
    return IcebergState(
        metadata,
        entry,
        entries,
        plan=_plan(found_in, entry, manifests, relocation) if found_in else None,
        storage=storage,
        relocation=relocation,
        properties=properties,
    )


def _plan(
    found_in: str, entry: SnapshotEntry, manifests: Sequence[Manifest], relocation: Relocation
) -> RecoveryPlan:
    lists = [] if entry.manifest_list is None else [entry.manifest_list]
    pieces = [(Piece.METADATA_FILE, Keeper.TABLE, found_in)]
    pieces += [(Piece.MANIFEST_LIST, Keeper.TABLE, relocation.find(one)) for one in lists]
    pieces += [(Piece.MANIFEST, Keeper.TABLE, relocation.find(one.path)) for one in manifests]
    return RecoveryPlan(found_in, steps_of(pieces), lost=())


def _schema_of(metadata: TableMetadata, entry: SnapshotEntry, location: str) -> dict[str, Any]:
    if entry.schema_id is None:
        return metadata.current_schema()
    for schema in metadata.all_schemas():
        if schema.get("schema-id", 0) == entry.schema_id:
            return schema
    reason = f"snapshot {entry.snapshot_id} names schema {entry.schema_id}, which it does not hold"
    advice = "look for an older metadata file of the table"
    raise UnreadableError(location, reason, advice)
