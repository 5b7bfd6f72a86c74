"""Writing a reproduction: a file for each portion that was taken, its lock and its manifest."""

from __future__ import annotations

from contextlib import closing
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from catalogs.fingerprint.identities import identities
from catalogs.fingerprint.rows import Fingerprinting
from catalogs.portion import Portion, portion_rows
from snapshots.fingerprint import Fingerprint
from temporal_lineage.locks.making import lock_of, tool
from temporal_lineage.locks.text import lock_text
from temporal_lineage.reproduce.answer import Written, WrittenFile
from temporal_lineage.reproduce.folder import appearing, file_name
from temporal_lineage.reproduce.kept_files import SeenFile, copy_content
from temporal_lineage.reproduce.manifest import (
    LOCK_NAME,
    MANIFEST_NAME,
    manifest_text,
    write_text,
)
from temporal_lineage.reproduce.rows import RowBounds, row_bounds, write_rows

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from catalogs.table import TableState
    from temporal_lineage.linking.taken import TakenPortion
    from temporal_lineage.locks.lock import LockedRun
    from temporal_lineage.questions.question import Question
    from temporal_lineage.reproduce.answer import MadeBy
    from temporal_lineage.reproduce.look import Seen
    from temporal_lineage.reproduce.proof import Proof


@dataclass(frozen=True, slots=True)
class Job:
    """What is to be written; `proofs` are those of each address, one for each portion or none."""

    target: str
    question: Question
    made_by: MadeBy | None
    run: LockedRun | None
    seen: tuple[Seen | SeenFile, ...]
    proofs: Mapping[str, tuple[Proof, ...]]


def write_job(job: Job, out: Path, progress: Callable[[str, int, int], None] | None) -> Written:
    """Write it all to a folder that appears whole or not at all.

    Raises CannotWriteError, RowCountError, ContentError, and UnreadableError.
    """
    files: list[WrittenFile] = []
    fingerprints: dict[tuple[str, TakenPortion | None], Fingerprint] = {}
    with appearing(out) as hidden:
        for one in job.seen:
            address = one.input.address
            if isinstance(one, SeenFile):
                named = {file.name for file in files}
                files.append(copy_content(one, hidden / file_name(address, taken=named, ending="")))
                continue
            # What was taken in several portions is written in as many files.
            for place, taken in enumerate(one.input.portions or (None,)):
                path = hidden / file_name(address, taken={file.name for file in files})
                files.append(_write_state(one, taken, path, progress))
                for proof in job.proofs.get(address, ())[place : place + 1]:
                    proof.hold(address, files[-1])
                fingerprints[address, taken] = Fingerprint.parse(files[-1].fingerprint or "")
        lock = lock_of(
            job.target,
            job.question,
            job.seen,
            made_by=job.made_by,
            run=job.run,
            computed=lambda seen, taken: fingerprints[seen.input.address, taken],
        )
        write_text(hidden / LOCK_NAME, lock_text(lock))
        manifest = manifest_text(files, target=job.target, tool=tool())
        write_text(hidden / MANIFEST_NAME, manifest)
    return Written(str(out), LOCK_NAME, MANIFEST_NAME, tuple(files))


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
    named = identities(state.schema, state.identity_of)
    with (
        Fingerprinting(named) as sums,
        closing(portion_rows(state, taken.portion if taken else whole)) as batches,
    ):
        written = write_rows(sums.passing(batches), path, address=address, progress=moved)
        written = replace(written, fingerprint=str(sums.total()))
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
