"""The reach of a change: what lay downstream of a column, and how its jobs fared since."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from temporal_lineage.facts import LAST, AsOf
from temporal_lineage.questions.changes.job import runs_of_job
from temporal_lineage.questions.impact.column_reach import column_reach

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from snapshots.instant import Instant
    from temporal_lineage.store.reader import Reader


class Followed(StrEnum):
    """What became of a job after the change, by the runs that were heard of."""

    RAN = "ran since"
    """A run that ended after the change completed."""
    FAILED = "failed since"
    """Runs ended after the change, and none of them completed."""
    SILENT = "not run since"


@dataclass(frozen=True, slots=True)
class Affected:
    """A column, or a dataset of which nobody told the columns, downstream of a change.

    `depth` counts flows; `jobs` move the data into it, and `followed` is the worst of them.
    """

    address: str
    depth: int
    jobs: tuple[str, ...]
    followed: Followed


def reached_by(
    reader: Reader,
    dataset_id: int,
    field_id: int,
    *,
    before: AsOf,
    until: Instant,
    depth_max: int,
) -> tuple[tuple[Affected, ...], tuple[str, ...]]:
    """Give what a column fed at a point, nearest first, and what was not followed.

    `until` is how far the runs after the change are looked at. Datasets that the table fed without
    any column being told are there as datasets: nobody can say that they did not use the column.
    """
    reach = column_reach(reader, dataset_id, field_id, before, depth_max=depth_max)
    fates = _Fates(reader, since=before.valid, until=until, system=before.system)
    reached = [
        Affected(reach.names[node_id], depth, jobs, fates.worst(jobs))
        for node_id, depth, jobs in reach.nodes()
    ]
    reached.sort(key=lambda one: (one.depth, one.address))
    return tuple(reached), reach.cuts


class _Fates:
    """How jobs fared after an instant; each is looked up once."""

    def __init__(self, reader: Reader, *, since: Instant, until: Instant, system: Instant) -> None:
        self._reader = reader
        self._since = since
        self._until = until
        self._point = AsOf(valid=LAST, system=system)
        self._known: dict[str, Followed] = {}

    def worst(self, jobs: Sequence[str]) -> Followed:
        fates = {self._of(job) for job in jobs}
        for fate in (Followed.FAILED, Followed.SILENT, Followed.RAN):
            if fate in fates:
                return fate
        return Followed.SILENT

    def _of(self, job: str) -> Followed:
        if job not in self._known:
            states = {
                one.state
                for _, one in runs_of_job(self._reader, job, self._point)
                if one.ended is not None and self._since < one.ended <= self._until
            }
            self._known[job] = _fate(states)
        return self._known[job]


def _fate(states: Collection[str]) -> Followed:
    """Tell how a job fared from the states in which its runs ended."""
    if "COMPLETE" in states:
        return Followed.RAN
    return Followed.FAILED if states else Followed.SILENT
