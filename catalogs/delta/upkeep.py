"""Upkeep of Delta tables: what VACUUM and log clean-up would take of this one."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Iterator, Mapping
from functools import cached_property

from catalogs.delta.actions import DeletionVector
from catalogs.delta.cleaning import cleaned
from catalogs.delta.files import commit_files_of
from catalogs.delta.log import DeltaLog
from catalogs.delta.paths import canonical, located, vector_file
from catalogs.delta.replay import state_at
from catalogs.delta.segment import LOG_FOLDER
from catalogs.delta.tombstones import NewestState, newest_state
from catalogs.storage import AbsentFileError
from snapshots.history import TableHistory
from snapshots.instant import Instant
from snapshots.maintenance import (
    Act,
    CleanLog,
    Extent,
    Refused,
    Removal,
    Unfit,
    Vacuum,
    Vacuumer,
)
from snapshots.retention import DELETED_FILE_RETENTION, LOG_RETENTION, retention_micros
from snapshots.vacuuming import Tombstone, Vacuumed, vacuumed

LAST_VACUUM = "_last_vacuum_info"
"""Where Spark notes up to which version a VACUUM has looked."""


class DeltaUpkeep:
    """Implements `catalogs.upkeep.Upkeep`; the log and the folder are read once."""

    def __init__(self, log: DeltaLog, history: TableHistory) -> None:
        """Take the table by its log; nothing is read before something is asked."""
        self._log = log
        self._history = history

    def usual(self) -> tuple[Act, ...]:
        """Give Spark's VACUUM, and the clean-up of the log that its checkpoints bring about."""
        spark = Vacuumer.SPARK
        return (Vacuum(spark, Extent.FULL, None, ()), CleanLog(spark))

    def removal(
        self, act: Act, *, at: Instant, hold: Collection[int], let_go: Collection[str]
    ) -> Removal | Refused:
        """Tell what an act would take; see `Upkeep.removal`."""
        del let_go  # a Delta table has no branches and tags
        match act:
            case Vacuum():
                return self._vacuum(act, at, hold)
            case CleanLog(by):
                return self._cleaning(by, at)
            case _:
                return Unfit("it is a Delta table: it is vacuumed, and its log is cleaned up")

    def _vacuum(self, act: Vacuum, at: Instant, hold: Collection[int]) -> Removal | Refused:
        properties = self._newest.metadata.properties
        retention = retention_micros(DELETED_FILE_RETENTION, properties)
        if retention is None:
            text = properties[DELETED_FILE_RETENTION]
            return Refused(f"{DELETED_FILE_RETENTION}={text} is no duration, and VACUUM fails")
        kept = self._kept({*act.keep_versions, *hold}, act.by)
        if isinstance(kept, Refused):
            return kept
        removed = self._removed_in_log(act, at, retention)
        if isinstance(removed, Refused):
            return removed
        root = self._log.root
        table = Vacuumed(
            live=frozenset(self._inside(one.path) for one in self._newest.live.values()),
            vectors=frozenset(self._vectors(one.vector for one in self._newest.live.values())),
            tombstones=self._tombstones,
            removed=removed,
            kept=kept,
            modified={name: modified for name, (modified, _) in self._walked.items()},
            partition_columns=tuple(self._newest.metadata.partition_columns),
            retention_micros=retention,
        )
        found = vacuumed(act, table, at=at)
        files = {f"{root}/{name}": self._walked[name][1] for name in found}
        doubts = tuple(_doubts(act, properties, retention))
        return Removal(frozenset(), self._losing(files.keys()), (), (), files, doubts)

    def _cleaning(self, by: Vacuumer, at: Instant) -> Removal | Refused:
        properties = self._newest.metadata.properties
        retention = retention_micros(LOG_RETENTION, properties)
        if retention is None:
            text = properties[LOG_RETENTION]
            return Refused(f"{LOG_RETENTION}={text} is no duration, and clean-up fails")
        if properties.get("delta.enableExpiredLogCleanup", "true").lower() == "false":
            return Refused("delta.enableExpiredLogCleanup is false: nobody cleans its log")
        segment = self._log.segment
        names = cleaned(segment, by=by, at=at, retention_micros=retention)
        after = segment.with_names((), broken=names).readable() if names else segment.readable()
        gone = segment.readable() - after
        paths = {self._log.location(name) for name in names}
        folder = f"{self._log.root}/{LOG_FOLDER}"
        sizes = {one.path: one.size_bytes for one in self._log.storage.list(folder)}
        files = {path: sizes[path] for path in paths if path in sizes}
        return Removal(frozenset(gone), {}, (), (), files, ())

    @cached_property
    def _newest(self) -> NewestState:
        return newest_state(self._log)

    @cached_property
    def _walked(self) -> dict[str, tuple[Instant, int]]:
        """Give all files below the table, but for its log: when written, and how long."""
        root = self._log.root
        walked = ((one.path.removeprefix(f"{root}/"), one) for one in self._log.storage.walk(root))
        return {
            name: (one.modified, one.size_bytes)
            for name, one in walked
            if not name.startswith(f"{LOG_FOLDER}/")
        }

    @cached_property
    def _tombstones(self) -> tuple[Tombstone, ...]:
        return tuple(
            self._tombstone(one.path, one.deletion_vector, one.deletion_timestamp)
            for one in self._newest.removed.values()
        )

    def _tombstone(
        self, path: str, vector: DeletionVector | None, deleted_ms: int | None
    ) -> Tombstone:
        vectors = [*self._vectors([vector])]
        at = Instant.from_millis(deleted_ms or 0)
        return Tombstone(self._inside(canonical(path)), vectors[0] if vectors else None, at)

    def _removed_in_log(
        self, act: Vacuum, at: Instant, retention: int
    ) -> tuple[Tombstone, ...] | Refused:
        """Give what the commits say was removed that delta-rs or a LITE one of Spark reads."""
        if act.by is Vacuumer.DELTA_RS:
            return tuple(
                self._tombstone(one.path, one.deletion_vector, one.deletion_timestamp)
                for one in self._newest.removes
            )
        if act.extent is not Extent.LITE:
            return ()
        asked = retention if act.retention_micros is None else act.retention_micros
        cutoff = at.plus(micros=-asked)
        commits = self._log.segment.commits
        done, first = self._vacuumed_upto(), min(commits, default=0)
        if first and (done is None or done < first):
            return Refused("a LITE VACUUM refuses a log that was cleaned up before it")
        start = first if done is None else done + 1
        ends = [
            one.snapshot_id
            for one in self._history.snapshots
            if one.snapshot_id in commits and one.committed_at <= cutoff
        ]
        read = [name for v, name in sorted(commits.items()) if start <= v <= max(ends, default=-1)]
        return tuple(
            self._tombstone(remove.path, remove.deletion_vector, remove.deletion_timestamp)
            for name in read
            for remove in self._log.commit(name).removes
        )

    def _vacuumed_upto(self) -> int | None:
        """Give the version up to which Spark's last VACUUM looked; None where nothing says."""
        try:
            told = json.loads(self._log.storage.read(self._log.location(LAST_VACUUM)))
            upto = told.get("latestCommitVersionOutsideOfRetentionWindow")
        except (AbsentFileError, ValueError, AttributeError):
            return None
        return upto if isinstance(upto, int) else None

    def _kept(self, versions: Collection[int], by: Vacuumer) -> frozenset[str] | Refused:
        """Give the files of versions that are to be kept; delta-rs keeps data files alone."""
        found: set[str] = set()
        for version in sorted(versions):
            state = state_at(self._log, version)
            if state is None:
                return Refused(f"version {version} cannot be rebuilt from the log, so not kept")
            found |= {self._inside(one.path) for one in state.live.values()}
            if by is Vacuumer.SPARK:
                found |= set(self._vectors(one.vector for one in state.live.values()))
        return frozenset(found)

    def _losing(self, deleted: Collection[str]) -> dict[int, int]:
        """Count, for each version, the files of it that are deleted."""
        losing: dict[int, int] = {}
        live: dict[str, str] = {}
        lost = 0
        for commit in commit_files_of(self._log, self._history, skip=()) if deleted else ():
            if commit.parent_id is None:
                live, lost = {}, 0
            for key in commit.removed:
                lost -= live.pop(key, None) in deleted
            for added in commit.added:
                if added.file.key not in live:
                    live[added.file.key] = added.file.path
                    lost += added.file.path in deleted
            if lost and commit.snapshot_id in self._history.listed:
                losing[commit.snapshot_id] = lost
        return losing

    def _inside(self, name: str) -> str:
        """Give a file's path below the table; whole where it lies elsewhere."""
        path = located(self._log.root, name, self._log.moved)
        return path.removeprefix(f"{self._log.root}/")

    def _vectors(self, vectors: Iterable[DeletionVector | None]) -> Iterator[str]:
        """Yield the files of deletion vectors that have one, by their paths below the table."""
        for one in vectors:
            if one is not None:
                path = vector_file(self._log.root, one, self._log.moved)
                if path is not None:
                    yield path.removeprefix(f"{self._log.root}/")


def _doubts(act: Vacuum, properties: Mapping[str, str], retention: int) -> Iterator[str]:
    if act.retention_micros is not None and act.retention_micros < retention:
        yield "VACUUM refuses to keep less than the table's own retention, unless that check is off"
    if act.by is Vacuumer.SPARK and act.retention_micros:
        yield "Delta for Spark from 4.1 on ignores RETAIN unless it is 0 hours"
    feeds = properties.get("delta.enableChangeDataFeed", "").lower() == "true"
    if act.by is Vacuumer.SPARK and act.extent is Extent.LITE and feeds:
        yield "Spark may take files of the change data feed, too"
