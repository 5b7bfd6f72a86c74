"""Contributions: the provenance of a state, commit by commit. DESIGN 4.3."""

from __future__ import annotations

from collections import OrderedDict
from itertools import chain
from typing import TYPE_CHECKING, Protocol

from snapshots.ancestry import ancestry, starts_afresh
from snapshots.carrying import (
    Inheritance,
    effect_on_rows,
    origins_of_added,
    origins_of_first,
)
from snapshots.live_line import LiveLine
from snapshots.lives import (
    Contribution,
    ContributionCertainty,
    ContributionTrace,
    FileLife,
    LiveState,
    Origin,
    Origins,
    Place,
    holds_at,
)
from snapshots.masking import is_loose
from snapshots.records import dataclass
from snapshots.snapshot import Effect

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from snapshots.files import CommitFiles
    from snapshots.snapshot import Snapshot

__all__ = [
    "Contribution",
    "ContributionCertainty",
    "ContributionTrace",
    "ContributionTracer",
    "Extension",
    "FileLife",
    "LiveState",
    "Origin",
    "Origins",
    "Place",
    "TracedBefore",
    "ancestry_contributions",
    "trace_contributions",
]

LINES_HELD_MAX = 16


class TracedBefore(Protocol):
    """What was traced up to now, in this session and before it: a ledger, or memory."""

    def state(self, place: Place) -> LiveState:
        """Give what lives in the state at that place."""

    def first_life(self, key: str) -> FileLife | None:
        """Give the earliest known life of a file, in whatever line; None where it had none."""


@dataclass(frozen=True, slots=True)
class Extension:
    """What one more commit changed: where its state stands, and what began and ended there.

    What ended carries its `end`. `strangers` are keys of removed files that were not live: the
    file facts contradict each other.
    """

    snapshot_id: int
    place: Place
    began: tuple[FileLife, ...]
    ended: tuple[FileLife, ...]
    opened: tuple[Contribution, ...]
    closed: tuple[Contribution, ...]
    strangers: tuple[str, ...]


def trace_contributions(commits: Iterable[CommitFiles]) -> ContributionTrace:
    """Trace a whole history in memory; parents come before their children."""
    book = _Book()
    tracer = ContributionTracer(places={}, known=book)
    for commit in commits:
        book.note(tracer.extend(commit))
    return book.trace()


def ancestry_contributions(
    snapshots: Mapping[int, Snapshot], snapshot_id: int
) -> dict[Origin, ContributionCertainty]:
    """Give the commits whose rows may be live in a state whose files nobody knows, newest first.

    These are all ancestors back to the last commit that left no earlier file, all ASSUMED. None
    stands for older commits, where the ancestry ends before such a one is found. A restored file
    may come from any time, so behind a restore nothing ends the search.
    """
    found: dict[Origin, ContributionCertainty] = {}
    restored = False
    for one in ancestry(snapshot_id, snapshots):
        snapshot = snapshots[one]
        restored = restored or snapshot.effect is Effect.RESTORE
        if snapshot.effect not in (Effect.REPLACE, Effect.NOTHING, Effect.RESTORE):
            found[one] = ContributionCertainty.ASSUMED
        rewritten = snapshot.effect in (Effect.REPLACE, Effect.REWRITE, Effect.UNKNOWN)
        if starts_afresh(snapshot) and not rewritten and not restored:
            return found
    found[None] = ContributionCertainty.ASSUMED
    return found


class ContributionTracer:
    """Follows files from commit to commit, and tells what each commit began and ended.

    Start it with the places of all states traced before, and with what was known of them; from
    then on `known` must answer for each extension too, before the next commit. Memory holds the
    live files of the newest states of up to `lines_max` lines; time goes with the files that
    commits add and remove, and a fork copies the live files of one state.
    """

    def __init__(
        self,
        *,
        places: Mapping[int, Place],
        known: TracedBefore,
        lines_max: int = LINES_HELD_MAX,
    ) -> None:
        self._places = dict(places)
        self._known = known
        self._lines_max = lines_max
        self._heads: dict[int, int] = {}
        for place in places.values():
            self._heads[place.line] = max(place.position, self._heads.get(place.line, 0))
        self._lines: OrderedDict[int, LiveLine] = OrderedDict()

    def extend(self, commit: CommitFiles) -> Extension:
        """Take one commit, after its parent.

        A parent that was not traced counts as forgotten: then `added` is the whole state.
        """
        if commit.snapshot_id in self._places:
            msg = f"snapshot {commit.snapshot_id} was traced before"
            raise ValueError(msg)
        parent = self._places.get(commit.parent_id) if commit.parent_id is not None else None
        line = self._line_after(parent, commit)
        place = self._places[commit.snapshot_id] = Place(line.name, line.position)
        self._heads[line.name] = line.position
        added, removed, strangers = line.changes(commit)
        effect = effect_on_rows(commit.effect, added, removed)
        loose_removed = sum(is_loose(one.file) for one in removed)
        loose_added = sum(is_loose(one.file) for one in added)
        inheritance = Inheritance(
            snapshot_id=commit.snapshot_id,
            removed=line.held(removed),
            strangers=bool(strangers),
            masked=line.loose_masks() - loose_removed + loose_added > 0,
            first_life=self._known.first_life,
        )
        carry = origins_of_first if parent is None else origins_of_added
        new = [
            FileLife(one.file, one.origin, origins, line.name, line.position, None)
            for one, origins in zip(added, carry(effect, added, inheritance), strict=True)
        ]
        began, ended = line.apply(effect, new, removed)
        opened, closed = line.settle()
        return Extension(commit.snapshot_id, place, began, ended, opened, closed, strangers)

    def _line_after(self, parent: Place | None, commit: CommitFiles) -> LiveLine:
        """Give the line a child of the parent stands in, moved on to the child's position."""
        if parent is None:
            return self._hold(LiveLine(commit.snapshot_id, -1, LiveState((), ())))
        if self._heads[parent.line] != parent.position:
            return self._hold(LiveLine.forked(commit, self._known.state(parent)))
        line = self._lines.get(parent.line)
        if line is None:
            line = LiveLine(parent.line, parent.position, self._known.state(parent))
        return self._hold(line)

    def _hold(self, line: LiveLine) -> LiveLine:
        line.position += 1
        self._lines[line.name] = line
        self._lines.move_to_end(line.name)
        if len(self._lines) > self._lines_max:
            self._lines.popitem(last=False)
        return line


class _Book:
    """All that was traced, in memory."""

    def __init__(self) -> None:
        self._places: dict[int, Place] = {}
        self._first: dict[str, FileLife] = {}
        self._live: dict[int, dict[str, FileLife]] = {}
        self._past: dict[int, list[FileLife]] = {}
        self._open: dict[int, dict[Origin, Contribution]] = {}
        self._closed: dict[int, list[Contribution]] = {}

    def note(self, extension: Extension) -> None:
        """Keep what a commit changed."""
        name = extension.place.line
        self._places[extension.snapshot_id] = extension.place
        live, open_ = self._live.setdefault(name, {}), self._open.setdefault(name, {})
        past, closed = self._past.setdefault(name, []), self._closed.setdefault(name, [])
        for life in extension.ended:
            del live[life.file.key]
            past.append(life)
        for life in extension.began:
            live[life.file.key] = life
            self._first.setdefault(life.file.key, life)
        for one in extension.closed:
            del open_[one.commit_id]
            closed.append(one)
        open_.update((one.commit_id, one) for one in extension.opened)

    def state(self, place: Place) -> LiveState:
        lives = chain(self._past[place.line], self._live[place.line].values())
        contributions = chain(self._closed[place.line], self._open[place.line].values())
        return LiveState(
            tuple(one for one in lives if holds_at(one, place)),
            tuple(one for one in contributions if holds_at(one, place)),
        )

    def first_life(self, key: str) -> FileLife | None:
        return self._first.get(key)

    def trace(self) -> ContributionTrace:
        """Give all of it, line by line."""
        contributions: list[Contribution] = []
        lives: list[FileLife] = []
        for name in self._live:
            contributions += [*self._closed[name], *self._open[name].values()]
            lives += [*self._past[name], *self._live[name].values()]
        return ContributionTrace(self._places, tuple(contributions), tuple(lives))
