"""Snapshots: immutable states of one table, each written by one commit."""

from collections.abc import Mapping
from enum import StrEnum

from snapshots.instant import Instant
from snapshots.records import dataclass


class InstantSource(StrEnum):
    """Who says when a commit became visible. DESIGN 4.1."""

    IN_COMMIT = "in-commit"
    """Delta `inCommitTimestamp`."""
    FILE_MODIFICATION = "file-modification"
    """The commit file's modification time, made monotonic in version order."""
    METADATA_LOG = "metadata-log"
    """`last-updated-ms` of an Iceberg metadata file."""
    SNAPSHOT_LOG = "snapshot-log"
    """An entry of an Iceberg `snapshot-log`."""


class Effect(StrEnum):
    """What a commit did to the rows; decides how contributions pass through it. DESIGN 4.3."""

    APPEND = "append"
    """Rows were added, none removed."""
    REPLACE = "replace"
    """Files were rewritten, the rows stayed: compaction, clustering, purge."""
    REWRITE = "rewrite"
    """Rows were changed or removed inside files that were rewritten or masked: MERGE, UPDATE,
    DELETE. Rows of the removed files may live on in the added ones."""
    OVERWRITE = "overwrite"
    """Removed files are gone with all their rows: INSERT OVERWRITE, TRUNCATE, dropped files."""
    RESTORE = "restore"
    """Files of an earlier state came back."""
    NOTHING = "nothing"
    """No row and no file changed: metadata, properties, schema, VACUUM marks."""
    UNKNOWN = "unknown"
    """An operation this reader does not know; treated as REWRITE, and said so."""

    @property
    def keeps_rows(self) -> bool:
        """Tell whether a reader meets the same rows after it as before."""
        return self in (Effect.REPLACE, Effect.NOTHING)


@dataclass(frozen=True, slots=True)
class CommitCounts:
    """What one commit says it added and removed; None where the commit does not say."""

    added_rows: int | None
    removed_rows: int | None
    added_files: int | None
    removed_files: int | None
    added_bytes: int | None
    removed_bytes: int | None


@dataclass(frozen=True, slots=True)
class Snapshot:
    """The state of a table that one commit made; a Delta version is one too.

    `snapshot_id` is the Iceberg snapshot id or the Delta version. `parent_id` is None for the
    first snapshot of its line, and where the metadata has forgotten the parent. `schema_id` is
    None where the commit did not record one. `summary` is all the commit says about itself, as
    text: the Iceberg summary, or Delta's commitInfo with nested keys joined by dots.
    """

    snapshot_id: int
    parent_id: int | None
    sequence_number: int
    committed_at: Instant
    operation: str
    effect: Effect
    schema_id: int | None
    counts: CommitCounts
    summary: Mapping[str, str]
