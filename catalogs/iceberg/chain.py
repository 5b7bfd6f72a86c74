"""Chains: the metadata files of one table in the order they were committed. DESIGN 4.1."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from catalogs.iceberg.metadata import (
    MetadataLogEntry,
    TableMetadata,
    file_name,
    metadata_number,
)
from catalogs.iceberg.reading import Reading, Readings
from snapshots.commit_point import ChainPoint, CommitPoint, LostPoint
from snapshots.errors import UnreadableError
from snapshots.instant import Instant

METADATA_FILES_MAX = 10_000
"""How many metadata files one harvest reads at most; the writers' default is to keep 100."""


@dataclass(frozen=True, slots=True)
class Lost:
    """A metadata file that a metadata-log names, and that cannot be read; `reason` says why."""

    path: str
    at: Instant
    reason: str


@dataclass(frozen=True, slots=True)
class Hole:
    """Commits between two metadata files that nothing names; `what` says which, for people."""

    at: Instant
    what: str


@dataclass(frozen=True, slots=True)
class Remembered:
    """A commit that an earlier harvest read or missed."""

    point: ChainPoint


Link = Reading | Lost | Hole | Remembered


@dataclass(frozen=True, slots=True)
class Fetched:
    """A metadata file that was read and decoded, not yet known to belong to the chain."""

    path: str
    metadata: TableMetadata


Fetch = Callable[[Sequence[MetadataLogEntry]], Iterator[Fetched | Lost]]
"""Reads the metadata files that a metadata-log names, in the order given."""


@dataclass(frozen=True, slots=True)
class Walk:
    """A chain as far back as it could be followed, oldest first, and what made it stop or doubt.

    `head` is the newest metadata file, also where the chain remembers it.
    """

    head: Reading
    links: tuple[Link, ...]
    doubts: tuple[str, ...]


def walk_back(
    head: Fetched,
    *,
    readings: Readings,
    fetch: Fetch,
    folder: Callable[[], Sequence[str]],
    known: Mapping[str, CommitPoint],
) -> Walk:
    """Follow the metadata-logs back from the newest metadata file, then the folder's numbers.

    `folder` lists the metadata files beside it; those of other tables are told apart by uuid, and
    those that no log names are taken only where their number leaves no choice. The walk ends at the
    first file in `known` (by file name): what is older is known.
    """
    walker = _Walker(head, readings, fetch, folder, known)
    if not walker.is_joined:
        walker.follow_logs()
        walker.find_renamed()
    while not walker.is_joined and walker.step_by_number():
        walker.follow_logs()
    if walker.renamed:
        found = f"{walker.renamed} metadata files were found under other names than the log has"
        walker.doubts.append(f"{found}: their table and instant say which they are")
    if walker.unnamed:
        names = f"{len(walker.unnamed)} metadata files, the oldest {walker.unnamed[-1]}"
        walker.doubts.append(f"no metadata-log names {names}: only their numbers place them")
    return Walk(walker.head, tuple(reversed(walker.links)), tuple(walker.doubts))


def joined(known: Sequence[ChainPoint], walk: Sequence[Link]) -> tuple[Link, ...]:
    """Put a walk and the known chain together: nothing known is lost, and each keeps its order.

    A new link goes right before the known one that follows it in the walk; after all known ones
    where none follows. If the walk does not reach the known chain, a Hole stands between them.
    """
    old: list[Link] = [Remembered(point) for point in known]
    places = {point.position: place for place, point in enumerate(known)}
    result: list[Link] = []
    copied, waiting = 0, list[Link]()
    for link in walk:
        if isinstance(link, Remembered):
            place = places[link.point.position]
            result += [*old[copied:place], *waiting, link]
            copied, waiting = place + 1, []
        else:
            waiting.append(link)
    is_torn = bool(known) and not any(isinstance(link, Remembered) for link in walk)
    hole = [_hole_after(known[-1].at, known[-1].witness)] if is_torn and waiting else []
    return (*result, *old[copied:], *hole, *waiting)


def positions(links: Sequence[Link]) -> tuple[int, ...]:
    """Give each link its place in the chain: strictly rising, and the same in every harvest.

    Known links keep theirs. New ones take the number in the file's name where that fits, else the
    next free place; before the first known link they count down from it.
    """
    anchors = [link.point.position if isinstance(link, Remembered) else None for link in links]
    highest: list[int | None] = []
    for anchor in reversed(anchors):
        left = highest[-1] if highest else None
        highest.append(anchor if anchor is not None else None if left is None else left - 1)
    result: list[int] = []
    for link, anchor, limit in zip(links, anchors, reversed(highest), strict=True):
        lowest = result[-1] + 1 if result else None
        wanted = anchor if anchor is not None else _fitting(link, lowest, limit)
        # Where old links left no room between them, the order is worth more than their numbers.
        result.append(wanted if lowest is None else max(wanted, lowest))
    return tuple(result)


def _fitting(link: Link, lowest: int | None, highest: int | None) -> int:
    path = link.path if isinstance(link, Reading | Lost) else None
    number = metadata_number(path) if path else None
    wanted = number if number is not None else lowest
    if wanted is None:
        wanted = 0 if highest is None else highest
    return wanted if highest is None else min(wanted, highest)


class _Walker:
    """The state of one walk back; `links` are newest first."""

    def __init__(
        self,
        head: Fetched,
        readings: Readings,
        fetch: Fetch,
        folder: Callable[[], Sequence[str]],
        known: Mapping[str, CommitPoint],
    ) -> None:
        self.head = readings.take(head.path, head.metadata)
        self.doubts: list[str] = []
        self.unnamed: list[str] = []
        self.renamed = 0
        remembered = known.get(file_name(head.path))
        self.links: list[Link] = [self.head if remembered is None else Remembered(remembered)]
        self.is_joined = remembered is not None
        self._uuid = head.metadata.table_uuid
        self._take = readings.take
        self._fetch = fetch
        self._folder = folder
        self._known = known
        self._seen = {file_name(head.path)}
        self._numbered: dict[int, list[str]] | None = None

    def follow_logs(self) -> None:
        """Take in what the metadata-logs name; the oldest file read names the next hundred."""
        followed: Reading | None = None
        while not self.is_joined:
            oldest = next((one for one in reversed(self.links) if isinstance(one, Reading)), None)
            if oldest is None or oldest is followed:
                return
            followed = oldest
            self._follow(oldest)

    def find_renamed(self) -> None:
        """Look for lost files under other names: the same table, and the instant the log says."""
        lost = {link.at: place for place, link in enumerate(self.links) if isinstance(link, Lost)}
        if not lost:
            return
        paths = sorted(path for paths in self._candidates().values() for path in paths)
        claims = defaultdict[Instant, list[Fetched]](list)
        for found in self._fetch([MetadataLogEntry(0, path) for path in paths]):
            if isinstance(found, Fetched) and found.metadata.table_uuid == self._uuid is not None:
                claims[Instant.from_millis(found.metadata.last_updated_ms)].append(found)
        for at, candidates in sorted(claims.items(), reverse=True):
            if at in lost and len(candidates) == 1:
                self._seen.add(file_name(candidates[0].path))
                self.links[lost[at]] = self._link(candidates[0], at)
                self.renamed += 1

    def step_by_number(self) -> bool:
        """Take the file numbered next below the oldest; tell whether there was one."""
        oldest = self.links[-1]
        if not isinstance(oldest, Reading | Lost) or len(self.links) >= METADATA_FILES_MAX:
            return False
        number = metadata_number(oldest.path)
        if number is None:
            return False
        below = {one: paths for one, paths in self._candidates().items() if one < number}
        for candidate in sorted(below, reverse=True):
            found = self._of_this_table(below[candidate])
            if len(found) > 1:
                self.doubts.append(f"{len(found)} metadata files claim to be number {candidate}")
                return False
            if found:
                self._take_unnamed(found[0], is_next=candidate == number - 1)
                return True
        return False

    def _follow(self, reading: Reading) -> None:
        named: list[MetadataLogEntry] = []
        reached: CommitPoint | None = None
        for entry in reversed(reading.metadata_log):
            name = file_name(entry.metadata_file)
            if name in self._known:
                reached = self._known[name]
                break
            if name not in self._seen:
                self._seen.add(name)
                named.append(entry)
        room = METADATA_FILES_MAX - len(self.links)
        if len(named) > room:
            named, reached = named[:room], None
            self.doubts.append(f"only the newest {METADATA_FILES_MAX} metadata files were read")
        for entry, found in zip(named, self._fetch(named), strict=True):
            self.links.append(self._link(found, Instant.from_millis(entry.timestamp_ms)))
        if reached is not None:
            self.links.append(Remembered(reached))
            self.is_joined = True

    def _link(self, found: Fetched | Lost, at: Instant) -> Link:
        if isinstance(found, Lost):
            return found
        if self._is_foreign(found):
            return Lost(found.path, at, "another table's file took its place")
        try:
            return self._take(found.path, found.metadata)
        except UnreadableError as error:
            return Lost(found.path, at, error.reason)

    def _is_foreign(self, found: Fetched) -> bool:
        """Tell whether a file is surely another table's; old v1 files do not say whose they are."""
        uuid = found.metadata.table_uuid
        return None not in {uuid, self._uuid} and uuid != self._uuid

    def _take_unnamed(self, found: Fetched | CommitPoint, *, is_next: bool) -> None:
        if isinstance(found, CommitPoint):
            link: Reading | Remembered = Remembered(found)
            at, path, self.is_joined = found.at, found.witness, True
        else:
            link = self._take(found.path, found.metadata)
            at, path = link.at, link.path
        if not is_next:
            self.links.append(_hole_after(at, path))
        self._seen.add(file_name(path))
        self.unnamed.append(file_name(path))
        self.links.append(link)

    def _of_this_table(self, paths: Sequence[str]) -> list[Fetched | CommitPoint]:
        known = [self._known[name] for name in map(file_name, paths) if name in self._known]
        if known:
            return [*known]
        entries = [MetadataLogEntry(timestamp_ms=0, metadata_file=path) for path in paths]
        read = (one for one in self._fetch(entries) if isinstance(one, Fetched))
        return [one for one in read if one.metadata.table_uuid == self._uuid]

    def _candidates(self) -> dict[int, list[str]]:
        """List the metadata files in the folder, by their numbers, that are not in the chain."""
        if self._numbered is None:
            numbered = defaultdict[int, list[str]](list)
            for path in self._folder():
                number = metadata_number(path)
                if number is not None:
                    numbered[number].append(path)
            self._numbered = dict(numbered)
        for number, paths in list(self._numbered.items()):
            unseen = [path for path in paths if file_name(path) not in self._seen]
            self._numbered[number] = unseen
        return {number: paths for number, paths in self._numbered.items() if paths}


def _hole_after(at: Instant, name: str) -> Hole:
    """Commits after this one are missing; the earliest of them came right after it."""
    return Hole(at.plus(micros=1), f"commits after {file_name(name)}")


def lost_point(link: Lost | Hole, *, position: int) -> LostPoint:
    """Write a lost link as the point of the chain that it is."""
    witness = link.path if isinstance(link, Lost) else link.what
    return LostPoint(position, link.at, witness)
