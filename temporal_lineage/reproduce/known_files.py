"""Known files: which files the ledger says a table's states are made of, found once for all."""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict
from dataclasses import dataclass
from itertools import accumulate, islice
from typing import TYPE_CHECKING

from snapshots.availability import NAMED_MAX, MadeOf, Missing
from snapshots.files import AlteredFile, FileContent
from temporal_lineage.keys import NodeKind
from temporal_lineage.store.commits import OPEN

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Sequence

    from snapshots.files import DataFile
    from temporal_lineage.store.commits import FileLife
    from temporal_lineage.store.reader import Reader


@dataclass(frozen=True, slots=True)
class _Stand:
    line: int
    position: int


class KnownFiles:
    """The files of some of a table's states, as harvests traced them.

    Each file is held once, with the states it lives in, however many those are.
    """

    def __init__(self, reader: Reader, dataset_id: int, wanted: Collection[int]) -> None:
        """Read what is known of the wanted states; of one alone, or of all together."""
        names = reader.children(parent_id=dataset_id, kind=NodeKind.VERSION)
        nodes = {one.node_id: int(one.name) for one in names if one.name.isdecimal()}
        placed = [one for one in reader.placed(dataset_id=dataset_id) if one.files_known]
        self._stands = {
            nodes[one.node_id]: _Stand(one.line, one.position)
            for one in placed
            if nodes.get(one.node_id) in wanted
        }
        self._lives: Sequence[FileLife] = ()
        if len(self._stands) == 1:
            (stand,) = self._stands.values()
            self._lives = reader.file_lives_at(
                dataset_id=dataset_id, line=stand.line, position=stand.position
            )
        elif self._stands:
            self._lives = reader.file_lives(dataset_id=dataset_id)
        self._counts = _counts(self._lives, self._stands.values())
        self._missing: dict[int, list[FileLife]] = {}
        self._looked_for: dict[str, DataFile] = {}
        self._lost = _counts((), self._stands.values())
        self._altered = self._lost

    def __contains__(self, snapshot_id: int) -> bool:
        """Tell whether the files of a state are known."""
        return snapshot_id in self._stands

    def states(self) -> Collection[int]:
        """Give the wanted states whose files are known."""
        return self._stands.keys()

    def files(self) -> dict[str, DataFile]:
        """Give all files by key."""
        return {one.file.key: one.file for one in self._lives}

    def note_missing(self, files: Iterable[DataFile]) -> None:
        """Take the files that are lost or altered, by the paths where they were looked for."""
        self._looked_for = {one.key: one for one in files}
        keys = self._looked_for.keys()
        lost = [one for one in self._lives if one.file.key in keys] if keys else []
        altered = {key for key, one in self._looked_for.items() if isinstance(one, AlteredFile)}
        stands = self._stands.values()
        self._lost = _counts((one for one in lost if one.file.key not in altered), stands)
        self._altered = _counts((one for one in lost if one.file.key in altered), stands)
        self._missing = defaultdict(list)
        for one in sorted(lost, key=lambda one: (one.stop, one.start, one.file.key)):
            self._missing[one.line].append(one)

    def missing(self, snapshot_id: int) -> Missing:
        """Give the files of a state that are not there.

        Those that left the table first come first: whoever deleted any began with them.
        """
        stand = self._stands[snapshot_id]
        count, altered = self._lost[stand], self._altered[stand].files
        lives = self._missing.get(stand.line, []) if count.files or altered else []
        there = (
            self._looked_for[one.file.key]
            for one in islice(lives, bisect_right(lives, stand.position, key=_stop), None)
            if one.start <= stand.position
        )
        return Missing(count, altered, tuple(islice(there, NAMED_MAX)))

    def made_of(self, snapshot_id: int) -> MadeOf:
        """Count the files of a state."""
        return self._counts[self._stands[snapshot_id]]


def _stop(life: FileLife) -> int:
    return life.stop


def _counts(lives: Iterable[FileLife], stands: Iterable[_Stand]) -> dict[_Stand, MadeOf]:
    """Count what lives where: once along each line, not once for each state."""
    by_line: dict[int, set[int]] = defaultdict(set)
    for stand in stands:
        by_line[stand.line].add(stand.position)
    last = {line: max(positions) for line, positions in by_line.items()}
    steps = {line: ([0] * (end + 2), [0] * (end + 2)) for line, end in last.items()}
    for one in lives:
        end = last.get(one.line)
        if end is None or one.start > end:
            continue
        stop = end + 1 if one.stop == OPEN else min(one.stop, end + 1)
        files, data = steps[one.line]
        for counts in (files, data) if one.file.content is FileContent.DATA else (files,):
            counts[one.start] += 1
            counts[stop] -= 1
    found: dict[_Stand, MadeOf] = {}
    for line, (files, data) in steps.items():
        totals = list(zip(accumulate(files), accumulate(data), strict=True))
        for position in by_line[line]:
            found[_Stand(line, position)] = MadeOf(*totals[position])
    return found
