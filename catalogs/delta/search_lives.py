"""Searched lives: in which versions each file of a Delta table is live, under which vector.

One pass over the log tells it of all versions. What the log says of a file's values is held
against the condition on the way, so that no statistics are kept.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from catalogs.condition import NULLS, UNKNOWN, Path, Spread, may_match, met
from catalogs.delta.actions import Add, Commit, DeletionVector, Metadata
from catalogs.delta.log import DeltaLog
from catalogs.delta.partition_values import value_of
from catalogs.delta.replay import LogicalFile, Step, file_of, logical, steps
from catalogs.delta.sought import Sought
from catalogs.delta.statistics import Statistics
from catalogs.search import Look
from snapshots.errors import UnreadableError


@dataclass(frozen=True, slots=True)
class Life:
    """The versions in which a file is live under one vector, from `start` to before `end`."""

    vector: DeletionVector | None
    start: int
    end: int


class Lives:
    """All files that a log names, and the versions that it tells of."""

    def __init__(self) -> None:
        """Start with none."""
        self.files: dict[str, LogicalFile] = {}
        self.lives: dict[str, list[Life]] = defaultdict(list)
        self.stats: dict[str, list[str]] = defaultdict(list)
        self.told: list[Metadata] = []
        self.versions: list[int] = []
        self.unknown: list[int] = []
        self.trouble: UnreadableError | None = None
        self._live: dict[str, LogicalFile] = {}
        self._since: dict[str, int] = {}

    def follow(self, log: DeltaLog) -> None:
        """Go through a log; where a commit cannot be decoded, `trouble` says which."""
        last = -1
        try:
            for step in steps(log, after=None):
                self._take(step)
                last = step.version
        except UnreadableError as error:
            self.trouble = error
        self.unknown += [one for one in log.segment.versions() if one > last]
        for key in list(self._live):
            self._end(key, last + 1)

    def _take(self, step: Step) -> None:
        if step.metadata is not None:
            self.told.append(step.metadata)
        for add in step.commit.adds if step.commit else ():
            self._note(add)
        if step.base is not None:
            self._start(step.base.live, step.version)
        elif step.commit is not None and step.joined:
            self._apply(step.commit, step.version)
        if step.known:
            self.versions.append(step.version)
        else:
            self.unknown.append(step.version)
            self._start({}, step.version)

    def _start(self, live: Mapping[str, LogicalFile], version: int) -> None:
        """Go on from a state that does not follow from what came before."""
        for key in self._live.keys() - live.keys():
            self._end(key, version)
        for key, file in live.items():
            self._begin(key, file, version)

    def _apply(self, commit: Commit, version: int) -> None:
        for remove in commit.removes:
            self._end(logical(remove), version)
        for add in commit.adds:
            self._begin(logical(add), file_of(add), version)

    def _note(self, add: Add) -> None:
        told = self.stats[logical(add)]
        if add.deletion_vector is None and add.stats and add.stats not in told:
            told.append(add.stats)

    def _begin(self, key: str, file: LogicalFile, version: int) -> None:
        self._live[key] = file
        self._since.setdefault(key, version)
        self.files.setdefault(file.path, file)

    def _end(self, key: str, version: int) -> None:
        file = self._live.pop(key, None)
        since = self._since.pop(key, version)
        if file is not None and since < version:
            self.lives[file.path].append(Life(file.vector, since, version))


def ruled_out(file: LogicalFile, stats: list[str], sought: Sought) -> Look | None:
    """Tell what rules a file out by the log alone; None where nothing does."""
    constants = {path: _constant(file, sought, path) for path in sought.kinds}
    if not may_match(sought.condition, lambda path: constants[path]):
        return Look.RULED_OUT_BY_PARTITION
    for told in map(Statistics, stats):

        def spread(path: Path, told: Statistics = told) -> Spread:
            own = told.spread(sought.physical[path], sought.kinds[path])
            return met([own, constants[path]])

        if not may_match(sought.condition, spread):
            return Look.RULED_OUT_BY_STATISTICS
    return None


def _constant(file: LogicalFile, sought: Sought, path: Path) -> Spread:
    name = sought.physical[path][0]
    if name not in file.partition_values:
        return UNKNOWN
    kind = sought.kinds[path]
    try:
        value = value_of(file.partition_values[name], kind)
    except (ValueError, KeyError):
        return UNKNOWN
    if value is None:
        return NULLS
    if isinstance(value, float):
        return UNKNOWN
    plain = value.encode() if isinstance(value, str) else value
    return Spread(plain, plain, may_hold=True, may_be_null=False, may_be_nan=False, admits=None)


def states_of(lives: list[Life], versions: list[int]) -> Iterator[tuple[Life, list[int]]]:
    """Yield each life with those of the known versions, in order, that it covers."""
    for life in lives:
        yield life, versions[bisect_left(versions, life.start) : bisect_left(versions, life.end)]
