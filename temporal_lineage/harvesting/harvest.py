"""Harvesting: read what tables remember, and keep it before they forget."""

from __future__ import annotations

import logging
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from snapshots.dataset import Dataset
from snapshots.errors import TemporalLineageError, UnreadableError
from snapshots.instant import BEGINNING
from snapshots.period import Period
from temporal_lineage.aliases import Renamed, rename
from temporal_lineage.capture.openlineage_names import located
from temporal_lineage.evidence.changed import Changed, changed
from temporal_lineage.harvesting.catalog_names import miss_names, note_names
from temporal_lineage.harvesting.contributing import keep_contributions
from temporal_lineage.harvesting.histories import remember
from temporal_lineage.harvesting.looks import note_listing, note_look
from temporal_lineage.harvesting.reading import RULES, Unchanged, read_table
from temporal_lineage.harvesting.side_by_side import side_by_side
from temporal_lineage.harvesting.targets import Listed, Target, find_targets
from temporal_lineage.keys import NodeKind
from temporal_lineage.linking.link import link
from temporal_lineage.naming import (
    CATALOG_NAMESPACE,
    UNHARVESTED,
    canonical_identity,
)
from temporal_lineage.operations.steps import step
from temporal_lineage.store.assertions import NodeKey

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Sequence
    from pathlib import Path

    from snapshots.instant import Instant
    from temporal_lineage.harvesting.reading import Reading
    from temporal_lineage.store.ledger import Ledger
    from temporal_lineage.store.reader import Reader
    from temporal_lineage.store.transaction import Transaction

log = logging.getLogger(__name__)

_TRIES_MAX = 5
"""How often a table is read again because another harvest kept it meanwhile."""

Progress = Callable[[str, int, int], None]
"""Called with a table's address, how many are done, and how many there are so far."""


@dataclass(frozen=True, slots=True)
class TableHarvest:
    """What one harvest of one table brought.

    `outcome` is `new`, `changed`, `unchanged`, `failed`, or `dropped` where a catalog lists no
    more what it listed. `error` is None unless it failed.
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

    def find() -> Iterable[Target | Listed]:
        return find_targets(folder, targets)

    return harvest_found(ledger, find, jobs=jobs, progress=progress)


def harvest_found(
    ledger: Ledger,
    find: Callable[[], Iterable[Target | Listed]],
    *,
    jobs: int,
    progress: Progress | None,
) -> HarvestReport:
    """Harvest the tables that `find` finds; see `harvest`."""
    begun = _begun(ledger)
    found = list(find())
    look = replace(begun, listed_at=ledger.now())
    tables = [one for one in found if isinstance(one, Target)]
    listed = [one.catalog for one in found if isinstance(one, Listed)]

    def read(target: Target, is_stopped: Callable[[], bool]) -> Reading | Unchanged:
        with step("read table", log, {"table": target.address}) as told:
            found = read_table(ledger, target.address, target.open(), is_stopped=is_stopped)
            told["changed"] = not isinstance(found, Unchanged)
            return found

    done: list[TableHarvest] = []
    with closing(side_by_side(tables, read, jobs=jobs)) as readings:
        for target, result in readings:
            if progress:
                progress(target.address, len(done), len(tables))
            try:
                reading = result()
                with step("keep table", log, {"table": target.address}) as told:
                    done.append(_harvested(ledger, target, reading, look, listed))
                    told.update(outcome=done[-1].outcome, new=done[-1].new)
            except TemporalLineageError as error:
                done.append(TableHarvest(target.address, "failed", 0, 0, str(error)))
    for catalog in listed:
        done += _listed(ledger, catalog, tables, done, look)
    if progress and tables:
        progress("harvested", len(tables), len(tables))
    return HarvestReport(tuple(done))


@dataclass(frozen=True, slots=True)
class _Look:
    """One look at the lakehouse: before and after the catalogs were asked what they list.

    `tx_id` is the last transaction of the ledger before that.
    """

    begun: Instant
    listed_at: Instant
    tx_id: int


def _begun(ledger: Ledger) -> _Look:
    with ledger.reading() as reader:
        latest = reader.transactions(limit=1)
    now = ledger.now()
    return _Look(now, now, latest[0].tx_id if latest else 0)


def _listed(
    ledger: Ledger,
    catalog: str,
    tables: Sequence[Target],
    done: Sequence[TableHarvest],
    look: _Look,
) -> list[TableHarvest]:
    """Note that a catalog was looked at as a whole, and what it lists no more."""
    present = {one.address for one in tables if one.catalog == catalog}
    failed = [one.address for one in done if one.error is not None and one.address in present]
    try:
        dropped = _noted(ledger, catalog, present, failed, look)
    except TemporalLineageError as error:
        return [TableHarvest(catalog, "failed", 0, 0, str(error))]
    return [TableHarvest(address, "dropped", 0, 0, None) for address in dropped]


def _noted(
    ledger: Ledger, catalog: str, present: set[str], failed: Sequence[str], look: _Look
) -> list[str]:
    with ledger.transaction(source="harvest", note=catalog) as transaction:
        dropped = miss_names(
            transaction, catalog, present, missed_at=look.listed_at, known_by=look.tx_id
        )
        note_listing(transaction, catalog, looked_at=look.begun, failed=failed)
    return dropped


def _harvested(
    ledger: Ledger,
    target: Target,
    reading: Reading | Unchanged,
    look: _Look,
    listed: Collection[str],
) -> TableHarvest:
    """Keep what was read of a table."""
    address = target.address
    for _ in range(_TRIES_MAX):
        if isinstance(reading, Unchanged):
            if target.catalog not in listed:
                with ledger.transaction(source="harvest", note=address) as transaction:
                    note_look(
                        transaction,
                        reading.dataset_id,
                        address=address,
                        looked_at=reading.looked_at,
                    )
            return TableHarvest(address, "unchanged", 0, reading.snapshots, None)
        with ledger.transaction(source="harvest", note=address) as transaction:
            if _is_current(transaction.reader, reading, address):
                _keep(transaction, target, reading, look)
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


def _keep(transaction: Transaction, target: Target, reading: Reading, look: _Look) -> None:
    history, identity, address = reading.history, reading.identity, target.address
    (dataset_id,) = transaction.nodes([NodeKey(NodeKind.DATASET, 0, identity)])
    known = reading.known if reading.same_rules else None
    remember(transaction, dataset_id, history, address=address, known=known)
    renamed = _name(transaction, target, reading, look)
    note_look(transaction, dataset_id, address=address, looked_at=reading.looked_at)
    keep_contributions(transaction, dataset_id, history, reading.commits)
    transaction.keep_blobs(dataset_id, reading.raw)
    transaction.note_harvest(
        name=address, dataset_id=dataset_id, head=reading.head, outcome="read", detail=RULES
    )
    changes = _of_others(transaction.reader, renamed)
    # A name that means another dataset now may have been used by a run of any time.
    changes[dataset_id] = changed(known if renamed.is_same else None, history)
    link(transaction, run_ids=(), changes=changes)


def _of_others(reader: Reader, renamed: Renamed) -> dict[int, Changed]:
    """Say since when runs that named the table's names meant this, and not another dataset."""
    since = dict.fromkeys(renamed.before, BEGINNING)
    since = {one: at for one, at in since.items() if one.startswith(UNHARVESTED)}
    since |= renamed.lost
    found = {
        reader.node(kind=NodeKind.DATASET, parent_id=0, name=identity): Changed(at, ())
        for identity, at in sorted(since.items())
    }
    return {node_id: change for node_id, change in found.items() if node_id is not None}


def _name(transaction: Transaction, target: Target, reading: Reading, look: _Look) -> Renamed:
    """Let the table have the names it was found under."""
    history, identity, address = reading.history, reading.identity, target.address
    names = [located(history.location)]
    if target.catalog is not None:
        names.insert(0, Dataset(CATALOG_NAMESPACE, address))
    starts = [one.committed_at for one in history.snapshots]
    lifetime = Period.since(min(starts, default=BEGINNING))
    renamed = rename(transaction, names, identity, lifetime, seen_at=look.begun)
    if target.catalog is not None:
        note_names(
            transaction,
            address,
            sorted({identity, *renamed.before}),
            catalog=target.catalog,
            seen_at=look.begun,
            missed_at=look.listed_at,
        )
    return renamed
