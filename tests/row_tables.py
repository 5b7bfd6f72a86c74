"""Tables of real rows: states whose provenance can be counted, row by row."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from hypothesis import strategies as st

from snapshots.contributions import (
    Contribution,
    ContributionCertainty,
    ContributionTrace,
    Extension,
    FileLife,
    LiveState,
    Origin,
    Place,
)
from snapshots.files import AddedFile, CommitFiles, DataFile, FileContent
from snapshots.lives import holds_at
from snapshots.masking import is_mask
from snapshots.snapshot import Effect


def data_file(
    key: str, *, mask: bool = False, rows: int | None = None, masks: str | None = None
) -> DataFile:
    content = FileContent.EQUALITY_DELETES if mask else FileContent.DATA
    path, _, _ = key.partition("?")
    return DataFile(key, path, content, 1, rows, masks)


def shares(trace: ContributionTrace, snapshot_id: int) -> dict[Origin, ContributionCertainty]:
    found = trace.state(snapshot_id).contributions
    assert len({one.commit_id for one in found}) == len(found)
    return {one.commit_id: one.certainty for one in found}


class KeptTrace:
    """What a ledger would keep: rows in, rows out, nothing of the tracer's own."""

    def __init__(self) -> None:
        self.places: dict[int, Place] = {}
        self.lives: dict[tuple[int, str, int], FileLife] = {}
        self.contributions: dict[tuple[int, Origin, int], Contribution] = {}

    def take(self, extension: Extension) -> None:
        self.places[extension.snapshot_id] = extension.place
        for life in (*extension.began, *extension.ended):
            self.lives[life.line, life.file.key, life.start] = life
        for one in (*extension.opened, *extension.closed):
            self.contributions[one.line, one.commit_id, one.start] = one

    def state(self, place: Place) -> LiveState:
        return LiveState(
            tuple(one for one in self.lives.values() if holds_at(one, place)),
            tuple(one for one in self.contributions.values() if holds_at(one, place)),
        )

    def first_life(self, key: str) -> FileLife | None:
        return next((one for one in self.lives.values() if one.file.key == key), None)


@dataclass(frozen=True)
class _Rows:
    """A file of the simulated table: the rows it holds, or those it masks."""

    file: DataFile
    writer: int
    ids: frozenset[int]


State = Mapping[str, _Rows]


class RowTable:
    """Commits on a tree of states, made of rows that know which commit wrote them."""

    def __init__(self, draw: st.DrawFn) -> None:
        self.draw = draw
        self.states: list[State] = []
        self.commits: list[CommitFiles] = []
        self.writers: dict[int, int] = {}
        self._made = 0

    def __repr__(self) -> str:
        lines = [
            f"{one.snapshot_id} on {one.parent_id}: {one.effect}"
            f" + {[added.file.key for added in one.added]} - {list(one.removed)}"
            f" = rows of {self.truth(one.snapshot_id) or 'nobody'}"
            for one in self.commits
        ]
        return "\n" + "\n".join(lines)

    def truth(self, snapshot_id: int) -> set[int]:
        return {self.writers[row] for row in self.live(self.states[snapshot_id])}

    @staticmethod
    def live(state: State) -> set[int]:
        masks = [one for one in state.values() if is_mask(one.file)]
        return {
            row
            for one in state.values()
            if not is_mask(one.file)
            for row in one.ids
            if not any(
                row in mask.ids and mask.file.masks in {None, one.file.key} for mask in masks
            )
        }

    def write(self, commit: int, number: int) -> set[int]:
        new = set(range(len(self.writers), len(self.writers) + number))
        self.writers.update(dict.fromkeys(new, commit))
        return new

    def file(self, writer: int, ids: Iterable[int], key: str = "") -> _Rows:
        self._made += 1
        name, found = f"{key or 'f'}{self._made}", frozenset(ids)
        known = key != "mask" and self.draw(st.booleans())
        rows = len(found) if known else None
        return _Rows(data_file(name, mask=key == "mask", rows=rows), writer, found)

    def aim(self, writer: int, victims: set[int], at: _Rows) -> _Rows:
        """Mask rows of one file; the same position may be written down twice."""
        self._made += 1
        hidden = victims & at.ids
        rows = self.draw(st.sampled_from([None, len(hidden), len(hidden) + 1]))
        file = data_file(f"mask{self._made}", mask=True, rows=rows, masks=at.file.key)
        return _Rows(file, writer, frozenset(hidden))

    def some(self, state: State) -> list[_Rows]:
        data = [one for one in state.values() if not is_mask(one.file)]
        return [one for one in data if self.draw(st.booleans())]

    def spread(self, commit: int, rows: set[int], least: set[int]) -> list[_Rows]:
        """Put rows into one file or two, each with at least one of `least` in it."""
        first = {row for row in rows if self.draw(st.booleans())}
        parts = [first, rows - first]
        if all(part & least for part in parts):
            return [self.file(commit, part) for part in parts]
        return [self.file(commit, rows)] if rows else []

    def step(self, effect: Effect, parent: int | None) -> None:
        commit = len(self.commits)
        before = self.states[parent] if parent is not None else {}
        gone, come = getattr(self, f"_{effect.value}")(commit, before)
        after = {key: one for key, one in before.items() if one not in gone}
        after |= {one.file.key: one for one in come}
        self.states.append(after)
        self.commits.append(
            CommitFiles(
                commit,
                parent,
                effect,
                tuple(AddedFile(one.file, one.writer) for one in come),
                tuple(one.file.key for one in gone),
            )
        )

    def _append(self, commit: int, _: State) -> tuple[list[_Rows], list[_Rows]]:
        rows = self.write(commit, self.draw(st.integers(1, 3)))
        return [], self.spread(commit, rows, rows)

    def _overwrite(self, commit: int, before: State) -> tuple[list[_Rows], list[_Rows]]:
        rows = self.write(commit, self.draw(st.integers(0, 2)))
        return self.some(before), self.spread(commit, rows, rows)

    def _replace(self, commit: int, before: State) -> tuple[list[_Rows], list[_Rows]]:
        gone = self.some(before)
        live = self.live(before)
        rows = {row for one in gone for row in one.ids if row in live}
        return gone, self.spread(commit, rows, rows)

    def _rewrite(self, commit: int, before: State) -> tuple[list[_Rows], list[_Rows]]:
        live = sorted(self.live(before))
        victims = {row for row in live if self.draw(st.booleans())}
        how = self.draw(st.sampled_from(["copy", "mask", "aim", "vector"]))
        if how == "mask":
            new = self.write(commit, self.draw(st.integers(0, 1)))
            return [], [self.file(commit, victims, "mask"), *self.spread(commit, new, new)]
        if how == "aim":
            new = self.write(commit, self.draw(st.integers(0, 1)))
            masks = [self.aim(commit, victims, one) for one in self.some(before)]
            return [], [*masks, *self.spread(commit, new, new)]
        gone = self.some(before)
        if how == "vector":
            again = [
                replace(
                    one,
                    file=replace(
                        one.file,
                        key=f"{one.file.path}?{commit}",
                        rows=one.file.rows and len(one.ids - victims),
                    ),
                    writer=commit,
                    ids=one.ids - victims,
                )
                for one in gone
            ]
            return gone, again
        new = self.write(commit, self.draw(st.integers(0, 2)))
        left = set(live) - victims
        kept = {row for one in gone for row in one.ids if row in left} if new else set()
        return gone, self.spread(commit, kept | new, new)

    _unknown = _rewrite

    def _restore(self, _: int, before: State) -> tuple[list[_Rows], list[_Rows]]:
        target = self.draw(st.sampled_from(self.states)) if self.states else {}
        gone = [one for key, one in before.items() if key not in target]
        return gone, [one for key, one in target.items() if key not in before]

    def _nothing(self, *_: object) -> tuple[list[_Rows], list[_Rows]]:
        return [], []


@st.composite
def tables(draw: st.DrawFn, effects: Sequence[Effect] = tuple(Effect)) -> RowTable:
    """Trees of up to 12 commits of those effects, most of them on top of the newest one."""
    table = RowTable(draw)
    table.step(Effect.APPEND, None)
    for number in range(1, draw(st.integers(1, 12))):
        parent = draw(st.just(number - 1) | st.integers(0, number - 1))
        table.step(draw(st.sampled_from(effects)), parent)
    return table
