"""Designs: what jobs are said to move outside any run, told by job events."""

from __future__ import annotations

from typing import TYPE_CHECKING

from temporal_lineage.capture.openlineage_events import JobEvent
from temporal_lineage.capture.openlineage_names import canonical
from temporal_lineage.keys import EdgeKind, NodeKind
from temporal_lineage.linking.event_keys import DESIGN
from temporal_lineage.linking.meant import Meaning
from temporal_lineage.linking.words import Teller, said

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Sequence

    from snapshots.dataset import Dataset
    from temporal_lineage.capture.openlineage_events import DatasetMention
    from temporal_lineage.linking.outside import Mentioned, OutsideEvents
    from temporal_lineage.linking.resolving import Resolved, Resolver
    from temporal_lineage.linking.words import Word

_KINDS = (EdgeKind.DESIGN_READS, EdgeKind.DESIGN_WRITES)


class Designs:
    """The job events of a ledger, and the datasets that they name.

    `settled` are the jobs that were settled, `left` the datasets that one named before and whose
    events may mean another now.
    """

    def __init__(self, resolver: Resolver, outside: OutsideEvents) -> None:
        """Resolve names with this resolver, and read these events."""
        self._resolver = resolver
        self._outside = outside
        self.settled: tuple[str, ...] = ()
        self.left: set[int] = set()

    def settle(
        self, keys: Iterable[str], dataset_ids: Sequence[int], renamed: Sequence[int]
    ) -> set[int]:
        """Note what the jobs of these keys read and write, and those that name these datasets.

        Names of `renamed` may mean another dataset than they did.
        Returns the datasets whose flows may change: those written now, and those before.
        """
        jobs = {one.removeprefix(DESIGN) for one in keys if one.startswith(DESIGN)}
        self.settled = tuple(sorted(jobs | self._outside.naming(dataset_ids, _KINDS)))
        self.left, changed = self._outside.settle(
            NodeKind.JOB, self.settled, self._mentioned, _KINDS, renamed=renamed
        )
        return {dataset_id for kind, _, dataset_id in changed if kind == EdgeKind.DESIGN_WRITES}

    def into(self, dataset_ids: Collection[int]) -> list[JobEvent]:
        """Give the events of all jobs that are said to write one of these datasets."""
        jobs = sorted(self._outside.naming(dataset_ids, _KINDS[1:]))
        return [event for job in jobs for event in self._events(job)]

    def naming(self, dataset_id: int) -> set[str]:
        """Give the jobs that are said to read or write a dataset."""
        return self._outside.naming([dataset_id], _KINDS)

    def words(self, jobs: Iterable[str]) -> Iterator[tuple[int, Word]]:
        """Yield how the events of these jobs describe datasets."""
        for job in jobs:
            for event in self._events(job):
                teller = Teller(event.producer, "", job, event.at)
                mentions = (*event.inputs, *event.outputs)
                yield from said(teller, ((one, self.meant(event, one.dataset)) for one in mentions))

    def meant(self, event: JobEvent, dataset: Dataset) -> Resolved:
        """Resolve a name by all names that the event gives the dataset."""
        names = [canonical(dataset)]
        for one in (*event.inputs, *event.outputs):
            if canonical(one.dataset) == names[0]:
                names += _names(one)
        return self._resolver.names(tuple(dict.fromkeys(names)), at=event.at)

    def _mentioned(self, job: str) -> Iterator[Mentioned]:
        for event in self._events(job):
            for kind, side in zip(_KINDS, (event.inputs, event.outputs), strict=True):
                for one in side:
                    yield kind, self.meant(event, one.dataset).dataset_id, event.at

    def _events(self, job: str) -> Iterator[JobEvent]:
        for one in self._outside.of(f"{DESIGN}{job}"):
            if isinstance(one, JobEvent):
                yield one


class MeantByDesign:
    """The meanings of names in a design, of reads and writes alike at the time it was told."""

    def __init__(self, event: JobEvent, designs: Designs) -> None:
        """Look names up as all designs do."""
        self._event = event
        self._designs = designs

    def read(self, dataset: Dataset) -> Meaning:
        """Give what is read under a name."""
        return Meaning(self._designs.meant(self._event, dataset), self._event.at)

    def written(self, dataset: Dataset) -> Meaning:
        """Give what is written under a name."""
        return self.read(dataset)


def _names(mention: DatasetMention) -> list[Dataset]:
    return [canonical(mention.dataset), *map(canonical, mention.symlinks)]
