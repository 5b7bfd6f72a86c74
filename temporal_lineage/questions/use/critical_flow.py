"""The critical path of a pipeline: the longest chain of jobs by what their runs usually take."""

from __future__ import annotations

from statistics import median
from typing import TYPE_CHECKING

from temporal_lineage.addresses import ModelAddress
from temporal_lineage.claims import FlowClaim, decode
from temporal_lineage.keys import EdgeKind
from temporal_lineage.lineage.graph import Direction
from temporal_lineage.lineage.longest import longest_chain
from temporal_lineage.naming import Naming, find_dataset
from temporal_lineage.questions.runs.heard import Heard, period_until
from temporal_lineage.questions.use.critical_path import (
    CriticalPathAnswer,
    CriticalStep,
    circles_cut,
)
from temporal_lineage.questions.walks.doubts import walk_doubts
from temporal_lineage.questions.walks.neighbours import ledger_graph

if TYPE_CHECKING:
    from collections.abc import Mapping

    from snapshots.instant import Instant
    from snapshots.period import Period
    from temporal_lineage.addresses import DatasetAddress
    from temporal_lineage.lineage.graph import LineageGraph
    from temporal_lineage.questions.question import Question
    from temporal_lineage.store.reader import Reader

_SECOND = 1_000_000


def critical_flow(
    reader: Reader,
    address: DatasetAddress | ModelAddress,
    question: Question,
    *,
    since: Instant,
    depth_max: int,
) -> CriticalPathAnswer:
    """Answer `tl critical-path --flow`: by the flows that hold, and the median of each job's runs.

    The runs are those from `since` to the instant asked for. Raises UnknownNameError, and
    EmptyPeriodError for no period.
    """
    as_of = question.as_of
    period = period_until(since, as_of.valid)
    model = isinstance(address, ModelAddress)
    name = f"model:{address.name}" if model else address.name
    root_id = find_dataset(reader, name, as_of=as_of)
    graph = ledger_graph(
        reader,
        root_id,
        kind=EdgeKind.FLOW,
        direction=Direction.UPSTREAM,
        as_of=as_of,
        depth_max=depth_max,
    )
    names = Naming(reader, as_of=as_of).datasets(graph.depths)
    heard = Heard(reader, as_of)
    usual = _usual(heard, period)
    slowest = _slowest(graph, heard, usual)
    sources: dict[int, list[int]] = {}
    for step in graph.steps:
        sources.setdefault(step.target_id, []).append(step.source_id)
    weights = {node_id: round(usual.get(job, 0) * _SECOND) for node_id, job in slowest.items()}
    chain = longest_chain(root_id, sources, weights)
    steps = tuple(
        _step(names[one.node_id], slowest.get(one.node_id), usual, one.slack) for one in chain.links
    )
    return CriticalPathAnswer(
        question=question,
        target=names[root_id],
        seconds=round(chain.weight / _SECOND, 3),
        elapsed=None,
        steps=steps,
        doubts=(*walk_doubts(graph, names), *_silent(graph, usual), *circles_cut(chain)),
    )


def _step(
    name: str, job: str | None, usual: Mapping[str, float], slack: int | None
) -> CriticalStep:
    return CriticalStep(
        state=name,
        job=job,
        run=None,
        started=None,
        ended=None,
        seconds=usual.get(job) if job else None,
        waited=None,
        slack=None if slack is None else slack / _SECOND,
    )


def _usual(heard: Heard, period: Period) -> dict[str, float]:
    """Give the median of the seconds that the runs of each job took in a period."""
    took: dict[str, list[float]] = {}
    for run in heard.runs.values():
        if run.went_on(period) and run.ended is not None and run.ended >= run.began:
            seconds = (run.ended.micros - run.began.micros) / _SECOND
            took.setdefault(run.job, []).append(seconds)
    return {job: median(many) for job, many in took.items()}


def _slowest(graph: LineageGraph, heard: Heard, usual: Mapping[str, float]) -> dict[int, str]:
    """Give, for each dataset, the job that usually takes longest to make it.

    That is one whose flow leads there; one that wrote it, where it is made of nothing that is told.
    """
    jobs: dict[int, set[str]] = {}
    for step in graph.steps:
        jobs.setdefault(step.target_id, set()).update(decode(FlowClaim, step.claim).jobs)
    ends = graph.depths.keys() - jobs.keys()
    for node_id, runs in heard.writes(ends).items():
        jobs[node_id] = {run.job for run in runs}
    return {
        node_id: max(sorted(many), key=lambda job: usual.get(job, -1))
        for node_id, many in jobs.items()
        if many
    }


def _silent(graph: LineageGraph, usual: Mapping[str, float]) -> list[str]:
    """Name the jobs of which nobody knows how long their runs take."""
    jobs = {job for step in graph.steps for job in decode(FlowClaim, step.claim).jobs}
    silent = ", ".join(sorted(jobs - usual.keys()))
    if not silent:
        return []
    return [f"how long runs of {silent} took in the period is not known: they count as nothing"]
