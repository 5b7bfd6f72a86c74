"""What states hold: rows, bytes and files of each, by the file lists that the ledger kept."""

from __future__ import annotations

from bisect import bisect_left
from dataclasses import dataclass
from typing import TYPE_CHECKING

from snapshots.files import FileContent

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from snapshots.files import DataFile
    from temporal_lineage.store.commits import FileLife
    from temporal_lineage.store.reader import Placed, Reader


@dataclass(frozen=True, slots=True)
class Held:
    """What one state holds; `rows` is None where its files do not tell: some are deleted in them.

    `files` are all of them, delete files too.
    """

    rows: int | None
    size_bytes: int
    files: int


def held_by_states(reader: Reader, dataset_id: int) -> Mapping[str, Held]:
    """Give what each state of a table holds, by version; those of unknown files are left out."""
    return held_by_tables(reader, [dataset_id]).get(dataset_id, {})


def held_by_tables(reader: Reader, dataset_ids: Iterable[int]) -> Mapping[int, Mapping[str, Held]]:
    """Give the same of several tables, of those of whose states some have known files."""
    by_table: dict[int, dict[int, list[tuple[str, Placed]]]] = {}
    for version, place in reader.placed_versions_of(dataset_ids=dataset_ids):
        if place.files_known:
            lines = by_table.setdefault(place.dataset_id, {})
            lines.setdefault(place.line, []).append((version, place))
    if not by_table:
        return {}
    lives: dict[int, list[FileLife]] = {}
    for life in reader.file_lives_of_tables(dataset_ids=by_table):
        lives.setdefault(life.dataset_id, []).append(life)
    return {
        dataset_id: _of_table(lives.get(dataset_id, ()), lines)
        for dataset_id, lines in by_table.items()
    }


def _of_table(
    lives: Sequence[FileLife], lines: Mapping[int, Sequence[tuple[str, Placed]]]
) -> dict[str, Held]:
    counted = {mask for life in lives for mask in _masks(life.file)}
    held: dict[str, Held] = {}
    for line, states in lines.items():
        held |= _of_line([one for one in lives if one.line == line], states, counted)
    return held


def _of_line(
    lives: Iterable[FileLife], states: Sequence[tuple[str, Placed]], counted: set[str]
) -> dict[str, Held]:
    """Sum up the files of each state in one sweep over the positions of a line."""
    positions = sorted({place.position for _, place in states})
    rows, untold, size, files = ([0] * (len(positions) + 1) for _ in range(4))
    for life in lives:
        file = life.file
        is_data = file.content is FileContent.DATA
        tells = file.rows is not None if is_data else file.key in counted
        for sign, position in ((1, life.start), (-1, life.stop)):
            place = bisect_left(positions, position)
            rows[place] += sign * (file.rows or 0) * is_data
            untold[place] += sign * (not tells)
            size[place] += sign * file.size_bytes
            files[place] += sign
    held: dict[int, Held] = {}
    sums = [0, 0, 0, 0]
    for place, position in enumerate(positions):
        steps = (rows[place], untold[place], size[place], files[place])
        sums = [one + step for one, step in zip(sums, steps, strict=True)]
        held[position] = Held(None if sums[1] else sums[0], sums[2], sums[3])
    return {version: held[place.position] for version, place in states}


def _masks(file: DataFile) -> Iterable[str]:
    """Give the delete files that are counted in the rows of a data file: its key names them."""
    if file.content is FileContent.DATA:
        parts = file.key.split("#")
        yield from ("#".join(parts[place:]) for place in range(1, len(parts)))
