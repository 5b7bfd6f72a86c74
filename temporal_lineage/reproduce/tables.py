"""Tables: the past states of each, in the table, in what the ledger kept, in what lies there."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from snapshots.availability import Gone, LogTruncated
from snapshots.errors import UnreadableError
from snapshots.instant import FOREVER
from temporal_lineage.harvesting.histories import remembered
from temporal_lineage.harvesting.table_claims import table_claim
from temporal_lineage.reproduce.reaching import OutOfReach, Reached, Reaching

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from catalogs.table import RawCommit, States, TableState
    from snapshots.history import TableHistory
    from snapshots.recovery import RecoveryPlan
    from temporal_lineage.claims import TableClaim
    from temporal_lineage.store.reader import Reader


@dataclass(frozen=True, slots=True)
class Found:
    """A state that can be opened; `plan` says how, None where the table itself lists it."""

    state: TableState
    plan: RecoveryPlan | None

    @property
    def lost(self) -> tuple[str, ...]:
        """What nothing tells of the state any more, as doubts of an answer."""
        return tuple(f"lost for good: {one}" for one in (self.plan.lost if self.plan else ()))


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
        source = reached.holder(snapshot_id)
        first: TableState | LogTruncated | Gone | UnreadableError | None = None
        if snapshot_id in reached.history.listed:
            first = _tried(source, snapshot_id)
        if first is None or isinstance(first, LogTruncated | Gone | UnreadableError):
            if snapshot_id in self.rebuildable(reached):
                second = source.state(snapshot_id, kept=self.kept(reached.dataset_id))
                if not isinstance(second, LogTruncated | Gone):
                    return Found(
                        second,
                        _planned(second, rebuilt(_trouble(first), self.keeper(reached.dataset_id))),
                    )
            first = first or _tried(source, snapshot_id)
        if isinstance(first, LogTruncated | Gone | UnreadableError):
            pieced = _pieced(source, snapshot_id, reached.history)
            if pieced is not None:
                return Found(pieced, _planned(pieced, _from(pieced, _trouble(first))))
        if isinstance(first, UnreadableError):
            raise first
        if isinstance(first, LogTruncated | Gone):
            return first
        return Found(first, _planned(first, f"from {first.plan.how}") if first.plan else None)

    def rebuildable(self, reached: Reached) -> frozenset[int]:
        """Give the states that can be rebuilt with what the ledger kept."""
        dataset_id, bygone = reached.dataset_id, reached.bygone
        if dataset_id not in self._rebuildable:
            kept = self.kept(dataset_id)
            found = reached.source.rebuildable(kept) - bygone
            if reached.remains is not None:
                found |= reached.remains.rebuildable(kept) & bygone
            self._rebuildable[dataset_id] = found
        return self._rebuildable[dataset_id]

    def kept(self, dataset_id: int) -> Sequence[RawCommit]:
        """Give all that the ledger kept of a table; read once."""
        if dataset_id not in self._kept:
            from catalogs.table import RawCommit

            blobs = self._reader.blobs(dataset_id=dataset_id)
            self._kept[dataset_id] = [RawCommit(one.witness, one.body) for one in blobs]
        return self._kept[dataset_id]

    def keeper(self, dataset_id: int) -> str:
        """Name who kept what `kept` gives."""
        del dataset_id
        return "the ledger"

    def _reach(self, dataset_id: int) -> Reached | OutOfReach:
        claim = self.claim(dataset_id)
        known = remembered(self._reader, dataset_id, system=FOREVER)
        if claim is None or known is None:
            return OutOfReach("it is known from events only; no harvest has seen a table behind it")
        reaching = Reaching(
            self._reader, self._folder, dataset_id, claim, lambda: self.kept(dataset_id)
        )
        return reaching.reach(known)


def rebuilt(lost: Sequence[str], keeper: str = "the ledger") -> str:
    """Say how a state is rebuilt, and which of the table's metadata files made that needed."""
    how = f"from the file lists that {keeper} kept"
    if not lost:
        return how
    more = f" (and {len(lost) - 1} more)" if len(lost) > 1 else ""
    return f"{how}, since the table's own {lost[0]}{more} is gone or broken"


def _planned(state: TableState, how: str) -> RecoveryPlan | None:
    return replace(state.plan, how=how) if state.plan else None


def _trouble(first: LogTruncated | Gone | UnreadableError | None) -> tuple[str, ...]:
    match first:
        case Gone(missing):
            return missing
        case UnreadableError():
            return (first.location,)
        case _:
            return ()


def _pieced(source: States, snapshot_id: int, history: TableHistory) -> TableState | None:
    from catalogs.table import FromPieces

    if not isinstance(source, FromPieces):
        return None
    try:
        return source.from_pieces(snapshot_id, known=history)
    except UnreadableError:
        return None  # what stood in the way of the table itself says more


def _from(state: TableState, lost: Sequence[str]) -> str:
    how = f"from {state.plan.how}" if state.plan else ""
    return f"{how}, since {lost[0]} is gone or broken" if lost else how


def _tried(source: States, snapshot_id: int) -> TableState | LogTruncated | Gone | UnreadableError:
    try:
        return source.state(snapshot_id, kept=())
    except UnreadableError as error:
        return error
