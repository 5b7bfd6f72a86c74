"""Live lines: the newest state of a line, and how surely each commit's rows live in it."""

from __future__ import annotations

from collections import Counter
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING

from snapshots.lives import Contribution, ContributionCertainty, FileLife, LiveState
from snapshots.masking import Masks, aimed, is_loose, is_mask
from snapshots.snapshot import Effect

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from snapshots.files import AddedFile, CommitFiles
    from snapshots.lives import Origin, Origins


_ALL = 2**63


class LiveLine:
    """One line, moved on commit by commit. DESIGN 4.3.

    A commit's rows are surely live while no later commit could have removed the last of them.
    That is known of the state as a whole, not of its files: a compaction that merges files of
    several commits into several others leaves each commit's rows in the state, though nobody can
    say in which file. So they stay EXACT for as long as every file that may hold them is live or
    compacted again. Once one of those files is removed, they are EXACT only if some file is left
    that surely holds them by itself, and POSSIBLE otherwise: an over-approximation, as they may
    all have been in the removed one. Delete files that may hide any row do the same to every file
    before them; those that name their data file, to that one alone, if it may have no row left.
    """

    def __init__(self, name: int, position: int, state: LiveState) -> None:
        """Take up a line at its newest state; with an empty one at -1, begin it."""
        self.name = name
        self.position = position
        self._lives: dict[str, FileLife] = {}
        # Thousands of files share a few origins, so what changes is counted by those.
        self._files: Counter[tuple[Origins, int]] = Counter()
        self._holders: Counter[Origin] = Counter()
        self._sure: dict[Origin, Counter[int]] = {}
        self._data: dict[str, Origins] = {}
        self._masks = Masks()
        self._exact: set[Origin] = set()
        self._open: dict[Origin, Contribution] = {}
        self._touched: set[Origin] = set()
        self._shaken: set[Origins] = set()
        self._is_fork = False
        self._take_over(state)
        self._open = {one.commit_id: one for one in state.contributions}
        self._touched.clear()

    @classmethod
    def forked(cls, commit: CommitFiles, state: LiveState) -> LiveLine:
        """Begin a line with all that lives in the parent's state; it is told as begun here.

        What delete files may mask is doubted now: from here on all lives have the same start.
        """
        line = cls(commit.snapshot_id, -1, LiveState((), ()))
        masked_before = max((one.start for one in state.lives if is_loose(one.file)), default=-1)
        data = {one.file.key for one in state.lives if not is_mask(one.file)}
        if any(is_loose(one.file) for one in aimed(commit.added, data=data)):
            masked_before = _ALL
        lives = (
            replace(
                one,
                origins=one.origins.doubted() if one.start < masked_before else one.origins,
                line=line.name,
                start=0,
                end=None,
            )
            for one in state.lives
        )
        line._take_over(LiveState(tuple(lives), state.contributions))
        line._is_fork = True
        return line

    def changes(
        self, commit: CommitFiles
    ) -> tuple[list[AddedFile], list[FileLife], tuple[str, ...]]:
        """Give the files that really come and go, and the keys of those to go that are not here.

        A file that is removed and added again under one key is the same file all the time.
        """
        added = {one.file.key: one for one in commit.added}
        stays = added.keys() & self._lives.keys()
        gone = [key for key in dict.fromkeys(commit.removed) if key not in stays]
        return (
            aimed((one for key, one in added.items() if key not in stays), data=self._lives),
            [self._lives[key] for key in gone if key in self._lives],
            tuple(key for key in gone if key not in self._lives),
        )

    def held(self, lives: Iterable[FileLife]) -> list[tuple[str, Origins]]:
        """Give the paths of data files, and whose rows they hold, as surely as is known now."""
        masked_before = self._masks.loose_before()
        held = [(one, self._masks.held(one)) for one in lives if not is_mask(one.file)]
        return [
            (one.file.path, origins.doubted() if one.start < masked_before else origins)
            for one, origins in held
        ]

    def loose_masks(self) -> int:
        """Count the live delete files that may hide rows of any file."""
        return self._masks.loose()

    def apply(
        self, effect: Effect, added: Sequence[FileLife], removed: Sequence[FileLife]
    ) -> tuple[tuple[FileLife, ...], tuple[FileLife, ...]]:
        """Let files come and go; gives the lives that began here and those that ended."""
        self._shaken.clear()
        for life in removed:
            self._drop(life)
        for life in added:
            self._add(life)
        if effect is not Effect.REPLACE:
            masking = any(is_loose(life.file) for life in added)
            shaken = {life.origins for life in removed} | self._shaken
            self._doubt(None if masking else shaken)
        for origins in {self._data[life.file.key] for life in added if not is_mask(life.file)}:
            self._exact |= origins.sure
        if self._is_fork:
            self._is_fork = False
            return tuple(self._lives.values()), ()
        return tuple(added), tuple(replace(life, end=self.position) for life in removed)

    def settle(self) -> tuple[tuple[Contribution, ...], tuple[Contribution, ...]]:
        """Give the contributions that the newest commit opened, and those that it closed."""
        opened, closed = [], []
        for origin in sorted(self._touched, key=lambda one: (one is not None, one or 0)):
            now = None
            if self._holders[origin] > 0:
                exact = origin in self._exact
                now = ContributionCertainty.EXACT if exact else ContributionCertainty.POSSIBLE
            else:
                self._exact.discard(origin)
            before = self._open.get(origin)
            if (before.certainty if before else None) is now:
                continue
            if before is not None:
                closed.append(replace(self._open.pop(origin), end=self.position))
            if now is not None:
                begun = Contribution(origin, self.name, self.position, None, now)
                self._open[origin] = begun
                opened.append(begun)
        self._touched.clear()
        return tuple(opened), tuple(closed)

    def _take_over(self, state: LiveState) -> None:
        for life in state.lives:
            self._add(life)
        exact = ContributionCertainty.EXACT
        self._exact = {one.commit_id for one in state.contributions if one.certainty is exact}

    def _add(self, life: FileLife) -> None:
        self._lives[life.file.key] = life
        if is_mask(life.file):
            with self._changing(life.file.masks):
                self._masks.add(life)
            return
        self._enter(life)

    def _drop(self, life: FileLife) -> None:
        del self._lives[life.file.key]
        if is_mask(life.file):
            with self._changing(life.file.masks):
                self._masks.drop(life)
            return
        self._leave(life)

    @contextmanager
    def _changing(self, target: str | None) -> Iterator[None]:
        """Count a data file anew once the delete files aimed at it have changed."""
        life = self._lives.get(target) if target in self._data else None
        if life is not None:
            self._leave(life)
        yield
        if life is not None:
            self._enter(life)
            if not self._masks.leave_all(life):
                self._shaken.add(life.origins)

    def _enter(self, life: FileLife) -> None:
        origins = self._data[life.file.key] = self._masks.held(life)
        self._files[origins, life.start] += 1
        if self._files[origins, life.start] == 1:
            self._count(origins, life.start, 1)

    def _leave(self, life: FileLife) -> None:
        origins = self._data.pop(life.file.key)
        self._files[origins, life.start] -= 1
        if not self._files[origins, life.start]:
            del self._files[origins, life.start]
            self._count(origins, life.start, -1)

    def _count(self, origins: Origins, start: int, by: int) -> None:
        for origin in origins.sure:
            starts = self._sure.setdefault(origin, Counter())
            starts[start] += by
            if not starts[start]:
                del starts[start]
        for commits in (origins.sure, origins.possible):
            for origin in commits:
                self._holders[origin] += by
                self._touched.add(origin)

    def _doubt(self, of: set[Origins] | None) -> None:
        """Doubt the commits whose rows may have gone with files of these origins; None: all."""
        doubted = self._exact.copy() if of is None else set()
        for origins in of or ():
            doubted |= self._exact & origins.sure
            doubted |= self._exact & origins.possible
        masked_before = self._masks.loose_before()
        for origin in doubted:
            if not any(start >= masked_before for start in self._sure.get(origin, ())):
                self._exact.discard(origin)
                self._touched.add(origin)
