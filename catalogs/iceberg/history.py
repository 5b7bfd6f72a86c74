"""Histories: all that the metadata files of one table tell about its past. DESIGN 4.1, 4.2."""

from __future__ import annotations

import heapq
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace

from catalogs.iceberg.chain import Hole, Link, Lost, Remembered, Walk, joined, lost_point, positions
from catalogs.iceberg.metadata import file_name
from catalogs.iceberg.reading import Reading, Readings
from snapshots.commit_point import ChainPoint, CommitPoint
from snapshots.dataset import TableIdentity
from snapshots.history import Expiry, Gap, TableHistory
from snapshots.schema import SchemaVersion
from snapshots.snapshot import InstantSource, Snapshot
from snapshots.time_travel import RecordedEntry

_NAMED_MAX = 5
"""How many of a list are named in a sentence for people."""


def history_of(
    walk: Walk,
    readings: Readings,
    *,
    identity: TableIdentity,
    location: str,
    known: TableHistory | None,
) -> TableHistory:
    """Join what a walk along the metadata files found with what was known before."""
    links = joined(known.chain if known else (), walk.links)
    listed = walk.head.listed
    snapshots = in_commit_order(readings.snapshots.values())
    recorded = readings.recorded() | set(known.recorded if known else ())
    return TableHistory(
        identity=identity,
        location=location,
        chain=tuple(_points(links)),
        recorded=tuple(sorted(recorded, key=lambda one: (one.at, one.snapshot_id))),
        snapshots=snapshots,
        schemas=_in_order_of_appearance(links, readings, known),
        listed=listed,
        expiries=_expiries(links, snapshots, listed, known),
        gaps=tuple(_gaps(walk, links, snapshots, recorded, known)),
        features=walk.head.features,
    )


def in_commit_order(snapshots: Iterable[Snapshot]) -> tuple[Snapshot, ...]:
    """Order by sequence number, then instant; a parent always goes before its children.

    Format v1 has no sequence numbers, and clocks run backwards.
    """
    by_id = {one.snapshot_id: one for one in snapshots}
    children = defaultdict[int, list[int]](list)
    waiting: list[tuple[int, int, int]] = []
    for one in by_id.values():
        if one.parent_id in by_id and one.parent_id != one.snapshot_id:
            children[one.parent_id].append(one.snapshot_id)
        else:
            waiting.append(_order(one))
    heapq.heapify(waiting)
    ordered: list[Snapshot] = []
    while waiting:
        *_, snapshot_id = heapq.heappop(waiting)
        ordered.append(by_id[snapshot_id])
        for child in children.pop(snapshot_id, ()):
            heapq.heappush(waiting, _order(by_id[child]))
    # Only hostile metadata holds a circle of parents; its snapshots come last.
    placed = {one.snapshot_id for one in ordered}
    rest = [one for one in by_id.values() if one.snapshot_id not in placed]
    return (*ordered, *sorted(rest, key=_order))


def _order(snapshot: Snapshot) -> tuple[int, int, int]:
    return (snapshot.sequence_number, snapshot.committed_at.micros, snapshot.snapshot_id)


def _points(links: Sequence[Link]) -> Iterator[ChainPoint]:
    for link, position in zip(links, positions(links), strict=True):
        match link:
            case Remembered(point):
                yield replace(point, position=position)
            case Lost() | Hole():
                yield lost_point(link, position=position)
            case Reading():
                yield CommitPoint(
                    position=position,
                    at=link.at,
                    source=InstantSource.METADATA_LOG,
                    witness=link.path,
                    snapshot_id=link.snapshot_id,
                    schema_id=link.schema_id,
                    refs=link.refs,
                    properties=link.properties,
                    definition=link.definition,
                )


def _in_order_of_appearance(
    links: Sequence[Link], readings: Readings, known: TableHistory | None
) -> tuple[SchemaVersion, ...]:
    ids = [one.schema_id for one in known.schemas] if known else []
    for link in links:
        if isinstance(link, Reading):
            ids += link.schema_ids
    return tuple(readings.schemas[number] for number in dict.fromkeys(ids))


def _expiries(
    links: Sequence[Link],
    snapshots: Sequence[Snapshot],
    listed: frozenset[int],
    known: TableHistory | None,
) -> tuple[Expiry, ...]:
    """Find the commit that took each snapshot which the table no longer lists.

    That is the first one after the newest metadata file that lists it.
    """
    expired = {one.snapshot_id: one for one in (known.expiries if known else ())}
    known_head = known.head() if known else None
    last_listed: dict[int, int] = {}
    for place, link in enumerate(links):
        if isinstance(link, Reading):
            last_listed.update(dict.fromkeys(link.listed, place))
        elif known and isinstance(link, Remembered) and link.point == known_head:
            last_listed.update(dict.fromkeys(known.listed, place))
    for one in snapshots:
        gone = one.snapshot_id not in listed
        if gone and one.snapshot_id not in expired and one.snapshot_id in last_listed:
            expiry = _expiry(one.snapshot_id, links[last_listed[one.snapshot_id] + 1 :])
            if expiry is not None:
                expired[one.snapshot_id] = expiry
    return tuple(
        expired[one.snapshot_id]
        for one in snapshots
        if one.snapshot_id in expired and one.snapshot_id not in listed
    )


def _expiry(snapshot_id: int, later: Sequence[Link]) -> Expiry | None:
    """Name the commit that let go of a snapshot, or say that it is one of several."""
    for place, link in enumerate(later):
        match link:
            case Reading():
                at, name = link.at, file_name(link.path)
            case Remembered(CommitPoint() as point):
                at, name = point.at, file_name(point.witness)
            case _:
                continue
        act = f"expired by metadata file {name}"
        doubt = ", or by one right before it that cannot be read" if place else ""
        return Expiry(snapshot_id, at, act + doubt)
    return None


def _gaps(
    walk: Walk,
    links: Sequence[Link],
    snapshots: Sequence[Snapshot],
    recorded: Iterable[RecordedEntry],
    known: TableHistory | None,
) -> Iterator[Gap]:
    """Say what is known to be missing; what a newer harvest says of the same goes in its place."""
    said = dict.fromkeys(gap.what for gap in (known.gaps if known else ()))
    said = {what: None for what in said if not what.startswith(_UNLISTED)}
    for link in walk.links:
        match link:
            case Lost():
                said[f"metadata file {file_name(link.path)} is lost: {link.reason}"] = None
            case Reading() if link.odd_refs:
                names = ", ".join(link.odd_refs)
                said[f"refs that are neither branch nor tag were left out: {names}"] = None
            case _:
                pass
    said.update({f"{link.what} are missing": None for link in links if isinstance(link, Hole)})
    said.update(dict.fromkeys(walk.doubts))
    newest = links[-1]
    if isinstance(newest, Remembered) and newest.point.witness != walk.head.path:
        name, ahead = file_name(walk.head.path), file_name(newest.point.witness)
        if name != ahead:
            said[f"the table points back at {name}, though {ahead} was seen later"] = None
    unlisted = _unlisted(snapshots, recorded)
    if unlisted:
        shown = ", ".join(str(number) for number in unlisted[:_NAMED_MAX])
        more = f" and {len(unlisted) - _NAMED_MAX} more" if len(unlisted) > _NAMED_MAX else ""
        said[f"{_UNLISTED} {shown}{more}"] = None
    return (Gap(what) for what in said)


_UNLISTED = "named as parents or in the snapshot log, but listed by no metadata that can be read:"


def _unlisted(snapshots: Sequence[Snapshot], recorded: Iterable[RecordedEntry]) -> list[int]:
    listed = {one.snapshot_id for one in snapshots}
    named = {one.parent_id for one in snapshots if one.parent_id is not None}
    return sorted((named | {one.snapshot_id for one in recorded}) - listed)
