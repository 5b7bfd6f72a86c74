"""Table histories: everything one table remembers about its own past."""

from __future__ import annotations

from typing import TYPE_CHECKING

from snapshots.commit_point import ChainPoint, CommitPoint
from snapshots.dataset import TableIdentity
from snapshots.instant import Instant
from snapshots.records import dataclass
from snapshots.refs import MAIN
from snapshots.schema import SchemaVersion
from snapshots.snapshot import Snapshot
from snapshots.time_travel import RecordedEntry, log_of, logs_of

if TYPE_CHECKING:
    from snapshots.snapshot_log import SnapshotLog


@dataclass(frozen=True, slots=True)
class Expiry:
    """A snapshot left the table's metadata: since when, and the commit that did it.

    `act` says what is known of that commit, for example `expired by metadata file 00012-...`.
    """

    snapshot_id: int
    since: Instant
    act: str


@dataclass(frozen=True, slots=True)
class Gap:
    """A part of the history that is known to be missing, in words for people."""

    what: str


@dataclass(frozen=True, slots=True)
class TableHistory:
    """What a reader found of one table, or what the ledger remembers of it.

    `chain` is in chain order. `recorded` is the union of all snapshot-logs seen, oldest first
    (empty for Delta). `snapshots` are in commit order, those known only from older metadata
    included; `listed` are the ids the table itself still lists. `schemas` are in order of their
    first appearance. `features` are the table features and format version, as the format
    names them.
    """

    identity: TableIdentity
    location: str
    chain: tuple[ChainPoint, ...]
    recorded: tuple[RecordedEntry, ...]
    snapshots: tuple[Snapshot, ...]
    schemas: tuple[SchemaVersion, ...]
    listed: frozenset[int]
    expiries: tuple[Expiry, ...]
    gaps: tuple[Gap, ...]
    features: tuple[str, ...]

    @classmethod
    def unknown(cls, identity: TableIdentity, location: str) -> TableHistory:
        """Give the history of a table of which nothing is known but what and where it is."""
        return cls(
            identity=identity,
            location=location,
            chain=(),
            recorded=(),
            snapshots=(),
            schemas=(),
            listed=frozenset(),
            expiries=(),
            gaps=(),
            features=(),
        )

    def snapshot(self, *, snapshot_id: int) -> Snapshot | None:
        """Give the snapshot of that id; None where this history has none."""
        return next((one for one in self.snapshots if one.snapshot_id == snapshot_id), None)

    def schema(self, *, schema_id: int) -> SchemaVersion | None:
        """Give the schema of that id; None where this history has none."""
        return next((one for one in self.schemas if one.schema_id == schema_id), None)

    def head(self) -> CommitPoint | None:
        """Give the newest commit point; None where none can be read."""
        return next((p for p in reversed(self.chain) if isinstance(p, CommitPoint)), None)

    def ref_names(self) -> tuple[str, ...]:
        """Give every ref that ever existed, main first."""
        names = {
            ref.name for point in self.chain if isinstance(point, CommitPoint) for ref in point.refs
        }
        return (MAIN, *sorted(names - {MAIN}))

    def log(self, ref: str) -> SnapshotLog:
        """Give the log of a ref. DESIGN 4.1."""
        by_id = {one.snapshot_id: one for one in self.snapshots}
        return log_of(ref, chain=self.chain, recorded=self.recorded, snapshots=by_id)

    def logs(self) -> dict[str, SnapshotLog]:
        """Give the logs of all refs, main first, in one walk over the chain."""
        by_id = {one.snapshot_id: one for one in self.snapshots}
        return logs_of(self.ref_names(), chain=self.chain, recorded=self.recorded, snapshots=by_id)
