"""Tombstones: the removed files that a Delta table's newest state still tells of."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from catalogs.delta.actions import Add, Commit, Metadata, Remove
from catalogs.delta.checkpoint import with_tombstones
from catalogs.delta.log import DeltaLog
from catalogs.delta.replay import LogicalFile, file_of, logical
from catalogs.delta.segment import Plan
from snapshots.errors import UnreadableError


@dataclass(frozen=True, slots=True)
class NewestState:
    """The newest state with what was removed from it, by key.

    `removes` are those of the checkpoint it was folded from and of all commits after it, also of
    files that came back since.
    """

    version: int
    metadata: Metadata
    live: dict[str, LogicalFile]
    removed: dict[str, Remove]
    removes: tuple[Remove, ...]


def newest_state(log: DeltaLog) -> NewestState:
    """Fold the newest state from its last checkpoint. Raises UnreadableError."""
    version = max(log.segment.versions())
    trouble: UnreadableError | None = None
    for plan in log.segment.plans(version):
        try:
            return _folded(version, _commits(log, plan), log)
        except UnreadableError as error:
            trouble = trouble or error
    if trouble is not None:
        raise trouble
    reason = f"nothing leads to version {version}"
    raise UnreadableError(log.root, reason, "restore the log from a copy of the table")


def _commits(log: DeltaLog, plan: Plan) -> list[Commit]:
    first = [with_tombstones(log, plan.checkpoint)] if plan.checkpoint else []
    return [*first, *(log.commit(name) for name in log.in_turn(plan.steps))]


def _folded(version: int, commits: Iterable[Commit], log: DeltaLog) -> NewestState:
    live: dict[str, Add] = {}
    removed: dict[str, Remove] = {}
    metadata: Metadata | None = None
    removes: list[Remove] = []
    for commit in commits:
        removes += commit.removes
        for remove in commit.removes:
            live.pop(logical(remove), None)
            removed[logical(remove)] = remove
        for add in commit.adds:
            removed.pop(logical(add), None)
            live[logical(add)] = add
        metadata = commit.metadata or metadata
    if metadata is None:
        advice = "restore the log from a copy of the table"
        raise UnreadableError(log.root, "its log holds no metaData action", advice)
    files = {key: file_of(one) for key, one in live.items()}
    return NewestState(version, metadata, files, removed, tuple(removes))
