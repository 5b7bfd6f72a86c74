"""Searched manifests: the files of many states, each manifest read once, and each file held
against what its manifest says of it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from catalogs.condition import UNKNOWN, Path, Spread, may_match, met
from catalogs.iceberg.bounds import MEASURES, measured
from catalogs.iceberg.manifests import Manifest, ManifestEntry, Status, read_measured
from catalogs.iceberg.metadata import TableMetadata
from catalogs.iceberg.partition_spread import partition_spreads
from catalogs.iceberg.relocation import Relocation
from catalogs.iceberg.sought import Sought
from catalogs.search import Folder, Look
from catalogs.storage import Storage
from snapshots.files import FileContent


@dataclass(frozen=True, slots=True)
class Contents:
    """The live files of a manifest: data files, and delete files."""

    data: tuple[ManifestEntry, ...]
    deletes: tuple[ManifestEntry, ...]


class ManifestSearch:
    """Reads manifests, and remembers which files may hold what is sought.

    `ruled_out` tells by recorded path what rules a file out; a path that is not in it, though its
    manifest was read, has to be searched. One manifest that says so is enough: what manifests say
    of one file is true of it wherever it is listed.
    """

    def __init__(
        self,
        sought: Sought,
        *,
        metadata: TableMetadata,
        storage: Storage,
        relocation: Relocation,
    ) -> None:
        """Take what is sought; `metadata` has the partition specs."""
        self._sought = sought
        self._specs = metadata.all_partition_specs()
        self._storage = storage
        self._relocation = relocation
        self._read: dict[str, Contents] = {}
        self.ruled_out: dict[str, Look] = {}
        self.entries: dict[str, ManifestEntry] = {}

    def contents(self, manifest: Manifest) -> Contents:
        """Give the files of a manifest. Raises UnreadableError."""
        if manifest.path not in self._read:
            location = self._relocation.find(manifest.path)
            body = self._storage.read(location)
            told = read_measured(body, manifest, measures=MEASURES, location=location)
            live = [(entry, file) for entry, file in told if entry.status is not Status.DELETED]
            self._read[manifest.path] = self.taken(live)
        return self._read[manifest.path]

    def settle(self, folder: Folder) -> None:
        """Hold what is ruled out against what lies in the table's folder."""
        for path, look in list(self.ruled_out.items()):
            place = self._relocation.find(path)
            settled = folder.settled(place, self.entries[path].size_bytes, look)
            if settled is None:
                del self.ruled_out[path]
            else:
                self.ruled_out[path] = settled

    def taken(self, live: Iterable[tuple[ManifestEntry, Mapping[str, Any]]]) -> Contents:
        """Take files in, each with what is told of its columns, if anything."""
        data: list[ManifestEntry] = []
        deletes: list[ManifestEntry] = []
        for entry, file in live:
            is_data = entry.content is FileContent.DATA
            (data if is_data else deletes).append(entry)
            if entry.content in {FileContent.DATA, FileContent.EQUALITY_DELETES}:
                self.entries.setdefault(entry.path, entry)
                look = self._look(entry, file)
                if look is not None:
                    self.ruled_out.setdefault(entry.path, look)
        return Contents(tuple(data), tuple(deletes))

    def _look(self, entry: ManifestEntry, file: Mapping[str, Any]) -> Look | None:
        """Tell what rules a file out; None where nothing does."""
        by_partition = {path: list(self._of_partition(entry, path)) for path in self._sought.aims}
        condition = self._sought.condition

        def partition(path: Path) -> Spread:
            return met(by_partition[path]) if by_partition[path] else UNKNOWN

        # An equality delete lies in the partition of the rows that it hides, as data does.
        if not may_match(condition, partition):
            return Look.RULED_OUT_BY_PARTITION

        def both(path: Path) -> Spread:
            aim = self._sought.aims[path]
            own = measured(file, aim.field_id, aim.kind, is_top=aim.is_top)
            return met([own, *by_partition[path]])

        return None if may_match(condition, both) else Look.RULED_OUT_BY_STATISTICS

    def _of_partition(self, entry: ManifestEntry, path: Path) -> Iterator[Spread]:
        aim = self._sought.aims[path]
        spec = self._specs.get(entry.spec_id, ())
        yield from partition_spreads(entry, spec, source_id=aim.field_id, kind=aim.kind)
