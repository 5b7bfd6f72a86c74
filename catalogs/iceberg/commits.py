"""Commits: what a snapshot's own words say it did to the table. DESIGN 4.3."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import msgspec

from catalogs.iceberg.metadata import SnapshotEntry, as_text
from snapshots.instant import Instant
from snapshots.snapshot import CommitCounts, Effect, Snapshot

UNRECORDED = "unrecorded"
"""The operation of a v1 snapshot that has no summary."""


@dataclass(frozen=True, slots=True)
class FileChange:
    """What a commit did to files; None where it does not say."""

    added_data: int | None
    removed_data: int | None
    added_deletes: int | None
    removed_deletes: int | None


_NO_CHANGE = FileChange(added_data=0, removed_data=0, added_deletes=0, removed_deletes=0)


def snapshot_of(entry: SnapshotEntry, *, schema_id: int | None) -> Snapshot:
    """Read one of a metadata file's `snapshots`; `schema_id` is what this history calls it."""
    summary = summary_of(entry)
    operation = summary.get("operation", UNRECORDED)
    lineage = {"first-row-id": entry.first_row_id, "added-rows": entry.added_rows}
    return Snapshot(
        snapshot_id=entry.snapshot_id,
        parent_id=entry.parent_snapshot_id,
        sequence_number=entry.sequence_number or 0,
        committed_at=Instant.from_millis(entry.timestamp_ms),
        operation=operation,
        effect=effect_of(operation, summary, _told_change(summary)),
        schema_id=schema_id,
        counts=CommitCounts(
            added_rows=_number(summary, "added-records"),
            removed_rows=_number(summary, "deleted-records"),
            added_files=_number(summary, "added-data-files"),
            removed_files=_number(summary, "deleted-data-files"),
            added_bytes=_number(summary, "added-files-size"),
            removed_bytes=_number(summary, "removed-files-size"),
        ),
        # The snapshot itself says these of row lineage, beside its summary.
        summary={**summary, **{name: str(n) for name, n in lineage.items() if n is not None}},
    )


def summary_of(entry: SnapshotEntry) -> dict[str, str]:
    """Decode a summary; anything that is no object of texts is kept as text."""
    raw = bytes(entry.summary)
    try:
        content = msgspec.json.decode(raw) if raw else None
    except (msgspec.DecodeError, UnicodeDecodeError):
        # A value that is not looked at while the file is decoded may hold broken text.
        content = raw.decode("utf-8", "replace")
    if content is None:
        return {}
    if not isinstance(content, dict):
        return {"summary": as_text(content)}
    return {name: as_text(value) for name, value in content.items()}


def effect_of(operation: str, summary: Mapping[str, str], change: FileChange) -> Effect:
    """Tell how contributions pass through a commit.

    A commit that is known to have left every file alone did NOTHING, and one that is known only to
    have added data was an APPEND, whatever it calls itself. Where a commit removed rows and added
    data files, the rows of the removed files may live on in the added ones (copy-on-write), so it
    is a REWRITE, unless the engine says that it replaced partitions.
    """
    if change == _NO_CHANGE:
        return Effect.NOTHING
    match operation:
        case "append":
            # Rows can only have gone where files were removed or masked; then it was no append.
            effect = _removal(change) if _removes(change) else Effect.APPEND
        case "replace":
            effect = Effect.REPLACE
        case "overwrite" if summary.get("replace-partitions") == "true":
            effect = Effect.OVERWRITE
        case "overwrite" | "delete":
            only_added = replace(change, added_data=0) == _NO_CHANGE
            effect = Effect.APPEND if only_added else _removal(change)
        case _:
            effect = Effect.UNKNOWN
    return effect


def _removes(change: FileChange) -> bool:
    return bool(change.removed_data or change.added_deletes)


def _removal(change: FileChange) -> Effect:
    """Only a commit that says it dropped files, and added none, is known to end what it removed."""
    if change.added_data or change.added_deletes:
        return Effect.REWRITE
    return Effect.OVERWRITE if change.removed_data else Effect.REWRITE


def _told_change(summary: Mapping[str, str]) -> FileChange:
    """Take the counters of a summary. Writers leave out those that are zero."""
    return FileChange(
        added_data=_number(summary, "added-data-files"),
        removed_data=_number(summary, "deleted-data-files"),
        added_deletes=_number(summary, "added-delete-files") or _number(summary, "added-dvs"),
        removed_deletes=_number(summary, "removed-delete-files") or _number(summary, "removed-dvs"),
    )


def _number(summary: Mapping[str, str], name: str) -> int | None:
    text = summary.get(name, "")
    # An engine may write anything here; what is no count is not said.
    return int(text) if text.isascii() and text.isdigit() else None
