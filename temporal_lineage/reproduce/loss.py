"""Losses: since when a state cannot be read whole, and whose act that was."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from snapshots.instant import Instant

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping

    from snapshots.files import CommitFiles
    from snapshots.history import TableHistory
    from snapshots.snapshot import Snapshot

_VACUUM = "VACUUM"
_RETENTION_KEYS = ("specifiedRetentionMillis", "defaultRetentionMillis")


@dataclass(frozen=True, slots=True)
class Act:
    """The commit that took something away, in words, and its instant."""

    since: Instant
    what: str


def expiry_of(history: TableHistory, snapshot_id: int) -> Act | None:
    """Give the commit that took a snapshot out of the metadata; None where none is known.

    Who then deleted the files nobody can tell: from that commit on, anybody was free to.
    """
    for one in history.expiries:
        if one.snapshot_id == snapshot_id:
            return Act(one.since, f"{one.act}; since then nothing held the files of it alone")
    return None


def removals(commits: Iterable[CommitFiles], keys: Collection[str]) -> dict[str, int]:
    """Give, by file key, the first of these commits that removed the file."""
    found: dict[str, int] = {}
    for commit in commits:
        for key in commit.removed:
            if key in keys:
                found.setdefault(key, commit.snapshot_id)
    return found


def vacuum_of(
    history: TableHistory, *, lost: Collection[str], removed_by: Mapping[str, int]
) -> Act | None:
    """Give the first VACUUM that may delete one of the lost files; None where there is none.

    It may delete what an earlier commit removed, once the retention it names has passed.
    """
    by_id = {one.snapshot_id: one for one in history.snapshots}
    removers = [by_id[removed_by[key]] for key in lost if removed_by.get(key) in by_id]
    retention_micros = 0
    for one in history.snapshots:
        if not one.operation.upper().startswith(_VACUUM):
            continue
        # VACUUM START names the retention, VACUUM END follows it and may name none.
        retention_micros = _retention_micros(one, otherwise=retention_micros)
        oldest_kept = one.committed_at.plus(micros=-retention_micros)
        if _ends(one, history) and any(
            removal.sequence_number < one.sequence_number and removal.committed_at <= oldest_kept
            for removal in removers
        ):
            return Act(one.committed_at, f"{one.operation}, version {one.snapshot_id}")
    return None


def _ends(vacuum: Snapshot, history: TableHistory) -> bool:
    """Tell whether this is the last word of a VACUUM: its END, or a START that nothing followed."""
    if not vacuum.operation.upper().endswith("START"):
        return True
    return not any(
        one.parent_id == vacuum.snapshot_id and one.operation.upper().startswith(_VACUUM)
        for one in history.snapshots
    )


def _retention_micros(vacuum: Snapshot, *, otherwise: int) -> int:
    for key in _RETENTION_KEYS:
        text = vacuum.summary.get(f"operationParameters.{key}", "")
        if text.isdecimal():
            return int(text) * 1000
    return otherwise
