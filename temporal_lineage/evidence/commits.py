"""Commits that explain themselves: RESTORE, CLONE, cherry-pick, WAP and rollback need no run."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from snapshots.ancestry import ancestry
from snapshots.dataset import TableFormat
from snapshots.errors import BadInstantError
from snapshots.instant import Instant
from snapshots.refs import MAIN
from snapshots.snapshot import Snapshot
from snapshots.snapshot_log import Ambiguous, Current
from temporal_lineage.evidence.grades import Evidence, Grade, Method, RejectedAlternative
from temporal_lineage.evidence.timeline import Timeline
from temporal_lineage.evidence.versions import number_of

_QUOTED_PATH = re.compile(r"(?:delta|iceberg|parquet)\.`(?P<path>[^`]+)`", re.IGNORECASE)
_PICKED = "source-snapshot-id"
_STAGED = "wap.id"
_PUBLISHED = "published-wap-id"
_RESTORED_VERSION = "operationParameters.version"
_RESTORED_TIMES = ("operationParameters.timestamp", "operationParameters.datetime")
"""What Spark calls it, and what delta-rs does."""

_CLONE_SOURCE = "operationParameters.source"
_CLONE_VERSION = "operationParameters.sourceVersion"


@dataclass(frozen=True, slots=True)
class CommitLink:
    """A commit made from another state of the same table: its rows come from `source_id`."""

    source_id: int
    target_id: int
    evidence: Evidence


@dataclass(frozen=True, slots=True)
class CloneLink:
    """A commit made from a state of another table, named as the commit names it.

    `source` is a path, a URL or a catalog's name. `source_version` is None where it is not told.
    """

    source: str
    source_version: int | None
    target_id: int
    evidence: Evidence


@dataclass(frozen=True, slots=True)
class Rollback:
    """A ref went back to a state it had before: no rows moved, and no snapshot was made."""

    ref: str
    at: Instant
    left_id: int
    returned_id: int
    evidence: Evidence


def self_explained(table: Timeline) -> tuple[CommitLink, ...]:
    """Give the edges inside one table that need no run, in commit order. DESIGN 4.4.

    Delta RESTORE, Iceberg cherry-pick and the publishing of a staged (WAP) snapshot.
    """
    staged: dict[str, list[int]] = defaultdict(list)
    for one in table.table.snapshots:
        if one.summary.get(_STAGED):
            staged[one.summary[_STAGED]].append(one.snapshot_id)
    found: list[CommitLink] = []
    for one in table.table.snapshots:
        if _is_delta(table) and one.operation.upper() == "RESTORE":
            found += _restored(one, table)
        found += _published(one, staged.get(one.summary.get(_PUBLISHED, ""), ()))
    return tuple(found)


def clones(table: Timeline) -> tuple[CloneLink, ...]:
    """Give the commits that copied a state of another table: Delta CLONE, shallow or deep."""
    found = []
    for one in table.table.snapshots:
        source = _place(one.summary.get(_CLONE_SOURCE, ""))
        if one.operation.upper() != "CLONE" or not source:
            continue
        told = one.summary.get(_CLONE_VERSION, "")
        version = number_of(told)
        rejected: tuple[RejectedAlternative, ...] = ()
        if version is None:
            rejected = (RejectedAlternative(f"sourceVersion {told!r}", "it is no Delta version"),)
        grade = Grade.EXACT if version is not None else Grade.NONE
        witness = f"CLONE of {source} version {told or 'not told'}"
        evidence = Evidence(Method.CLONE, grade, witness, rejected)
        found.append(CloneLink(source, version, one.snapshot_id, evidence))
    return tuple(found)


def rollbacks(table: Timeline) -> tuple[Rollback, ...]:
    """Give every return of main to a state it had before, in order of time.

    Only the log shows one: the snapshot that a rollback leaves stays in the table's metadata.
    """
    found = []
    before: int | None = None
    seen: set[int] = set()
    for entry in table.log(MAIN).entries:
        if not isinstance(entry.state, Current) or entry.state.snapshot_id is None:
            before = None
            continue
        now = entry.state.snapshot_id
        if before is not None and now != before and _went_back(now, before, seen, table):
            words = f"main left {before} for {now} at {entry.period.start}, by {entry.witness}"
            evidence = Evidence(Method.ROLLBACK, Grade.EXACT, words, ())
            found.append(Rollback(MAIN, entry.period.start, before, now, evidence))
        seen.add(now)
        before = now
    return tuple(found)


def _place(source: str) -> str:
    """Take a path out of its quotes: Spark calls a table that has no other name delta.`path`.

    >>> _place("delta.`s3://lake/orders`"), _place("main.sales.orders")
    ('s3://lake/orders', 'main.sales.orders')
    """
    quoted = _QUOTED_PATH.fullmatch(source.strip())
    return quoted["path"] if quoted else source.strip()


def _went_back(now: int, before: int, seen: set[int], table: Timeline) -> bool:
    snapshot = table.by_id.get(now)
    if now in seen or snapshot is None or snapshot.parent_id == before:
        return now in seen
    return now in set(ancestry(before, table.by_id))


def _is_delta(table: Timeline) -> bool:
    return table.table.identity.format is TableFormat.DELTA


def _restored(commit: Snapshot, table: Timeline) -> Iterator[CommitLink]:
    told = commit.summary.get(_RESTORED_VERSION, "")
    version = number_of(told)
    if version is not None:
        witness = f"RESTORE to version {version}"
        evidence = Evidence(Method.RESTORE, Grade.EXACT, witness, ())
        yield CommitLink(version, commit.snapshot_id, evidence)
        return
    told_times = (commit.summary.get(key, "") for key in _RESTORED_TIMES)
    text = next((one for one in told_times if one), "")
    at = _instant(text)
    entry = None if at is None else table.at(MAIN, at)
    if entry is None or at is None:
        return
    witness = f"RESTORE to timestamp {text}, by the table's log at {at}"
    if isinstance(entry.state, Current) and entry.state.snapshot_id is not None:
        # The log's rule, applied by the engine with the session's zone: not the commit's own word.
        evidence = Evidence(Method.RESTORE, Grade.HIGH, witness, ())
        yield CommitLink(entry.state.snapshot_id, commit.snapshot_id, evidence)
    elif isinstance(entry.state, Ambiguous):
        evidence = Evidence(Method.RESTORE, Grade.CANDIDATES, witness, ())
        for one in entry.state.candidates:
            yield CommitLink(one, commit.snapshot_id, evidence)


def _instant(text: str) -> Instant | None:
    millis = number_of(text)
    if millis is not None:
        return Instant.from_millis(millis)
    try:
        return Instant.parse(text.strip())
    except BadInstantError:
        return None


def _published(commit: Snapshot, staged: Sequence[int]) -> Iterator[CommitLink]:
    """Read who was picked; a WAP id names it too, and where both are told they must agree."""
    wap = commit.summary.get(_PUBLISHED)
    picked = number_of(commit.summary.get(_PICKED, ""))
    others = [one for one in staged if one not in (commit.snapshot_id, picked)]
    if picked is not None:
        method = Method.CHERRY_PICK if wap is None else Method.WAP_PUBLISH
        witness = f"{_PICKED} {picked}" + (f", {_PUBLISHED} {wap}" if wap else "")
        rejected = tuple(
            RejectedAlternative(f"snapshot {one}", f"{_STAGED} {wap}, but {_PICKED} names another")
            for one in others
        )
        yield CommitLink(
            picked, commit.snapshot_id, Evidence(method, Grade.EXACT, witness, rejected)
        )
        return
    grade = Grade.EXACT if len(others) == 1 else Grade.CANDIDATES
    for one in others:
        witness = f"{_PUBLISHED} {wap}; {_STAGED} {wap} of snapshot {one}"
        evidence = Evidence(Method.WAP_PUBLISH, grade, witness, ())
        yield CommitLink(one, commit.snapshot_id, evidence)
