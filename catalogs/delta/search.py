"""Searching a Delta table: every file that some version of it is made of, read at most once, and
what lies in its folder besides: change data, and files that no version has.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from urllib.parse import unquote

import pyarrow as pa
import pyarrow.compute as pc

from catalogs.delta.log import DeltaLog
from catalogs.delta.paths import located
from catalogs.delta.replay import LogicalFile
from catalogs.delta.search_files import Found, candidate_of, found_in
from catalogs.delta.search_lives import Life, Lives, ruled_out, states_of
from catalogs.delta.segment import LOG_FOLDER
from catalogs.delta.sought import Sought, bound
from catalogs.delta.vectors import deleted_rows
from catalogs.moved import below, normal
from catalogs.search import (
    FileRole,
    Folder,
    Holding,
    Look,
    LookedAt,
    Searched,
    Sieve,
    Unexamined,
    Watch,
)
from catalogs.sifting import Sifted
from catalogs.storage import AbsentFileError, StoredFile
from snapshots.errors import TemporalLineageError, UnreadableError
from snapshots.history import TableHistory

_CHANGES = "_change_data"
_VECTOR = "deletion_vector_"


def search_table(
    log: DeltaLog, history: TableHistory, where: str, *, sieve: Sieve, watch: Watch
) -> Searched:
    """Search all versions of a table, and its folder; see `TableSource.search`."""
    lives = Lives()
    lives.follow(log)
    if not lives.told:
        raise lives.trouble or UnreadableError(log.root, "its log tells of no schema", _ADVICE)
    sought = bound(where, lives.told[::-1], location=log.root)
    search = _Search(log, lives, sought)
    stray, lost, folder = search.strays()
    looks = {path: search.look(file, folder) for path, file in lives.files.items()}
    search.sift(sieve, (lives.files[path] for path, look in looks.items() if look is None))
    total, done = len(looks) + len(stray), 0
    for path, look in looks.items():
        search.file(lives.files[path], look)
        watch(done := done + 1, total)
    for role, file in stray:
        search.stray(role, file)
        watch(done := done + 1, total)
    return Searched(
        columns=sought.searched,
        states=tuple(lives.versions),
        forgotten=() if lives.trouble else tuple(_unknown(lives, history)),
        broken=frozenset(search.broken),
        holding=tuple(search.holding),
        looked_at=tuple(search.looked_at),
        unexamined=(*_troubled(lives, history), *search.unexamined, *lost),
        beside=(),
        sieve=sieve.name,
    )


_ADVICE = "restore the log from a copy of the table"


class _Search:
    """Reads the files, and holds what is found against the vectors that mask them."""

    def __init__(self, log: DeltaLog, lives: Lives, sought: Sought) -> None:
        self._log = log
        self._lives = lives
        self._sought = sought
        self.holding: list[Holding] = []
        self.looked_at: list[LookedAt] = []
        self.unexamined: list[Unexamined] = []
        self.broken: set[int] = set()
        self._sifted = Sifted("", {})

    def sift(self, sieve: Sieve, files: Iterator[LogicalFile]) -> None:
        """Have the rows of data files counted: where none matches, none is read here."""
        found = (candidate_of(one, self._sought, self._log) for one in files)
        self._sifted = Sifted(sieve.name, sieve.sift(one for one in found if one is not None))

    def look(self, file: LogicalFile, folder: Folder) -> Look | None:
        """Tell what settles a file without reading it; None where nothing does."""
        look = ruled_out(file, self._lives.stats[file.path], self._sought)
        place = located(self._log.root, file.path, self._log.moved)
        return None if look is None else folder.settled(place, file.size_bytes, look)

    def file(self, file: LogicalFile, look: Look | None) -> None:
        """Search a file of some version."""
        place = located(self._log.root, file.path, self._log.moved)
        look = Look.READ_BY_ENGINE if self._sifted.is_empty(place) else look
        if look is not None:
            self.looked_at.append(LookedAt(place, FileRole.DATA, file.size_bytes, look))
            return
        lives = list(states_of(self._lives.lives[file.path], self._lives.versions))
        try:
            found = found_in(file, self._sought, self._log)
            self._sifted.hold(place, len(found.positions))
            live = {
                version: rows
                for life, versions in lives
                for rows in (self._left(life, found),)
                for version in versions
            }
        except TemporalLineageError as error:
            # It may be the vector that is gone, and then the rows are all there.
            if isinstance(error, AbsentFileError) and error.location == place:
                self.broken.update(one for _, versions in lives for one in versions)
                self.looked_at.append(LookedAt(place, FileRole.DATA, file.size_bytes, Look.GONE))
                return
            states = tuple(sorted(one for _, versions in lives for one in versions))
            self.unexamined.append(Unexamined(place, str(error), states))
            return
        self._take(place, FileRole.DATA, file.size_bytes, found, dict(sorted(live.items())))

    def stray(self, role: FileRole, file: LogicalFile) -> None:
        """Search a file that no version is made of."""
        place = located(self._log.root, file.path, self._log.moved)
        try:
            found = found_in(file, self._sought, self._log)
            if found.absent & self._sought.partitions:
                reason = "nothing tells which partition it was written for"
                raise UnreadableError(place, reason, "look into it by hand, or remove it")
        except TemporalLineageError as error:
            self.unexamined.append(Unexamined(place, str(error), ()))
            return
        if len(found.absent) == len(self._sought.columns):
            found = replace(found, positions=pa.array([], pa.int64()), look=Look.NO_SUCH_COLUMN)
        self._take(place, role, file.size_bytes, found, {})

    def strays(self) -> tuple[list[tuple[FileRole, LogicalFile]], list[Unexamined], Folder]:
        """Find the files below the root that no version is made of; and all that lie there."""
        log = self._log
        known = {normal(located(log.root, one, log.moved)) for one in self._lives.files}
        found: list[tuple[FileRole, LogicalFile]] = []
        sizes: dict[str, int] = {}
        listed = True
        lost: list[Unexamined] = []
        try:
            for file in log.storage.walk(log.root):
                rest = below(normal(file.path), normal(log.root)) or file.path
                name = rest.rpartition("/")[2]
                sizes[normal(file.path)] = file.size_bytes
                if rest.startswith(f"{LOG_FOLDER}/") or normal(file.path) in known:
                    continue
                if name.endswith(".parquet"):
                    changes = rest.startswith(f"{_CHANGES}/")
                    role = FileRole.CHANGES if changes else FileRole.ORPHAN
                    found.append((role, _stray(file, rest)))
                elif not name.startswith(("_", ".", _VECTOR)):
                    reason = "nothing names it, and it is no Parquet file"
                    lost.append(Unexamined(file.path, reason, ()))
        except TemporalLineageError as error:
            lost.append(Unexamined(log.root, f"orphans were not looked for: {error}", ()))
            listed = False
        folder = Folder(log.root, sizes if listed else None)
        return sorted(found, key=lambda one: one[1].path), lost, folder

    def _take(
        self, place: str, role: FileRole, size: int, found: Found, live: dict[int, int]
    ) -> None:
        self.looked_at.append(LookedAt(place, role, size, found.look))
        if len(found.positions):
            self.holding.append(Holding(place, role, size, len(found.positions), live))

    def _left(self, life: Life, found: Found) -> int:
        """Count the found rows that a vector leaves."""
        if life.vector is None or not len(found.positions):
            return len(found.positions)
        log = self._log
        bits, _ = deleted_rows(
            life.vector, rows=found.rows, root=log.root, storage=log.storage, moved=log.moved
        )
        gone = pa.BooleanArray.from_buffers(pa.bool_(), found.rows, [None, pa.py_buffer(bits)])
        hidden = pc.sum(gone.take(found.positions)).as_py() or 0
        return len(found.positions) - int(hidden)


def _stray(file: StoredFile, rest: str) -> LogicalFile:
    return LogicalFile(
        key=rest,
        path=rest,
        size_bytes=file.size_bytes,
        rows=None,
        physical_rows=None,
        partition_values=dict(_partition_of(rest)),
        vector=None,
    )


def _partition_of(path: str) -> Iterator[tuple[str, str | None]]:
    """Read a partition out of a path, as writers name folders: `day=2026-11-01/part-0.parquet`."""
    for part in path.split("/")[:-1]:
        name, mark, value = part.partition("=")
        if mark:
            is_null = value == "__HIVE_DEFAULT_PARTITION__"
            yield unquote(name), None if is_null else unquote(value)


def _unknown(lives: Lives, history: TableHistory) -> list[int]:
    known = set(lives.versions)
    missing = {one.snapshot_id for one in history.snapshots} - known
    return sorted(missing | set(lives.unknown))


def _troubled(lives: Lives, history: TableHistory) -> Iterator[Unexamined]:
    for version in _unknown(lives, history) if lives.trouble else ():
        yield Unexamined(f"@{version}", str(lives.trouble), (version,))
