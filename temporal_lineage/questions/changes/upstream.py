"""What changed upstream between a good and a bad time: where to look first for the cause."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, TypeVar

from snapshots.errors import EmptyPeriodError
from snapshots.period import Period
from temporal_lineage.addresses import DatasetAddress
from temporal_lineage.claims import FlowClaim, decode
from temporal_lineage.facts import AsOf
from temporal_lineage.keys import EdgeKind
from temporal_lineage.lineage.graph import Direction
from temporal_lineage.naming import Naming, find_dataset
from temporal_lineage.questions.changes.findings import Finding, FindingKind, finding
from temporal_lineage.questions.changes.job import job_findings
from temporal_lineage.questions.changes.table import table_findings
from temporal_lineage.questions.states.good_until import before_history
from temporal_lineage.questions.walks.doubts import walk_doubts
from temporal_lineage.questions.walks.neighbours import ledger_graph

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from snapshots.instant import Instant
    from temporal_lineage.lineage.graph import LineageGraph
    from temporal_lineage.questions.question import Question
    from temporal_lineage.store.reader import Reader

K = TypeVar("K", int, str)


@dataclass(frozen=True, slots=True)
class ChangesAnswer:
    """What is otherwise upstream at the bad time than at the good one, the likeliest cause first.

    `datasets` and `jobs` are how many were looked at.
    """

    ROWS: ClassVar[str | None] = "findings"

    question: Question
    dataset: str
    period: Period
    datasets: int
    jobs: int
    findings: tuple[Finding, ...]
    doubts: tuple[str, ...]


def changes(
    reader: Reader, address: DatasetAddress, question: Question, *, good: Instant, depth_max: int
) -> ChangesAnswer:
    """Answer `tl changes`; the bad time is the question's.

    Raises UnknownNameError, and EmptyPeriodError where the good time is not before the bad one.
    """
    as_of = question.as_of
    if good >= as_of.valid:
        raise EmptyPeriodError(good.isoformat(), as_of.valid.isoformat())
    # What happened at the bad instant itself counts, what happened at the good one does not.
    period = Period(good.plus(micros=1), as_of.valid.plus(micros=1))
    root_id = find_dataset(reader, address.name, as_of=as_of)
    point = AsOf(valid=good, system=as_of.system)
    before = _upstream(reader, root_id, point, depth_max)
    after = _upstream(reader, root_id, as_of, depth_max)
    naming = Naming(reader, as_of=as_of)
    distances = _nearest(before.depths, after.depths)
    names = {node_id: naming.dataset(node_id) for node_id in distances}
    found = list(_sources(reader, {point: before, as_of: after}, names))
    for dataset_id, distance in distances.items():
        name = names[dataset_id]
        found += table_findings(reader, dataset_id, name, as_of, period=period, distance=distance)
    doubts = dict.fromkeys((*walk_doubts(before, names), *walk_doubts(after, names)))
    early = before_history(reader, root_id, address.name, point)
    doubts |= {early: None} if early else {}
    jobs = _nearest(_jobs(before), _jobs(after))
    for job, distance in jobs.items():
        told, left = job_findings(reader, job, as_of, period=period, distance=distance)
        found += told
        doubts.update(dict.fromkeys(left))
    found.sort(key=lambda one: (-one.score, one.at or period.start, one.about, one.what))
    return ChangesAnswer(
        question=question,
        dataset=names[root_id],
        period=Period(good, period.end),
        datasets=len(distances),
        jobs=len(jobs),
        findings=tuple(found),
        doubts=tuple(doubts),
    )


def _upstream(reader: Reader, root_id: int, as_of: AsOf, depth_max: int) -> LineageGraph:
    return ledger_graph(
        reader,
        root_id,
        kind=EdgeKind.FLOW,
        direction=Direction.UPSTREAM,
        as_of=as_of,
        depth_max=depth_max,
    )


def _nearest(one: Mapping[K, int], other: Mapping[K, int]) -> dict[K, int]:
    """Give the least distance of each key in either, nearest first."""
    least = dict(one)
    for key, distance in other.items():
        least[key] = min(distance, least.get(key, distance))
    return dict(sorted(least.items(), key=lambda item: item[1]))


def _jobs(graph: LineageGraph) -> dict[str, int]:
    """Give the jobs along a graph, each at the distance of what it writes."""
    jobs: dict[str, int] = {}
    for step in graph.steps:
        depth = graph.depths[step.target_id]
        for job in decode(FlowClaim, step.claim).jobs:
            jobs[job] = min(depth, jobs.get(job, depth))
    return jobs


def _sources(
    reader: Reader,
    upstream: Mapping[AsOf, LineageGraph],
    names: Mapping[int, str],
) -> Iterator[Finding]:
    """Yield the flows upstream at one of the times that do not hold at the other.

    One that holds at both is no finding, although it leads to the target at one of them only.
    """
    before, after = upstream
    for here, there, kind, word in (
        (after, before, FindingKind.NEW_SOURCE, "now"),
        (before, after, FindingKind.LOST_SOURCE, "no longer"),
    ):
        graph = upstream[here]
        targets = sorted({step.target_id for step in graph.steps})
        held = {
            (source, target)
            for _, source, target, _ in reader.steps_into(
                node_ids=targets, kinds=(EdgeKind.FLOW,), as_of=there
            )
        }
        for step in graph.steps:
            if (step.source_id, step.target_id) not in held:
                what = f"made from {names[step.source_id]} {word}"
                depth = graph.depths[step.target_id]
                yield finding(names[step.target_id], None, kind, depth, what)
