"""Opening what a lock names: by what a ledger here knows of it, by its catalog, by its place.

A lock needs no ledger. Where one is there and knows the table, what it kept helps to read states
that the table has forgotten.
"""

from __future__ import annotations

from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING

from snapshots.availability import Gone, LogTruncated
from snapshots.dataset import TableFormat, TableIdentity
from snapshots.errors import TemporalLineageError, UnknownNameError
from snapshots.history import TableHistory
from snapshots.retention import at_risk, protections
from temporal_lineage.claims import TableClaim
from temporal_lineage.keys import NodeKind
from temporal_lineage.locks.lock import LockedState
from temporal_lineage.locks.pieces import unpacked
from temporal_lineage.reproduce.reaching import OutOfReach, Reached, left_of
from temporal_lineage.reproduce.tables import Tables
from temporal_lineage.store.errors import LedgerError, LedgerMissingError
from temporal_lineage.store.reader import Reader, open_reader

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
    from pathlib import Path

    from catalogs.configuration import CatalogEntry
    from catalogs.table import RawCommit, TableSource
    from temporal_lineage.locks.lock import LockedPiece, LockedWritten
    from temporal_lineage.store.runner import Parameters, Row

    LockedTable = LockedState | LockedWritten

_NO_STATE = (LogTruncated, Gone)


class NothingKnown:
    """A runner of statements for where there is no ledger: it has no rows."""

    def rows(self, name: str, parameters: Parameters) -> list[Row]:
        """Give no rows. See `Runner`."""
        del name, parameters
        return []


class LockedTables(Tables):
    """The tables that a lock names; those that no ledger here knows have numbers below zero."""

    def __init__(self, reader: Reader, folder: Path, states: Iterable[LockedTable]) -> None:
        """Take the states; catalogs are found in the configuration of this folder."""
        super().__init__(reader, folder)
        named: dict[str, list[LockedTable]] = {}
        for one in states:
            named.setdefault(one.identity, []).append(one)
        self._numbers: dict[str, int] = {}
        self._states: dict[int, tuple[LockedTable, ...]] = {}
        for place, (identity, own) in enumerate(named.items(), start=1):
            known = reader.node(kind=NodeKind.DATASET, parent_id=0, name=identity)
            number = self._numbers[identity] = -place if known is None else known
            self._states[number] = tuple(own)

    def number(self, one: LockedTable) -> int:
        """Give the number of a state's table, here."""
        return self._numbers[one.identity]

    def claim(self, dataset_id: int) -> TableClaim | None:
        """Give what is known of a table. See `Tables.claim`."""
        if dataset_id >= 0:
            return super().claim(dataset_id)
        one = self._states[dataset_id][0]
        uuid = one.identity.partition(":")[2]
        return TableClaim(one.format, uuid, one.location, dataset_of(one), (), ())

    def kept(self, dataset_id: int) -> Sequence[RawCommit]:
        """Give what the lock holds of a table, and what the ledger kept. See `Tables.kept`.

        Of the two the lock counts: it says itself how its states are found.
        """
        own = unpacked(self._pieces(dataset_id))
        return (*(super().kept(dataset_id) if dataset_id >= 0 else ()), *own)

    def _pieces(self, dataset_id: int) -> Iterable[LockedPiece]:
        """Give what the lock holds of a table, each piece once: states may share some."""
        states = self._states.get(dataset_id, ())
        held = [one.kept for one in states if isinstance(one, LockedState)]
        return dict.fromkeys(piece for pieces in held for piece in pieces)

    def keeper(self, dataset_id: int) -> str:
        """Name who kept what `kept` gives. See `Tables.keeper`."""
        return "the lock" if self._pieces(dataset_id) else super().keeper(dataset_id)

    def _reach(self, dataset_id: int) -> Reached | OutOfReach:
        found = super()._reach(dataset_id) if dataset_id >= 0 else OutOfReach("")
        if isinstance(found, Reached):
            return found
        return self._opened(dataset_id, self._states[dataset_id])

    def _opened(self, dataset_id: int, states: Sequence[LockedTable]) -> Reached | OutOfReach:
        """Open a table by the first way that leads to its states, else to the table at all."""
        refused: list[str] = []
        without: list[Reached] = []
        identity = states[0].identity
        for opening in (way for one in states for way in self._ways(one, refused)):
            try:
                source = opening()
                reached = _reached(dataset_id, source, refused)
                if str(reached.history.identity) != identity:
                    held = reached.history.identity
                    refused.append(f"{source.location} holds another table, {held}")
                elif any(
                    isinstance(source.state(int(one.version), kept=()), _NO_STATE) for one in states
                ):
                    without.append(reached)
                else:
                    return reached
            except TemporalLineageError as error:
                refused.append(str(error))
        if without:
            return without[0]
        reason = "; ".join(dict.fromkeys(refused))
        if not self._pieces(dataset_id):
            return OutOfReach(reason)
        return self._left(dataset_id, states[0], reason)

    def _left(self, dataset_id: int, one: LockedTable, reason: str) -> Reached:
        """Open what is left of a table that is gone, by what the lock holds of it."""
        from catalogs.configuration import Configuration
        from catalogs.moved import with_moved
        from catalogs.opening import open_remains
        from catalogs.storage import Storage

        kind, _, uuid = one.identity.partition(":")
        identity = TableIdentity(TableFormat(kind), uuid)
        known = TableHistory.unknown(identity, one.location)
        storage = Storage(with_moved({}, Configuration(self._folder).moved()))
        remains = open_remains(known, storage, kept=self.kept(dataset_id))
        return left_of(remains, known, reason, dataset_id=dataset_id)

    def _ways(self, one: LockedTable, refused: list[str]) -> Iterator[Callable[[], TableSource]]:
        from catalogs.catalog import open_catalog, open_path
        from catalogs.configuration import Configuration
        from catalogs.iceberg.metadata import is_metadata_name
        from catalogs.moved import with_moved
        from catalogs.table_name import TableName

        entry, parts = self._entry(one, refused)
        options: Mapping[str, str] = with_moved({}, Configuration(self._folder).moved())
        if entry is not None:
            options = entry.properties
            opened = open_catalog(entry)
            yield lambda: opened.table(TableName(parts))
        yield lambda: open_path(one.location, options)
        metadata = one.metadata
        if metadata is not None and is_metadata_name(metadata):
            yield lambda: open_path(metadata, options)

    def _entry(
        self, one: LockedTable, refused: list[str]
    ) -> tuple[CatalogEntry | None, tuple[str, ...]]:
        """Give the catalog that the address names; None where it is not configured here."""
        from catalogs.configuration import Configuration
        from catalogs.table_name import TableName

        dataset = dataset_of(one)
        if dataset.startswith("dataset:"):
            return None, ()
        catalog, *parts = TableName.parse(dataset).parts
        try:
            return Configuration(self._folder).entry(catalog), tuple(parts)
        except UnknownNameError:
            refused.append(f"catalog {catalog} is not configured here")
            return None, ()


@contextmanager
def reader_for_lock(url: str) -> Iterator[tuple[Reader, tuple[str, ...]]]:
    """Open the ledger that may be here, and say as a doubt why one that is here cannot be read."""
    with ExitStack() as opened:
        doubts: tuple[str, ...] = ()
        try:
            reader = opened.enter_context(open_reader(url))
        except LedgerMissingError:
            reader = Reader(NothingKnown())
        except LedgerError as error:
            reader, doubts = Reader(NothingKnown()), (f"without the ledger here: {error}",)
        yield reader, doubts


def dataset_of(one: LockedTable) -> str:
    """Give the address of a state's table."""
    return one.address.removesuffix(f"@{one.version}")


def _reached(dataset_id: int, source: TableSource, refused: Sequence[str]) -> Reached:
    history = source.history(known=None)
    detour = "; ".join(dict.fromkeys(refused))
    return Reached(
        dataset_id=dataset_id,
        source=source,
        remains=None,
        bygone=frozenset(),
        history=history,
        protections=protections(history),
        risks=at_risk(history),
        doubts=(f"opened by its place: {detour}",) if detour else (),
    )
