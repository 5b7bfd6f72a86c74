"""Live lines: the newest state of a line, and how surely each commit's rows live in it."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING

from snapshots.carrying import is_mask
from snapshots.lives import Contribution, ContributionCertainty, FileLife, LiveState
from snapshots.snapshot import Effect

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

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
    all have been in the removed one. Delete files do the same to every file before them.
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
        self._masks: Counter[int] = Counter()
        self._exact: set[Origin] = set()
        self._open: dict[Origin, Contribution] = {}
        self._touched: set[Origin] = set()
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
        masked_before = max((one.start for one in state.lives if is_mask(one.file)), default=-1)
        if any(is_mask(one.file) for one in commit.added):
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
            [one for key, one in added.items() if key not in stays],
            [self._lives[key] for key in gone if key in self._lives],
            tuple(key for key in gone if key not in self._lives),
        )

    def held(self, lives: Iterable[FileLife]) -> list[tuple[str, Origins]]:
        """Give the paths of data files, and whose rows they hold, as surely as is known now."""
        masked_before = self._masked_before()
        return [
            (one.file.path, one.origins.doubted() if one.start < masked_before else one.origins)
            for one in lives
            if not is_mask(one.file)
        ]

    def masks(self) -> int:
        """Count the live delete files."""
        return self._masks.total()

    def apply(
        self, effect: Effect, added: Sequence[FileLife], removed: Sequence[FileLife]
    ) -> tuple[tuple[FileLife, ...], tuple[FileLife, ...]]:
        """Let files come and go; gives the lives that began here and those that ended."""
        for life in removed:
            self._drop(life)
        for life in added:
            self._add(life)
        if effect is not Effect.REPLACE:
            masking = any(is_mask(life.file) for life in added)
            self._doubt(None if masking else {life.origins for life in removed})
        for origins in {life.origins for life in added}:
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
            self._masks[life.start] += 1
            return
        self._files[life.origins, life.start] += 1
        if self._files[life.origins, life.start] == 1:
            self._count(life, 1)

    def _drop(self, life: FileLife) -> None:
        del self._lives[life.file.key]
        if is_mask(life.file):
            self._masks[life.start] -= 1
            if not self._masks[life.start]:
                del self._masks[life.start]
            return
        self._files[life.origins, life.start] -= 1
        if not self._files[life.origins, life.start]:
            del self._files[life.origins, life.start]
            self._count(life, -1)

    def _count(self, life: FileLife, by: int) -> None:
        for origin in life.origins.sure:
            starts = self._sure.setdefault(origin, Counter())
            starts[life.start] += by
            if not starts[life.start]:
                del starts[life.start]
        for commits in (life.origins.sure, life.origins.possible):
            for origin in commits:
                self._holders[origin] += by
                self._touched.add(origin)

    def _doubt(self, of: set[Origins] | None) -> None:
        """Doubt the commits whose rows may have gone with files of these origins; None: all."""
        doubted = self._exact.copy() if of is None else set()
        for origins in of or ():
            doubted |= self._exact & origins.sure
            doubted |= self._exact & origins.possible
        masked_before = self._masked_before()
        for origin in doubted:
            if not any(start >= masked_before for start in self._sure.get(origin, ())):
                self._exact.discard(origin)
                self._touched.add(origin)

    def _masked_before(self) -> int:
        """Give the position before which a file's rows may all be masked by delete files."""
        return max(self._masks, default=-1)
