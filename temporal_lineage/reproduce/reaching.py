"""Reaching: a table as it lies there now, by its catalog, by its place, or what is left of it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING

from snapshots.errors import TemporalLineageError, UnknownNameError, UnreadableError
from snapshots.instant import FOREVER
from snapshots.retention import at_risk, protections
from temporal_lineage.claims import decode
from temporal_lineage.keys import AttributeKind

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from pathlib import Path

    from catalogs.configuration import CatalogEntry
    from catalogs.table import RawCommit, States, TableSource
    from snapshots.availability import AtRisk, Protected
    from snapshots.history import TableHistory
    from snapshots.snapshot import Snapshot
    from temporal_lineage.claims import TableClaim
    from temporal_lineage.store.reader import Reader


@dataclass(frozen=True, slots=True)
class Reached:
    """A table that could be looked at; `history` joins what it and the ledger remember.

    `bygone` are the states that the ledger knows and the table's rewritten log has no place for:
    they are found in `remains` only. `protections` and `risks` are what its refs and its policy
    do, by snapshot. `doubts` say by which detour it was opened, and what of it is lost.
    """

    dataset_id: int
    source: States
    remains: States | None
    bygone: frozenset[int]
    history: TableHistory
    protections: Mapping[int, tuple[Protected, ...]]
    risks: Mapping[int, AtRisk]
    doubts: tuple[str, ...]

    def holder(self, snapshot_id: int) -> States:
        """Give what a state is to be found in."""
        if self.remains is not None and snapshot_id in self.bygone:
            return self.remains
        return self.source


@dataclass(frozen=True, slots=True)
class OutOfReach:
    """Nobody could look at the table; `reason` says why."""

    reason: str


class Reaching:
    """Opens one table, and proves that it is the one meant."""

    def __init__(
        self,
        reader: Reader,
        folder: Path,
        dataset_id: int,
        claim: TableClaim,
        kept: Callable[[], Sequence[RawCommit]],
    ) -> None:
        """Find catalogs in the configuration of this folder; `kept` gives what was kept of it."""
        self._reader = reader
        self._folder = folder
        self._dataset_id = dataset_id
        self._claim = claim
        self._kept = kept
        self._refused: list[str] = []

    def reach(self, known: TableHistory) -> Reached | OutOfReach:
        """Open the table and bring its history up to date; else open what is left of it."""
        for opening in self._ways():
            try:
                source = opening()
                history = source.history(known=known)
            except TemporalLineageError as error:
                self._refused.append(briefly(error))
                continue
            if history.identity == known.identity:
                return self._opened(source, self._with_properties(history, known), known)
            self._refused.append(f"{source.location} holds another table now, {history.identity}")
        reason = "; ".join(dict.fromkeys(self._refused))
        try:
            return self._left(known, reason)
        except TemporalLineageError:
            return OutOfReach(reason)

    def _opened(self, source: TableSource, history: TableHistory, known: TableHistory) -> Reached:
        there = {one.snapshot_id for one in history.snapshots}
        bygone = [one for one in known.snapshots if one.snapshot_id not in there]
        detour = "; ".join(self._refused)
        doubts = [f"opened by its place: {detour}"] if detour else []
        found = never_seen(source, history)
        history = replace(history, snapshots=(*found, *history.snapshots))
        doubts += _by_lists(found)
        remains = None
        if bygone:
            remains = self._remains(known)
            history = replace(history, snapshots=(*history.snapshots, *bygone))
            doubts.append(
                f"its log was rewritten, or went back: {len(bygone)} of its states are known from"
                " earlier harvests only"
            )
        return Reached(
            dataset_id=self._dataset_id,
            source=source,
            remains=remains,
            bygone=frozenset(one.snapshot_id for one in bygone),
            history=history,
            protections=protections(history),
            risks=at_risk(history),
            doubts=tuple(doubts),
        )

    def _left(self, known: TableHistory, reason: str) -> Reached | OutOfReach:
        """Open what is left of a table.

        Where none of its files is in its place it may as well have been moved from there: nobody
        could look. Raises UnreadableError where its storage does not answer.
        """
        remains = self._remains(known)
        files = {
            one.file.key: one.file for one in self._reader.file_lives(dataset_id=self._dataset_id)
        }
        if len(remains.presence().missing(files.values())) == len(files):
            return OutOfReach(reason)
        return left_of(remains, known, reason, dataset_id=self._dataset_id)

    def _remains(self, known: TableHistory) -> States:
        from catalogs.opening import open_remains
        from catalogs.storage import Storage

        return open_remains(known, Storage(self._options), kept=self._kept())

    def _with_properties(self, history: TableHistory, known: TableHistory) -> TableHistory:
        """Give a head that was not read again its properties, which only the ledger has then."""
        head, before = history.head(), known.head()
        if head is None or before is None or head.witness != before.witness:
            return history
        line = self._reader.timeline(
            node_id=self._dataset_id, kind=AttributeKind.PROPERTIES, name="", system=FOREVER
        )
        properties = decode(dict[str, str], line[-1].claim) if line else {}
        chain = tuple(
            replace(head, properties=properties) if point is head else point
            for point in history.chain
        )
        return replace(history, chain=chain)

    def _ways(self) -> Iterator[Callable[[], TableSource]]:
        """Yield the ways to open a table: by the catalog it was harvested from, by its place."""
        from catalogs.catalog import open_catalog, open_path
        from catalogs.table_name import TableName

        entry, parts = self._entry
        if entry is not None:
            opened = open_catalog(entry)
            yield lambda: opened.table(TableName(parts))
        yield lambda: open_path(self._claim.location, self._options)

    @cached_property
    def _options(self) -> Mapping[str, str]:
        """How to read where the table lies: as its catalog does, else by what is said of moves."""
        from catalogs.configuration import Configuration
        from catalogs.moved import with_moved

        entry, _ = self._entry
        return entry.properties if entry else with_moved({}, Configuration(self._folder).moved())

    @cached_property
    def _entry(self) -> tuple[CatalogEntry | None, tuple[str, ...]]:
        """The catalog that the table was harvested from, None if unknown here; its name there."""
        from catalogs.configuration import Configuration
        from catalogs.table_name import TableName

        if self._claim.address.startswith("dataset:"):
            return None, ()
        catalog, *parts = TableName.parse(self._claim.address).parts
        try:
            return Configuration(self._folder).entry(catalog), tuple(parts)
        except UnknownNameError:
            self._refused.append(f"catalog {catalog} is not configured here")
            return None, ()


def briefly(error: TemporalLineageError) -> str:
    """Say what stood in the way, without the advice: several ways are told of in one line."""
    if isinstance(error, UnreadableError):
        return f"cannot read {error.location}: {error.reason}"
    return str(error)


def left_of(remains: States, known: TableHistory, reason: str, *, dataset_id: int) -> Reached:
    """Give a table of which only remains are left, with the states that only they tell of."""
    found = never_seen(remains, known)
    doubts = [f"it cannot be opened any more, only what is left of it: {reason}"]
    doubts += _by_lists(found)
    return Reached(
        dataset_id=dataset_id,
        source=remains,
        remains=None,
        bygone=frozenset(),
        history=replace(known, listed=frozenset(), snapshots=(*known.snapshots, *found)),
        protections={},
        risks={},
        doubts=tuple(doubts),
    )


def never_seen(source: States, history: TableHistory) -> tuple[Snapshot, ...]:
    """Give the states that only their own lists tell of; none where nobody could look."""
    from catalogs.table import FromPieces

    try:
        return source.never_seen(history) if isinstance(source, FromPieces) else ()
    except UnreadableError:
        return ()


def _by_lists(found: Sequence[Snapshot]) -> list[str]:
    if not found:
        return []
    states = (
        "a state that only its manifest list tells"
        if len(found) == 1
        else (f"{len(found)} states that only their manifest lists tell")
    )
    return [f"no harvest saw {states}: what lists do not say is not known of them"]
