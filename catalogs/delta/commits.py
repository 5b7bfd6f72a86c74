"""Commits as snapshots: what one version says of itself, and what it added and removed."""

from __future__ import annotations

from catalogs.delta.actions import Commit
from catalogs.delta.replay import LiveFiles, LogicalFile, file_of, logical
from snapshots.instant import Instant
from snapshots.snapshot import CommitCounts, Effect, Snapshot

NOT_TOLD = CommitCounts(None, None, None, None, None, None)
"""The counts of a version that only a checkpoint tells of."""


def snapshot_of(
    commit: Commit | None,
    *,
    version: int,
    parent_id: int | None,
    committed_at: Instant,
    effect: Effect,
    schema_id: int | None,
    counts: CommitCounts,
) -> Snapshot:
    """Give the snapshot of one version; what names job, user and query is all in its summary."""
    return Snapshot(
        snapshot_id=version,
        parent_id=parent_id,
        sequence_number=version,
        committed_at=committed_at,
        operation="unknown" if commit is None else commit.operation,
        effect=effect,
        schema_id=schema_id,
        counts=counts,
        summary={} if commit is None else commit.summary(),
    )


def restored_version(commit: Commit | None) -> int | None:
    """Give the version that a RESTORE goes back to; None where it is none, or names an instant."""
    if commit is None or commit.operation.upper() != "RESTORE":
        return None
    told = str(commit.parameters.get("version"))
    return int(told) if told.isdecimal() else None


def counted(commit: Commit, live: LiveFiles) -> CommitCounts:
    """Count what a commit's actions bring and take, and let the live files follow it.

    A removed file counts what its remove says, else what its add said.
    """
    removed_rows: int | None = 0
    removed_bytes: int | None = 0
    for remove in commit.removes:
        key, rows, size = logical(remove), remove.rows, remove.size
        if rows is None or size is None:
            earlier = live.take(key)
            rows, size = _filled(rows, size, earlier)
        else:
            live.drop(key)
        removed_rows = _sum(removed_rows, rows)
        removed_bytes = _sum(removed_bytes, size)
    added_rows: int | None = 0
    for add in commit.adds:
        file = file_of(add)
        live.put(file)
        added_rows = _sum(added_rows, file.rows)
    return CommitCounts(
        added_rows=added_rows,
        removed_rows=removed_rows,
        added_files=len(commit.adds),
        removed_files=len(commit.removes),
        added_bytes=sum(add.size for add in commit.adds),
        removed_bytes=removed_bytes,
    )


def _filled(
    rows: int | None, size: int | None, earlier: LogicalFile | None
) -> tuple[int | None, int | None]:
    if earlier is None:
        return rows, size
    return (
        earlier.rows if rows is None else rows,
        earlier.size_bytes if size is None else size,
    )


def _sum(total: int | None, part: int | None) -> int | None:
    return None if total is None or part is None else total + part
