"""Parts of a table's history, each read back alone: a snapshot, a schema."""

from __future__ import annotations

from typing import TYPE_CHECKING

from snapshots.schema import SchemaVersion
from snapshots.snapshot import Snapshot
from temporal_lineage.claims import decode
from temporal_lineage.keys import AttributeKind

if TYPE_CHECKING:
    from snapshots.instant import Instant
    from temporal_lineage.store.reader import Reader


def remembered_snapshot(
    reader: Reader, dataset_id: int, snapshot_id: int, *, system: Instant
) -> Snapshot | None:
    """Give one snapshot, expired or not; None where the ledger never saw it."""
    line = reader.timeline(
        node_id=dataset_id, kind=AttributeKind.SNAPSHOT, name=str(snapshot_id), system=system
    )
    return decode(Snapshot, line[-1].claim) if line else None


def remembered_schema(
    reader: Reader, dataset_id: int, schema_id: int, *, system: Instant
) -> SchemaVersion | None:
    """Give one schema version; None where the ledger never saw it."""
    line = reader.timeline(
        node_id=dataset_id, kind=AttributeKind.SCHEMA, name=str(schema_id), system=system
    )
    return decode(SchemaVersion, line[-1].claim) if line else None
