"""Locking: write down exactly what something was made from, while it can still be read."""

from __future__ import annotations

import os
import secrets
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from catalogs.portion import Portion
from snapshots.availability import Recoverable
from temporal_lineage.locks.making import lock_of, run_behind
from temporal_lineage.locks.text import SIZE_BYTES_MAX, lock_text
from temporal_lineage.reproduce.answer import MadeBy, ReproduceInput, Reproducible, decided
from temporal_lineage.reproduce.fingerprints import state_fingerprint
from temporal_lineage.reproduce.folder import CannotWriteError
from temporal_lineage.reproduce.inputs import find_inputs
from temporal_lineage.reproduce.kept_files import SeenFile
from temporal_lineage.reproduce.look import Seen, look
from temporal_lineage.reproduce.reproduction import doubts_of
from temporal_lineage.reproduce.tables import Tables

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from snapshots.fingerprint import Fingerprint
    from snapshots.instant import Instant
    from temporal_lineage.addresses import Address
    from temporal_lineage.linking.taken import TakenPortion
    from temporal_lineage.questions.question import Question
    from temporal_lineage.store.reader import Reader


@dataclass(frozen=True, slots=True)
class LockAnswer:
    """What a target was made from, and the lock that says so.

    `lock` is the file that was written, null where an input cannot be read or nobody knows which
    state it was: such a lock would promise what cannot be kept. `fingerprints` are
    those computed, by address, one for each portion that was taken.
    """

    ROWS: ClassVar[str | None] = "inputs"

    question: Question
    target: str
    made_by: MadeBy | None
    lock: str | None
    inputs: tuple[ReproduceInput, ...]
    fingerprints: dict[str, tuple[str, ...]]
    doubts: tuple[str, ...]


def lock(
    reader: Reader,
    address: Address,
    question: Question,
    *,
    now: Instant,
    folder: Path,
    out: Path,
    fingerprint: bool,
) -> LockAnswer:
    """Answer `tl lock`: look at all inputs, and write the lock where each can be read.

    Of a state that its table has forgotten it holds the lists of files. With `fingerprint` all
    rows are read. A lock of that name is replaced, at once and whole. Raises what `reproduce`
    raises, and CannotWriteError.
    """
    inputs = find_inputs(reader, address, question.as_of)
    tables = Tables(reader, folder)
    looked = [look(tables, one, now=now) for one in inputs.inputs]
    told = tuple(one.input for one in looked)
    seen = [one for one in looked if isinstance(one, Seen | SeenFile)]
    fingerprints: dict[str, tuple[str, ...]] = {}

    def computed(one: Seen, taken: TakenPortion | None) -> Fingerprint | None:
        if not fingerprint:
            return None
        found = state_fingerprint(one.state, taken.portion if taken else Portion(None, None))
        before = fingerprints.get(one.input.address, ())
        fingerprints[one.input.address] = (*before, str(found))
        return found

    is_readable = isinstance(decided(told, recover=True), Reproducible)
    if is_readable:
        run = run_behind(reader, tables, inputs.made_by, question)
        by = inputs.made_by
        made = lock_of(inputs.target, question, seen, made_by=by, run=run, computed=computed)
        write_lock(out, lock_text(made))
    return LockAnswer(
        question=question,
        target=inputs.target,
        made_by=inputs.made_by,
        lock=str(out) if is_readable else None,
        inputs=told,
        fingerprints=fingerprints,
        doubts=(*inputs.doubts, *doubts_of(looked), *(_forgotten(told) if is_readable else ())),
    )


def _forgotten(told: Sequence[ReproduceInput]) -> Iterator[str]:
    """Say which states only the lock leads to, and what may still take them."""
    for one in told:
        if isinstance(one.availability, Recoverable):
            yield (
                f"{one.address} is forgotten by its table: the lock holds the list of its files,"
                " and what removes orphan files takes them"
            )


def write_lock(path: Path, text: str) -> None:
    """Write a lock so that it is there whole or not at all. Raises CannotWriteError."""
    if len(text) > SIZE_BYTES_MAX:
        reason = f"the lists of its files take more than {SIZE_BYTES_MAX // 2**20} MiB"
        raise CannotWriteError(str(path), reason, "write the rows: tl reproduce --recover --out")
    place = path.resolve()
    hidden = place.with_name(f".{place.name[:100]}.{secrets.token_hex(6)}.partial")
    try:
        with hidden.open("x", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        hidden.replace(place)
    except OSError as error:
        hidden.unlink(missing_ok=True)
        raise CannotWriteError.because(path, error) from error
