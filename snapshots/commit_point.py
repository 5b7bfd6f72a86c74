"""Commit points: what a table was, as each of its metadata commits left it."""

from collections.abc import Mapping

from snapshots.definition import TableDefinition
from snapshots.instant import Instant
from snapshots.records import dataclass
from snapshots.refs import SnapshotRef
from snapshots.snapshot import InstantSource


@dataclass(frozen=True, slots=True)
class CommitPoint:
    """One commit to a table, of rows or of metadata alone. DESIGN 4.1.

    `position` orders the chain: the place of an Iceberg metadata file in it, or the Delta
    version. `witness` names the file that says so. `snapshot_id` is None while the table has no
    snapshot. `schema_id` is None where the file does not say which schema was current. `refs`
    always holds the main branch where there is a snapshot. `definition` is None where it was not
    kept: the commit was harvested before there was a place for it.
    """

    position: int
    at: Instant
    source: InstantSource
    witness: str
    snapshot_id: int | None
    schema_id: int | None
    refs: tuple[SnapshotRef, ...]
    properties: Mapping[str, str]
    definition: TableDefinition | None


@dataclass(frozen=True, slots=True)
class LostPoint:
    """A commit that is known to have happened, whose metadata can no longer be read."""

    position: int
    at: Instant
    witness: str


ChainPoint = CommitPoint | LostPoint
