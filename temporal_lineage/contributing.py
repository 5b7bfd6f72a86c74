"""Contributions in the ledger: whose rows live in which states, traced when files are harvested."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from snapshots.ancestry import starts_afresh
from snapshots.contributions import (
    ContributionCertainty,
    ancestry_contributions,
    trace_contributions,
)
from snapshots.files import AddedFile, CommitFiles, DataFile, FileContent
from snapshots.snapshot import Effect
from temporal_lineage.keys import NodeKind
from temporal_lineage.store.assertions import NodeKey
from temporal_lineage.store.commits import (
    BEFORE_HISTORY,
    OPEN,
    Contribution,
    ContributionEnd,
    FileEnd,
    FileLife,
)
from temporal_lineage.store.commits import Place as StoredPlace

_ASSUMED = ContributionCertainty.ASSUMED.value

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from snapshots.contributions import ContributionTrace
    from snapshots.history import TableHistory
    from snapshots.snapshot import Snapshot
    from temporal_lineage.store.reader import Reader
    from temporal_lineage.store.transaction import Transaction


def traced_snapshots(reader: Reader, dataset_id: int) -> frozenset[int]:
    """Give the snapshots whose files the ledger knows."""
    placed = [one for one in reader.placed(dataset_id=dataset_id) if one.files_known]
    nodes = reader.named(node_ids=[one.node_id for one in placed])
    return frozenset(int(node.name) for node in nodes.values())


def keep_contributions(
    transaction: Transaction,
    dataset_id: int,
    history: TableHistory,
    commits: Sequence[CommitFiles],
) -> None:
    """Place the states of a table in lines, and say whose rows and which files live in them.

    What earlier harvests kept is taken up again, so that expired states stay as they were. Where
    no file facts can be had, contributions are ASSUMED from ancestry.
    """
    snapshots = {one.snapshot_id: one for one in history.snapshots}
    kept = _kept_commits(transaction.reader, dataset_id, snapshots)
    known = {one.snapshot_id: one for one in [*kept, *commits]}
    assumed = _assumed_commits(snapshots, set(known))
    trace = trace_contributions(_parents_first([*known.values(), *assumed]))
    keys = [NodeKey(NodeKind.VERSION, dataset_id, str(one)) for one in trace.places]
    nodes = dict(zip(trace.places, transaction.nodes(keys), strict=True))
    without_files = {one.snapshot_id for one in assumed}
    transaction.places(
        StoredPlace(
            nodes[snapshot_id],
            dataset_id,
            nodes[place.line],
            place.position,
            snapshot_id not in without_files,
        )
        for snapshot_id, place in trace.places.items()
    )
    _keep_rows(transaction, dataset_id, trace, nodes, without_files)
    _keep_lives(transaction, dataset_id, trace, nodes)


def _keep_rows(
    transaction: Transaction,
    dataset_id: int,
    trace: ContributionTrace,
    nodes: Mapping[int, int],
    without_files: set[int],
) -> None:
    assumed_lines = {trace.places[one].line for one in without_files}
    origins = {one.commit_id for one in trace.contributions if one.commit_id is not None}
    # A commit may be older than every snapshot that is left, and still be the origin of files.
    older = sorted(origins - set(nodes))
    keys = [NodeKey(NodeKind.VERSION, dataset_id, str(one)) for one in older]
    numbers = {**nodes, **dict(zip(older, transaction.nodes(keys), strict=True))}
    rows = [
        Contribution(
            dataset_id,
            BEFORE_HISTORY if one.commit_id is None else numbers[one.commit_id],
            nodes[one.line],
            one.start,
            OPEN if one.end is None else one.end,
            _ASSUMED if one.line in assumed_lines else one.certainty.value,
        )
        for one in trace.contributions
    ]
    stored = {
        (row.commit_id, row.line, row.start): row.stop
        for row in transaction.reader.contribution_rows(dataset_id=dataset_id)
    }
    opened = [row for row in rows if (row.commit_id, row.line, row.start) not in stored]
    closed = [
        ContributionEnd(dataset_id, row.commit_id, row.line, row.stop)
        for row in rows
        if stored.get((row.commit_id, row.line, row.start)) == OPEN and row.stop != OPEN
    ]
    transaction.contributions(opened=opened, closed=closed)


def _keep_lives(
    transaction: Transaction,
    dataset_id: int,
    trace: ContributionTrace,
    nodes: Mapping[int, int],
) -> None:
    stored = {
        (life.file.key, life.line, life.start): life.stop
        for life in transaction.reader.file_lives(dataset_id=dataset_id)
    }
    opened, closed = [], []
    for life in trace.lives:
        if life.file.path.startswith(_ASSUMED):
            continue
        line = nodes[life.line]
        stop = OPEN if life.end is None else life.end
        before = stored.get((life.file.key, line, life.start))
        if before is None:
            origin = BEFORE_HISTORY if life.origin is None else nodes.get(life.origin)
            if origin is None:
                key = NodeKey(NodeKind.VERSION, dataset_id, str(life.origin))
                (origin,) = transaction.nodes([key])
            opened.append(FileLife(dataset_id, life.file, origin, line, life.start, stop))
        elif before == OPEN and stop != OPEN:
            closed.append(FileEnd(dataset_id, life.file.key, line, stop))
    transaction.file_lives(opened=opened, closed=closed)


def _kept_commits(
    reader: Reader, dataset_id: int, snapshots: Mapping[int, Snapshot]
) -> list[CommitFiles]:
    """Take up again, as differences in files, the states that earlier harvests placed."""
    placed = [one for one in reader.placed(dataset_id=dataset_id) if one.files_known]
    if not placed:
        return []
    lives = reader.file_lives(dataset_id=dataset_id)
    names = reader.named(
        node_ids=[*(one.node_id for one in placed), *(life.origin_id for life in lives)]
    )
    number = {node_id: int(node.name) for node_id, node in names.items()}
    started: dict[tuple[int, int], list[FileLife]] = defaultdict(list)
    stopped: dict[tuple[int, int], list[str]] = defaultdict(list)
    for life in lives:
        started[life.line, life.start].append(life)
        if life.stop != OPEN:
            stopped[life.line, life.stop].append(life.file.key)
    places = {number[one.node_id]: (one.line, one.position) for one in placed}
    commits = []
    for snapshot_id, (line, position) in places.items():
        snapshot = snapshots[snapshot_id]
        parent = snapshot.parent_id if snapshot.parent_id in places else None
        here = started[line, position]
        removed = stopped[line, position]
        if position == 0 and parent is not None:
            # A line that forks off begins with all it took over; only the difference counts.
            before = set(_live_keys(lives, places[parent]))
            keys = {life.file.key for life in here}
            here = [life for life in here if life.file.key not in before]
            removed = sorted(before - keys)
        added = tuple(AddedFile(life.file, number.get(life.origin_id)) for life in here)
        commits.append(CommitFiles(snapshot_id, parent, snapshot.effect, added, tuple(removed)))
    return commits


def _live_keys(lives: Sequence[FileLife], place: tuple[int, int]) -> Iterator[str]:
    line, position = place
    for life in lives:
        if life.line == line and life.start <= position < life.stop:
            yield life.file.key


def _assumed_commits(snapshots: Mapping[int, Snapshot], traced: set[int]) -> list[CommitFiles]:
    """Stand in for file facts that nobody has: one made-up file for each commit's rows.

    Everything since the last commit that left no earlier file is assumed to be live. DESIGN 4.3.
    """
    commits = []
    for snapshot in snapshots.values():
        own = snapshot.snapshot_id
        if own in traced:
            continue
        parent = snapshot.parent_id
        goes_on = parent in snapshots and parent not in traced and not starts_afresh(snapshot)
        writers: Sequence[int | None] = list(ancestry_contributions(snapshots, own))
        if goes_on:
            writers = [own] if own in writers else []
        added = tuple(_made_up(one) for one in writers)
        commits.append(CommitFiles(own, parent if goes_on else None, Effect.APPEND, added, ()))
    return commits


def _made_up(snapshot_id: int | None) -> AddedFile:
    name = f"{_ASSUMED}:{snapshot_id}"
    return AddedFile(DataFile(name, name, FileContent.DATA, 0, None), snapshot_id)


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
