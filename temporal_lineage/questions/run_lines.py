"""Runs beside lineage: what is known of the runs that moved the data."""

from __future__ import annotations

from typing import TYPE_CHECKING

from temporal_lineage.claims import RunClaim, decode
from temporal_lineage.keys import AttributeKind, NodeKind
from temporal_lineage.questions.lineage_answer import LineageRun

if TYPE_CHECKING:
    from collections.abc import Iterable

    from temporal_lineage.facts import AsOf
    from temporal_lineage.store.reader import Reader


def run_lines(reader: Reader, run_ids: Iterable[str], as_of: AsOf) -> tuple[LineageRun, ...]:
    """Give runs by id, each once, in the order asked for; unknown ones are left out."""
    asked = tuple(dict.fromkeys(run_ids))
    nodes = reader.nodes_named(kind=NodeKind.RUN, parent_id=0, names=asked)
    names = {one.node_id: one.name for one in nodes}
    claims = reader.attributes_of(node_ids=sorted(names), kind=AttributeKind.RUN, as_of=as_of)
    known = {names[one.node_id]: decode(RunClaim, one.claim) for one in claims}
    return tuple(_line(run_id, known[run_id]) for run_id in asked if run_id in known)


def _line(run_id: str, claim: RunClaim) -> LineageRun:
    return LineageRun(
        run=run_id,
        job=claim.job,
        state=claim.state,
        started=claim.started,
        ended=claim.ended,
        engine=claim.engine,
        code=claim.code,
        producer=claim.producer,
    )
