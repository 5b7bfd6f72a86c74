"""Flows that may not be needed: the same work twice, work nobody reads, and ways around."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, ClassVar

from temporal_lineage.claims import FlowClaim, decode
from temporal_lineage.keys import EdgeKind, NodeKind
from temporal_lineage.lineage.redundancy import JobFlow, same_work, ways_around
from temporal_lineage.naming import Naming
from temporal_lineage.questions.runs.heard import Heard, period_until
from temporal_lineage.questions.scopes import datasets_in

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

    from snapshots.instant import Instant
    from snapshots.period import Period
    from temporal_lineage.facts import AsOf
    from temporal_lineage.questions.question import Question
    from temporal_lineage.questions.runs.heard import Reading
    from temporal_lineage.store.reader import Reader

_SECOND = 1_000_000
_COLUMNS_MAX = 10_000
"""How many columns one search for the way of a column visits."""


class Redundancy(StrEnum):
    """Why a flow may not be needed, what speaks most for it first."""

    SAME_WORK = "same output from the same inputs"
    """Several jobs write one dataset, each from exactly the same datasets."""
    UNREAD = "nothing it writes is read"
    """No run read anything that the job wrote in the period but those that wrote it."""
    IMPLIED = "another way brings it too"
    """A direct flow, and a longer way from the same source to the same target."""


@dataclass(frozen=True, slots=True)
class JobCost:
    """What a job cost in the period: its runs, and the seconds of those whose ends are known."""

    job: str
    runs: int
    seconds: float


@dataclass(frozen=True, slots=True)
class RedundantFlow:
    """A flow that may not be needed, and what its jobs cost.

    `sources` and `targets` are the datasets that it leads from and to. `way` is the longer way of
    an implied flow, both ends in it; empty for the others.
    """

    kind: Redundancy
    sources: tuple[str, ...]
    targets: tuple[str, ...]
    jobs: tuple[JobCost, ...]
    way: tuple[str, ...]
    why: str


@dataclass(frozen=True, slots=True)
class RedundantAnswer:
    """The flows into datasets of a scope that may not be needed, by kind, the costliest first."""

    ROWS: ClassVar[str | None] = "flows"

    question: Question
    period: Period
    looked: int
    flows: tuple[RedundantFlow, ...]
    doubts: tuple[str, ...]


def redundant(reader: Reader, question: Question, *, scope: str, since: Instant) -> RedundantAnswer:
    """Answer `tl redundant`; costs are those from `since` to the instant asked for.

    The flows are those that hold at that instant. Raises UnknownNameError for a scope that is not
    known, EmptyPeriodError for no period.
    """
    as_of = question.as_of
    period = period_until(since, as_of.valid)
    names = datasets_in(reader, scope, as_of)
    found = _Redundancies(reader, as_of, period, names)
    flows = [*found.same_work(), *found.unread(), *found.implied()]
    order = list(Redundancy)
    flows.sort(
        key=lambda one: (
            order.index(one.kind),
            -sum(job.seconds for job in one.jobs),
            one.targets,
            one.sources,
        )
    )
    return RedundantAnswer(question, period, len(found.flows), tuple(flows), tuple(found.doubts()))


class _Redundancies:
    """The flows that hold at a point, and the runs of a period."""

    def __init__(
        self, reader: Reader, as_of: AsOf, period: Period, names: Mapping[int, str]
    ) -> None:
        self._reader = reader
        self._as_of = as_of
        self._period = period
        self._names = names
        self._heard = Heard(reader, as_of)
        self._cut = False
        nodes = [node.node_id for node in reader.nodes(kind=NodeKind.DATASET)]
        steps = reader.steps_out_of(node_ids=nodes, kinds=(EdgeKind.FLOW,), as_of=as_of)
        self.flows = [
            JobFlow(source, target, job)
            for _, source, target, claim in steps
            for job in decode(FlowClaim, claim).jobs
            if source != target
        ]
        self._naming = Naming(reader, as_of=as_of)
        self._runs: dict[str, list[Reading]] = defaultdict(list)
        for run in self._heard.runs.values():
            if run.went_on(period):
                self._runs[run.job].append(run)

    def same_work(self) -> Iterator[RedundantFlow]:
        """Yield the jobs that write the same from the same."""
        for one in same_work(self.flows):
            if one.target_id in self._names:
                yield self._flow(
                    Redundancy.SAME_WORK,
                    sorted(one.source_ids),
                    [one.target_id],
                    one.jobs,
                    f"{len(one.jobs)} jobs do it",
                    way=(),
                )

    def unread(self) -> Iterator[RedundantFlow]:
        """Yield the jobs that wrote in the period, and nothing of it was read."""
        writes = self._heard.writes(self._names)
        written: dict[str, set[int]] = defaultdict(set)
        for dataset_id, runs in writes.items():
            for run in runs:
                if run.went_on(self._period):
                    written[run.job].add(dataset_id)
        outputs = self._outputs(written)
        reads = self._heard.reads({one for many in outputs.values() for one in many})
        owners = self._heard.writes(reads)
        unread = {
            job: dataset_ids
            for job, dataset_ids in sorted(outputs.items())
            if not any(self._is_read(one, reads, owners) for one in dataset_ids)
        }
        sources: dict[str, set[int]] = {job: set() for job in unread}
        for one in self.flows:
            if one.job in sources:
                sources[one.job].add(one.source_id)
        # All names together, and not a job's at a time.
        self._naming.datasets(set().union(*unread.values(), *sources.values()))
        for job, dataset_ids in unread.items():
            yield self._flow(
                Redundancy.UNREAD,
                sorted(sources[job]),
                sorted(dataset_ids),
                [job],
                "no run is known to have read it in the period",
                way=(),
            )

    def implied(self) -> Iterator[RedundantFlow]:
        """Yield the direct flows beside which a longer way leads to the same target."""
        targets: dict[int, set[int]] = defaultdict(set)
        jobs: dict[tuple[int, int], list[str]] = defaultdict(list)
        for one in self.flows:
            targets[one.source_id].add(one.target_id)
            jobs[one.source_id, one.target_id].append(one.job)
        for source_id in sorted(targets):
            found, cut = ways_around(source_id, targets)
            self._cut |= cut
            for target_id, way in found.items():
                if target_id not in self._names:
                    continue
                why = self._why_implied(source_id, target_id)
                if why is not None:
                    direct = jobs[source_id, target_id]
                    yield self._flow(
                        Redundancy.IMPLIED, [source_id], [target_id], direct, why, way=way
                    )

    def doubts(self) -> list[str]:
        """Say what may be needed all the same."""
        doubts = self._heard.doubts(self._period)
        if self._cut:
            doubts.append("searches for longer ways were cut: there may be more of them")
        return doubts

    def _outputs(self, written: Mapping[str, set[int]]) -> dict[str, set[int]]:
        """Give all that these jobs wrote in the period, inside of the scope and out of it."""
        runs = {run.run_id: job for job in written for run in self._runs.get(job, ())}
        steps = self._reader.steps_out_of(
            node_ids=list(runs), kinds=(EdgeKind.WRITES,), as_of=self._as_of
        )
        outputs = {job: set(dataset_ids) for job, dataset_ids in written.items()}
        for _, run_id, dataset_id, _ in steps:
            outputs[runs[run_id]].add(dataset_id)
        return outputs

    def _is_read(
        self,
        dataset_id: int,
        reads: Mapping[int, Sequence[Reading]],
        writes: Mapping[int, Sequence[Reading]],
    ) -> bool:
        own = {run.run_id for run in writes.get(dataset_id, ())}
        return any(
            run.run_id not in own and run.went_on(self._period) for run in reads.get(dataset_id, ())
        )

    def _why_implied(self, source_id: int, target_id: int) -> str | None:
        """Say whether the columns take the longer way too; None where one does not."""
        pairs = self._column_pairs(source_id, target_id)
        if not pairs:
            return "nobody told which columns go the direct way"
        inside = {
            node.node_id
            for node in self._reader.children(parent_id=source_id, kind=NodeKind.COLUMN)
        }
        for source, direct in pairs.items():
            if not direct <= self._reached_around(source, direct, inside):
                return None
        many = sum(len(one) for one in pairs.values())
        return f"all {many} column flows of the direct way are in the longer one"

    def _column_pairs(self, source_id: int, target_id: int) -> dict[int, set[int]]:
        columns, into = (
            {node.node_id for node in self._reader.children(parent_id=one, kind=NodeKind.COLUMN)}
            for one in (source_id, target_id)
        )
        pairs: dict[int, set[int]] = defaultdict(set)
        for source, target in self._column_steps(columns):
            if target in into:
                pairs[source].add(target)
        return pairs

    def _reached_around(
        self, source: int, direct: Collection[int], inside: Collection[int]
    ) -> set[int]:
        """Give the columns that a column reaches otherwise than by its direct steps to some."""
        reached: set[int] = set()
        frontier = {one for _, one in self._column_steps([source])} - set(direct) - set(inside)
        while frontier and len(reached) <= _COLUMNS_MAX:
            reached |= frontier
            following = {one for _, one in self._column_steps(sorted(frontier))}
            frontier = following - reached - set(inside)
        self._cut |= bool(frontier)
        return reached

    def _column_steps(self, node_ids: Iterable[int]) -> list[tuple[int, int]]:
        steps = self._reader.steps_out_of(
            node_ids=list(node_ids), kinds=(EdgeKind.COLUMN_FLOW,), as_of=self._as_of
        )
        return [(source, target) for _, source, target, _ in steps]

    def _flow(
        self,
        kind: Redundancy,
        sources: Sequence[int],
        targets: Sequence[int],
        jobs: Iterable[str],
        why: str,
        *,
        way: Sequence[int],
    ) -> RedundantFlow:
        names = self._naming.datasets({*sources, *targets, *way})
        return RedundantFlow(
            kind=kind,
            sources=tuple(sorted(names[one] for one in sources)),
            targets=tuple(sorted(names[one] for one in targets)),
            jobs=tuple(self._cost(job) for job in sorted(jobs)),
            way=tuple(names[one] for one in way),
            why=why,
        )

    def _cost(self, job: str) -> JobCost:
        runs = self._runs.get(job, [])
        micros = sum(
            run.ended.micros - run.began.micros
            for run in runs
            if run.ended is not None and run.ended > run.began
        )
        return JobCost(job, len(runs), micros / _SECOND)
