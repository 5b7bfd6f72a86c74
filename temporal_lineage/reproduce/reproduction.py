"""Reproduction: find the inputs of a target, look at each, and write them where asked to."""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING

from catalogs.portion import Portion, portion_rows
from temporal_lineage.facts import LAST, AsOf
from temporal_lineage.promises.beside import promised_beside
from temporal_lineage.reproduce.answer import (
    ReproduceAnswer,
    Reproducible,
    Written,
    WrittenFile,
    decided,
    outcome_name,
)
from temporal_lineage.reproduce.folder import appearing, file_name, refuse_unless_free
from temporal_lineage.reproduce.inputs import InputState, find_inputs
from temporal_lineage.reproduce.kept_files import SeenFile, copy_content
from temporal_lineage.reproduce.lock import (
    LOCK_NAME,
    lock_text,
    locked_file,
    locked_input,
    write_lock,
)
from temporal_lineage.reproduce.look import Seen, look
from temporal_lineage.reproduce.rows import RowBounds, row_bounds, write_rows
from temporal_lineage.reproduce.tables import Tables

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from catalogs.table import TableState
    from snapshots.instant import Instant
    from temporal_lineage.addresses import Address
    from temporal_lineage.linking.taken import TakenPortion
    from temporal_lineage.promises.beside import PromisedState
    from temporal_lineage.questions.question import Question
    from temporal_lineage.reproduce.inputs import Inputs
    from temporal_lineage.reproduce.look import Looked
    from temporal_lineage.store.reader import Reader

Progress = "Callable[[str, int, int], None]"
"""Called with a state's address, how many rows are written, how many there are (0: unknown)."""

_SURE = {"exact", "high"}


def reproduce(
    reader: Reader,
    address: Address,
    question: Question,
    *,
    now: Instant,
    folder: Path,
    out: Path | None,
    recover: bool,
    progress: Callable[[str, int, int], None] | None = None,
) -> ReproduceAnswer:
    """Tell whether a target can be rebuilt from its inputs, and rebuild them in `out`. DESIGN 4.5.

    The inputs are those believed at the question's point in both times; the verdicts are about
    the tables as they lie there `now`. `out` appears whole, or not at all: only where every input
    can be read, and with `recover` also where some must be recovered. No table is ever touched.
    Raises UnknownNameError, BadTargetError, CannotWriteError, RowCountError, and UnreadableError
    where a file that was there cannot be read.
    """
    if out is not None:
        refuse_unless_free(out)
    inputs = find_inputs(reader, address, question.as_of)
    tables = Tables(reader, folder)
    looked = [look(tables, one, now=now) for one in inputs.inputs]
    told = tuple(one.input for one in looked)
    outcome = decided(told, recover=recover)
    if out is not None and isinstance(outcome, Reproducible):
        seen = [one for one in looked if isinstance(one, Seen | SeenFile)]
        outcome = Reproducible(_write(inputs, seen, question, out, progress))
    return ReproduceAnswer(
        question=question,
        target=inputs.target,
        made_by=inputs.made_by,
        verdict=outcome_name(outcome),
        outcome=outcome,
        inputs=told,
        promises=_promised(reader, inputs, now=now),
        doubts=(*inputs.doubts, *_doubts(looked)),
    )


def _promised(reader: Reader, inputs: Inputs, *, now: Instant) -> tuple[PromisedState, ...]:
    """Give the promises that are in force now about the inputs."""
    point = AsOf(valid=now, system=LAST)
    return tuple(
        promised
        for one in inputs.inputs
        if isinstance(one, InputState)
        for promised in promised_beside(reader, one.dataset_id, one.dataset, as_of=point).get(
            one.version, ()
        )
    )


def _doubts(looked: Sequence[Looked]) -> list[str]:
    doubts = [doubt for one in looked for doubt in one.doubts]
    doubts += [
        f"that {one.input.address} was read is known as {one.input.known.grade} only"
        for one in looked
        if one.input.version is not None and one.input.known.grade not in _SURE
    ]
    doubts += [
        f"the number of rows of {one.input.address} is not recorded exactly"
        for one in looked
        if isinstance(one, Seen) and one.input.rows is None
    ]
    return list(dict.fromkeys(doubts))


def _write(
    inputs: Inputs,
    seen: Sequence[Seen | SeenFile],
    question: Question,
    out: Path,
    progress: Callable[[str, int, int], None] | None,
) -> Written:
    files: list[WrittenFile] = []
    locked = []
    with appearing(out) as hidden:
        for one in seen:
            if isinstance(one, SeenFile):
                named = {file.name for file in files}
                path = hidden / file_name(one.input.address, taken=named, ending="")
                files.append(copy_content(one, path))
                locked.append(locked_file(one.input, files[-1]))
                continue
            # What was taken in several portions is written in as many files.
            for taken in one.input.portions or (None,):
                path = hidden / file_name(one.input.address, taken={file.name for file in files})
                files.append(_write_state(one, taken, path, progress))
                locked.append(locked_input(one.input, one.state, one.metadata, taken, files[-1]))
        text = lock_text(
            target=inputs.target,
            question=question,
            made_by=inputs.made_by,
            inputs=locked,
            tool=_tool(),
        )
        write_lock(hidden, text)
    return Written(str(out), LOCK_NAME, tuple(files))


def _write_state(
    one: Seen,
    taken: TakenPortion | None,
    path: Path,
    progress: Callable[[str, int, int], None] | None,
) -> WrittenFile:
    state, address = one.state, one.input.address
    bounds = _bounds(state, taken)

    def moved(rows: int) -> None:
        if progress is not None:
            progress(address, rows, bounds.most if bounds else 0)

    moved(0)
    whole = Portion(None, None)
    with closing(portion_rows(state, taken.portion if taken else whole)) as batches:
        written = write_rows(batches, path, address=address, progress=moved)
    if bounds is not None:
        counted = taken is not None and taken.rows is not None
        told_by = "the run that read it counted" if counted else "its files hold"
        bounds.hold(address, written.rows or 0, told_by=told_by)
    return written


def _bounds(state: TableState, taken: TakenPortion | None) -> RowBounds | None:
    """Say how many rows there must be: as many as were counted when they were read."""
    if taken is not None and taken.rows is not None:
        return RowBounds(taken.rows, taken.rows)
    if taken is not None and taken.where is not None:
        return None
    return row_bounds(state.files)


def _tool() -> str:
    from importlib.metadata import version

    return f"temporal-lineage {version('temporal-lineage')}"
