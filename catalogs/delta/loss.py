"""Loss: since when files of a Delta table are gone, and by which VACUUM."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from snapshots.files import CommitFiles, DataFile
from snapshots.history import TableHistory
from snapshots.instant import Instant
from snapshots.snapshot import Snapshot

_DAY_IN_MILLIS = 86_400_000
_RETENTION_MILLIS = 7 * _DAY_IN_MILLIS
"""`delta.deletedFileRetentionDuration`, where a VACUUM does not say what it kept."""


def loss(
    history: TableHistory, removed_at: Mapping[str, int | None]
) -> tuple[Instant | None, str | None]:
    """Say since when the first of some missing files is gone, and by which act.

    `removed_at` gives for each missing path the version that removed it from the table; None for
    one that no version removed, which no VACUUM takes. Both answers are None where no VACUUM is
    known that may have taken any of them: it need not write to the log.
    """
    by_id = {one.snapshot_id: one for one in history.snapshots}
    acts = [
        act
        for version in set(removed_at.values())
        if version is not None and (act := _vacuum_after(by_id, version)) is not None
    ]
    if not acts:
        return None, None
    first = min(acts, key=lambda act: act.snapshot_id)
    return first.committed_at, in_words(first)


def removed_at(
    missing: Iterable[DataFile], commits: Iterable[CommitFiles]
) -> dict[str, int | None]:
    """Find, for the path of each file, the version that removed it for good; None where none did.

    A path can be live under several keys one after the other, as deletion vectors mask it.
    """
    paths = {file.key: file.path for file in missing}
    live: dict[str, set[str]] = {path: set() for path in paths.values()}
    found: dict[str, int | None] = dict.fromkeys(live)
    for commit in commits:
        for added in commit.added:
            if added.file.path in live:
                paths[added.file.key] = added.file.path
                live[added.file.path].add(added.file.key)
                found[added.file.path] = None
        for key in commit.removed:
            path = paths.get(key)
            if path is not None:
                live[path].discard(key)
                found[path] = None if live[path] else commit.snapshot_id
    return found


def in_words(vacuum: Snapshot) -> str:
    """Name a commit by its operation, its version and all it says of who made it."""
    summary = vacuum.summary
    told = [
        f"{label} {summary[key]}"
        for label, key in (
            ("user", "userName"),
            ("job", "job.jobName"),
            ("job", "job.jobId"),
            ("notebook", "notebook.notebookId"),
            ("cluster", "clusterId"),
            ("engine", "engineInfo"),
        )
        if key in summary
    ]
    by = f" by {', '.join(told)}" if told else ""
    return f"{vacuum.operation} in version {vacuum.snapshot_id}{by}"


def _vacuum_after(by_id: Mapping[int, Snapshot], version: int) -> Snapshot | None:
    """Find the first VACUUM that was allowed to take what this version removed.

    Its END names what was done; a START without one names what was begun.
    """
    removed = by_id.get(version)
    for snapshot_id in sorted(one for one in by_id if one > version):
        start = by_id[snapshot_id]
        if start.operation.upper() != "VACUUM START" or not _may_take(start, removed):
            continue
        end = by_id.get(snapshot_id + 1)
        return end if end is not None and end.operation.upper() == "VACUUM END" else start
    return None


def _may_take(start: Snapshot, removed: Snapshot | None) -> bool:
    if removed is None:
        return True
    told = start.summary.get("operationParameters.specifiedRetentionMillis")
    told = told or start.summary.get("operationParameters.defaultRetentionMillis")
    kept = int(told) if told and told.isdecimal() else _RETENTION_MILLIS
    return removed.committed_at.plus(micros=kept * 1000) <= start.committed_at
