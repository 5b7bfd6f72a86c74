"""The Delta reader: one table where it lies, offered as any table format is."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

from catalogs.delta import segment
from catalogs.delta.files import commit_files_of
from catalogs.delta.history import history_of, joined_upto
from catalogs.delta.keeping import worth_keeping
from catalogs.delta.kept_log import as_known, still_kept
from catalogs.delta.log import DeltaLog, LogCache
from catalogs.delta.loss import Losses, removed_at
from catalogs.delta.paths import root_of
from catalogs.delta.protocol import check
from catalogs.delta.replay import Table, tried
from catalogs.delta.state import DeltaState, presence_of, schema_at, state_of
from catalogs.delta.upkeep import DeltaUpkeep
from catalogs.presence import Presence
from catalogs.search import Searched, Sieve, Watch
from catalogs.storage import Storage
from catalogs.table import RawCommit, Tip
from snapshots.availability import Gone, LogTruncated
from snapshots.errors import UnknownNameError, UnreadableError
from snapshots.files import CommitFiles, DataFile
from snapshots.history import TableHistory

RATIFIED = "ratified-commits"
"""The property that names the staged commits which the catalogs of managed tables accepted."""


class DeltaSource:
    """One Delta table; nothing is read before it is asked for."""

    def __init__(self, location: str, *, storage: Storage, options: Mapping[str, str]) -> None:
        """Keep where the table lies. `options` are the catalog's; the storage has its own."""
        self._location = location.rstrip("/") or "/"
        self._storage = storage
        self.options = dict(options)
        told = self.options.get(RATIFIED, "").split(",")
        self._ratified = frozenset(name.strip() for name in told if name.strip())
        self._cache = LogCache()
        self._known: TableHistory | None = None
        self._kept_upto: int | None = None

    @property
    def location(self) -> str:
        """The table's root: a path or URL without a trailing slash."""
        return self._location

    def head(self) -> str:
        """Give a token that changes with every commit, by one listing of the log folder."""
        root = root_of(self._location)
        return segment.token(self._storage, root, ratified=self._ratified)

    def tip(self) -> Tip:
        """Tell the newest version of the log; see `TableSource.tip`.

        Raises UnreadableError where there is no log.
        """
        log = self._log()
        versions = log.segment.versions()
        if not versions:
            advice = "name the folder of a Delta table, with _delta_log in it"
            raise UnreadableError(log.root, "it has no log", advice)
        return Tip(snapshot_id=versions[-1], refs={}, witness=f"version {versions[-1]}")

    def versions(self) -> tuple[int, ...]:
        """Give the versions that the log tells of, in order; none where there is no table yet."""
        return self._log().segment.versions()

    def summaries(self, *, after: int) -> Iterator[tuple[int, Mapping[str, str]]]:
        """Yield what each commit after a version says of itself, in order."""
        log = self._log()
        for version, name in sorted(log.segment.commits.items()):
            if version > after:
                yield version, log.commit(name).summary()

    def history(self, *, known: TableHistory | None) -> TableHistory:
        """Give all the log remembers, joined with what was known before.

        Raises UnreadableError where there is no table, or a commit cannot be decoded, and
        UnsupportedError where a version asks of its readers what this one does not have.
        """
        log = self._log()
        found = history_of(log, location=self._location, known=known)
        self._known, self._kept_upto = found, joined_upto(log, known)
        return found

    def commit_files(
        self, history: TableHistory, *, skip: Collection[int]
    ) -> Iterator[CommitFiles]:
        """Yield what each version added and removed, oldest first, `skip` left out."""
        yield from commit_files_of(self._log(), history, skip=skip)

    def raw_commits(self, history: TableHistory, *, skip: Collection[str]) -> Iterator[RawCommit]:
        """Yield the commits and checkpoints from which states can be rebuilt later.

        Witnesses are names below the log folder.
        """
        newest = max((one.snapshot_id for one in history.snapshots), default=-1)
        # What was kept of commits that the log has no more must not stand for those it has.
        kept = skip if self._kept_upto is None else still_kept(skip, upto=self._kept_upto)
        yield from worth_keeping(self._log(), newest=newest, skip=kept)

    def state(
        self, snapshot_id: int, *, kept: Sequence[RawCommit]
    ) -> DeltaState | LogTruncated | Gone:
        """Find a past version: in the table's log, or with the help of kept log files.

        Raises UnknownNameError for a version that never was, UnreadableError where the files that
        should tell of it cannot be read, and UnsupportedError where it needs a feature that is
        not understood.
        """
        own = self._log()
        readable = own.segment.readable()
        trouble: UnreadableError | None = None
        if snapshot_id in readable:
            table, trouble = tried(own, snapshot_id)
            if table is not None:
                return self._state(own, table, snapshot_id, how=None)
        joined = own.with_kept(as_known(kept))
        table, joined = self._with_kept(own, joined, snapshot_id) if kept else (None, joined)
        if table is not None:
            how = f"the table's log and {len(kept)} kept files of it"
            return self._state(joined, table, snapshot_id, how=how)
        if trouble is not None:
            raise trouble
        self._check_known(joined, snapshot_id)
        later = joined.segment.readable()
        return LogTruncated(
            min((one for one in later if one > snapshot_id), default=max(later, default=0))
        )

    def presence(self) -> Presence:
        """Give what tells which files are there; see `TableSource.presence`."""
        return presence_of(self._log())

    def upkeep(self, history: TableHistory) -> DeltaUpkeep:
        """Give what simulates maintenance; see `TableSource.upkeep`."""
        return DeltaUpkeep(self._log(), history)

    def rebuildable(self, kept: Sequence[RawCommit]) -> frozenset[int]:
        """Give the versions that the log leads to once it has the kept files again."""
        return self._log().segment.with_names(as_known(kept)).readable()

    def broken(
        self, snapshot_ids: Collection[int], *, kept: Sequence[RawCommit], presence: Presence
    ) -> Mapping[int, tuple[str, ...]]:
        """Give none: what a log lists is what lies in its folder."""
        del snapshot_ids, kept, presence
        return {}

    def losses(
        self, history: TableHistory, files: Iterable[DataFile], *, kept: Sequence[RawCommit]
    ) -> Losses:
        """Find out who took some missing files, in one pass over the log and what was kept."""
        log = self._log().with_kept(as_known(kept))
        commits = commit_files_of(log, history, skip=())
        return Losses(history, removed_at(files, commits))

    def search(
        self,
        where: str,
        *,
        history: TableHistory,
        kept: Sequence[RawCommit],
        sieve: Sieve,
        watch: Watch,
    ) -> Searched:
        """Find the rows of a condition in all files; see `TableSource.search`."""
        from catalogs.delta.search import search_table

        log = self._log().with_kept(as_known(kept))
        return search_table(log, history, where, sieve=sieve, watch=watch)

    def _log(self) -> DeltaLog:
        root = root_of(self._location)
        listed = segment.listed(self._storage, root, ratified=self._ratified)
        return DeltaLog(
            root=root, storage=self._storage, segment=listed, kept={}, cache=self._cache
        )

    def _with_kept(
        self, own: DeltaLog, joined: DeltaLog, version: int
    ) -> tuple[Table | None, DeltaLog]:
        """Rebuild a version with kept files, which also stand in for the table's broken ones.

        Raises UnreadableError where a broken one is not kept.
        """
        kept, broken = joined.kept, set[str]()
        while True:
            table, trouble = tried(joined, version)
            name = "" if trouble is None else trouble.location.rpartition("/")[2]
            if trouble is None:
                return table, joined
            if name not in kept or name in broken:
                raise trouble
            broken.add(name)
            joined = own.with_kept(kept, broken=broken)

    def _state(self, log: DeltaLog, table: Table, version: int, *, how: str | None) -> DeltaState:
        check(table.protocol, location=log.root)
        return state_of(
            log,
            table,
            version=version,
            how=how,
            schema_of=lambda: schema_at(log, version, known=self._known),
        )

    def _check_known(self, log: DeltaLog, version: int) -> None:
        versions = log.segment.versions()
        if versions and 0 <= version <= versions[-1]:
            return
        nearest = [f"{self._location}@{one}" for one in versions[-1:]]
        advice = "see its history for the versions it has"
        raise UnknownNameError("version", f"{self._location}@{version}", nearest, advice)
