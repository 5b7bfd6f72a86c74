"""Replay: one pass over a log that tells, version by version, what each commit changed."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from catalogs.delta.actions import Add, Commit, DeletionVector, Metadata, Protocol, Remove
from catalogs.delta.checkpoint import checkpoint
from catalogs.delta.log import DeltaLog
from catalogs.delta.paths import canonical
from catalogs.delta.segment import Plan
from snapshots.errors import UnreadableError


@dataclass(frozen=True, slots=True)
class LogicalFile:
    """A data file and the deletion vector that masks it. `rows` is None where unrecorded.

    `path` is as `paths.canonical` spells it; `key` adds the vector to it, and is what an add and
    a remove must share. `physical_rows` counts deleted rows too.
    """

    key: str
    path: str
    size_bytes: int
    rows: int | None
    physical_rows: int | None
    partition_values: dict[str, str | None]
    vector: DeletionVector | None


@dataclass(frozen=True, slots=True)
class Table:
    """A state: what the table was, its domain metadata by name, and its live files by key."""

    metadata: Metadata
    protocol: Protocol
    domains: dict[str, str]
    live: dict[str, LogicalFile]


@dataclass(frozen=True, slots=True)
class Step:
    """One version, as the log tells of it.

    `commit` is None where only a checkpoint does. `joined` tells whether the state of the version
    before is known, so that the commit's actions are the difference to it. `base` is the state
    itself where it is known from a checkpoint and not joined; else None. Where neither holds, the
    state cannot be rebuilt; `trouble` is then the file that stood in the way, None where it was
    only files that are not there. `metadata` and `protocol` are what this version brought, None
    where it brought none.
    """

    version: int
    commit: Commit | None
    joined: bool
    base: Table | None
    trouble: UnreadableError | None
    metadata: Metadata | None
    protocol: Protocol | None

    @property
    def known(self) -> bool:
        """Tell whether the state of this version is known."""
        return self.joined or self.base is not None


def steps(log: DeltaLog, *, after: int | None) -> Iterator[Step]:
    """Yield the versions of a log in order; those after `after` where the state there is known.

    Raises UnreadableError for a commit that cannot be decoded: what came after it is unknown.
    """
    known = -1 if after is None else after
    commits = log.segment.commits
    versions = [one for one in log.segment.versions() if one > known]
    bodies = log.in_turn([commits[one] for one in versions if one in commits])
    for version in versions:
        commit = log.commit(next(bodies)) if version in commits else None
        if commit is not None and version == known + 1:
            known = version
            yield Step(version, commit, True, None, None, commit.metadata, commit.protocol)
            continue
        base, trouble = tried(log, version)
        if base is not None:
            known = version
            yield Step(version, commit, False, base, None, base.metadata, base.protocol)
        else:
            metadata, protocol = (commit.metadata, commit.protocol) if commit else (None, None)
            yield Step(version, commit, False, None, trouble, metadata, protocol)


def state_at(log: DeltaLog, version: int) -> Table | None:
    """Rebuild a state; None where the log does not reach it.

    Raises UnreadableError where it should, but files on every way cannot be read, and where the
    state has no metadata or no protocol.
    """
    way = _way(log, version)
    if way is None:
        return None
    plan, commits = way
    if plan.checkpoint:
        # Readers start here: what they cannot open is no table, whatever older files say.
        check_whole(log, plan.checkpoint[0], commits[0].metadata, commits[0].protocol)
    return _folded(log, (*plan.checkpoint, *plan.steps)[-1], commits)


def plan_at(log: DeltaLog, version: int) -> Plan | None:
    """Give the way by which `state_at` rebuilds a state; raises as it does."""
    way = _way(log, version)
    return None if way is None else way[0]


def _way(log: DeltaLog, version: int) -> tuple[Plan, list[Commit]] | None:
    """Read the shortest way to a state of which every file can be read.

    Raises UnreadableError where there are ways, and none can be read.
    """
    failed: UnreadableError | None = None
    for plan in log.segment.plans(version):
        try:
            commits = list(_commits(log, plan))
        except UnreadableError as error:
            # Another checkpoint, or the commits from the first one on, may tell the same.
            failed = failed or error
            continue
        return plan, commits
    if failed is not None:
        raise failed
    return None


def tried(log: DeltaLog, version: int) -> tuple[Table | None, UnreadableError | None]:
    """Rebuild a state; else give what stood in the way, None where only files are not there."""
    try:
        return state_at(log, version), None
    except UnreadableError as error:
        return None, error


def logical(add: Add | Remove) -> str:
    """Give the key of a logical file: its path, and the deletion vector that masks it."""
    vector = add.deletion_vector
    path = canonical(add.path)
    return path if vector is None else f"{path}#{vector.unique_id}"


def applied(live: dict[str, LogicalFile], commit: Commit) -> None:
    """Change live files as a commit does; its actions have no order, so removes go first."""
    for remove in commit.removes:
        live.pop(logical(remove), None)
    for add in commit.adds:
        live[logical(add)] = file_of(add)


def declared(domains: dict[str, str], commit: Commit) -> None:
    """Change domain metadata as a commit does: a removed domain is as if it never was."""
    for one in commit.domains:
        if one.removed:
            domains.pop(one.domain, None)
        else:
            domains[one.domain] = one.configuration


def file_of(add: Add) -> LogicalFile:
    """Give the logical file of an add."""
    return LogicalFile(
        key=logical(add),
        path=canonical(add.path),
        size_bytes=add.size,
        rows=add.rows,
        physical_rows=add.physical_rows,
        partition_values=add.partition_values,
        vector=add.deletion_vector,
    )


def check_whole(
    log: DeltaLog, witness: str, metadata: Metadata | None, protocol: Protocol | None
) -> tuple[Metadata, Protocol]:
    """Give both; raise UnreadableError where a table cannot be one, for want of either."""
    if metadata is not None and protocol is not None:
        return metadata, protocol
    actions = (("metaData", metadata), ("protocol", protocol))
    absent = " and no ".join(kind for kind, action in actions if action is None)
    reason = f"up to {witness} its log holds no {absent} action"
    raise UnreadableError(log.root, reason, "restore the log from a copy of the table")


class LiveFiles:
    """The live files of a state that moves on; fetched only once a removed one is asked for."""

    def __init__(self, fetch: Callable[[], dict[str, LogicalFile]]) -> None:
        """Start from the files that `fetch` gives, when they are needed."""
        self._fetch: Callable[[], dict[str, LogicalFile]] | None = fetch
        self._files: dict[str, LogicalFile] = {}
        self._taken: set[str] = set()

    def take(self, key: str) -> LogicalFile | None:
        """Remove a file and give what was known of it; None where it was not live."""
        if self._fetch is not None and key not in self._files and key not in self._taken:
            fetched, self._fetch = self._fetch(), None
            earlier = {name: file for name, file in fetched.items() if name not in self._taken}
            self._files = earlier | self._files
        self._note(key)
        return self._files.pop(key, None)

    def drop(self, key: str) -> None:
        """Remove a file about which nothing is asked."""
        self._note(key)
        self._files.pop(key, None)

    def put(self, file: LogicalFile) -> None:
        """Add a file."""
        self._files[file.key] = file

    def _note(self, key: str) -> None:
        if self._fetch is not None:
            self._taken.add(key)


def _folded(log: DeltaLog, witness: str, commits: Iterable[Commit]) -> Table:
    live: dict[str, LogicalFile] = {}
    metadata: Metadata | None = None
    protocol: Protocol | None = None
    domains: dict[str, str] = {}
    for commit in commits:
        applied(live, commit)
        declared(domains, commit)
        metadata = commit.metadata or metadata
        protocol = commit.protocol or protocol
    return Table(*check_whole(log, witness, metadata, protocol), domains, live)


def _commits(log: DeltaLog, plan: Plan) -> Iterator[Commit]:
    if plan.checkpoint:
        yield checkpoint(log, plan.checkpoint)
    for name in log.in_turn(plan.steps):
        yield log.commit(name)
