"""Who answers for datasets and jobs, by the newest word of their events."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from temporal_lineage.capture.told_facets import told_facets
from temporal_lineage.claims import decode
from temporal_lineage.keys import AttributeKind, NodeKind
from temporal_lineage.linking.event_keys import DESIGN
from temporal_lineage.questions.runs.jobs import events_in, runs_of_jobs
from temporal_lineage.told_claims import SEPARATOR, Aspect, OwnersClaim

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from temporal_lineage.capture.facets import Owner
    from temporal_lineage.facts import AsOf
    from temporal_lineage.store.reader import Reader
    from temporal_lineage.store.records import ArrivedEvent

RUNS_READ_MAX = 20
"""Of how many runs of a job, the newest, the events are read for who owns it."""


class Owners:
    """Owners at a point in both times; each job is looked up once, many together."""

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
        return self.of_each([job])[job]

    def of_jobs(self, jobs: Iterable[str]) -> tuple[Owner, ...]:
        """Give who owns any of these jobs."""
        each = self.of_each(jobs)
        return tuple(dict.fromkeys(one for owners in each.values() for one in owners))

    def of_each(self, jobs: Iterable[str]) -> dict[str, tuple[Owner, ...]]:
        """Give who owns each of several jobs; those not looked up yet are looked up together."""
        asked = list(dict.fromkeys(jobs))
        unknown = [job for job in asked if job not in self._of_jobs]
        if unknown:
            self._of_jobs |= self._told(unknown)
        return {job: self._of_jobs[job] for job in asked}

    def _told(self, jobs: Sequence[str]) -> dict[str, tuple[Owner, ...]]:
        keys = self._keys(jobs)
        tellings: dict[str, dict[str, list[ArrivedEvent]]] = {job: {} for job in jobs}
        for kept in self._reader.events_of(run_ids=keys):
            told = _told_at(kept.body) if kept.recorded_at <= self._as_of.system else None
            if told is not None:
                for job in keys[kept.run_id]:
                    tellings[job].setdefault(told, []).append(kept)
        return {job: self._newest(job, by_time) for job, by_time in tellings.items()}

    def _keys(self, jobs: Sequence[str]) -> dict[str, list[str]]:
        """Give the keys under which events of the jobs are kept, each with its jobs."""
        nodes = self._reader.nodes_named(kind=NodeKind.JOB, parent_id=0, names=jobs)
        names = {node.node_id: node.name for node in nodes}
        runs = runs_of_jobs(self._reader, sorted(names), self._as_of)
        newest = {job_id: many[:RUNS_READ_MAX] for job_id, many in runs.items()}
        run_ids = {one.node_id for many in newest.values() for one in many}
        found = self._reader.named(node_ids=sorted(run_ids))
        keys = {f"{DESIGN}{job}": [job] for job in names.values()}
        for job_id, many in newest.items():
            for one in many:
                keys.setdefault(found[one.node_id].name, []).append(names[job_id])
        return keys

    def _newest(self, job: str, by_time: Mapping[str, Sequence[ArrivedEvent]]) -> tuple[Owner, ...]:
        """Give the newest word; to read a whole event takes longer than to find it."""
        for _, many in sorted(by_time.items(), reverse=True):
            bodies = [
                kept.body
                for kept in many
                for event in events_in(kept)
                if str(event.job) == job and event.at <= self._as_of.valid
            ]
            if bodies:
                return told_facets(bodies).job.owners
        return ()


def _told_at(body: str) -> str | None:
    """Give the time, as it is written, of an event that tells who owns its job; None for others."""
    if '"ownership"' not in body:
        return None
    parts = msgspec.json.decode(body, type=dict[str, msgspec.Raw])
    job = msgspec.json.decode(parts.get("job", b"null"))
    facets = job.get("facets") if isinstance(job, dict) else None
    if not isinstance(facets, dict) or facets.get("ownership") is None:
        return None
    return str(msgspec.json.decode(parts.get("eventTime", b"null")))


def owner_texts(owners: Sequence[Owner]) -> tuple[str, ...]:
    """Write owners for people, each with what kind of owner it is where that was told.

    >>> from temporal_lineage.capture.facets import Owner
    >>> owner_texts([Owner("team:shop", "MAINTAINER"), Owner("ada", "")])
    ('team:shop (MAINTAINER)', 'ada')
    """
    return tuple(f"{one.name} ({one.type})" if one.type else one.name for one in owners)
