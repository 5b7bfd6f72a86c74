"""Searching an Iceberg table: every file that some state of it is made of, read at most once.

What deletes hide depends on the state: states with the same deletes are one group, and the rows
found in a file are held against the deletes of each group that has the file.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pyarrow as pa
from pyiceberg.table.name_mapping import parse_mapping_from_json

from catalogs.iceberg.current import CurrentTable
from catalogs.iceberg.data_files import DataFiles, translated
from catalogs.iceberg.file_schema import field_names
from catalogs.iceberg.group_deletes import GroupDeletes
from catalogs.iceberg.key_columns import KeyColumns
from catalogs.iceberg.lowered_types import nanosecond_defaults
from catalogs.iceberg.manifests import ManifestEntry
from catalogs.iceberg.metadata import NAME_MAPPING, TableMetadata
from catalogs.iceberg.search_files import FileSearch, Found
from catalogs.iceberg.search_manifests import ManifestSearch
from catalogs.iceberg.search_orphans import beside, orphans
from catalogs.iceberg.search_states import ForgottenState, SearchedState, searched_states
from catalogs.iceberg.sought import Sought, bound
from catalogs.search import FileRole, Holding, Look, LookedAt, Searched, Sieve, Unexamined, Watch
from catalogs.sifting import Sifted
from catalogs.storage import Storage
from catalogs.table import RawCommit
from snapshots.errors import TemporalLineageError
from snapshots.files import FileContent
from snapshots.history import TableHistory


def search_table(
    current: CurrentTable,
    history: TableHistory,
    where: str,
    *,
    kept: Sequence[RawCommit],
    sieve: Sieve,
    watch: Watch,
) -> Searched:
    """Search all states of a table, and the files that belong to none; see `TableSource.search`."""
    metadata = current.metadata
    sought = bound(where, metadata, location=current.relocation.root)
    manifests = ManifestSearch(
        sought, metadata=metadata, storage=current.storage, relocation=current.relocation
    )
    states: list[SearchedState] = []
    unexamined: list[Unexamined] = []
    forgotten: list[int] = []
    for one in searched_states(current, history, kept=kept, manifests=manifests):
        match one:
            case Unexamined():
                unexamined.append(one)
            case ForgottenState():
                forgotten.append(one.snapshot_id)
            case SearchedState():
                states.append(one)
    stray, lost, folder = orphans(current, manifests.entries.values(), states)
    manifests.settle(folder)
    search = _Search(current, sought, manifests, states)
    search.sift(sieve)
    total = search.count + len(stray)
    for done, path in enumerate(search.paths, start=1):
        search.file(path)
        watch(done, total)
    for done, entry in enumerate(stray, start=search.count + 1):
        search.orphan(entry)
        watch(done, total)
    return Searched(
        columns=sought.columns,
        states=tuple(one.snapshot_id for one in states),
        forgotten=tuple(forgotten),
        broken=frozenset(search.broken),
        holding=tuple(search.holding),
        looked_at=tuple(search.looked_at),
        unexamined=(*unexamined, *search.unexamined, *lost),
        beside=beside(metadata, current.relocation.root),
        sieve=sieve.name,
    )


@dataclass(frozen=True, slots=True)
class _Variant:
    """A file as some states list it: its entry, and the groups of states that have it so."""

    entry: ManifestEntry
    groups: dict[int, list[int]]


class _Search:
    """Reads the files, and holds what is found against the deletes of every state."""

    def __init__(
        self,
        current: CurrentTable,
        sought: Sought,
        manifests: ManifestSearch,
        states: Sequence[SearchedState],
    ) -> None:
        self._manifests = manifests
        self._storage = current.storage
        metadata = current.metadata
        self._files = DataFiles(
            storage=current.storage, relocation=current.relocation, properties=current.properties
        )
        with translated(current.location, {}):
            text = (metadata.properties or {}).get(NAME_MAPPING)
            mapping = parse_mapping_from_json(text) if isinstance(text, str) else None
            defaults = {
                k: v for f in sought.fields for k, v in nanosecond_defaults({"fields": [f]})
            }
        self._known = field_names(metadata.all_schemas(), mapping)
        self._keys = KeyColumns(metadata)
        self._search = FileSearch(
            sought, metadata=metadata, known=self._known, defaults=defaults, files=self._files
        )
        self._metadata = metadata
        self._groups: list[GroupDeletes] = []
        self._variants = self._gathered(states)
        self.paths = tuple(path for path in manifests.entries if path not in manifests.ruled_out)
        self.count = len(self.paths)
        self.holding: list[Holding] = []
        self.unexamined: list[Unexamined] = []
        self.broken: set[int] = set()
        self._sifted = Sifted("", {})
        self.looked_at = [
            self._looked(entry, manifests.ruled_out[path])
            for path, entry in manifests.entries.items()
            if path in manifests.ruled_out
        ]

    def sift(self, sieve: Sieve) -> None:
        """Have the rows of data files counted: where none matches, none is read here."""
        entries = (self._manifests.entries[path] for path in self.paths)
        data = (one for one in entries if one.content is FileContent.DATA)
        found = (self._search.candidate(one) for one in data)
        self._sifted = Sifted(sieve.name, sieve.sift(one for one in found if one is not None))

    def file(self, path: str) -> None:
        """Search a file that some state is made of."""
        entry = self._manifests.entries[path]
        if self._sifted.is_empty(self._files.found(entry)):
            self.looked_at.append(self._looked(entry, Look.READ_BY_ENGINE))
            return
        variants = self._variants.get(path, {}).values()
        states = sorted({one for it in variants for ids in it.groups.values() for one in ids})
        try:
            ids = {
                number for one in variants for at in one.groups for number in self._groups[at].ids
            }
            location = self._files.found(entry)
            keys = [self._keys.column(one, location=location) for one in sorted(ids)]
            found = self._search.found(entry, keys)
            self._sifted.hold(location, len(found.positions))
            live = self._live(variants, found)
        except TemporalLineageError as error:
            place = self._files.found(entry)
            if _is_gone(self._storage, place):
                self.broken.update(states)
                self.looked_at.append(self._looked(entry, Look.GONE))
            else:
                self.unexamined.append(Unexamined(place, str(error), tuple(states)))
            return
        is_key = entry.content is not FileContent.DATA
        self._take(entry, _without_strangers(found) if is_key else found, live)

    def orphan(self, entry: ManifestEntry) -> None:
        """Search a file that no state is made of."""
        try:
            found = self._search.found(entry, ())
        except TemporalLineageError as error:
            self.unexamined.append(Unexamined(self._files.found(entry), str(error), ()))
            return
        self._take(entry, _without_strangers(found), {}, orphan=True)

    def _take(
        self, entry: ManifestEntry, found: Found, live: Mapping[int, int], *, orphan: bool = False
    ) -> None:
        looked = self._looked(entry, found.look, orphan=orphan)
        self.looked_at.append(looked)
        if len(found.positions):
            count = len(found.positions)
            self.holding.append(Holding(looked.path, looked.role, looked.size_bytes, count, live))

    def _live(self, variants: Collection[_Variant], found: Found) -> dict[int, int]:
        """Count the rows that each state still has of a file."""
        live: dict[int, int] = {}
        if not len(found.positions):
            return live
        for variant in variants:
            for at, states in variant.groups.items():
                left = len(found.positions) - self._groups[at].hidden(variant.entry, found)
                live.update(dict.fromkeys(states, left))
        return dict(sorted(live.items()))

    def _looked(self, entry: ManifestEntry, look: Look, *, orphan: bool = False) -> LookedAt:
        role = FileRole.DATA if entry.content is FileContent.DATA else FileRole.EQUALITY_DELETES
        role = FileRole.ORPHAN if orphan else role
        return LookedAt(self._files.found(entry), role, entry.size_bytes, look)

    def _gathered(self, states: Sequence[SearchedState]) -> dict[str, dict[Any, _Variant]]:
        """Sort the states by their deletes, and the files to search by the states they are in."""
        ruled_out = self._manifests.ruled_out
        grouped: dict[Any, list[SearchedState]] = defaultdict(list)
        for state in states:
            deletes = [(one.key, one.sequence_number) for one in _deletes(state)]
            grouped[id(state.metadata) if deletes else 0, frozenset(deletes)].append(state)
        variants: dict[str, dict[Any, _Variant]] = defaultdict(dict)
        for at, members in enumerate(grouped.values()):
            self._groups.append(self._group(members))
            for state in members:
                for contents in state.contents:
                    for entry in contents.data:
                        if entry.path not in ruled_out:
                            key = (entry.sequence_number, entry.spec_id, repr(entry.partition))
                            one = variants[entry.path].setdefault(key, _Variant(entry, {}))
                            one.groups.setdefault(at, []).append(state.snapshot_id)
        return variants

    def _group(self, members: Sequence[SearchedState]) -> GroupDeletes:
        deletes = list(_deletes(members[0]))
        data: dict[str, ManifestEntry] = {}
        if deletes:
            for state in members:
                data |= {one.path: one for part in state.contents for one in part.data}
        metadata: TableMetadata = members[0].metadata
        return GroupDeletes(
            [*data.values(), *deletes],
            metadata=metadata,
            known=self._known,
            files=self._files,
        )


def _is_gone(storage: Storage, place: str) -> bool:
    """Tell whether a file is not there; what cannot be asked about may be."""
    try:
        return not storage.exists(place)
    except TemporalLineageError:
        return False


def _without_strangers(found: Found) -> Found:
    """Leave out the rows of a file that has none of the columns: its NULLs are no rows of these."""
    if not found.lacks:
        return found
    return Found(pa.array([], pa.int64()), {}, Look.NO_SUCH_COLUMN, lacks=True)


def _deletes(state: SearchedState) -> Iterator[ManifestEntry]:
    for contents in state.contents:
        yield from contents.deletes
