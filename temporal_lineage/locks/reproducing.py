"""Reproducing a lock: the states that it names, proved to be those before a row is written."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from snapshots.availability import Unverified
from temporal_lineage.linking.taken import TakenPortion
from temporal_lineage.locks.lock import LockedContent, LockedState
from temporal_lineage.locks.making import files_of, schema_of
from temporal_lineage.locks.opening import LockedTables, dataset_of
from temporal_lineage.reproduce.answer import judged
from temporal_lineage.reproduce.folder import refuse_unless_free
from temporal_lineage.reproduce.inputs import Inputs, InputState
from temporal_lineage.reproduce.kept_files import look_at_place
from temporal_lineage.reproduce.look import Seen, Unseen, look, told_of
from temporal_lineage.reproduce.proof import Proof
from temporal_lineage.reproduce.reproduction import rebuilt

if TYPE_CHECKING:
    from snapshots.instant import Instant
    from temporal_lineage.locks.lock import Lock, LockedInput, LockedRun
    from temporal_lineage.questions.question import Question
    from temporal_lineage.reproduce.answer import Replay, ReproduceAnswer
    from temporal_lineage.reproduce.look import Looked
    from temporal_lineage.reproduce.writing import Order
    from temporal_lineage.store.reader import Reader


def reproduce_lock(
    reader: Reader,
    lock: Lock,
    question: Question,
    *,
    now: Instant,
    folder: Path,
    order: Order,
) -> ReproduceAnswer:
    """Tell whether all that a lock names can be read again, and write it. See `reproduce`.

    Before: each state must have the files and the schema that the lock says. After: its rows must
    be as many, and have the fingerprint, where the lock has one; else ContentError is raised.
    """
    if order.out is not None:
        refuse_unless_free(order.out)
    states = [one for one in lock.inputs if isinstance(one, LockedState)]
    wrote = lock.run.wrote if lock.run is not None else None
    tables = LockedTables(reader, folder, states if wrote is None else (*states, wrote))
    pairs = look_at_lock(tables, lock, now=now)
    inputs = Inputs(lock.target, lock.made_by, tuple(one for one, _ in pairs), ())
    answer = rebuilt(
        reader,
        inputs,
        question,
        looked=[seen for _, seen in pairs],
        proofs={
            one.address: tuple(Proof(each.rows, each.fingerprint) for each in one.taken)
            for one in states
        },
        run=lock.run,
        now=now,
        order=order,
    )
    return replace(answer, replay=_replayed(tables, inputs, lock.run)) if order.replay else answer


def _replayed(tables: LockedTables, inputs: Inputs, run: LockedRun | None) -> Replay:
    from temporal_lineage.replay.asked import Asked, Wrote
    from temporal_lineage.replay.errors import NotReplayableError
    from temporal_lineage.replay.replaying import replay

    def wrote() -> Wrote:
        if run is None or run.wrote is None:
            raise NotReplayableError("the lock does not say what the run wrote")
        own = run.wrote
        before = None if own.before is None else int(own.before)
        return Wrote(tables.number(own), dataset_of(own), int(own.version), before)

    asked = Asked((), "") if run is None else Asked(run.queries, run.dialect)
    return replay(tables, inputs, asked, wrote)


def look_at_lock(
    tables: LockedTables, lock: Lock, *, now: Instant
) -> list[tuple[InputState, Looked]]:
    """Give each state and file that a lock names, and what it is now: as locked, or unverified."""
    inputs = [(locked, _input(tables, locked)) for locked in lock.inputs]
    return [(one, _looked(tables, locked, one, now=now)) for locked, one in inputs]


def _input(tables: LockedTables, one: LockedInput) -> InputState:
    if isinstance(one, LockedContent):
        dataset = one.address.removesuffix(f"@{one.version}")
        return InputState(-1, dataset, one.identity, one.version, one.known, ())
    taken = tuple(TakenPortion(each.columns, each.where, each.rows) for each in one.taken)
    # What nothing was left out of is the state itself: its files say how many rows it has.
    is_whole = len(taken) == 1 and taken[0].portion.whole
    return InputState(
        dataset_id=tables.number(one),
        dataset=dataset_of(one),
        identity=one.identity,
        version=one.version,
        known=one.known,
        portions=() if is_whole else taken,
    )


def _looked(tables: LockedTables, locked: LockedInput, one: InputState, *, now: Instant) -> Looked:
    if isinstance(locked, LockedContent):
        told = told_of(one, None)
        return look_at_place(Path(locked.location), locked.version, told)
    found = look(tables, one, now=now)
    if not isinstance(found, Seen):
        return found
    reason = _otherwise(locked, found)
    if reason is None:
        return found
    return Unseen(judged(replace(found.input, plan=None), Unverified(reason)), found.doubts)


def _otherwise(locked: LockedState, found: Seen) -> str | None:
    """Say in what a state is not the one that was locked; None where it is."""
    files = files_of(found.state)
    if files != locked.files:
        return (
            f"its files are not those of the lock: {files.count} of {files.size_bytes:,} bytes"
            f" with the digest {files.sha256[:12]}, where the lock has {locked.files.count} of"
            f" {locked.files.size_bytes:,} bytes with {locked.files.sha256[:12]}"
        )
    schema = schema_of(found.state.schema)
    fields = [(one.name, one.type, one.required) for one in schema.fields]
    if fields != [(one.name, one.type, one.required) for one in locked.schema.fields]:
        return "its schema is not that of the lock"
    return None
