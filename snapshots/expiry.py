"""Expiry: which snapshots and refs an `expire_snapshots` takes, by the rules of who runs it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from snapshots.ancestry import ancestry
from snapshots.maintenance import Expirer, ExpireSnapshots, Refused
from snapshots.refs import MAIN, Branch, Tag
from snapshots.retention import DEFAULTS, REF_AGE, SNAPSHOT_AGE, SNAPSHOTS_TO_KEEP

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping, Sequence

    from snapshots.history import TableHistory
    from snapshots.instant import Instant
    from snapshots.refs import SnapshotRef
    from snapshots.snapshot import Snapshot

NO_GC = "gc.enabled is false: expire_snapshots refuses such a table"
_NEVER = 2**63 - 1


@dataclass(frozen=True, slots=True)
class Expired:
    """The snapshots and the refs that go."""

    snapshots: frozenset[int]
    refs: tuple[str, ...]


def expired(
    history: TableHistory,
    act: ExpireSnapshots,
    *,
    at: Instant,
    hold: Collection[int],
    let_go: Collection[str],
) -> Expired | Refused:
    """Tell what goes at that instant. Iceberg spec, snapshot retention policy.

    As if tags without an end stood on the snapshots in `hold`, and the refs in `let_go` did not.
    Unlike the spec, Java keeps snapshots that no ref reaches until they are as old as others.
    """
    head = history.head()
    listed = {
        one.snapshot_id: one for one in history.snapshots if one.snapshot_id in history.listed
    }
    properties = head.properties if head else {}
    dropped = {*act.dropped_refs, *let_go}
    refs = [one for one in (head.refs if head else ()) if one.name not in dropped]
    unknown = [one for one in act.dropped_refs if one not in {ref.name for ref in _refs(history)}]
    if unknown:
        return Refused(f"the table has no branch or tag {unknown[0]}")
    if MAIN in act.dropped_refs:
        return Refused("main cannot be removed")
    held = [Tag(f"held {one}", one, _NEVER) for one in hold if one in listed]
    missing = [one for one in act.snapshot_ids if one not in listed]
    if missing and act.by is Expirer.PYICEBERG:
        return Refused(f"snapshot {missing[0]} is not listed, and pyiceberg refuses such an id")
    rule = _by_java if act.by is Expirer.JAVA else _by_pyiceberg
    found = rule(listed, [*refs, *held], properties, act, at)
    if isinstance(found, Refused):
        return found
    gone = [*act.dropped_refs, *found.refs]
    return Expired(found.snapshots, tuple(dict.fromkeys(gone)))


def _by_pyiceberg(
    listed: Mapping[int, Snapshot],
    refs: Sequence[SnapshotRef],
    properties: Mapping[str, str],
    act: ExpireSnapshots,
    at: Instant,
) -> Expired | Refused:
    """Take what is older, but for the heads of refs; ages in the table decide nothing."""
    del properties, at
    heads = {one.snapshot_id for one in refs}
    named = [one for one in act.snapshot_ids if one in heads]
    if named:
        return Refused(f"snapshot {named[0]} is the head of a branch or tag")
    if act.retain_last is not None or act.schemas_too:
        return Refused("pyiceberg knows no retain_last and no clean_expired_metadata")
    if act.older_than is None and not act.snapshot_ids:
        return Refused("pyiceberg takes nothing without older_than or snapshot ids")
    older = act.older_than
    found = {
        snapshot_id
        for snapshot_id, one in listed.items()
        if older is not None and _millis(one.committed_at) < _millis(older)
    }
    return Expired(frozenset((found | set(act.snapshot_ids)) - heads), ())


def _by_java(
    listed: Mapping[int, Snapshot],
    refs: Sequence[SnapshotRef],
    properties: Mapping[str, str],
    act: ExpireSnapshots,
    at: Instant,
) -> Expired | Refused:
    if properties.get("gc.enabled", "true").lower() == "false":
        return Refused(NO_GC)
    numbers = {}
    for name in (SNAPSHOT_AGE, SNAPSHOTS_TO_KEEP, REF_AGE):
        try:
            numbers[name] = int(properties.get(name, DEFAULTS[name]))
        except ValueError:
            return Refused(f"{name}={properties[name]} is no number, and expire_snapshots fails")
    now = _millis(at)
    older = now - numbers[SNAPSHOT_AGE] if act.older_than is None else _millis(act.older_than)
    keep = numbers[SNAPSHOTS_TO_KEEP] if act.retain_last is None else act.retain_last
    stay = [one for one in refs if _stays(one, listed, now, numbers[REF_AGE])]
    heads = {one.snapshot_id: one.name for one in reversed(stay)}
    named = [one for one in act.snapshot_ids if one in heads]
    if named:
        return Refused(f"snapshot {named[0]} is the head of {heads[named[0]]}")
    kept = set(heads)
    reached = set(heads)
    for ref in stay:
        if isinstance(ref, Branch):
            reached.update(ancestry(ref.snapshot_id, listed))
            kept.update(_kept_by(ref, listed, now, older, keep))
    kept |= {
        snapshot_id
        for snapshot_id, one in listed.items()
        if snapshot_id not in reached and _millis(one.committed_at) >= older
    }
    taken = (listed.keys() - kept) | (set(act.snapshot_ids) & listed.keys())
    names = {one.name for one in stay}
    gone = tuple(one.name for one in refs if one.name not in names)
    return Expired(frozenset(taken), gone)


def _stays(ref: SnapshotRef, listed: Mapping[int, Snapshot], now: int, default_age: int) -> bool:
    if ref.name == MAIN:
        return True
    snapshot = listed.get(ref.snapshot_id)
    age = default_age if ref.max_ref_age_ms is None else ref.max_ref_age_ms
    return snapshot is not None and now - _millis(snapshot.committed_at) <= age


def _kept_by(
    ref: Branch, listed: Mapping[int, Snapshot], now: int, older: int, keep: int
) -> Iterator[int]:
    """Yield the newest few ancestors, and those young enough, up to the first that is neither."""
    own = ref.max_snapshot_age_ms
    limit = older if own is None else now - own
    least = keep if ref.min_snapshots_to_keep is None else ref.min_snapshots_to_keep
    for place, snapshot_id in enumerate(ancestry(ref.snapshot_id, listed)):
        if place >= least and _millis(listed[snapshot_id].committed_at) < limit:
            return
        yield snapshot_id


def _refs(history: TableHistory) -> tuple[SnapshotRef, ...]:
    head = history.head()
    return head.refs if head else ()


def _millis(instant: Instant) -> int:
    """Both formats count milliseconds; what a clock tells beyond them is cut off."""
    return instant.micros // 1000
