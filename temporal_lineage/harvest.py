"""Harvesting: read what tables remember, and keep it before they forget."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from typing import TYPE_CHECKING

from snapshots.dataset import Dataset
from snapshots.errors import TemporalLineageError, UnreadableError
from snapshots.instant import BEGINNING
from snapshots.period import Period
from temporal_lineage.aliases import rename
from temporal_lineage.capture.openlineage_names import located
from temporal_lineage.contributing import keep_contributions
from temporal_lineage.harvest_reading import RULES, Unchanged, read_table
from temporal_lineage.harvest_side_by_side import side_by_side
from temporal_lineage.harvest_targets import find_targets
from temporal_lineage.histories import remember
from temporal_lineage.keys import NodeKind
from temporal_lineage.linking import link
from temporal_lineage.naming import (
    CATALOG_NAMESPACE,
    UNHARVESTED,
    canonical_identity,
)
from temporal_lineage.store.assertions import NodeKey

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from temporal_lineage.harvest_reading import Reading
    from temporal_lineage.harvest_targets import Target
    from temporal_lineage.store.ledger import Ledger
    from temporal_lineage.store.reader import Reader
    from temporal_lineage.store.transaction import Transaction

_TRIES_MAX = 5
"""How often a table is read again because another harvest kept it meanwhile."""

Progress = Callable[[str, int, int], None]
"""Called with a table's address, how many are done, and how many there are so far."""


@dataclass(frozen=True, slots=True)
class TableHarvest:
    """What one harvest of one table brought.

    `outcome` is `new`, `changed`, `unchanged` or `failed`. `error` is None unless it failed.
    """

    address: str
    outcome: str
    new: int
    snapshots: int
    error: str | None


@dataclass(frozen=True, slots=True)
class HarvestReport:
    """What a harvest brought, table by table."""

    tables: tuple[TableHarvest, ...]


def harvest(
    ledger: Ledger,
    folder: Path,
    targets: Sequence[str],
    *,
    jobs: int,
    progress: Progress | None,
) -> HarvestReport:
    """Harvest tables, `jobs` of them read at once, each kept in a transaction of its own.

    They are kept in their order, so that the same harvest makes the same ledger. A table that
    cannot be read is reported and does not stop the others; an interrupt or a bug loses none that
    was kept. Raises UnknownNameError for a target that names neither a catalog, a table nor a
    path.
    """
    found = list(find_targets(folder, targets))

    def read(target: Target, is_stopped: Callable[[], bool]) -> Reading | Unchanged:
        return read_table(ledger, target.address, target.open(), is_stopped=is_stopped)

    done: list[TableHarvest] = []
    with closing(side_by_side(found, read, jobs=jobs)) as readings:
        for target, result in readings:
            if progress:
                progress(target.address, len(done), len(found))
            try:
                done.append(_harvested(ledger, target, result()))
            except TemporalLineageError as error:
                done.append(TableHarvest(target.address, "failed", 0, 0, str(error)))
    if progress and found:
        progress("harvested", len(found), len(found))
    return HarvestReport(tuple(done))


def _harvested(ledger: Ledger, target: Target, reading: Reading | Unchanged) -> TableHarvest:
    """Keep what was read of a table."""
    address = target.address
    for _ in range(_TRIES_MAX):
        if isinstance(reading, Unchanged):
            return TableHarvest(address, "unchanged", 0, reading.snapshots, None)
        with ledger.transaction(source="harvest", note=address) as transaction:
            if _is_current(transaction.reader, reading, address):
                _keep(transaction, address, reading)
                break
        # Somebody kept this table meanwhile, and what they know must not be lost.
        reading = read_table(ledger, address, target.open(), is_stopped=lambda: False)
    else:
        advice = "wait for the other harvests of it to end"
        raise UnreadableError(address, "others kept harvesting it meanwhile", advice)
    known, history = reading.known, reading.history
    before = {one.snapshot_id for one in known.snapshots} if known else set()
    new = sum(one.snapshot_id not in before for one in history.snapshots)
    outcome = "changed" if known else "new"
    return TableHarvest(address, outcome, new, len(history.snapshots), None)


def _is_current(reader: Reader, reading: Reading, address: str) -> bool:
    """Tell whether the ledger still knows of a table what it knew when the table was read."""
    identity = canonical_identity(reader, reading.history, address)
    dataset_id = reader.node(kind=NodeKind.DATASET, parent_id=0, name=identity)
    last = 0 if dataset_id is None else reader.harvested_last(dataset_id=dataset_id)
    return (identity, last) == (reading.identity, reading.harvest_id)


def _keep(transaction: Transaction, address: str, reading: Reading) -> None:
    history = reading.history
    identity = reading.identity
    (dataset_id,) = transaction.nodes([NodeKey(NodeKind.DATASET, 0, identity)])
    known = reading.known if reading.same_rules else None
    remember(transaction, dataset_id, history, address=address, known=known)
    names = [located(history.location)]
    if not address.startswith("dataset:"):
        names.insert(0, Dataset(CATALOG_NAMESPACE, address))
    starts = [one.committed_at for one in history.snapshots]
    lifetime = Period.since(min(starts, default=BEGINNING))
    before = rename(transaction, names, identity, lifetime)
    keep_contributions(transaction, dataset_id, history, reading.commits)
    transaction.keep_blobs(dataset_id, reading.raw)
    transaction.note_harvest(
        name=address, dataset_id=dataset_id, head=reading.head, outcome="read", detail=RULES
    )
    former_ids = [
        transaction.reader.node(kind=NodeKind.DATASET, parent_id=0, name=identity)
        for identity in sorted(before)
        if identity.startswith(UNHARVESTED)
    ]
    touched = [dataset_id, *(one for one in former_ids if one is not None)]
    link(transaction, run_ids=(), dataset_ids=touched)
