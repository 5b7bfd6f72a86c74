"""Retention: which states a table's own policy will take, and from when on. DESIGN 4.5."""

from __future__ import annotations

import re
from itertools import pairwise
from typing import TYPE_CHECKING

from snapshots.ancestry import ancestry
from snapshots.availability import AtRisk, Protected
from snapshots.dataset import TableFormat
from snapshots.instant import BEGINNING, FOREVER, Instant
from snapshots.records import dataclass
from snapshots.refs import MAIN, Branch
from snapshots.snapshot import Effect

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from snapshots.history import TableHistory
    from snapshots.refs import SnapshotRef
    from snapshots.snapshot import Snapshot

SNAPSHOT_AGE = "history.expire.max-snapshot-age-ms"
SNAPSHOTS_TO_KEEP = "history.expire.min-snapshots-to-keep"
REF_AGE = "history.expire.max-ref-age-ms"
LOG_RETENTION = "delta.logRetentionDuration"
DELETED_FILE_RETENTION = "delta.deletedFileRetentionDuration"

DEFAULTS = {
    SNAPSHOT_AGE: "432000000",  # 5 days
    SNAPSHOTS_TO_KEEP: "1",
    REF_AGE: str(2**63 - 1),
    LOG_RETENTION: "interval 30 days",
    DELETED_FILE_RETENTION: "interval 1 week",
}
"""What Iceberg and Delta go by where a table says nothing."""

_UNIT_MICROS = {
    "microsecond": 1,
    "millisecond": 1_000,
    "second": 1_000_000,
    "minute": 60_000_000,
    "hour": 3_600_000_000,
    "day": 86_400_000_000,
    "week": 604_800_000_000,
}
_TERM = re.compile(rf"\s*(-?\d{{1,18}})\s+({'|'.join(_UNIT_MICROS)})s?(?=\s|$)", re.IGNORECASE)


def at_risk(history: TableHistory) -> dict[int, AtRisk]:
    """Map each listed snapshot to the policy that takes it, and the first instant it can.

    That is, if nothing is committed until then: a commit can put a snapshot out of reach, or let
    its files be removed, and the answer is another one. A snapshot that no policy ever takes is
    left out. Iceberg spec, snapshot retention policy; Delta's log and deleted-file retention.
    """
    match history.identity.format:
        case TableFormat.ICEBERG:
            return _taken_by_expiry(history)
        case TableFormat.DELTA:
            return _taken_by_vacuum(history)


def taken_by(history: TableHistory, *, now: Instant) -> frozenset[int]:
    """Give the listed snapshots that a maintenance run at that instant could take."""
    return frozenset(one for one, risk in at_risk(history).items() if risk.since <= now)


def refused_by_newer_spark(history: TableHistory, *, now: Instant) -> frozenset[int]:
    """Give the listed versions of a Delta table that newer Spark readers refuse to travel to.

    Those committed longer ago than the table's `delta.deletedFileRetentionDuration`, but for the
    newest, and whether or not a VACUUM ever ran: Delta for Spark since 4.1, Databricks Runtime
    since 18. Nobody else refuses them, so it is no verdict.
    """
    if history.identity.format is not TableFormat.DELTA:
        return frozenset()
    head = history.head()
    retention = retention_micros(DELETED_FILE_RETENTION, head.properties if head else {})
    if retention is None:
        return frozenset()
    oldest = now.plus(micros=-retention)
    listed = _listed(history)
    newest = max(listed, default=None)
    return frozenset(
        version
        for version, one in listed.items()
        if version != newest and one.committed_at < oldest
    )


def protections(history: TableHistory) -> dict[int, tuple[Protected, ...]]:
    """Map snapshots to the refs that name them, and until when each ref is safe from expiry.

    Main is none: it keeps its snapshot only until the next commit.
    """
    head = history.head()
    listed = _listed(history)
    found: dict[int, tuple[Protected, ...]] = {}
    for ref in head.refs if head else ():
        if ref.name != MAIN and ref.snapshot_id in listed:
            until, _ = _ref_limit(ref, listed[ref.snapshot_id], head.properties if head else {})
            here = found.get(ref.snapshot_id, ())
            found[ref.snapshot_id] = (*here, Protected(ref.name, until))
    return found


def retention_micros(name: str, properties: Mapping[str, str]) -> int | None:
    """Give how long a Delta table keeps something by a property; None where it is no duration."""
    return duration_micros(properties.get(name, DEFAULTS[name]))


def duration_micros(text: str) -> int | None:
    """Read a Delta duration such as `interval 30 days`; None for what has no fixed length.

    Months and years have none, and Delta refuses them too.
    """
    rest = re.sub(r"^\s*interval(?=\s|$)", "", text, flags=re.IGNORECASE)
    total, end = 0, 0
    for term in _TERM.finditer(rest):
        if term.start() != end:
            return None
        total += int(term[1]) * _UNIT_MICROS[term[2].lower()]
        end = term.end()
    return total if end and not rest[end:].strip() else None


@dataclass(frozen=True, slots=True)
class _Limit:
    """A number that a policy sets, and the words that name the policy."""

    value: int
    policy: str


def _taken_by_expiry(history: TableHistory) -> dict[int, AtRisk]:
    head = history.head()
    listed = _listed(history)
    properties = head.properties if head else {}
    if properties.get("gc.enabled", "true").lower() == "false":
        return {}  # expire_snapshots refuses such a table
    unreachable = AtRisk("no branch or tag reaches it", BEGINNING)
    kept = dict.fromkeys(listed, unreachable)
    for ref in head.refs if head else ():
        if ref.snapshot_id not in listed:
            continue
        limit = _ref_limit(ref, listed[ref.snapshot_id], properties)
        for snapshot_id, until, policy in _kept_by(ref, limit, listed, properties):
            if until > kept[snapshot_id].since:
                kept[snapshot_id] = AtRisk(policy, until)
    return {
        one: AtRisk(risk.policy, max(risk.since, listed[one].committed_at))
        for one, risk in kept.items()
        if risk.since < FOREVER
    }


def _kept_by(
    ref: SnapshotRef,
    ref_limit: tuple[Instant, str],
    listed: Mapping[int, Snapshot],
    properties: Mapping[str, str],
) -> Iterator[tuple[int, Instant, str]]:
    """Give the snapshots a ref keeps, until when, and the policy that then lets them go.

    A branch keeps its ancestors up to the first that is too old and not among the newest few;
    whatever lies behind that one goes with it.
    """
    yield (ref.snapshot_id, *ref_limit)
    if not isinstance(ref, Branch):
        return
    keep = _number(SNAPSHOTS_TO_KEEP, properties, ref.min_snapshots_to_keep, ref).value
    age = _number(SNAPSHOT_AGE, properties, ref.max_snapshot_age_ms, ref)
    limit = ref_limit
    for place, snapshot_id in enumerate(ancestry(ref.snapshot_id, listed)):
        if place >= keep:
            limit = min(
                limit, (_older(listed[snapshot_id], age), age.policy), key=lambda one: one[0]
            )
        if place:
            yield (snapshot_id, *limit)


def _ref_limit(
    ref: SnapshotRef, snapshot: Snapshot, properties: Mapping[str, str]
) -> tuple[Instant, str]:
    """Give until when a ref stays, and the policy that then removes it. Main always stays."""
    if ref.name == MAIN:
        return FOREVER, ""
    age = _number(REF_AGE, properties, ref.max_ref_age_ms, ref)
    return _older(snapshot, age), age.policy


def _older(snapshot: Snapshot, age: _Limit) -> Instant:
    """Give the first millisecond in which the snapshot is older than that."""
    return snapshot.committed_at.plus(micros=(age.value + 1) * 1000)


def _number(name: str, properties: Mapping[str, str], own: int | None, ref: SnapshotRef) -> _Limit:
    if own is not None:
        return _Limit(own, f"{name.removeprefix('history.expire.')}={own} of {ref.name}")
    text = properties.get(name)
    if text is None:
        return _Limit(int(DEFAULTS[name]), f"{name}={DEFAULTS[name]}, the default")
    try:
        return _Limit(int(text), f"{name}={text}")
    except ValueError:
        return _Limit(0, f"{name}={text}, which is no number")


def _taken_by_vacuum(history: TableHistory) -> dict[int, AtRisk]:
    """Let a version go with its commit file, or with the first of its files to be deleted.

    Log cleanup removes commits older than the retention, up to a checkpoint of a later version,
    which the next one can already be. VACUUM deletes files that long after a commit removed them.
    """
    head = history.head()
    properties = head.properties if head else {}
    listed = sorted(_listed(history).values(), key=lambda one: one.snapshot_id)
    cleans = properties.get("delta.enableExpiredLogCleanup", "true").lower() != "false"
    log, files = (_duration(name, properties) for name in (LOG_RETENTION, DELETED_FILE_RETENTION))
    risks: dict[int, AtRisk] = {}
    removing: Instant | None = None
    for one, following in reversed(list(pairwise(listed))):
        if _may_remove_files(following):
            removing = following.committed_at
        ends = []
        if cleans:
            ends.append(AtRisk(log.policy, following.committed_at.plus(micros=log.value)))
        if removing is not None:
            ends.append(AtRisk(files.policy, removing.plus(micros=files.value)))
        if ends:
            risks[one.snapshot_id] = min(ends, key=lambda risk: risk.since)
    return risks


def _may_remove_files(one: Snapshot) -> bool:
    if one.effect in (Effect.APPEND, Effect.NOTHING):
        return False
    masks = one.effect in (Effect.REWRITE, Effect.UNKNOWN)  # a deletion vector may be a file, too
    return masks or one.counts.removed_files != 0


def _duration(name: str, properties: Mapping[str, str]) -> _Limit:
    text = properties.get(name)
    default = DEFAULTS[name]
    micros = duration_micros(default if text is None else text)
    if micros is None:
        return _Limit(0, f"{name}={text}, which is no duration")
    return _Limit(micros, f"{name}={default}, the default" if text is None else f"{name}={text}")


def _listed(history: TableHistory) -> dict[int, Snapshot]:
    return {one.snapshot_id: one for one in history.snapshots if one.snapshot_id in history.listed}
