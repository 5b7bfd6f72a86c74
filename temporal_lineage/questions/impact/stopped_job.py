"""A job that would stop: what it writes, and who else writes that."""

from __future__ import annotations

from typing import TYPE_CHECKING

from temporal_lineage.addresses import JobAddress
from temporal_lineage.claims import FlowClaim, decode
from temporal_lineage.facts import LAST, AsOf
from temporal_lineage.keys import EdgeKind
from temporal_lineage.questions.runs.jobs import find_job

if TYPE_CHECKING:
    from temporal_lineage.store.reader import Reader


def datasets_written_by(reader: Reader, job: str, as_of: AsOf) -> dict[int, tuple[str, ...]]:
    """Give the datasets that a job's runs ever wrote, each with the other jobs that write it now.

    Raises UnknownNameError for a job of which no run is known.
    """
    job_id = find_job(reader, JobAddress(job))
    point = AsOf(valid=LAST, system=as_of.system)
    runs = reader.edges_into(node_ids=[job_id], kinds=(EdgeKind.RUN_OF,), as_of=as_of)
    writes = reader.edges_out_of(
        node_ids=[one.src_id for one in runs], kinds=(EdgeKind.WRITES,), as_of=point
    )
    written = {one.dst_id: None for one in writes if one.valid.start <= as_of.valid}
    return {dataset_id: _others(reader, dataset_id, job, as_of) for dataset_id in written}


def _others(reader: Reader, dataset_id: int, job: str, as_of: AsOf) -> tuple[str, ...]:
    flows = reader.steps_into(node_ids=[dataset_id], kinds=(EdgeKind.FLOW,), as_of=as_of)
    jobs = {one for flow in flows for one in decode(FlowClaim, flow[3]).jobs}
    return tuple(sorted(jobs - {job}))
