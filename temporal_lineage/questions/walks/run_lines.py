"""Runs beside lineage: what is known of the runs that moved the data."""

from __future__ import annotations

from typing import TYPE_CHECKING

from snapshots.records import replace
from temporal_lineage.claims import RunClaim, decode
from temporal_lineage.keys import AttributeKind, NodeKind
from temporal_lineage.questions.walks.answer import LineageAnswer, LineageRun

if TYPE_CHECKING:
    from collections.abc import Iterable

    from snapshots.instant import Instant
    from temporal_lineage.facts import AsOf
    from temporal_lineage.store.reader import Reader

RUNS_READ_MAX = 1_000
"""Of how many runs of an answer the events are read, for their parameters and who ran them."""


def run_lines(reader: Reader, run_ids: Iterable[str], as_of: AsOf) -> tuple[LineageRun, ...]:
    """Give runs by id, each once, in the order asked for; unknown ones are left out."""
    asked = tuple(dict.fromkeys(run_ids))
    nodes = reader.nodes_named(kind=NodeKind.RUN, parent_id=0, names=asked)
    names = {one.node_id: one.name for one in nodes}
    claims = reader.attributes_of(node_ids=sorted(names), kind=AttributeKind.RUN, as_of=as_of)
    known = {
        names[one.node_id]: as_it_stood(decode(RunClaim, one.claim), as_of.valid) for one in claims
    }
    return tuple(_line(run_id, known[run_id]) for run_id in asked if run_id in known)


def with_parameters(reader: Reader, answer: LineageAnswer) -> LineageAnswer:
    """Give an answer with the parameters of its runs and who ran them, as known then.

    Each run's events are read for it, so that an answer has them only where it is asked for them.
    """
    from temporal_lineage.questions.runs.actors import actors
    from temporal_lineage.questions.runs.settings import run_parameters

    as_of = answer.question.as_of
    asked = answer.runs[:RUNS_READ_MAX]
    ran = actors(reader, (one.run for one in asked), as_of)
    runs = tuple(
        one._replace(
            parameters=run_parameters(reader, one.run, system=as_of.system),
            actor=ran[one.run].name if one.run in ran else None,
            actor_told_by=ran[one.run].told_by if one.run in ran else None,
        )
        for one in asked
    )
    left_out = answer.runs[RUNS_READ_MAX:]
    if not left_out:
        return replace(answer, runs=runs)
    doubt = f"parameters were read for the first {RUNS_READ_MAX} of {len(answer.runs)} runs only"
    return replace(answer, runs=(*runs, *left_out), doubts=(*answer.doubts, doubt))


def as_it_stood(claim: RunClaim, valid: Instant) -> RunClaim:
    """Tell a run as it stood at an instant: what ended later was still running."""
    if claim.ended is None or claim.ended <= valid:
        return claim
    from temporal_lineage.evidence.runs import RunState

    return RunClaim(
        job=claim.job,
        state=RunState.RUNNING.value,
        started=claim.started,
        ended=None,
        parent=claim.parent,
        producer=claim.producer,
        engine=claim.engine,
        code=claim.code,
        error=None,
    )


def _line(run_id: str, claim: RunClaim) -> LineageRun:
    return LineageRun(
        run=run_id,
        job=claim.job,
        state=claim.state,
        started=claim.started,
        ended=claim.ended,
        engine=claim.engine,
        code=_shown(claim.code) if claim.code else None,
        producer=claim.producer,
        parameters=None,
        actor=None,
        actor_told_by=None,
    )


def _shown(code: str) -> str:
    from catalogs.credentials import without_user_info

    return without_user_info(code)
