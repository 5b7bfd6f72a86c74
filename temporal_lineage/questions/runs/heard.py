"""Heard of: the runs that name datasets, and what not having heard of one leaves open."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from snapshots.errors import EmptyPeriodError
from snapshots.period import Period
from temporal_lineage.claims import RunClaim, decode
from temporal_lineage.keys import AttributeKind, EdgeKind
from temporal_lineage.naming import UNHARVESTED
from temporal_lineage.questions.walks.doubts import count
from temporal_lineage.questions.walks.run_lines import as_it_stood

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from snapshots.instant import Instant
    from temporal_lineage.facts import AsOf
    from temporal_lineage.store.reader import Reader

_MODEL = f"{UNHARVESTED}model\x1f"


@dataclass(frozen=True, slots=True)
class Reading:
    """A run that names a dataset: when it went on, and of which job it is.

    `ended` is None where nobody heard of its end by then.
    """

    run_id: int
    job: str
    began: Instant
    ended: Instant | None

    def went_on(self, period: Period) -> bool:
        """Tell whether the run is known to have gone on at some time of a period."""
        return self.began < period.end and (self.ended or self.began) >= period.start


class Heard:
    """All runs that were known at a point in both times; they are read once."""

    def __init__(self, reader: Reader, as_of: AsOf) -> None:
        """Ask this reader."""
        self._reader = reader
        self._as_of = as_of

    @cached_property
    def runs(self) -> Mapping[int, Reading]:
        """All runs that had begun, by node."""
        rows = self._reader.by_attribute(kind=AttributeKind.RUN, name="", as_of=self._as_of)
        found = {}
        for one in rows:
            claim = as_it_stood(decode(RunClaim, one.claim), self._as_of.valid)
            began = claim.started or one.valid.start
            found[one.node_id] = Reading(one.node_id, claim.job, began, claim.ended)
        return found

    def reads(self, dataset_ids: Iterable[int]) -> Mapping[int, Sequence[Reading]]:
        """Give the runs that name each dataset as an input."""
        return self._naming(dataset_ids, EdgeKind.READS)

    def writes(self, dataset_ids: Iterable[int]) -> Mapping[int, Sequence[Reading]]:
        """Give the runs that name each dataset as an output."""
        return self._naming(dataset_ids, EdgeKind.WRITES)

    def doubts(self, period: Period) -> list[str]:
        """Say why a dataset that no run is known to have read may be read all the same."""
        inside = {one.run_id: one for one in self.runs.values() if one.went_on(period)}
        if not inside:
            return ["no run of that time was heard of: nobody can say what was read"]
        jobs = len({one.job for one in inside.values()})
        heard = f"{count(len(inside), 'run')} of {count(jobs, 'job')}"
        doubts = [f"reads are known from {heard}: who reads without sending events is not known"]
        kinds = (EdgeKind.READS,)
        steps = self._reader.steps_out_of(node_ids=list(inside), kinds=kinds, as_of=self._as_of)
        silent = len(inside.keys() - {run_id for _, run_id, _, _ in steps})
        if silent:
            doubts.append(f"{silent} of these runs told no input")
        nodes = self._reader.named(node_ids=sorted({one for _, _, one, _ in steps}))
        unknown = sum(
            node.name.startswith(UNHARVESTED) and not node.name.startswith(_MODEL)
            for node in nodes.values()
        )
        if unknown:
            doubts.append(
                f"{count(unknown, 'dataset')} that they read no harvest knows: a table under"
                " another name may be among them; `tl coverage` lists them"
            )
        return doubts

    def _naming(
        self, dataset_ids: Iterable[int], kind: EdgeKind
    ) -> Mapping[int, Sequence[Reading]]:
        steps = self._reader.steps_into(
            node_ids=list(dataset_ids), kinds=(kind,), as_of=self._as_of
        )
        found: dict[int, list[Reading]] = defaultdict(list)
        for _, run_id, dataset_id, _ in steps:
            if run_id in self.runs:
                found[dataset_id].append(self.runs[run_id])
        return found


def period_until(since: Instant, until: Instant) -> Period:
    """Give the period from one instant to another, which is in it. Raises EmptyPeriodError."""
    if since > until:
        raise EmptyPeriodError(since.isoformat(), until.isoformat())
    return Period(since, until.plus(micros=1))
