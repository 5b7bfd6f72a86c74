"""Loss: since when files of a Delta table are gone, and by which VACUUM."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from snapshots.act import Act
from snapshots.files import CommitFiles, DataFile
from snapshots.history import TableHistory
from snapshots.snapshot import Snapshot

_DAY_IN_MILLIS = 86_400_000
_RETENTION_MILLIS = 7 * _DAY_IN_MILLIS
"""`delta.deletedFileRetentionDuration`, where a VACUUM does not say what it kept."""


class Losses:
    """Who took missing files of one table: found once for all of them."""

    def __init__(self, history: TableHistory, removed_at: Mapping[str, int | None]) -> None:
        """Take the version that removed each path from the table.

        None for one that no version removed, which no VACUUM takes.
        """
        self._by_id = {one.snapshot_id: one for one in history.snapshots}
        self._removed_at = removed_at
        self._starts = [one for one in history.snapshots if one.operation.upper() == "VACUUM START"]
        self._acts: dict[int, Snapshot | None] = {}

    def of(self, files: Iterable[DataFile]) -> Act | None:
        """Give the act that took the first of these files.

        None where no VACUUM is known that may have taken any of them: it need not write to the
        log.
        """
        versions = {self._removed_at.get(file.path) for file in files}
        acts = [
            act
            for version in versions
            if version is not None and (act := self._vacuum_after(version)) is not None
        ]
        if not acts:
            return None
        first = min(acts, key=lambda act: act.snapshot_id)
        user = first.summary.get("userName") or first.summary.get("userId")
        return Act(first.committed_at, in_words(first), first.snapshot_id, user)

    def _vacuum_after(self, version: int) -> Snapshot | None:
        """Find the first VACUUM that was allowed to take what this version removed.

        Its END names what was done; a START without one names what was begun.
        """
        if version not in self._acts:
            self._acts[version] = None
            for start in self._starts:
                if start.snapshot_id > version and _may_take(start, self._by_id.get(version)):
                    end = self._by_id.get(start.snapshot_id + 1)
                    is_end = end is not None and end.operation.upper() == "VACUUM END"
                    self._acts[version] = end if is_end else start
                    break
        return self._acts[version]


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


def _may_take(start: Snapshot, removed: Snapshot | None) -> bool:
    if removed is None:
        return True
    told = start.summary.get("operationParameters.specifiedRetentionMillis")
    told = told or start.summary.get("operationParameters.defaultRetentionMillis")
    kept = int(told) if told and told.isdecimal() else _RETENTION_MILLIS
    return removed.committed_at.plus(micros=kept * 1000) <= start.committed_at
