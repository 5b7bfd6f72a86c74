"""Contributions in the ledger: whose rows live in which states, traced when files are harvested."""

from __future__ import annotations

from typing import TYPE_CHECKING

from snapshots.ancestry import starts_afresh
from snapshots.contributions import ContributionTracer, ancestry_contributions
from snapshots.files import CommitFiles
from snapshots.snapshot import Effect
from temporal_lineage.harvesting.contributing_ledger import LedgerTrace, stand_in

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping, Sequence

    from snapshots.history import TableHistory
    from snapshots.snapshot import Snapshot
    from temporal_lineage.store.reader import Reader
    from temporal_lineage.store.transaction import Transaction


def traced_snapshots(reader: Reader, dataset_id: int) -> frozenset[int]:
    """Give the snapshots whose files the ledger knows."""
    found = reader.placed_versions(dataset_id=dataset_id)
    return frozenset(int(name) for name, one in found if one.files_known)


def keep_contributions(
    transaction: Transaction,
    dataset_id: int,
    history: TableHistory,
    commits: Sequence[CommitFiles],
) -> None:
    """Place the states of a table in lines, and say whose rows and which files live in them.

    The trace goes on where earlier harvests left it, at the cost of the new commits; what they
    placed stays as it was. Where no file facts can be had, contributions are ASSUMED from
    ancestry, until a later harvest can read the files of a table that had none.
    """
    snapshots = {one.snapshot_id: one for one in history.snapshots}
    order = {one: turn for turn, one in enumerate(snapshots)}
    trace = LedgerTrace(transaction, dataset_id, order)
    if trace.is_assumed and any(one.snapshot_id in trace.places for one in commits):
        transaction.set_aside(dataset_id)
        trace = LedgerTrace(transaction, dataset_id, order)
    new = {one.snapshot_id: one for one in commits if one.snapshot_id not in trace.places}
    with_files = new.keys() | (trace.places.keys() - trace.without_files)
    assumed = _assumed_commits(snapshots, with_files, placed=trace.places)
    tracer = ContributionTracer(places=trace.places, known=trace)
    for commit in _parents_first([*new.values(), *assumed]):
        if commit.effect is Effect.RESTORE or commit.parent_id not in trace.places:
            trace.expect(one.file.key for one in commit.added)
        trace.note(tracer.extend(commit), files_known=commit.snapshot_id in new)
    trace.write()


def _assumed_commits(
    snapshots: Mapping[int, Snapshot], with_files: Collection[int], *, placed: Collection[int]
) -> Iterator[CommitFiles]:
    """Stand in for file facts that nobody has: one made-up file for each commit's rows.

    Everything since the last commit that left no earlier file is assumed to be live. DESIGN 4.3.
    """
    for snapshot in snapshots.values():
        own = snapshot.snapshot_id
        if own in with_files or own in placed:
            continue
        parent = snapshot.parent_id
        goes_on = parent in snapshots and parent not in with_files and not starts_afresh(snapshot)
        writers: Sequence[int | None] = list(ancestry_contributions(snapshots, own))
        if goes_on:
            writers = [own] if own in writers else []
        added = tuple(stand_in(one) for one in writers)
        yield CommitFiles(own, parent if goes_on else None, Effect.APPEND, added, ())


def _parents_first(commits: Sequence[CommitFiles]) -> list[CommitFiles]:
    """Order commits so that each comes after its parent, otherwise as they are."""
    by_id = {one.snapshot_id: one for one in commits}
    done: dict[int, CommitFiles] = {}
    for commit in commits:
        waiting = []
        walking: CommitFiles | None = commit
        while walking is not None and walking.snapshot_id not in done:
            waiting.append(walking)
            done[walking.snapshot_id] = walking  # a cycle, which only hostile metadata has, ends
            walking = by_id.get(walking.parent_id) if walking.parent_id is not None else None
        for one in reversed(waiting):
            done[one.snapshot_id] = done.pop(one.snapshot_id)
    return list(done.values())
