"""A job between two times: its code, its parameters, and runs that failed."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING

from catalogs.credentials import without_user_info
from temporal_lineage.claims import RunClaim, decode
from temporal_lineage.facts import LAST, AsOf
from temporal_lineage.keys import AttributeKind, EdgeKind, NodeKind
from temporal_lineage.questions.changes.findings import Finding, FindingKind, finding
from temporal_lineage.questions.runs.settings import (
    code_changed,
    parameters_changed,
    run_parameters,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from snapshots.instant import Instant
    from snapshots.period import Period
    from temporal_lineage.store.reader import Reader

_FAILED = frozenset({"FAIL", "ABORT"})

RUNS_READ_MAX = 200
"""Of how many runs of a job, the newest in a period, the parameters are read."""

ALIKE = 5
"""With how many runs before it a run's parameters are compared."""


def runs_of_job(reader: Reader, job: str, as_of: AsOf) -> list[tuple[str, RunClaim]]:
    """Give the runs of a job by run id, as known then, in the order they began."""
    job_id = reader.node(kind=NodeKind.JOB, parent_id=0, name=job)
    if job_id is None:
        return []
    point = AsOf(valid=LAST, system=as_of.system)
    edges = reader.edges_into(node_ids=[job_id], kinds=(EdgeKind.RUN_OF,), as_of=point)
    nodes = reader.named(node_ids=[one.src_id for one in edges])
    claims = reader.attributes_of(
        node_ids=[one.src_id for one in edges], kind=AttributeKind.RUN, as_of=point
    )
    runs = [(nodes[one.node_id].name, decode(RunClaim, one.claim)) for one in claims]
    return sorted(runs, key=lambda run: (_moment(run[1]) or LAST, run[0]))


def job_findings(
    reader: Reader, job: str, as_of: AsOf, *, period: Period, distance: int
) -> tuple[list[Finding], tuple[str, ...]]:
    """Give the runs of a job that failed in a period, each change of its code and parameters.

    And what was not looked at.
    """
    runs = [
        (run_id, claim, at)
        for run_id, claim in runs_of_job(reader, job, as_of)
        if (at := _moment(claim)) is not None and at < period.end
    ]
    found = list(_told(f"job:{job}", runs, period, distance))
    first = next((place for place, run in enumerate(runs) if period.contains(run[2])), len(runs))
    doubts: tuple[str, ...] = ()
    if len(runs) - first > RUNS_READ_MAX:
        # How things stand at the end of the period is told by its newest runs.
        first = len(runs) - RUNS_READ_MAX
        doubts = (f"parameters of job:{job} were compared over its last {RUNS_READ_MAX} runs only",)
    before: deque[dict[str, str]] = deque(maxlen=ALIKE)
    start = max(0, first - ALIKE)
    for place, (run_id, _, at) in enumerate(runs[start:], start):
        parameters = run_parameters(reader, run_id, system=as_of.system)
        if place >= first:
            found += (
                finding(f"job:{job}", at, FindingKind.PARAMETERS, distance, what)
                for what in _unlike(before, parameters)
            )
        if parameters:
            before.append(parameters)
    return found, doubts


def _told(
    about: str, runs: Sequence[tuple[str, RunClaim, Instant]], period: Period, distance: int
) -> Iterator[Finding]:
    code: str | None = None
    for run_id, claim, at in runs:
        inside = period.contains(at)
        if inside and claim.state in _FAILED:
            error = f": {without_user_info(claim.error).splitlines()[0]}" if claim.error else ""
            what = f"run:{run_id} ended in {claim.state}{error}"
            yield finding(about, at, FindingKind.FAILED, distance, what)
        changed = code_changed(code, claim.code) if inside else None
        if changed is not None:
            yield finding(about, at, FindingKind.CODE, distance, changed)
        code = claim.code or code


def _unlike(before: Sequence[dict[str, str]], parameters: dict[str, str]) -> Iterator[str]:
    """Yield the parameters that were the same in the runs before, and are otherwise now.

    One that differs from run to run, as a date does, says nothing.
    """
    if not before or not parameters:
        return
    steady = {
        name for name in {*parameters, *before[-1]} if len({one.get(name) for one in before}) == 1
    }
    old, new = (
        {name: value for name, value in told.items() if name in steady}
        for told in (before[-1], parameters)
    )
    yield from parameters_changed(old, new)


def _moment(claim: RunClaim) -> Instant | None:
    return claim.ended or claim.started
