"""The log folder: which commits, checkpoints and compacted ranges lie in it, from one listing.

The `_last_checkpoint` hint is not read: a listing says all it could, and the hint may lie.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass

from catalogs.storage import Storage, StoredFile
from snapshots.errors import UnreadableError
from snapshots.instant import Instant

LOG_FOLDER = "_delta_log"
SIDECAR_FOLDER = "_sidecars"
STAGED_FOLDERS = ("_staged_commits", "_commits")
"""Where commits wait for a catalog, or for the commit coordinators of earlier previews."""

_COMMIT = re.compile(r"(\d{20})\.json")
_STAGED = re.compile(r"(\d{20})\.[0-9a-fA-F-]{36}\.json")
_RATIFIED = re.compile(rf"(?:{'|'.join(STAGED_FOLDERS)})/{_STAGED.pattern}")
_COMPACTION = re.compile(r"(\d{20})\.(\d{20})\.compacted\.json")
_CHECKPOINT = re.compile(
    r"(\d{20})\.checkpoint"
    r"(?:\.(?P<part>\d{10})\.(?P<parts>\d{10})|\.(?P<uuid>[0-9a-fA-F-]{36}))?\.(?P<kind>parquet|json)"
)


_OF_A_VERSION = (_COMMIT, _RATIFIED, _CHECKPOINT)


@dataclass(frozen=True, slots=True, order=True)
class Compaction:
    """A file that sums up the commits `first` to `last`."""

    first: int
    last: int
    name: str


@dataclass(frozen=True, slots=True)
class Plan:
    """A way to rebuild a state: start from a checkpoint, then apply commits in order.

    `base` is None, and `checkpoint` empty, where it starts from the table's first commit.
    """

    base: int | None
    checkpoint: tuple[str, ...]
    steps: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class LogSegment:
    """The files of one log, by name.

    `checkpoints` holds the complete ones of each version, each as the names of its files, those
    that any reader understands first. `modified` is each listed file's modification time.
    """

    commits: Mapping[int, str]
    checkpoints: Mapping[int, tuple[tuple[str, ...], ...]]
    compactions: tuple[Compaction, ...]
    modified: Mapping[str, Instant]

    def versions(self) -> tuple[int, ...]:
        """Give the versions that some file of the log is about, in order."""
        return tuple(sorted(self.commits.keys() | self.checkpoints.keys()))

    def readable(self) -> frozenset[int]:
        """Give the versions whose state can be rebuilt from these files."""
        firsts: dict[int, list[int]] = {version: [version] for version in self.commits}
        for one in self.compactions:
            firsts.setdefault(one.last, []).append(one.first)
        found: set[int] = set()
        for version in sorted({*firsts, *self.checkpoints}):
            starts = firsts.get(version, [])
            if version in self.checkpoints or any(
                first == 0 or any(one in found for one in range(first - 1, version))
                for first in starts
            ):
                found.add(version)
        return frozenset(found)

    def plans(self, version: int) -> Iterator[Plan]:
        """Yield the ways to rebuild a state, the shortest first; none where there is none."""
        bases = sorted((one for one in self.checkpoints if one <= version), reverse=True)
        for base in (*bases, None):
            steps = self._steps(0 if base is None else base + 1, version)
            if steps is None:
                return  # an earlier start meets the same hole
            for names in ((),) if base is None else self.checkpoints[base]:
                yield Plan(base, names, steps)

    def _steps(self, first: int, last: int) -> tuple[str, ...] | None:
        names: list[str] = []
        version = first
        while version <= last:
            if version in self.commits:
                names.append(self.commits[version])
                version += 1
                continue
            # A range may begin earlier: what it sums up twice, it sums up to the same.
            fitting = [c for c in self.compactions if c.first <= version <= c.last <= last]
            if not fitting:
                return None
            widest = max(fitting, key=lambda one: one.last)
            names.append(widest.name)
            version = widest.last + 1
        return tuple(names)

    def with_names(
        self, names: Iterable[str], *, broken: Collection[str] = frozenset()
    ) -> LogSegment:
        """Join files that are no longer in the folder but kept elsewhere.

        Those in `broken` lie in the folder, and count as if they did not.
        """
        left = {name: at for name, at in self.modified.items() if name not in broken}
        return _sorted_out(
            {*(_names(self) - set(broken)), *names}, left if broken else self.modified
        )


def listed(storage: Storage, root: str, *, ratified: Collection[str] = ()) -> LogSegment:
    """List the log folder of a table; all parts empty where there is none.

    Of the commits that wait for a catalog, those named in `ratified` count as if they were
    published. Raises UnreadableError where two of them are for one version.
    """
    files = {_name(file): file for file in storage.list(f"{root}/{LOG_FOLDER}")}
    files |= _accepted(storage, root, ratified)
    return _sorted_out(files, {name: file.modified for name, file in files.items()})


def token(storage: Storage, root: str, *, ratified: Collection[str] = ()) -> str:
    """Give a text that changes with every commit and with every cleaning of the log."""
    accepted = "".join(f"+{name}" for name in sorted(_accepted(storage, root, ratified)))
    oldest: StoredFile | None = None
    newest: StoredFile | None = None
    for file in storage.list(f"{root}/{LOG_FOLDER}"):
        if _COMMIT.fullmatch(_name(file)) or _CHECKPOINT.fullmatch(_name(file)):
            oldest = file if oldest is None or _name(file) < _name(oldest) else oldest
            newest = file if newest is None or _name(file) > _name(newest) else newest
    if oldest is None or newest is None:
        return f"empty{accepted}"
    ends = f"{_name(oldest)}..{_name(newest)}"
    return f"{ends}@{newest.modified.micros}/{newest.size_bytes}{accepted}"


def staged(storage: Storage, root: str) -> frozenset[int]:
    """Give the versions of commits that writers proposed to the catalog of a managed table."""
    return frozenset(
        int(match[1])
        for folder in STAGED_FOLDERS
        for file in storage.list(f"{root}/{LOG_FOLDER}/{folder}")
        if (match := _STAGED.fullmatch(_name(file)))
    )


def _accepted(storage: Storage, root: str, ratified: Collection[str]) -> dict[str, StoredFile]:
    """Find the named ones of the commits that wait, by their names below the log folder."""
    found: dict[str, StoredFile] = {}
    versions = set[str]()
    for folder in STAGED_FOLDERS if ratified else ():
        for file in storage.list(f"{root}/{LOG_FOLDER}/{folder}"):
            match = _STAGED.fullmatch(_name(file))
            if match is None or match[0] not in ratified:
                continue
            if match[1] in versions:
                reason = f"two commits of version {int(match[1])} are said to be ratified"
                raise UnreadableError(root, reason, "name the one that its catalog accepted")
            versions.add(match[1])
            found[f"{folder}/{match[0]}"] = file
    return found


def holes(versions: Iterable[int], *, first: int) -> Iterator[tuple[int, int]]:
    """Yield the ranges of versions, ends included, that are missing from `first` to the last."""
    expected = first
    for version in sorted(versions):
        if version > expected:
            yield expected, version - 1
        expected = max(expected, version + 1)


def commit_name(version: int) -> str:
    """Give the name of a version's commit file."""
    return f"{version:020d}.json"


def version_named(name: str) -> int | None:
    """Give the version that a log file is about, the last one of several; None for sidecars."""
    compacted = _COMPACTION.fullmatch(name)
    if compacted:
        return int(compacted[2])
    found = next((one for kind in _OF_A_VERSION if (one := kind.fullmatch(name))), None)
    return int(found[1]) if found else None


def _names(segment: LogSegment) -> set[str]:
    checkpoints = {
        name for several in segment.checkpoints.values() for names in several for name in names
    }
    return {*segment.commits.values(), *checkpoints, *(one.name for one in segment.compactions)}


def _sorted_out(names: Iterable[str], modified: Mapping[str, Instant]) -> LogSegment:
    commits: dict[int, str] = {}
    compactions: list[Compaction] = []
    groups: dict[int, dict[str, list[str]]] = {}
    totals: dict[str, int] = {}
    for name in sorted(names):
        if match := _COMMIT.fullmatch(name):
            commits[int(match[1])] = name
        elif match := _RATIFIED.fullmatch(name):
            commits.setdefault(int(match[1]), name)  # one that is published sorts before it
        elif match := _COMPACTION.fullmatch(name):
            compactions.append(Compaction(int(match[1]), int(match[2]), name))
        elif match := _CHECKPOINT.fullmatch(name):
            # Parts of different splittings never mix: the number of parts is part of the group.
            group = f"parts-{match['parts']}" if match["part"] else name
            totals[group] = int(match["parts"] or 1)
            groups.setdefault(int(match[1]), {}).setdefault(group, []).append(name)
    checkpoints = {
        version: complete
        for version, found in groups.items()
        if (complete := _complete(found, totals))
    }
    return LogSegment(commits, checkpoints, tuple(compactions), modified)


def _complete(
    found: Mapping[str, list[str]], totals: Mapping[str, int]
) -> tuple[tuple[str, ...], ...]:
    whole = [(group, names) for group, names in found.items() if len(names) == totals[group]]
    return tuple(tuple(names) for _, names in sorted(whole, key=_simplest_first))


def _simplest_first(entry: tuple[str, list[str]]) -> tuple[int, str]:
    group, names = entry
    return len(names), group


def _name(file: StoredFile) -> str:
    return file.path.rpartition("/")[2]
