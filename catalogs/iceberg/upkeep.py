"""Upkeep of Iceberg tables: what expiry and orphan clean-up would take of this one."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from functools import cached_property

from catalogs.iceberg.current import CurrentTable
from catalogs.iceberg.files import FileLists
from catalogs.iceberg.manifests import Manifest
from catalogs.iceberg.metadata import MetadataLogEntry, SnapshotEntry, TableMetadata
from catalogs.presence import Presence
from catalogs.storage import StoredFile
from snapshots.errors import UnreadableError
from snapshots.expiry import NO_GC, expired
from snapshots.history import TableHistory
from snapshots.instant import Instant
from snapshots.maintenance import (
    Act,
    Expirer,
    ExpireSnapshots,
    Refused,
    Removal,
    RemoveOrphans,
    Unfit,
)

ORPHAN_AGE_MICROS = 3 * 86_400_000_000
"""How old a file must be that `remove_orphan_files` takes, where nobody says."""


class IcebergUpkeep:
    """Implements `catalogs.upkeep.Upkeep`; every manifest is read once."""

    def __init__(self, current: CurrentTable, history: TableHistory, presence: Presence) -> None:
        """Take the table by its current metadata; nothing is read before something is asked."""
        self._current = current
        self._history = history
        self._presence = presence
        self._lists = FileLists(current.storage, current.relocation)
        self._entries = {one.snapshot_id: one for one in current.metadata.snapshots or ()}
        self._manifests: dict[int, tuple[Manifest, ...]] = {}
        self._files: dict[str, frozenset[str]] = {}

    def usual(self) -> tuple[Act, ...]:
        """Give an expiry by the table's own properties."""
        return (ExpireSnapshots(Expirer.JAVA, None, None, (), (), schemas_too=False),)

    def removal(
        self, act: Act, *, at: Instant, hold: Collection[int], let_go: Collection[str]
    ) -> Removal | Refused:
        """Tell what an act would take; see `Upkeep.removal`."""
        match act:
            case ExpireSnapshots():
                return self._expiry(act, at, hold, let_go)
            case RemoveOrphans(older_than):
                older = older_than or at.plus(micros=-ORPHAN_AGE_MICROS)
                return self._orphans(older)
            case _:
                return Unfit("it is an Iceberg table: its snapshots are expired, not vacuumed")

    def _expiry(
        self, act: ExpireSnapshots, at: Instant, hold: Collection[int], let_go: Collection[str]
    ) -> Removal | Refused:
        found = expired(self._history, act, at=at, hold=hold, let_go=let_go)
        if isinstance(found, Refused):
            return found
        kept = self._entries.keys() - found.snapshots
        files: dict[str, int] = {}
        if act.by is Expirer.JAVA and found.snapshots:
            gone = self._reached(found.snapshots) - self._reached(kept)
            files = self._presence.sizes(gone)
        metadata = self._unused(kept) if act.schemas_too else ()
        return Removal(found.snapshots, {}, found.refs, metadata, files, ())

    def _orphans(self, older: Instant) -> Removal | Refused:
        """Take the files that no listed snapshot and no metadata file names, once old enough."""
        metadata = self._current.metadata
        if metadata.text_properties().get("gc.enabled", "true").lower() == "false":
            return Refused(NO_GC.replace("expire_snapshots", "remove_orphan_files"))
        root = self._current.relocation.root
        named = self._reached(self._entries.keys()) | set(self._metadata_files())
        named |= {f"{root}/metadata/version-hint.text"}
        fields = [field.name for spec in metadata.all_partition_specs().values() for field in spec]
        files = {
            one.path: one.size_bytes
            for one in self._walked
            if one.path not in named
            and one.modified < older
            and not _is_hidden(one.path.removeprefix(f"{root}/"), fields)
        }
        return Removal(frozenset(), {}, (), (), files, ())

    @cached_property
    def _walked(self) -> tuple[StoredFile, ...]:
        return tuple(self._current.storage.walk(self._current.relocation.root))

    def _metadata_files(self) -> Iterator[str]:
        """Yield the metadata files that are reached from the current one along their logs."""
        yield self._current.location
        waiting = list(self._current.metadata.metadata_log or ())
        seen: set[str] = set()
        while waiting:
            entry = waiting.pop()
            path = self._current.relocation.find(entry.metadata_file)
            if path in seen:
                continue
            seen.add(path)
            yield path
            waiting += self._log_of(path)

    def _log_of(self, path: str) -> list[MetadataLogEntry]:
        try:
            return list(self._current.read(path).metadata_log or ())
        except UnreadableError:
            return []  # it is gone: what it named is reached from others, or from nowhere

    def _reached(self, snapshot_ids: Iterable[int]) -> frozenset[str]:
        """Give every file that snapshots are made of, manifests and statistics included."""
        found: set[str] = set()
        wanted = {one for one in snapshot_ids if one in self._entries}
        manifests: dict[str, Manifest] = {}
        for snapshot_id in wanted:
            entry = self._entries[snapshot_id]
            if entry.manifest_list is not None:
                found.add(self._find(entry.manifest_list))
            manifests |= {one.path: one for one in self._manifests_of(entry)}
        for manifest in manifests.values():
            found.add(self._find(manifest.path))
            found |= self._files_of(manifest)
        metadata = self._current.metadata
        for one in (*(metadata.statistics or ()), *(metadata.partition_statistics or ())):
            if one.snapshot_id in wanted and one.statistics_path:
                found.add(self._find(one.statistics_path))
        return frozenset(found)

    def _manifests_of(self, entry: SnapshotEntry) -> tuple[Manifest, ...]:
        if entry.snapshot_id not in self._manifests:
            self._manifests[entry.snapshot_id] = self._lists.manifests(entry)
        return self._manifests[entry.snapshot_id]

    def _files_of(self, manifest: Manifest) -> frozenset[str]:
        if manifest.path not in self._files:
            entries = self._lists.entries(manifest)
            self._files[manifest.path] = frozenset(self._find(one.path) for one in entries)
        return self._files[manifest.path]

    def _find(self, recorded: str) -> str:
        return self._current.relocation.find(recorded)

    def _unused(self, kept: Collection[int]) -> tuple[str, ...]:
        """Name the schemas and partition specs that only what is gone used."""
        metadata = self._current.metadata
        schemas = {metadata.current_schema_id}
        schemas |= {self._entries[one].schema_id for one in kept}
        specs = {metadata.default_spec_id}
        for one in kept:
            specs |= {manifest.spec_id for manifest in self._manifests_of(self._entries[one])}
        return (
            *_left(_schema_ids(metadata), schemas, "schema"),
            *_left(metadata.all_partition_specs(), specs, "partition spec"),
        )


def _schema_ids(metadata: TableMetadata) -> list[int]:
    return [schema.get("schema-id", 0) for schema in metadata.all_schemas()]


def _left(ids: Iterable[int], used: Collection[int | None], kind: str) -> list[str]:
    return [f"{kind} {one}" for one in sorted(ids) if one not in used]


def _is_hidden(path: str, partition_fields: Collection[str]) -> bool:
    """Tell whether a listing leaves a path out, as Hadoop's do: partitions are never hidden."""
    return any(
        part.startswith(("_", "."))
        and not any(part.startswith(f"{field}=") for field in partition_fields)
        for part in path.split("/")
    )
