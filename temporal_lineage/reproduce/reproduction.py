"""Reproduction: find the inputs of a target, look at each, and write them where asked to."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from snapshots.errors import BadTargetError
from temporal_lineage.facts import LAST, AsOf
from temporal_lineage.locks.making import run_behind
from temporal_lineage.promises.beside import promised_beside
from temporal_lineage.reproduce.answer import (
    ReproduceAnswer,
    Reproducible,
    decided,
    outcome_name,
)
from temporal_lineage.reproduce.folder import refuse_unless_free
from temporal_lineage.reproduce.inputs import InputState, find_inputs
from temporal_lineage.reproduce.kept_files import SeenFile
from temporal_lineage.reproduce.look import Seen, look
from temporal_lineage.reproduce.rebuilding import Rebuilding
from temporal_lineage.reproduce.tables import Tables
from temporal_lineage.reproduce.writing import Job, Order, write_job

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from snapshots.instant import Instant
    from temporal_lineage.addresses import Address
    from temporal_lineage.locks.lock import LockedRun
    from temporal_lineage.promises.beside import PromisedState
    from temporal_lineage.questions.question import Question
    from temporal_lineage.reproduce.answer import RegisteredTable
    from temporal_lineage.reproduce.inputs import Inputs
    from temporal_lineage.reproduce.look import Looked
    from temporal_lineage.reproduce.proof import Proof
    from temporal_lineage.reproduce.writing import Into
    from temporal_lineage.store.reader import Reader

_SURE = {"exact", "high"}


def reproduce(
    reader: Reader,
    address: Address,
    question: Question,
    *,
    now: Instant,
    folder: Path,
    order: Order,
) -> ReproduceAnswer:
    """Tell whether a target can be rebuilt from its inputs, and rebuild them in `out`. DESIGN 4.5.

    The inputs are those believed at the question's point in both times; the verdicts are about
    the tables as they lie there `now`. The folder of the order appears whole, or not at all: only
    where every input can be read, and with `recover` also where some must be recovered. So does
    each table that it asks for. No table that is there is ever touched. Raises UnknownNameError,
    BadTargetError, CannotWriteError, RowCountError, TableExistsError, and UnreadableError where a
    file that was there cannot be read.
    """
    if order.out is not None:
        refuse_unless_free(order.out)
    inputs = find_inputs(reader, address, question.as_of)
    tables = Tables(reader, folder)
    rebuilding = Rebuilding(reader, tables, question.as_of, now=now)
    answer = rebuilt(
        reader,
        inputs,
        question,
        looked=[rebuilding.told(one, look(tables, one, now=now)) for one in inputs.inputs],
        proofs={},
        run=run_behind(reader, tables, inputs.made_by, question) if order.out is not None else None,
        now=now,
        order=order,
    )
    if not order.replay:
        return answer
    from temporal_lineage.replay.asked import asked_by, written_by
    from temporal_lineage.replay.replaying import replay

    if inputs.made_by is None or not inputs.made_by.run:
        told = "name a run: a state is no SQL, and `tl why` tells which run wrote it"
        raise BadTargetError(str(address), told)
    run, point = inputs.made_by.run, question.as_of
    again = replay(
        tables,
        inputs,
        asked_by(reader, run, point),
        partial(written_by, reader, tables, run, point),
    )
    return replace(answer, replay=again)


def rebuilt(
    reader: Reader,
    inputs: Inputs,
    question: Question,
    *,
    looked: Sequence[Looked],
    proofs: Mapping[str, tuple[Proof, ...]],
    run: LockedRun | None,
    now: Instant,
    order: Order,
) -> ReproduceAnswer:
    """Answer from inputs that were looked at; `proofs` say what rows each of them must give.

    They are by address, one for each portion; an address that is not there has none.
    """
    told = tuple(one.input for one in looked)
    outcome = decided(told, recover=order.recover)
    if isinstance(outcome, Reproducible):
        seen = tuple(one for one in looked if isinstance(one, Seen | SeenFile))
        if order.out is not None or order.into is not None:
            _refuse_unless_read(seen, order)
        job = Job(inputs.target, question, inputs.made_by, run, seen, proofs)
        outcome = Reproducible(
            None if order.out is None else write_job(job, order.out, order),
            () if order.into is None else _tables(job, order.into, order, now=now),
        )
    return ReproduceAnswer(
        question=question,
        target=inputs.target,
        made_by=inputs.made_by,
        verdict=outcome_name(outcome),
        outcome=outcome,
        inputs=told,
        promises=_promised(reader, inputs, now=now),
        replay=None,
        doubts=(*inputs.doubts, *doubts_of(looked)),
    )


def _refuse_unless_read(seen: Sequence[Seen | SeenFile], order: Order) -> None:
    """Raise what the engine raises of a state that it does not read right, before all writing."""
    for one in seen:
        if isinstance(one, Seen):
            order.engine.rows(one.state)


def _tables(job: Job, into: Into, order: Order, *, now: Instant) -> tuple[RegisteredTable, ...]:
    from temporal_lineage.reproduce.into import make_tables

    return make_tables(job, into, order, now=now)


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


def doubts_of(looked: Sequence[Looked]) -> list[str]:
    """Say what is not sure of inputs that were looked at."""
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
