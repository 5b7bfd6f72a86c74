"""Keeping: what makes a table honour a promise, and who has to do it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from snapshots.dataset import TableFormat
from snapshots.errors import TemporalLineageError
from snapshots.instant import FOREVER, Instant
from snapshots.refs import Tag
from temporal_lineage.beliefs import settle_attributes
from temporal_lineage.claims import encode
from temporal_lineage.keys import AttributeKind, NodeKind
from temporal_lineage.promises.promise import PREFIX, PromisedClaim
from temporal_lineage.reproduce.reaching import OutOfReach
from temporal_lineage.store.assertions import NodeKey

if TYPE_CHECKING:
    from pathlib import Path

    from catalogs.iceberg.tagging import Tagging
    from snapshots.snapshot import Snapshot
    from temporal_lineage.promises.promise import PromisedVersion
    from temporal_lineage.reproduce.inputs import InputState
    from temporal_lineage.reproduce.reaching import Reached
    from temporal_lineage.reproduce.tables import Tables
    from temporal_lineage.store.ledger import Ledger

_DAY_MICROS = 86_400_000_000


@dataclass(frozen=True, slots=True)
class KeptBy:
    """A tag stands in the table for this state; `until` is FOREVER where it has no end.

    `wrote` says what was written: nothing where the tag stood there before. `metadata` is the
    metadata file in which it was found afterwards.
    """

    tag: str
    until: Instant
    wrote: str
    metadata: str


@dataclass(frozen=True, slots=True)
class NotKept:
    """Nothing was written to the table, and why."""

    why: str


@dataclass(frozen=True, slots=True)
class NoTags:
    """The catalog took the commit, and keeps no tags: nothing in the table can keep the state."""

    why: str


@dataclass(frozen=True, slots=True)
class Way:
    """Something that people can do to keep a state: where, and what to say there."""

    where: str
    what: str


def kept_by(
    ledger: Ledger, tables: Tables, one: InputState, name: str, until: Instant, *, folder: Path
) -> KeptBy | NotKept | NoTags:
    """Make a tag for a promised state, look whether it stands, and note it with the promise."""
    from catalogs.iceberg.tagging import TaglessError

    reached = tables.reach(one.dataset_id)
    if isinstance(reached, OutOfReach):
        return NotKept(reached.reason)
    snapshot = _snapshot(reached, one.version)
    if snapshot is None or snapshot.snapshot_id not in reached.history.listed:
        return NotKept("its table no longer lists it; `tl reproduce --recover --out` copies it")
    try:
        tagging = _tagging(tables, one.dataset_id, folder)
        if isinstance(tagging, NotKept):
            return tagging
        made = tagging.make(
            tag_name(ledger, name, one.version),
            snapshot_id=snapshot.snapshot_id,
            ref_age_ms_max=ref_age_ms(snapshot, until),
        )
    except TaglessError as error:
        return NoTags(str(error))
    except TemporalLineageError as error:
        return NotKept(str(error))
    with ledger.transaction(source="pin", note=f"{name}: tag {made.tag}") as transaction:
        (node_id,) = transaction.nodes([_version(one)])
        line = transaction.reader.timeline(
            node_id=node_id,
            kind=AttributeKind.PROMISED,
            name=name,
            system=transaction.recorded_at,
        )
        wanted = tuple((piece.valid, encode(PromisedClaim(made.tag))) for piece in line)
        settle_attributes(transaction, node_id, AttributeKind.PROMISED, {name: wanted})
    return KeptBy(made.tag, until, made.wrote, made.metadata)


def let_go(tables: Tables, one: PromisedVersion, *, folder: Path) -> str | None:
    """Remove the tag that was made for a promise; says why it stands, None where it is gone."""
    if one.tag is None:
        return None
    try:
        tagging = _tagging(tables, one.dataset_id, folder)
        if isinstance(tagging, NotKept):
            return tagging.why
        tagging.remove(one.tag, snapshot_id=int(one.version))
    except TemporalLineageError as error:
        return str(error)
    return None


def ways(
    tables: Tables,
    one: InputState,
    name: str,
    until: Instant,
    kept: NotKept | NoTags | None,
    *,
    folder: Path,
) -> tuple[Way, ...]:
    """Tell what people can do to keep a state that no tag keeps for as long as was promised.

    `kept` is what came of making a tag, None where nobody asked for one.
    """
    reached = tables.reach(one.dataset_id)
    if isinstance(reached, OutOfReach):
        return ()
    snapshot = _snapshot(reached, one.version)
    listed = snapshot is not None and snapshot.snapshot_id in reached.history.listed
    if snapshot is None or not listed or isinstance(kept, NoTags):
        copied = "--out FOLDER" if listed else "--recover --out FOLDER"
        return (Way("here", f"tl reproduce {one.dataset}@{one.version} {copied}"),)
    if _is_tagged(reached, snapshot, until):
        return ()
    days = _days(snapshot, until)
    match reached.history.identity.format:
        case TableFormat.ICEBERG:
            by_hand = _iceberg_way(one, name, days)
            if isinstance(_tagging(tables, one.dataset_id, folder), NotKept):
                return (by_hand,)
            return (by_hand, Way("here", "--enforce makes a tag through the catalog"))
        case TableFormat.DELTA:
            return _delta_ways(one, reached, days)


def tag_name(ledger: Ledger, name: str, version: str) -> str:
    """Name the tag of a promised state: no other promise of any ledger has that name."""
    with ledger.reading() as reader:
        return f"pin-{name.removeprefix(PREFIX)}-{version}-{reader.uuid()[:8]}"


def ref_age_ms(snapshot: Snapshot, until: Instant) -> int:
    """Give the greatest age, in milliseconds since its commit, that a ref of a snapshot may have.

    A ref goes once it is older than that: it stands at `until` itself. Iceberg spec, snapshot
    retention policy.
    """
    if until == FOREVER:
        return 2**63 - 1
    return -((snapshot.committed_at.micros - until.micros) // 1000)


def _is_tagged(reached: Reached, snapshot: Snapshot, until: Instant) -> bool:
    """Tell whether a tag keeps it as long as that; a branch keeps it up to its next commit only."""
    head = reached.history.head()
    tags = {one.name for one in (head.refs if head else ()) if isinstance(one, Tag)}
    found = reached.protections.get(snapshot.snapshot_id, ())
    return any(one.ref in tags and one.until >= until for one in found)


def _iceberg_way(one: InputState, name: str, days: int | None) -> Way:
    tag = f"pin_{name.removeprefix(PREFIX)}"
    retain = "" if days is None else f" RETAIN {days} DAYS"
    statement = f"ALTER TABLE {one.dataset} CREATE TAG {tag} AS OF VERSION {one.version}{retain}"
    return Way("Spark", statement)


def _delta_ways(one: InputState, reached: Reached, days: int | None) -> tuple[Way, ...]:
    vacuum = Way(
        "delta-rs",
        f"vacuum(keep_versions=...) with what `tl pins --keep-versions {one.dataset}` prints",
    )
    copy = Way("here", f"tl reproduce {one.dataset}@{one.version} --out FOLDER")
    if days is None:
        return (vacuum, copy)
    properties = ", ".join(
        f"'{key}' = 'interval {days} days'"
        for key in ("delta.deletedFileRetentionDuration", "delta.logRetentionDuration")
    )
    place = reached.source.location
    statement = f"ALTER TABLE delta.`{place}` SET TBLPROPERTIES ({properties})"
    return (vacuum, Way("Spark", statement), copy)


def _days(snapshot: Snapshot, until: Instant) -> int | None:
    """Count the days from a commit until then, rounded up; None where there is no end."""
    if until == FOREVER:
        return None
    return max(1, -((snapshot.committed_at.micros - until.micros) // _DAY_MICROS))


def _snapshot(reached: Reached, version: str) -> Snapshot | None:
    return reached.history.snapshot(snapshot_id=int(version)) if version.isdecimal() else None


def _version(one: InputState) -> NodeKey:
    return NodeKey(NodeKind.VERSION, one.dataset_id, one.version)


def _tagging(tables: Tables, dataset_id: int, folder: Path) -> Tagging | NotKept:
    """Open the table for tags, through the catalog that it was harvested from."""
    from catalogs.configuration import CatalogKind, Configuration
    from catalogs.iceberg.tagging import Tagging
    from catalogs.table_name import TableName

    claim = tables.claim(dataset_id)
    if claim is None or claim.address.startswith("dataset:"):
        return NotKept("no catalog lists it, and a tag is made through one")
    if claim.format != TableFormat.ICEBERG.value:
        return NotKept("its format has no tags")
    catalog, *parts = TableName.parse(claim.address).parts
    entry = Configuration(folder).entry(catalog)
    if entry.kind is not CatalogKind.PYICEBERG:
        return NotKept(f"catalog {catalog} is a {entry.kind.value}, which nobody can commit to")
    return Tagging(entry, tuple(parts))
