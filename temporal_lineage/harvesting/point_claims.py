"""Claims about a table's metadata: its commit points, and what was taken out of it."""

from __future__ import annotations

from collections.abc import Mapping

from snapshots.commit_point import ChainPoint, CommitPoint, LostPoint
from snapshots.definition import TableDefinition
from snapshots.instant import Instant
from snapshots.records import dataclass
from snapshots.refs import Branch, SnapshotRef, Tag
from snapshots.snapshot import InstantSource


@dataclass(frozen=True, slots=True)
class ExpiryClaim:
    """The commit that took a snapshot out of the table's metadata."""

    act: str


@dataclass(frozen=True, slots=True)
class RefClaim:
    """A ref as one commit point had it; `kind` is branch or tag."""

    kind: str
    name: str
    snapshot_id: int
    min_snapshots_to_keep: int | None
    max_snapshot_age_ms: int | None
    max_ref_age_ms: int | None


@dataclass(frozen=True, slots=True)
class PointClaim:
    """One commit point, or one that can no longer be read where `lost`."""

    lost: bool
    at: Instant
    source: InstantSource
    witness: str
    snapshot_id: int | None
    schema_id: int | None
    refs: tuple[RefClaim, ...]


def point_claim(point: ChainPoint) -> PointClaim:
    """Turn a chain point into its claim."""
    if isinstance(point, LostPoint):
        return PointClaim(
            lost=True,
            at=point.at,
            source=InstantSource.METADATA_LOG,
            witness=point.witness,
            snapshot_id=None,
            schema_id=None,
            refs=(),
        )
    return PointClaim(
        lost=False,
        at=point.at,
        source=point.source,
        witness=point.witness,
        snapshot_id=point.snapshot_id,
        schema_id=point.schema_id,
        refs=tuple(_ref_claim(ref) for ref in point.refs),
    )


def chain_point(
    position: int,
    claim: PointClaim,
    properties: Mapping[str, str],
    definition: TableDefinition | None,
) -> ChainPoint:
    """Turn a claim back into a chain point; what the table was then has timelines of its own."""
    if claim.lost:
        return LostPoint(position, claim.at, claim.witness)
    return CommitPoint(
        position=position,
        at=claim.at,
        source=claim.source,
        witness=claim.witness,
        snapshot_id=claim.snapshot_id,
        schema_id=claim.schema_id,
        refs=tuple(_ref(ref) for ref in claim.refs),
        properties=properties,
        definition=definition,
    )


def _ref_claim(ref: SnapshotRef) -> RefClaim:
    match ref:
        case Branch():
            return RefClaim(
                "branch",
                ref.name,
                ref.snapshot_id,
                ref.min_snapshots_to_keep,
                ref.max_snapshot_age_ms,
                ref.max_ref_age_ms,
            )
        case Tag():
            return RefClaim("tag", ref.name, ref.snapshot_id, None, None, ref.max_ref_age_ms)


def _ref(claim: RefClaim) -> SnapshotRef:
    if claim.kind == "tag":
        return Tag(claim.name, claim.snapshot_id, claim.max_ref_age_ms)
    return Branch(
        claim.name,
        claim.snapshot_id,
        claim.min_snapshots_to_keep,
        claim.max_snapshot_age_ms,
        claim.max_ref_age_ms,
    )
