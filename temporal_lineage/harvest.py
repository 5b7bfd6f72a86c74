"""Harvesting: read what tables remember, and keep it before they forget."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from snapshots.dataset import Dataset
from snapshots.errors import TemporalLineageError
from snapshots.instant import BEGINNING, FOREVER
from snapshots.period import Period
from temporal_lineage.aliases import rename
from temporal_lineage.capture.openlineage_names import located
from temporal_lineage.contributing import keep_contributions, traced_snapshots
from temporal_lineage.facts import AsOf
from temporal_lineage.harvest_targets import find_targets
from temporal_lineage.histories import remember, remembered
from temporal_lineage.keys import NodeKind
from temporal_lineage.linking import link
from temporal_lineage.naming import (
    CATALOG_NAMESPACE,
    UNHARVESTED,
    canonical_identity,
    known_dataset,
)
from temporal_lineage.store.assertions import NodeKey

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from catalogs.table import RawCommit, TableSource
    from snapshots.files import CommitFiles
    from snapshots.history import TableHistory
    from temporal_lineage.store.ledger import Ledger
    from temporal_lineage.store.reader import Reader
    from temporal_lineage.store.transaction import Transaction

_LAST = FOREVER.plus(micros=-1)
"""The instant that sees everything, in either time."""

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
    progress: Progress | None,
) -> HarvestReport:
    """Harvest tables one by one, each in a transaction of its own.

    A table that cannot be read is reported and does not stop the others. Raises UnknownNameError
    for a target that names neither a catalog, a table nor a path.
    """
    found = list(find_targets(folder, targets))
    done: list[TableHarvest] = []
    for number, target in enumerate(found):
        if progress:
            progress(target.address, number, len(found))
        try:
            done.append(harvest_table(ledger, target.address, target.open()))
        except TemporalLineageError as error:
            done.append(TableHarvest(target.address, "failed", 0, 0, str(error)))
    if progress and found:
        progress("harvested", len(found), len(found))
    return HarvestReport(tuple(done))


def harvest_table(ledger: Ledger, address: str, source: TableSource) -> TableHarvest:
    """Harvest one table: all of it the first time, what is new later.

    The table is read before the transaction begins, so that nobody waits for a slow store.
    """
    head = source.head()
    with ledger.reading() as reader:
        dataset_id = known_dataset(reader, address, as_of=AsOf(valid=_LAST, system=_LAST))
        known = remembered(reader, dataset_id, system=_LAST) if dataset_id else None
        last = reader.last_harvest(name=address)
        if known is not None and last is not None and last.head == head:
            return TableHarvest(address, "unchanged", 0, len(known.snapshots), None)
        history = source.history(known=known)
        if known is not None and history.identity != known.identity:
            # The name means another table by now; what was known belongs to the old one.
            known, dataset_id = None, None
            history = source.history(known=None)
        reading = _read(reader, source, history, dataset_id)
    with ledger.transaction(source="harvest", note=address) as transaction:
        _keep(transaction, address, reading, head)
    before = {one.snapshot_id for one in known.snapshots} if known else set()
    new = sum(one.snapshot_id not in before for one in history.snapshots)
    outcome = "changed" if known else "new"
    return TableHarvest(address, outcome, new, len(history.snapshots), None)


@dataclass(frozen=True, slots=True)
class _Reading:
    history: TableHistory
    commits: tuple[CommitFiles, ...]
    raw: tuple[RawCommit, ...]


def _read(
    reader: Reader, source: TableSource, history: TableHistory, dataset_id: int | None
) -> _Reading:
    """Read what the ledger does not have yet of a table's files and metadata."""
    placed = traced_snapshots(reader, dataset_id) if dataset_id else frozenset()
    kept = reader.blob_witnesses(dataset_id=dataset_id) if dataset_id else frozenset()
    return _Reading(
        history,
        tuple(source.commit_files(history, skip=placed)),
        tuple(source.raw_commits(history, skip=kept)),
    )


def _keep(transaction: Transaction, address: str, reading: _Reading, head: str) -> None:
    history = reading.history
    identity = canonical_identity(transaction.reader, history, address)
    (dataset_id,) = transaction.nodes([NodeKey(NodeKind.DATASET, 0, identity)])
    remember(transaction, dataset_id, history, address=address)
    names = [located(history.location)]
    if not address.startswith("dataset:"):
        names.insert(0, Dataset(CATALOG_NAMESPACE, address))
    starts = [one.committed_at for one in history.snapshots]
    lifetime = Period.since(min(starts, default=BEGINNING))
    before = rename(transaction, names, identity, lifetime)
    keep_contributions(transaction, dataset_id, history, reading.commits)
    transaction.keep_blobs(dataset_id, reading.raw)
    transaction.note_harvest(name=address, dataset_id=dataset_id, head=head, outcome="read")
    former_ids = [
        transaction.reader.node(kind=NodeKind.DATASET, parent_id=0, name=identity)
        for identity in sorted(before)
        if identity.startswith(UNHARVESTED)
    ]
    touched = [dataset_id, *(one for one in former_ids if one is not None)]
    link(transaction, run_ids=(), dataset_ids=touched)
