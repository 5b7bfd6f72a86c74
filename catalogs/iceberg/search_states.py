"""Searched states: every snapshot that any metadata of a table still tells of, with its files."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from catalogs.iceberg.current import CurrentTable
from catalogs.iceberg.files import FileLists
from catalogs.iceberg.kept import KeptState, KeptStates
from catalogs.iceberg.metadata import SnapshotEntry, TableMetadata
from catalogs.iceberg.search_manifests import Contents, ManifestSearch
from catalogs.search import Unexamined
from catalogs.storage import AbsentFileError
from catalogs.table import RawCommit
from snapshots.errors import TemporalLineageError
from snapshots.history import TableHistory


@dataclass(frozen=True, slots=True)
class SearchedState:
    """A snapshot and the contents of its manifests; `metadata` is a file that lists it."""

    snapshot_id: int
    metadata: TableMetadata
    contents: tuple[Contents, ...]


@dataclass(frozen=True, slots=True)
class ForgottenState:
    """A snapshot of which nothing tells any more what it was made of."""

    snapshot_id: int


def searched_states(
    current: CurrentTable,
    history: TableHistory,
    *,
    kept: Sequence[RawCommit],
    manifests: ManifestSearch,
) -> Iterator[SearchedState | ForgottenState | Unexamined]:
    """Yield all states that are known: listed now or once, kept by the ledger, or strays.

    A state whose file lists are there and cannot be read is unexamined.
    """
    finder = _Finder(current, history, kept)
    lists = FileLists(current.storage, current.relocation)
    for snapshot_id in finder.ids():
        state: SearchedState | ForgottenState | Unexamined = ForgottenState(snapshot_id)
        try:
            listed = finder.listed(snapshot_id)
            if listed is not None:
                read = tuple(manifests.contents(one) for one in lists.manifests(listed[1]))
                state = SearchedState(snapshot_id, listed[0], read)
        except AbsentFileError:
            pass
        except TemporalLineageError as error:
            state = Unexamined(f"@{snapshot_id}", str(error), (snapshot_id,))
        again = None if isinstance(state, SearchedState) else finder.kept(snapshot_id)
        if again is not None:
            contents = manifests.taken((entry, {}) for entry in again.entries)
            state = SearchedState(snapshot_id, again.metadata, (contents,))
        yield state


class _Finder:
    """Finds the metadata that lists a snapshot: the current file, an older one, a stray."""

    def __init__(
        self, current: CurrentTable, history: TableHistory, kept: Sequence[RawCommit]
    ) -> None:
        self._current = current
        self._history = history
        self._kept = KeptStates(kept) if kept else None
        self._own = {one.snapshot_id: one for one in current.metadata.snapshots or ()}
        self._older: tuple[str, TableMetadata] | None = None

    def ids(self) -> Iterator[int]:
        known = dict.fromkeys(one.snapshot_id for one in self._history.snapshots)
        yield from known
        strays = {*self._own, *self._current.stray_ids()}
        yield from sorted(strays - known.keys())

    def listed(self, snapshot_id: int) -> tuple[TableMetadata, SnapshotEntry] | None:
        entry = self._own.get(snapshot_id)
        if entry is not None:
            return self._current.metadata, entry
        listing = self._current.listing(snapshot_id, self._history)
        listing = listing or self._current.stray_listing(snapshot_id)
        if listing is None:
            return None
        if self._older is None or self._older[0] != listing.path:
            self._older = (listing.path, self._current.read(listing.path))
        return self._older[1], listing.entry

    def kept(self, snapshot_id: int) -> KeptState | None:
        return self._kept.state(snapshot_id) if self._kept is not None else None
