"""What the names in a run's events meant: what it read by START, what it wrote when it was told.

A run may drop the table that it is about to write and make another under its name: dbt does, and
`CREATE TABLE AS` after a `DROP`. What it made then has the name only by the end.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from snapshots.refs import MAIN
from temporal_lineage.evidence.windows import begun_at, written_at

if TYPE_CHECKING:
    from collections.abc import Mapping

    from snapshots.dataset import Dataset
    from snapshots.instant import Instant
    from temporal_lineage.evidence.runs import Observation, RunRecord
    from temporal_lineage.linking.resolving import Resolved, Resolver


@dataclass(frozen=True, slots=True)
class Meaning:
    """The dataset that a name meant, and the time of which its columns are named."""

    resolved: Resolved
    at: Instant


class Meant(Protocol):
    """The meanings of names on the two sides of a run or design."""

    def read(self, dataset: Dataset) -> Meaning:
        """Give what was read under a canonical name."""
        ...

    def written(self, dataset: Dataset) -> Meaning:
        """Give what was written under a canonical name."""
        ...


class MeantByRun:
    """The meanings of all names in the events of one run. DESIGN 4.4."""

    def __init__(self, record: RunRecord, resolver: Resolver) -> None:
        """Look names up here, each by all names that the run gave its dataset."""
        self._resolver = resolver
        self._begun = begun_at(record)
        self._written_at = written_at(record)
        self._end = record.ended_at or record.last_at
        self._inputs = _by_name(record.inputs)
        self._outputs = _by_name(record.outputs)

    def read(self, dataset: Dataset) -> Meaning:
        """Give what the run read: what had the name at START, or what it wrote before."""
        if dataset in self._outputs and dataset not in self._inputs:
            made = self.written(dataset)
            table = made.resolved.table
            was_there = table is None or table.at(MAIN, self._begun) is not None
            return Meaning(made.resolved, self._begun) if was_there else made
        seen = self._inputs.get(dataset)
        return Meaning(self._resolved(seen, dataset, self._begun), self._begun)

    def written(self, dataset: Dataset) -> Meaning:
        """Give what the run wrote: what had the name when an event last told of the output."""
        at = self._written_at.get(dataset, self._end)
        seen = self._outputs.get(dataset) or self._inputs.get(dataset)
        return Meaning(self._resolved(seen, dataset, at), at)

    def _resolved(self, seen: Observation | None, dataset: Dataset, at: Instant) -> Resolved:
        if seen is None:
            return self._resolver.names((dataset,), at=at)
        return self._resolver.observed(seen, at=at)


def _by_name(observations: tuple[Observation, ...]) -> Mapping[Dataset, Observation]:
    return {one.dataset: one for one in observations}
