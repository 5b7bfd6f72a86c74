"""Writing a reproduction: the rows of each portion that was taken, its lock and its manifest."""

from __future__ import annotations

from contextlib import closing
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from catalogs.engines.engine import ReadBy, distinct
from catalogs.fingerprint.identities import identities
from catalogs.fingerprint.rows import Fingerprinting
from catalogs.portion import Portion, portion_rows
from snapshots.fingerprint import NO_ROWS, Fingerprint
from snapshots.row_counts import RowBounds, row_bounds
from temporal_lineage.locks.making import lock_of, tool
from temporal_lineage.locks.text import lock_text
from temporal_lineage.reproduce.answer import Written, WrittenFile
from temporal_lineage.reproduce.kept_files import SeenFile, copy_content
from temporal_lineage.reproduce.manifest import (
    LOCK_NAME,
    MANIFEST_NAME,
    manifest_text,
    write_text,
)
from temporal_lineage.reproduce.parts import PART_BYTES_MAX, pieces_of, plan_digest
from temporal_lineage.reproduce.rows import RowForm, write_rows
from temporal_lineage.reproduce.unfinished import unfinished

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from catalogs.engines.engine import Engine
    from catalogs.fingerprint.identities import Identity
    from catalogs.table import TableState
    from temporal_lineage.linking.taken import TakenPortion
    from temporal_lineage.locks.lock import LockedRun
    from temporal_lineage.questions.question import Question
    from temporal_lineage.reproduce.answer import MadeBy
    from temporal_lineage.reproduce.look import Seen
    from temporal_lineage.reproduce.parts import Part, Piece
    from temporal_lineage.reproduce.proof import Proof
    from temporal_lineage.reproduce.unfinished import Unfinished


@dataclass(frozen=True, slots=True)
class Into:
    """Where tables are to be made: the place as it was typed, by the catalogs of a workspace."""

    place: str
    workspace: Path


@dataclass(frozen=True, slots=True)
class Order:
    """What is asked for: the folder to write, the place to make tables in, and in which form.

    Both places are None for a verdict alone. With `recover` states that must be recovered count as
    readable, with `replay` the SQL of the run behind the target is run again. `engine` reads the
    rows. `progress` is called with a state's address, how many rows are written, and how many there
    are (0: unknown).
    """

    out: Path | None
    into: Into | None
    form: RowForm
    recover: bool
    replay: bool
    engine: Engine
    progress: Callable[[str, int, int], None] | None


@dataclass(frozen=True, slots=True)
class Job:
    """What is to be written; `proofs` are those of each address, one for each portion or none."""

    target: str
    question: Question
    made_by: MadeBy | None
    run: LockedRun | None
    seen: tuple[Seen | SeenFile, ...]
    proofs: Mapping[str, tuple[Proof, ...]]


def write_job(job: Job, out: Path, order: Order) -> Written:
    """Write it all to a folder that appears whole or not at all.

    A process that was killed at the same job left what it had finished: that is not written again.
    Raises CannotWriteError, RowCountError, ContentError, UnreadableError, and what an engine does.
    """
    pieces = pieces_of(job.seen, form=order.form, bytes_max=PART_BYTES_MAX, engine=order.engine)
    files: list[WrittenFile] = []
    fingerprints: dict[tuple[str, TakenPortion | None], Fingerprint] = {}
    read_by: dict[str, tuple[ReadBy, ...]] = {}
    with unfinished(out, plan_digest(pieces, form=order.form)) as begun:
        for piece in pieces:
            if isinstance(piece.seen, SeenFile):
                files.append(copy_content(piece.seen, begun.path(piece.parts[0].name)))
                continue
            address = piece.seen.input.address
            written = write_piece(job, piece, piece.seen, order, begun)
            fingerprints[address, piece.taken] = written.fingerprint
            read_by[address] = distinct((*read_by.get(address, ()), *written.read_by))
            files += written.files
        lock = lock_of(
            job.target,
            job.question,
            job.seen,
            made_by=job.made_by,
            run=job.run,
            computed=lambda seen, taken: fingerprints[seen.input.address, taken],
        )
        write_text(begun.path(LOCK_NAME), lock_text(lock))
        manifest = manifest_text(files, target=job.target, tool=tool())
        write_text(begun.path(MANIFEST_NAME), manifest)
    return Written(str(out), LOCK_NAME, MANIFEST_NAME, tuple(files), read_by)


@dataclass(frozen=True, slots=True)
class WrittenPiece:
    """The files of a portion of a state, their fingerprint together, and what read the rows now.

    `read_by` is empty where an earlier process had read all of them.
    """

    files: tuple[WrittenFile, ...]
    fingerprint: Fingerprint
    read_by: tuple[ReadBy, ...]


def write_piece(
    job: Job, piece: Piece, seen: Seen, order: Order, begun: Unfinished
) -> WrittenPiece:
    """Write the rows of a portion of a state, and prove them.

    Raises RowCountError and ContentError where other rows came, and what reading raises.
    """
    rows = _Rows(seen, piece, order)
    written = rows.written(begun)
    total = sum((Fingerprint.parse(one.fingerprint or "") for one in written), NO_ROWS)
    address = seen.input.address
    for proof in job.proofs.get(address, ())[piece.place : piece.place + 1]:
        proof.hold(address, total)
    return WrittenPiece(tuple(written), total, distinct(rows.read_by))


class _Rows:
    """Writes the rows of one portion of one state, part by part."""

    def __init__(self, seen: Seen, piece: Piece, order: Order) -> None:
        self._state = seen.state
        self._address = seen.input.address
        self._piece = piece
        self._form = order.form
        self._engine = order.engine
        self._progress = order.progress
        self._bounds = _bounds(seen.state, piece.taken)
        self._done = 0
        self.read_by: list[ReadBy] = []

    def written(self, begun: Unfinished) -> list[WrittenFile]:
        """Give all files of it, those of an earlier process as they are."""
        named = identities(self._state.schema, self._state.identity_of)
        files = []
        self._moved(0)
        for part in self._piece.parts:
            file = begun.finished(part.name)
            if file is None:
                file = self._write(part, begun, named)
                begun.finish(file)
            files.append(file)
            self._done += file.rows or 0
        if self._bounds is not None:
            taken = self._piece.taken
            counted = taken is not None and taken.rows is not None
            told_by = "the run that read it counted" if counted else "its files hold"
            self._bounds.hold(self._address, self._done, told_by=told_by)
        return files

    def _write(self, part: Part, begun: Unfinished, named: Mapping[str, Identity]) -> WrittenFile:
        taken, state = self._piece.taken, self._state
        if part.keys is not None:
            state = state.only(part.keys)
        source = self._engine.rows(state)
        with (
            Fingerprinting(named) as sums,
            closing(portion_rows(source, taken.portion if taken else Portion(None, None))) as rows,
        ):
            file = write_rows(
                sums.passing(rows),
                begun.path(part.name),
                address=self._address,
                progress=self._moved,
                form=self._form,
            )
            self.read_by.append(source.read_by)
            return replace(file, name=part.name, fingerprint=str(sums.total()))

    def _moved(self, rows: int) -> None:
        if self._progress is not None:
            most = self._bounds.most if self._bounds else 0
            self._progress(self._address, self._done + rows, most)


def _bounds(state: TableState, taken: TakenPortion | None) -> RowBounds | None:
    """Say how many rows there must be: as many as were counted when they were read."""
    if taken is not None and taken.rows is not None:
        return RowBounds(taken.rows, taken.rows)
    if taken is not None and taken.where is not None:
        return None
    return row_bounds(state.files)
