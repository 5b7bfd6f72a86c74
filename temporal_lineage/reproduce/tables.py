"""Tables as they lie there now: opened by catalog or place, and proved to be the ones meant."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from snapshots.availability import Gone, LogTruncated
from snapshots.errors import TemporalLineageError, UnknownNameError, UnreadableError
from snapshots.instant import FOREVER
from snapshots.retention import at_risk, protections
from temporal_lineage.claims import decode
from temporal_lineage.harvesting.histories import remembered, table_claim
from temporal_lineage.keys import AttributeKind

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from pathlib import Path

    from catalogs.configuration import CatalogEntry
    from catalogs.table import RawCommit, TableSource, TableState
    from snapshots.availability import AtRisk, Protected
    from snapshots.history import TableHistory
    from temporal_lineage.claims import TableClaim
    from temporal_lineage.store.reader import Reader


@dataclass(frozen=True, slots=True)
class Reached:
    """A table that could be looked at; `history` joins what it and the ledger remember.

    `protections` and `risks` are what its refs and its policy do, by snapshot. `detour` says why
    it was opened by its place and not by its catalog; None where it was not.
    """

    dataset_id: int
    source: TableSource
    history: TableHistory
    protections: Mapping[int, tuple[Protected, ...]]
    risks: Mapping[int, AtRisk]
    detour: str | None


@dataclass(frozen=True, slots=True)
class Found:
    """A state that can be opened; `way` says how, None where the table itself lists it."""

    state: TableState
    way: str | None


@dataclass(frozen=True, slots=True)
class OutOfReach:
    """Nobody could look at the table; `reason` says why."""

    reason: str


class Tables:
    """The tables that inputs lie in, each opened once.

    What the ledger knows of them is taken as it is known by now, whenever the question is about:
    the verdict is on the present.
    """

    def __init__(self, reader: Reader, folder: Path) -> None:
        """Find catalogs in the configuration of this folder."""
        self._reader = reader
        self._folder = folder
        self._found: dict[int, Reached | OutOfReach] = {}
        self._kept: dict[int, Sequence[RawCommit]] = {}
        self._rebuildable: dict[int, frozenset[int]] = {}

    def claim(self, dataset_id: int) -> TableClaim | None:
        """Give what is known of the table; None for a dataset that was never harvested."""
        return table_claim(self._reader, dataset_id, system=FOREVER)

    def reach(self, dataset_id: int) -> Reached | OutOfReach:
        """Open a table and bring its history up to date."""
        if dataset_id not in self._found:
            self._found[dataset_id] = self._reach(dataset_id)
        return self._found[dataset_id]

    def state(self, reached: Reached, snapshot_id: int) -> Found | LogTruncated | Gone:
        """Find a state: in the table, by what the ledger kept, in older metadata lying there.

        What the ledger kept goes before older metadata, which may be gone tomorrow.
        """
        source = reached.source
        first: TableState | LogTruncated | Gone | UnreadableError | None = None
        if snapshot_id in reached.history.listed:
            first = _tried(source, snapshot_id)
        if first is None or isinstance(first, LogTruncated | Gone | UnreadableError):
            if snapshot_id in self.rebuildable(reached):
                second = source.state(snapshot_id, kept=self.kept(reached))
                if not isinstance(second, LogTruncated | Gone):
                    return Found(second, rebuilt(_trouble(first)))
            first = first or _tried(source, snapshot_id)
        if isinstance(first, UnreadableError):
            raise first
        if isinstance(first, LogTruncated | Gone):
            return first
        return Found(first, f"from {first.found_in}" if first.found_in else None)

    def rebuildable(self, reached: Reached) -> frozenset[int]:
        """Give the states that can be rebuilt with what the ledger kept."""
        if reached.dataset_id not in self._rebuildable:
            found = reached.source.rebuildable(self.kept(reached))
            self._rebuildable[reached.dataset_id] = found
        return self._rebuildable[reached.dataset_id]

    def kept(self, reached: Reached) -> Sequence[RawCommit]:
        """Give all that the ledger kept of a table; read once."""
        if reached.dataset_id not in self._kept:
            from catalogs.table import RawCommit

            blobs = self._reader.blobs(dataset_id=reached.dataset_id)
            self._kept[reached.dataset_id] = [RawCommit(one.witness, one.body) for one in blobs]
        return self._kept[reached.dataset_id]

    def _reach(self, dataset_id: int) -> Reached | OutOfReach:
        claim = self.claim(dataset_id)
        known = remembered(self._reader, dataset_id, system=FOREVER)
        if claim is None or known is None:
            return OutOfReach("it is known from events only; no harvest has seen a table behind it")
        refused: list[str] = []
        for opening in self._ways(claim, refused):
            try:
                source = opening()
                history = source.history(known=known)
            except TemporalLineageError as error:
                refused.append(str(error))
                continue
            if history.identity == known.identity:
                return self._reached(dataset_id, source, history, known, refused)
            refused.append(f"{source.location} holds another table now, {history.identity}")
        return OutOfReach("; ".join(dict.fromkeys(refused)))

    def _reached(
        self,
        dataset_id: int,
        source: TableSource,
        history: TableHistory,
        known: TableHistory,
        refused: Sequence[str],
    ) -> Reached:
        head, before = history.head(), known.head()
        if head is not None and before is not None and head.witness == before.witness:
            # A commit point that was not read again has its properties in the ledger only.
            line = self._reader.timeline(
                node_id=dataset_id, kind=AttributeKind.PROPERTIES, name="", system=FOREVER
            )
            properties = decode(dict[str, str], line[-1].claim) if line else {}
            chain = tuple(
                replace(head, properties=properties) if point is head else point
                for point in history.chain
            )
            history = replace(history, chain=chain)
        return Reached(
            dataset_id=dataset_id,
            source=source,
            history=history,
            protections=protections(history),
            risks=at_risk(history),
            detour="; ".join(refused) if refused else None,
        )

    def _ways(self, claim: TableClaim, refused: list[str]) -> Iterator[Callable[[], TableSource]]:
        """Yield the ways to open a table: by the catalog it was harvested from, by its place."""
        from catalogs.catalog import open_catalog, open_path
        from catalogs.configuration import Configuration
        from catalogs.moved import with_moved
        from catalogs.table_name import TableName

        entry: CatalogEntry | None = None
        if not claim.address.startswith("dataset:"):
            catalog, *parts = TableName.parse(claim.address).parts
            entry = self._entry(catalog, refused)
            if entry is not None:
                opened = open_catalog(entry)
                yield lambda: opened.table(TableName(tuple(parts)))
        moved = Configuration(self._folder).moved()
        options: Mapping[str, str] = entry.properties if entry else with_moved({}, moved)
        yield lambda: open_path(claim.location, options)

    def _entry(self, catalog: str, refused: list[str]) -> CatalogEntry | None:
        from catalogs.configuration import Configuration

        try:
            return Configuration(self._folder).entry(catalog)
        except UnknownNameError:
            refused.append(f"catalog {catalog} is not configured here")
            return None


def rebuilt(lost: Sequence[str]) -> str:
    """Say how a state is rebuilt, and which of the table's metadata files made that needed."""
    how = "from the file lists that the ledger kept"
    if not lost:
        return how
    more = f" (and {len(lost) - 1} more)" if len(lost) > 1 else ""
    return f"{how}, since the table's own {lost[0]}{more} is gone or broken"


def _trouble(first: LogTruncated | Gone | UnreadableError | None) -> tuple[str, ...]:
    match first:
        case Gone(missing):
            return missing
        case UnreadableError():
            return (first.location,)
        case _:
            return ()


def _tried(
    source: TableSource, snapshot_id: int
) -> TableState | LogTruncated | Gone | UnreadableError:
    try:
        return source.state(snapshot_id, kept=())
    except UnreadableError as error:
        return error
