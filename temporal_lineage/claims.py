"""Claims: the bodies of facts, as JSON texts that every version of this tool can read back."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping
from functools import cache
from typing import TYPE_CHECKING, Any, TypeVar, cast

from snapshots.commit_point import ChainPoint, CommitPoint, LostPoint
from snapshots.definition import TableDefinition
from snapshots.instant import Instant
from snapshots.records import dataclass
from snapshots.refs import Branch, SnapshotRef, Tag
from snapshots.snapshot import InstantSource
from snapshots.snapshot_log import Absent, Ambiguous, Current, LogEntry, Rule, State, Unknown
from temporal_lineage.evidence.grades import Evidence, Grade
from temporal_lineage.plain_claims import plain_reader

if TYPE_CHECKING:
    import msgspec

C = TypeVar("C")

PLAINLY_READ_MAX = 1_000
"""How many claims are read before it is worth loading msgspec, which reads eight times as fast."""

CLAIMED_TOO = "says that it wrote this too; the one that ended first is shown"
"""Why the claim of another run to have made a version is not the one that is shown."""


@dataclass(frozen=True, slots=True)
class AliasClaim:
    """A name means this dataset; the identity is the dataset node's name."""

    identity: str


@dataclass(frozen=True, slots=True)
class NamedClaim:
    """A catalog lists this dataset under that name; `first_seen` is when a harvest first saw so."""

    catalog: str
    first_seen: Instant


@dataclass(frozen=True, slots=True)
class LookClaim:
    """A harvest looked at a table, or at all tables that a catalog lists, but for `failed`."""

    looked_at: Instant
    failed: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class AbsenceClaim:
    """A catalog no longer lists a table; `last_seen` is None where nobody noted when it did."""

    last_seen: Instant | None
    first_missed: Instant


@dataclass(frozen=True, slots=True)
class SettledClaim:
    """A name means this dataset because somebody said so; `why` is empty where they did not."""

    identity: str
    who: str
    why: str


@dataclass(frozen=True, slots=True)
class TableClaim:
    """What a harvested table is, where it lies, and how people call it."""

    format: str
    uuid: str
    location: str
    address: str
    features: tuple[str, ...]
    gaps: tuple[str, ...]


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


@dataclass(frozen=True, slots=True)
class StateClaim:
    """What was current on a ref; exactly one of the four states of the snapshot log."""

    state: str
    snapshot_ids: tuple[int, ...]
    reason: str | None
    schema_id: int | None
    rule: Rule
    witness: str


@dataclass(frozen=True, slots=True)
class RunClaim:
    """What is known of a run; None where no event said so."""

    job: str
    state: str
    started: Instant | None
    ended: Instant | None
    parent: str | None
    producer: str | None
    engine: str | None
    code: str | None
    error: str | None


@dataclass(frozen=True, slots=True)
class LinkClaim:
    """The states a run read of one dataset, or the commits it made to it.

    `identity` is the dataset node's name. `versions` are snapshot ids as text, or names of
    versions of models and files; empty for a phantom output and for an input without versions.
    """

    identity: str
    versions: tuple[str, ...]
    evidence: Evidence


@dataclass(frozen=True, slots=True)
class WriterClaim:
    """The run that made a dataset version; `run` is empty where the commit explains itself."""

    run: str
    job: str
    evidence: Evidence


@dataclass(frozen=True, slots=True)
class EdgeClaim:
    """Why one dataset version is said to come from another.

    `run` is empty where the commit explains itself (RESTORE, CLONE); then both sides carry the
    same evidence. `grade` is the weaker of the two sides.
    """

    run: str
    job: str
    grade: Grade
    reads: Evidence
    writes: Evidence


@dataclass(frozen=True, slots=True)
class FlowClaim:
    """A job moves data between two datasets or columns; `how` names transformations, if known.

    `by` is what told it where that is not an event: `sql`.
    """

    jobs: tuple[str, ...]
    how: tuple[str, ...]
    by: tuple[str, ...]


def encode(claim: object) -> str:
    """Write a claim; equal claims give equal texts."""
    import msgspec

    return msgspec.json.encode(claim, order="deterministic").decode()


def decode(kind: type[C], body: str) -> C:
    """Read a claim back."""
    if next(_first_few, None) is not None:
        result: C = _plain_decoder(cast("Hashable", kind))(body)
    else:
        result = _decoder(cast("Hashable", kind)).decode(body)
    return result


_first_few = iter(range(PLAINLY_READ_MAX))
"""One for each claim that this process still reads plainly."""


@cache
def _plain_decoder(kind: Hashable) -> Callable[[str], Any]:
    from json import loads

    read = plain_reader(kind)
    return lambda body: read(loads(body))


@cache
def _decoder(kind: Hashable) -> msgspec.json.Decoder[Any]:
    import msgspec

    return msgspec.json.Decoder(cast("Any", kind))


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


def state_claim(entry: LogEntry) -> StateClaim:
    """Turn an entry of a snapshot log into its claim; the period is the fact's."""
    ids: tuple[int, ...] = ()
    reason: str | None = None
    match entry.state:
        case Current(snapshot_id):
            ids = () if snapshot_id is None else (snapshot_id,)
        case Ambiguous(candidates):
            ids = candidates
        case Unknown(why):
            reason = why
        case Absent():
            pass
    kind = type(entry.state).__name__.lower()
    return StateClaim(kind, ids, reason, entry.schema_id, entry.rule, entry.witness)


def state_of(claim: StateClaim) -> State:
    """Turn a claim back into the state of a ref."""
    match claim.state:
        case "current":
            return Current(claim.snapshot_ids[0] if claim.snapshot_ids else None)
        case "ambiguous":
            return Ambiguous(claim.snapshot_ids)
        case "unknown":
            return Unknown(claim.reason or "nobody remembers")
        case _:
            return Absent()


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
