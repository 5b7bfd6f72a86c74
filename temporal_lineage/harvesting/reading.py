"""Reading a table for a harvest: what it remembers that the ledger lacks; safe on any thread."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

from snapshots.instant import FOREVER
from temporal_lineage import __version__
from temporal_lineage.facts import AsOf
from temporal_lineage.harvesting.contributing import traced_snapshots
from temporal_lineage.harvesting.histories import remembered
from temporal_lineage.keys import NodeKind
from temporal_lineage.naming import canonical_identity, is_called, known_dataset

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from catalogs.table import RawCommit, TableSource
    from snapshots.files import CommitFiles
    from snapshots.history import TableHistory
    from snapshots.instant import Instant
    from temporal_lineage.store.ledger import Ledger
    from temporal_lineage.store.reader import Reader

R = TypeVar("R")

_LAST = FOREVER.plus(micros=-1)
"""The instant that sees everything, in either time."""

RULES = f"by version {__version__}"
"""Noted with each harvest: what other rules made of a table is compared belief by belief."""


@dataclass(frozen=True, slots=True)
class Unchanged:
    """A table whose head is that of its last harvest; `looked_at` is right before it was asked."""

    dataset_id: int
    looked_at: Instant
    snapshots: int


@dataclass(frozen=True, slots=True)
class Reading:
    """What one table remembers, and what the ledger knew of it when it was read.

    `identity` names the dataset; `harvest_id` is its last harvest then, 0 for none. `known` is
    None where nothing was known. All that was committed by `looked_at` was read.
    """

    identity: str
    looked_at: Instant
    harvest_id: int
    head: str
    known: TableHistory | None
    same_rules: bool
    history: TableHistory
    commits: tuple[CommitFiles, ...]
    raw: tuple[RawCommit, ...]


class ReadingStoppedError(Exception):
    """The harvest ended before this table was read: nobody waits for it."""


def read_table(
    ledger: Ledger, address: str, source: TableSource, *, is_stopped: Callable[[], bool]
) -> Reading | Unchanged:
    """Read what the ledger does not have yet of a table.

    The ledger is asked in between and never held open, so that nobody waits for a slow store.
    Raises what the source raises, and ReadingStoppedError soon after `is_stopped` says so.
    """
    unchanged: Unchanged | None = None
    looked_at = ledger.now()
    head = source.head()
    with ledger.reading() as reader:
        dataset_id = known_dataset(reader, address, as_of=AsOf(valid=_LAST, system=_LAST))
        if dataset_id is not None:
            last = reader.last_harvest(name=address)
            same = last is not None and (last.dataset_id, last.head) == (dataset_id, head)
            if same and is_called(reader, dataset_id, address):
                snapshots = reader.snapshots_known(dataset_id=dataset_id)
                unchanged = Unchanged(dataset_id, looked_at, snapshots)
                if not snapshots or reader.has_files(dataset_id=dataset_id):
                    return unchanged
        before = _Before.of(reader, dataset_id)
    _go_on(is_stopped)
    history = source.history(known=before.known)
    with ledger.reading() as reader:
        identity = canonical_identity(reader, history, address)
        own_id = reader.node(kind=NodeKind.DATASET, parent_id=0, name=identity)
        if own_id != before.dataset_id:
            # The name means another table by now, or this one was known by another name.
            before = _Before.of(reader, own_id)
    if before.dataset_id != dataset_id:
        _go_on(is_stopped)
        history = source.history(known=before.known)
    commits = _all(source.commit_files(history, skip=before.traced), is_stopped)
    if unchanged is not None and not commits:
        return unchanged  # its files could not be read, and still cannot
    return Reading(
        identity=identity,
        looked_at=looked_at,
        harvest_id=before.harvest_id,
        head=head,
        known=before.known,
        same_rules=before.rules == RULES,
        history=history,
        commits=commits,
        raw=_all(source.raw_commits(history, skip=before.kept), is_stopped),
    )


@dataclass(frozen=True, slots=True)
class _Before:
    """What the ledger knows of a dataset; `dataset_id` is None for one it never heard of."""

    dataset_id: int | None
    harvest_id: int
    rules: str
    known: TableHistory | None
    traced: frozenset[int]
    kept: frozenset[str]

    @classmethod
    def of(cls, reader: Reader, dataset_id: int | None) -> _Before:
        known = None
        if dataset_id is not None:
            known = remembered(reader, dataset_id, system=_LAST)
        if dataset_id is None or known is None:
            return cls(dataset_id, 0, "", None, frozenset(), frozenset())
        harvest_id = reader.harvested_last(dataset_id=dataset_id)
        return cls(
            dataset_id=dataset_id,
            harvest_id=harvest_id,
            rules=reader.harvest_rules(harvest_id=harvest_id),
            known=known,
            traced=traced_snapshots(reader, dataset_id),
            kept=reader.blob_witnesses(dataset_id=dataset_id),
        )


def _all(found: Iterable[R], is_stopped: Callable[[], bool]) -> tuple[R, ...]:
    kept = []
    for one in found:
        _go_on(is_stopped)
        kept.append(one)
    return tuple(kept)


def _go_on(is_stopped: Callable[[], bool]) -> None:
    if is_stopped():
        raise ReadingStoppedError
