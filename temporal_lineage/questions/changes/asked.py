"""What is asked about: what came out wrong, since when at the latest, and how to look above it."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from temporal_lineage.addresses import (
    AtInstant,
    DatasetAddress,
    JobAddress,
    ModelAddress,
    RunAddress,
)
from temporal_lineage.claims import RunClaim, decode
from temporal_lineage.facts import LAST, AsOf
from temporal_lineage.keys import AttributeKind, NodeKind
from temporal_lineage.link_claims import WriterClaim
from temporal_lineage.naming import Naming, find_addressed
from temporal_lineage.questions.changes.looked_at import above_column, above_dataset, above_job
from temporal_lineage.questions.knowledge.reasons import known_run
from temporal_lineage.questions.states.meant import version_of
from temporal_lineage.questions.states.versions import version_since
from temporal_lineage.questions.walks.provenance import model_as_dataset

if TYPE_CHECKING:
    from collections.abc import Sequence

    from snapshots.instant import Instant
    from temporal_lineage.questions.changes.looked_at import Look
    from temporal_lineage.store.reader import Believed, Reader

Target = DatasetAddress | ModelAddress | JobAddress | RunAddress


class Asked(NamedTuple):
    """A root by its name, the bad time, and a way to look upstream.

    `dataset_id` is None for a job.
    """

    root: str
    as_of: AsOf
    look: Look
    dataset_id: int | None


def asked(reader: Reader, address: Target, as_of: AsOf, *, depth_max: int) -> Asked:
    """Find what an address means. A state and a run tell the bad time, others have it told.

    Raises UnknownNameError and BeforeHistoryError.
    """
    if isinstance(address, RunAddress):
        _, run = known_run(reader, address, as_of)
        ended = run.ended or run.started or as_of.valid
        as_of = AsOf(valid=min(ended, as_of.valid), system=as_of.system)
        address = JobAddress(run.job)
    if isinstance(address, JobAddress):
        return Asked(str(address), as_of, above_job(reader, address, depth_max=depth_max), None)
    if isinstance(address, ModelAddress):
        address = (
            DatasetAddress(f"model:{address.name}", None, None)
            if address.version is None
            else model_as_dataset(reader, address, as_of)
        )
    dataset_id = find_addressed(reader, address, as_of=as_of)
    if address.at is not None:
        made = _made(reader, dataset_id, address, as_of)
        as_of = AsOf(valid=min(made, as_of.valid), system=as_of.system)
    naming = Naming(reader, as_of=as_of)
    if address.column is not None:
        look = above_column(reader, address, as_of, depth_max=depth_max)
        return Asked(f"{naming.dataset(dataset_id)}#{address.column}", as_of, look, dataset_id)
    look = above_dataset(reader, dataset_id, depth_max=depth_max)
    return Asked(naming.dataset(dataset_id), as_of, look, dataset_id)


def _made(reader: Reader, dataset_id: int, address: DatasetAddress, as_of: AsOf) -> Instant:
    """Give when a state was there and its run was over, or the time by which it is named."""
    if isinstance(address.at, AtInstant):
        return address.at.instant
    version = version_of(reader, dataset_id, address, as_of)
    since = version_since(reader, dataset_id, version, system=as_of.system) or as_of.valid
    node_id = reader.node(kind=NodeKind.VERSION, parent_id=dataset_id, name=version)
    point = AsOf(valid=LAST, system=as_of.system)
    for writer in _attributes(reader, [node_id], AttributeKind.WRITER, point):
        run_id = reader.node(
            kind=NodeKind.RUN, parent_id=0, name=decode(WriterClaim, writer.claim).run
        )
        for run in _attributes(reader, [run_id], AttributeKind.RUN, point):
            since = max(since, decode(RunClaim, run.claim).ended or since)
    return since


def _attributes(
    reader: Reader, node_ids: Sequence[int | None], kind: AttributeKind, as_of: AsOf
) -> Sequence[Believed]:
    found = [one for one in node_ids if one is not None]
    return reader.attributes_of(node_ids=found, kind=kind, as_of=as_of)
