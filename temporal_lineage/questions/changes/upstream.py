"""What changed upstream between a good and a bad time: where to look first for the cause."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, ClassVar, TypeVar

from snapshots.errors import EmptyPeriodError
from snapshots.period import Period
from temporal_lineage.facts import AsOf
from temporal_lineage.naming import Naming
from temporal_lineage.questions.changes.asked import asked
from temporal_lineage.questions.changes.findings import Finding, FindingKind, finding
from temporal_lineage.questions.changes.job import job_findings
from temporal_lineage.questions.changes.looked_at import either
from temporal_lineage.questions.changes.table import table_findings
from temporal_lineage.questions.states.good_until import before_history

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from snapshots.instant import Instant
    from temporal_lineage.questions.changes.asked import Asked, Target
    from temporal_lineage.questions.changes.looked_at import Fields, Upstream
    from temporal_lineage.questions.question import Question
    from temporal_lineage.store.reader import Reader

K = TypeVar("K", int, str)


@dataclass(frozen=True, slots=True)
class ChangesAnswer:
    """What is otherwise upstream at the bad time than at the good one, the likeliest cause first.

    `root` is the table, column, job or model that was asked about; `datasets` and `jobs` are how
    many were looked at.
    """

    ROWS: ClassVar[str | None] = "findings"

    question: Question
    root: str
    period: Period
    datasets: int
    jobs: int
    findings: tuple[Finding, ...]
    doubts: tuple[str, ...]


def changes(
    reader: Reader, address: Target, question: Question, *, good: Instant, depth_max: int
) -> ChangesAnswer:
    """Answer `tl changes`; the bad time is the question's, or that of the state or run asked about.

    Raises UnknownNameError, BeforeHistoryError, and EmptyPeriodError where the good time is not
    before the bad one.
    """
    about = asked(reader, address, question.as_of, depth_max=depth_max)
    as_of = about.as_of
    if good >= as_of.valid:
        raise EmptyPeriodError(good.isoformat(), as_of.valid.isoformat())
    # What happened at the bad instant itself counts, what happened at the good one does not.
    period = Period(good.plus(micros=1), as_of.valid.plus(micros=1))
    point = AsOf(valid=good, system=as_of.system)
    naming = Naming(reader, as_of=as_of)
    before, after = about.look(naming, point), about.look(naming, as_of)
    found = list(_sources(before, after))
    doubts = dict.fromkeys((*before.doubts, *after.doubts, *_early(reader, about, point)))
    datasets = _nearest(before.datasets, after.datasets)
    names = naming.datasets(datasets)
    for dataset_id, distance in datasets.items():
        found += table_findings(
            *(reader, dataset_id, names[dataset_id], as_of),
            fields=_fields(before, after, dataset_id),
            period=period,
            distance=distance,
        )
    jobs = _nearest(before.jobs, after.jobs)
    for job, distance in jobs.items():
        told, left = job_findings(reader, job, as_of, period=period, distance=distance)
        found += told
        doubts.update(dict.fromkeys(left))
    found.sort(key=lambda one: (-one.score, one.at or period.start, one.about, one.what))
    return ChangesAnswer(
        question=replace(question, as_of=as_of),
        root=about.root,
        period=Period(good, period.end),
        datasets=len(datasets),
        jobs=len(jobs),
        findings=tuple(found),
        doubts=tuple(doubts),
    )


def _early(reader: Reader, about: Asked, point: AsOf) -> Iterator[str]:
    """Say that a table was not there yet when things are said to have been good."""
    if about.dataset_id is not None:
        name, _, _ = about.root.partition("#")
        early = before_history(reader, about.dataset_id, name, point)
        if early:
            yield early


def _fields(before: Upstream, after: Upstream, dataset_id: int) -> Fields:
    nothing: Fields = frozenset()
    return either(before.fields.get(dataset_id, nothing), after.fields.get(dataset_id, nothing))


def _nearest(one: Mapping[K, int], other: Mapping[K, int]) -> dict[K, int]:
    """Give the least distance of each key in either, nearest first."""
    least = dict(one)
    for key, distance in other.items():
        least[key] = min(distance, least.get(key, distance))
    return dict(sorted(least.items(), key=lambda item: item[1]))


def _sources(before: Upstream, after: Upstream) -> Iterator[Finding]:
    """Yield the flows upstream at one of the times that do not hold at the other.

    One that holds at both is no finding, although it leads to the target at one of them only.
    """
    for here, there, kind, word in (
        (after, before, FindingKind.NEW_SOURCE, "now"),
        (before, after, FindingKind.LOST_SOURCE, "no longer"),
    ):
        flows = here.flows()
        held = there.held(target for _, target in flows)
        for (source, target), depth in flows.items():
            if (source, target) not in held:
                what = f"made from {here.names[source]} {word}"
                yield finding(here.names[target], None, kind, depth, what)
