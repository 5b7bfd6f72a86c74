"""Recover: one past state as a table of its own, in a new folder, whatever its table forgot."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from snapshots.dataset import TableFormat
from snapshots.errors import BadTargetError, UnknownNameError, UnreadableError
from temporal_lineage.reproduce.answer import READABLE
from temporal_lineage.reproduce.folder import CannotWriteError, appearing, refuse_unless_free
from temporal_lineage.reproduce.inputs import find_inputs
from temporal_lineage.reproduce.look import Seen, look, look_there
from temporal_lineage.reproduce.rebuilding import Rebuilding
from temporal_lineage.reproduce.tables import Tables
from temporal_lineage.reproduce.unharvested import never_harvested, reach_place, state_in

if TYPE_CHECKING:
    from pathlib import Path

    from catalogs.table import TableState
    from snapshots.instant import Instant
    from temporal_lineage.addresses import DatasetAddress
    from temporal_lineage.questions.question import Question
    from temporal_lineage.reproduce.answer import ReproduceInput
    from temporal_lineage.reproduce.inputs import Input
    from temporal_lineage.reproduce.look import Looked
    from temporal_lineage.store.reader import Reader

_PIECE_BYTES = 8 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class RecoveredTable:
    """A table that was made: its folder, and the file by which readers open it.

    `copied` counts the files of the state that were copied into it, `size_bytes` their bytes; both
    are 0 where they stay where they are.
    """

    folder: str
    entry: str
    copied: int
    size_bytes: int


@dataclass(frozen=True, slots=True)
class RecoverAnswer:
    """Whether a state can be brought back, how, and the table made of it, None where none was."""

    ROWS: ClassVar[str | None] = None

    question: Question
    state: ReproduceInput
    made: RecoveredTable | None
    doubts: tuple[str, ...]

    @property
    def is_readable(self) -> bool:
        """Tell whether a table can be made of the state."""
        return isinstance(self.state.availability, READABLE)


def recover(
    reader: Reader,
    address: DatasetAddress,
    question: Question,
    *,
    now: Instant,
    folder: Path,
    into: Path | None,
    copy_files: bool,
) -> RecoverAnswer:
    """Give the verdict on a state and the plan to bring it back; make a table of it in `into`.

    The new table has the state's snapshot or rows, schema and files. Its files stay where they are
    unless they are copied. `into` appears whole or not at all, and the old table is only read.
    Raises CannotWriteError, UnsupportedError for a state that no table can be made of, and
    UnreadableError where a file that was there cannot be copied.
    """
    if into is not None:
        refuse_unless_free(into)
    tables = Tables(reader, folder)
    one = _asked_for(reader, tables, address, question)
    rebuilding = Rebuilding(reader, tables, question.as_of, now=now)
    looked = rebuilding.told(one, look(tables, one, now=now))
    return _answered(looked, question, now=now, into=into, copy_files=copy_files)


def recover_place(
    reader: Reader,
    question: Question,
    *,
    place: str,
    version: str | None,
    now: Instant,
    folder: Path,
    into: Path | None,
    copy_files: bool,
) -> RecoverAnswer:
    """Answer as `recover` does for a table named by its folder, whether it was harvested or not.

    What a ledger kept is not asked for: only what lies there counts.
    """
    from catalogs.configuration import Configuration
    from catalogs.moved import with_moved

    if into is not None:
        refuse_unless_free(into)
    reached = reach_place(place, with_moved({}, Configuration(folder).moved()))
    one = state_in(reached, place, version)
    looked = look_there(Tables(reader, folder), reached, one, now=now)
    return _answered(looked, question, now=now, into=into, copy_files=copy_files)


def _asked_for(
    reader: Reader, tables: Tables, address: DatasetAddress, question: Question
) -> Input:
    try:
        inputs = find_inputs(reader, address, question.as_of).inputs
    except UnknownNameError:
        # A state that no harvest saw may still be found in the table, or in what is left of it.
        never = never_harvested(reader, tables, address, question.as_of)
        if never is None:
            raise
        return never
    if len(inputs) != 1:
        raise BadTargetError(str(address), "the state of a harvested table is asked for")
    return inputs[0]


def _answered(
    looked: Looked, question: Question, *, now: Instant, into: Path | None, copy_files: bool
) -> RecoverAnswer:
    made, doubts = None, [*looked.doubts]
    is_readable = isinstance(looked.input.availability, READABLE)
    if isinstance(looked, Seen) and is_readable and into is not None:
        made = _made(looked, into, now=now, copy_files=copy_files)
        doubts += () if copy_files else _leaning(looked.input)
    return RecoverAnswer(question, looked.input, made, tuple(dict.fromkeys(doubts)))


def _leaning(one: ReproduceInput) -> list[str]:
    """Say on what a table stands whose files are another's."""
    if not one.files:
        return []
    files = "its file stays" if one.files == 1 else f"its {one.files} files stay"
    told = (
        f"{files} in {one.location}: what VACUUM or expire_snapshots deletes there is gone from the"
        " new table, too; --copy-files makes one of its own"
    )
    if one.format != TableFormat.DELTA:
        return [told]
    few = (
        "readers that know no absolute paths (pyarrow, polars, Daft) open it only with copied files"
    )
    return [told, few]


def _made(seen: Seen, into: Path, *, now: Instant, copy_files: bool) -> RecoveredTable:
    from catalogs.table import NewTable

    state = seen.state
    places = _places(state) if copy_files else None
    with appearing(into) as hidden:
        new = NewTable(str(into.resolve()), places, seen.input.address, now)
        names = []
        # What cannot be said is refused before anything is copied.
        for name, body in state.as_table(new):
            names.append(name)
            _write(hidden / name, body, into)
        size = sum(_copied(state, hidden, *one, into) for one in (places or {}).items())
    entry = next(one for one in names if one.endswith(".json"))
    return RecoveredTable(str(into), entry, len(places or {}), size)


def _places(state: TableState) -> dict[str, str]:
    """Give each file a name below the new folder; those of one name are told apart."""
    places: dict[str, str] = {}
    taken: set[str] = set()
    for path in dict.fromkeys(file.path for file in state.files):
        base = path.rpartition("/")[2]
        name, number = f"data/{base}", 1
        while name.casefold() in taken:
            number += 1
            name = f"data/{number}-{base}"
        taken.add(name.casefold())
        places[path] = name
    return places


def _write(place: Path, body: bytes, into: Path) -> None:
    try:
        place.parent.mkdir(parents=True, exist_ok=True)
        with place.open("xb") as file:
            file.write(body)
            file.flush()
            os.fsync(file.fileno())
    except OSError as error:
        raise CannotWriteError.because(into, error) from error


def _copied(state: TableState, hidden: Path, path: str, name: str, into: Path) -> int:
    """Copy one file; gives its size. Raises UnreadableError where it is not what was seen."""
    wanted = max(one.size_bytes for one in state.files if one.path == path)
    place, size = hidden / name, 0
    if place.exists():  # a file that names others was written with their new names
        return place.stat().st_size
    with state.open_file(path) as source:
        try:
            place.parent.mkdir(parents=True, exist_ok=True)
            with place.open("xb") as file:
                while piece := source.read(_PIECE_BYTES):
                    size += file.write(piece)
                file.flush()
                os.fsync(file.fileno())
        except OSError as error:
            raise CannotWriteError.because(into, error) from error
    if size < wanted:
        advice = "see whether somebody is writing there, and try again"
        raise UnreadableError(path, f"it has {size} bytes and should have {wanted}", advice)
    return size
