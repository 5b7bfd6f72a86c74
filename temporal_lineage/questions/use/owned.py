"""Who answers for datasets and jobs, by the newest word of their events."""

from __future__ import annotations

from typing import TYPE_CHECKING

from temporal_lineage.capture.told_facets import told_facets
from temporal_lineage.claims import decode
from temporal_lineage.keys import AttributeKind, NodeKind
from temporal_lineage.linking.event_keys import DESIGN
from temporal_lineage.questions.runs.jobs import events_of_job, runs_of_job
from temporal_lineage.told_claims import SEPARATOR, Aspect, OwnersClaim

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from temporal_lineage.capture.facets import Owner
    from temporal_lineage.facts import AsOf
    from temporal_lineage.store.reader import Reader

RUNS_READ_MAX = 20
"""Of how many runs of a job, the newest, the events are read for who owns it."""


class Owners:
    """Owners at a point in both times; each job is looked up once."""

    def __init__(self, reader: Reader, as_of: AsOf) -> None:
        """Look them up through this reader."""
        self._reader = reader
        self._as_of = as_of
        self._of_jobs: dict[str, tuple[Owner, ...]] = {}

    def of_datasets(self, dataset_ids: Iterable[int]) -> Mapping[int, tuple[Owner, ...]]:
        """Give who owns each dataset, as any producer told; those without owners are left out."""
        found: dict[int, dict[Owner, None]] = {}
        told = self._reader.attributes_of(
            node_ids=sorted(set(dataset_ids)), kind=AttributeKind.TOLD, as_of=self._as_of
        )
        for one in sorted(told, key=lambda believed: believed.name):
            if one.name.split(SEPARATOR)[0] == Aspect.OWNERS:
                owners = decode(OwnersClaim, one.claim).owners
                found.setdefault(one.node_id, {}).update(dict.fromkeys(owners))
        return {node_id: tuple(owners) for node_id, owners in found.items() if owners}

    def of_job(self, job: str) -> tuple[Owner, ...]:
        """Give who owns a job, by its newest runs and its own events."""
        if job not in self._of_jobs:
            self._of_jobs[job] = self._told(job)
        return self._of_jobs[job]

    def of_jobs(self, jobs: Iterable[str]) -> tuple[Owner, ...]:
        """Give who owns any of these jobs."""
        return tuple(dict.fromkeys(one for job in jobs for one in self.of_job(job)))

    def _told(self, job: str) -> tuple[Owner, ...]:
        job_id = self._reader.node(kind=NodeKind.JOB, parent_id=0, name=job)
        if job_id is None:
            return ()
        runs = runs_of_job(self._reader, job_id, self._as_of)[:RUNS_READ_MAX]
        names = self._reader.named(node_ids=[one.node_id for one in runs])
        keys = [f"{DESIGN}{job}", *(node.name for node in names.values())]
        told = events_of_job(self._reader, keys, job, self._as_of, holding='"ownership"')
        return told_facets(body for _, body in told).job.owners


def owner_texts(owners: Sequence[Owner]) -> tuple[str, ...]:
    """Write owners for people, each with what kind of owner it is where that was told.

    >>> from temporal_lineage.capture.facets import Owner
    >>> owner_texts([Owner("team:shop", "MAINTAINER"), Owner("ada", "")])
    ('team:shop (MAINTAINER)', 'ada')
    """
    return tuple(f"{one.name} ({one.type})" if one.type else one.name for one in owners)
