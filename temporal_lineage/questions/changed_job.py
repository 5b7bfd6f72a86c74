"""A job between two times: its code, and runs that failed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from catalogs.credentials import without_user_info
from temporal_lineage.claims import RunClaim, decode
from temporal_lineage.facts import LAST, AsOf
from temporal_lineage.keys import AttributeKind, EdgeKind, NodeKind
from temporal_lineage.questions.findings import Finding, FindingKind, finding

if TYPE_CHECKING:
    from collections.abc import Iterator

    from snapshots.instant import Instant
    from snapshots.period import Period
    from temporal_lineage.store.reader import Reader

_FAILED = frozenset({"FAIL", "ABORT"})


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
) -> Iterator[Finding]:
    """Yield the runs of a job that failed in a period, and each change of its code."""
    about = f"job:{job}"
    code: str | None = None
    for run_id, claim in runs_of_job(reader, job, as_of):
        at = _moment(claim)
        inside = at is not None and period.contains(at)
        if inside and claim.state in _FAILED:
            error = f": {without_user_info(claim.error).splitlines()[0]}" if claim.error else ""
            what = f"run:{run_id} ended in {claim.state}{error}"
            yield finding(about, at, FindingKind.FAILED, distance, what)
        if inside and code is not None and claim.code is not None and claim.code != code:
            what = f"{_short(claim.code)} instead of {_short(code)}"
            yield finding(about, at, FindingKind.CODE, distance, what)
        if at is not None and at < period.end:
            code = claim.code or code


def _moment(claim: RunClaim) -> Instant | None:
    return claim.ended or claim.started


def _short(code: str) -> str:
    """Name code by its file and the first digits of its version.

    >>> _short("https://git.example/blob/0123456789abcdef/ml/train.py@0123456789abcdef")
    'train.py@0123456789ab'
    """
    place, at, version = code.rpartition("@")
    return f"{place.rstrip('/').rpartition('/')[2]}@{version[:12]}" if at else code
