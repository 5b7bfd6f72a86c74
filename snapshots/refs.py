"""Snapshot references: names for snapshots."""

from snapshots.records import dataclass

MAIN = "main"
"""The branch that readers see when they name none."""


@dataclass(frozen=True, slots=True)
class Branch:
    """A name that moves with each commit to it. The limits are None where the table's apply."""

    name: str
    snapshot_id: int
    min_snapshots_to_keep: int | None
    max_snapshot_age_ms: int | None
    max_ref_age_ms: int | None


@dataclass(frozen=True, slots=True)
class Tag:
    """A name that stays on one snapshot. The limit is None where the table's applies."""

    name: str
    snapshot_id: int
    max_ref_age_ms: int | None


SnapshotRef = Branch | Tag
