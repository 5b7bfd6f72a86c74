"""Contributions: whose rows are live in which states of a table. DESIGN 4.3."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum
from typing import TYPE_CHECKING

from snapshots.files import FileContent
from snapshots.snapshot import Effect

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from snapshots.files import AddedFile, CommitFiles, DataFile

Origin = int | None
"""The commit that wrote rows; None for commits older than anything that is remembered."""


class ContributionCertainty(StrEnum):
    """How surely rows of a commit are live in a state."""

    EXACT = "exact"
    """A file that the commit wrote, or a compaction of it, is part of the state."""
    POSSIBLE = "possible"
    """Rows may have been carried through a commit that rewrote files to change some of them."""
    ASSUMED = "assumed"
    """No file facts are left: every commit since the last full overwrite is taken to be live."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a state stands: a line is a run of states each the parent of the next.

    The first child of a state goes on in its parent's line; every further child begins a line.
    `line` is the snapshot id of the line's first state; positions count from 0.
    """

    line: int
    position: int


@dataclass(frozen=True, slots=True)
class Contribution:
    """Rows of a commit are live in the states of a line from `start` on, up to `end`.

    `commit_id` is None for rows older than the history; `end` is None where they live on.
    """

    commit_id: Origin
    line: int
    start: int
    end: int | None
    certainty: ContributionCertainty


@dataclass(frozen=True, slots=True)
class FileLife:
    """A file is part of the states of a line from `start` on, up to `end`; None: it lives on."""

    file: DataFile
    origin: Origin
    line: int
    start: int
    end: int | None


@dataclass(frozen=True, slots=True)
class ContributionTrace:
    """Where every state stands, and what lives in it."""

    places: Mapping[int, Place]
    contributions: tuple[Contribution, ...]
    lives: tuple[FileLife, ...]


def trace_contributions(commits: Iterable[CommitFiles]) -> ContributionTrace:
    """Follow files from commit to commit; parents come before their children.

    A compaction passes contributions through. A commit that rewrites files to change rows may
    carry the others over: they stay as POSSIBLE. An overwrite ends what it removes. A restored
    file brings back what it held. Time and memory grow with the files added and removed.
    """
    tracer = _Tracer()
    for commit in commits:
        tracer.follow(commit)
    return tracer.result()


@dataclass(frozen=True, slots=True)
class _Held:
    """A live file, the commits whose rows it holds, and since when it is part of its line.

    `group` joins the files that one compaction wrote: together they surely hold the rows of all
    the files that it read, each alone perhaps of some only.
    """

    file: DataFile
    written_by: Origin
    origins: Mapping[Origin, ContributionCertainty]
    start: int
    group: int | None


class _Line:
    """The live files of a line's newest state, and how many of them hold rows of each commit."""

    def __init__(self, name: int) -> None:
        self.name = name
        self.position = -1
        self.held: dict[str, _Held] = {}
        self._counts: dict[Origin, dict[ContributionCertainty, int]] = {}
        self._open: dict[Origin, tuple[ContributionCertainty, int]] = {}
        self._touched: dict[Origin, None] = {}
        self.masked: set[Origin] = set()

    def add(self, key: str, held: _Held) -> None:
        self.held[key] = held
        self._count(held, 1)

    def drop(self, key: str) -> _Held | None:
        held = self.held.pop(key, None)
        if held is not None:
            self._count(held, -1)
        return held

    def mask(self) -> None:
        """Doubt every commit so far: delete files may mask the last of its rows."""
        for origin in self._counts:
            self.masked.add(origin)
            self._touched[origin] = None

    def settle(self) -> list[Contribution]:
        """End and begin the contributions that the newest commit changed; returns those ended."""
        ended = []
        for origin in self._touched:
            counts = self._counts.get(origin, {})
            now = next((one for one in ContributionCertainty if counts.get(one)), None)
            if now is ContributionCertainty.EXACT and origin in self.masked:
                now = ContributionCertainty.POSSIBLE
            before = self._open.get(origin)
            if before is not None and before[0] is not now:
                del self._open[origin]
                if before[1] < self.position:
                    ended.append(
                        Contribution(origin, self.name, before[1], self.position, before[0])
                    )
            if now is not None and (before is None or before[0] is not now):
                self._open[origin] = (now, self.position)
        self._touched = {}
        return ended

    def still_open(self) -> list[Contribution]:
        return [
            Contribution(origin, self.name, start, None, certainty)
            for origin, (certainty, start) in self._open.items()
        ]

    def _count(self, held: _Held, by: int) -> None:
        # Delete files mask rows; they hold none.
        if held.file.content is not FileContent.DATA:
            return
        for origin, certainty in held.origins.items():
            counts = self._counts.setdefault(origin, {})
            counts[certainty] = counts.get(certainty, 0) + by
            self._touched[origin] = None


class _Tracer:
    def __init__(self) -> None:
        self._lines: dict[int, _Line] = {}
        self._places: dict[int, Place] = {}
        self._contributions: list[Contribution] = []
        self._past: dict[int, list[tuple[_Held, int]]] = {}
        self._last_held: dict[str, _Held] = {}
        self._groups: dict[int, set[str]] = {}

    def follow(self, commit: CommitFiles) -> None:
        """Take one commit; its parent was taken before."""
        line = self._line_of(commit)
        line.position += 1
        self._places[commit.snapshot_id] = Place(line.name, line.position)
        removed = [held for key in commit.removed if (held := line.drop(key)) is not None]
        self._past.setdefault(line.name, []).extend(
            (held, line.position) for held in removed if held.start < line.position
        )
        self._last_held.update((held.file.key, held) for held in removed)
        if commit.effect is not Effect.REPLACE:
            self._doubt_groups(line, removed)
        carried = _carried(commit.effect, removed)
        group = self._group(line, commit, removed)
        for added in commit.added:
            if added.file.key not in line.held:
                held = self._held(line.position, commit, added, carried, group)
                line.add(added.file.key, held)
        if any(added.file.content is not FileContent.DATA for added in commit.added):
            line.mask()
        self._contributions += line.settle()

    def result(self) -> ContributionTrace:
        """Close the books: what is open lives on."""
        contributions = list(self._contributions)
        lives: list[FileLife] = []
        for name, line in self._lines.items():
            contributions += line.still_open()
            lives += [_life(held, name, end) for held, end in self._past.get(name, ())]
            lives += [_life(held, name, None) for held in line.held.values()]
        return ContributionTrace(self._places, tuple(contributions), tuple(lives))

    def _line_of(self, commit: CommitFiles) -> _Line:
        """Go on in the parent's line where the parent is its newest state; else begin one."""
        parent = self._places.get(commit.parent_id) if commit.parent_id is not None else None
        if parent is not None and self._lines[parent.line].position == parent.position:
            return self._lines[parent.line]
        line = self._lines[commit.snapshot_id] = _Line(commit.snapshot_id)
        line.masked = set(self._lines[parent.line].masked) if parent is not None else set()
        for held in self._live_at(parent) if parent is not None else ():
            line.add(held.file.key, replace(held, start=0, group=None))
        return line

    def _live_at(self, place: Place) -> list[_Held]:
        """Give the files of a state that has a child already."""
        now = self._lines[place.line].held.values()
        found = [held for held in now if held.start <= place.position]
        return found + [
            held
            for held, end in self._past.get(place.line, ())
            if held.start <= place.position < end
        ]

    def _held(
        self,
        position: int,
        commit: CommitFiles,
        added: AddedFile,
        carried: Mapping[Origin, ContributionCertainty],
        group: int | None,
    ) -> _Held:
        origins: Mapping[Origin, ContributionCertainty] = {
            added.origin: ContributionCertainty.EXACT
        }
        before = self._last_held.get(added.file.key)
        if commit.effect is Effect.RESTORE and before is not None:
            origins = before.origins
        elif commit.effect is Effect.REPLACE and carried:
            origins = carried
        elif carried:
            origins = {**carried, added.origin: ContributionCertainty.EXACT}
        return _Held(added.file, added.origin, origins, position, group)

    def _group(self, line: _Line, commit: CommitFiles, removed: Iterable[_Held]) -> int | None:
        """Join what a compaction wrote, and what is left of the groups that it read from."""
        if commit.effect is not Effect.REPLACE:
            return None
        members = {added.file.key for added in commit.added}
        for held in removed:
            members |= self._groups.get(held.group, set()) if held.group is not None else set()
        self._groups[commit.snapshot_id] = members
        for key in members & set(line.held):
            held = line.held[key]
            line.held[key] = replace(held, group=commit.snapshot_id)
        return commit.snapshot_id

    def _doubt_groups(self, line: _Line, removed: Iterable[_Held]) -> None:
        """With one file of a group gone, nobody can tell whose rows went with it."""
        for group in {held.group for held in removed if held.group is not None}:
            for key in self._groups.pop(group, ()):
                held = line.drop(key)
                if held is not None and len(held.origins) > 1:
                    doubted = dict.fromkeys(held.origins, ContributionCertainty.POSSIBLE)
                    held = replace(held, origins=doubted)
                if held is not None:
                    line.add(key, replace(held, group=None))


def _carried(effect: Effect, removed: Iterable[_Held]) -> Mapping[Origin, ContributionCertainty]:
    """Give the commits whose rows may live on in the files that replace the removed ones."""
    carried: dict[Origin, ContributionCertainty] = {}
    if effect not in (Effect.REPLACE, Effect.REWRITE, Effect.UNKNOWN):
        return carried
    for held in removed:
        for origin, certainty in held.origins.items():
            kept = certainty if effect is Effect.REPLACE else ContributionCertainty.POSSIBLE
            if carried.get(origin) is not ContributionCertainty.EXACT:
                carried[origin] = kept
    return carried


def _life(held: _Held, line: int, end: int | None) -> FileLife:
    return FileLife(held.file, held.written_by, line, held.start, end)
