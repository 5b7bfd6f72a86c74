"""Who answers for what, and for what nobody does: `tl owners`."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, ClassVar

from temporal_lineage.claims import RunClaim, decode
from temporal_lineage.keys import AttributeKind, EdgeKind
from temporal_lineage.questions.scopes import datasets_in
from temporal_lineage.questions.use.owned import Owners
from temporal_lineage.questions.walks.doubts import count

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from temporal_lineage.capture.facets import Owner
    from temporal_lineage.facts import AsOf
    from temporal_lineage.questions.question import Question
    from temporal_lineage.store.reader import Reader


@dataclass(frozen=True, slots=True)
class OwnedDataset:
    """A dataset, who owns it, and who owns the jobs that write it, as events told."""

    dataset: str
    owners: tuple[Owner, ...]
    jobs: tuple[OwnedJob, ...]


@dataclass(frozen=True, slots=True)
class OwnedJob:
    """A job that writes a dataset, and who owns it."""

    job: str
    owners: tuple[Owner, ...]


@dataclass(frozen=True, slots=True)
class OwnersAnswer:
    """The datasets of a scope that were asked for; `unowned` of all in it have no owner at all."""

    ROWS: ClassVar[str | None] = "datasets"

    question: Question
    looked: int
    unowned: int
    datasets: tuple[OwnedDataset, ...]
    doubts: tuple[str, ...]


def ownership(
    reader: Reader, question: Question, *, scope: str, owner: str | None, only_unowned: bool
) -> OwnersAnswer:
    """Answer `tl owners`; `owner` is a name with `*` and `?` as in file names, None for all.

    Raises UnknownNameError for a scope that is not known.
    """
    as_of = question.as_of
    names = datasets_in(reader, scope, as_of)
    owners = Owners(reader, as_of)
    of_datasets = owners.of_datasets(names)
    writing = _writing(reader, names, as_of)
    of_jobs = owners.of_each(job for jobs in writing.values() for job in jobs)
    every = [
        OwnedDataset(
            name,
            tuple(of_datasets.get(dataset_id, ())),
            tuple(OwnedJob(job, of_jobs[job]) for job in sorted(writing[dataset_id])),
        )
        for dataset_id, name in names.items()
    ]
    unowned = [one for one in every if not _owners(one)]
    shown = unowned if only_unowned else every
    if owner is not None:
        shown = [
            one for one in shown if any(fnmatchcase(each.name, owner) for each in _owners(one))
        ]
    doubts = []
    if unowned:
        doubts.append(
            f"nobody told an owner of {len(unowned)} of {count(len(every), 'dataset')}: owners are"
            " known from the ownership facets of events and from dbt"
        )
    return OwnersAnswer(question, len(every), len(unowned), tuple(shown), tuple(doubts))


def _owners(one: OwnedDataset) -> list[Owner]:
    return [*one.owners, *(owner for job in one.jobs for owner in job.owners)]


def _writing(reader: Reader, dataset_ids: Iterable[int], as_of: AsOf) -> Mapping[int, set[str]]:
    """Give the jobs whose runs wrote each dataset, and those that are said to by design."""
    ids = list(dataset_ids)
    wrote = reader.steps_into(node_ids=ids, kinds=(EdgeKind.WRITES,), as_of=as_of)
    told = reader.claims_of(
        node_ids=sorted({run_id for _, run_id, _, _ in wrote}),
        kind=AttributeKind.RUN,
        as_of=as_of,
    )
    of_runs = {run_id: decode(RunClaim, claim).job for run_id, claim in told.items()}
    designed = reader.steps_into(node_ids=ids, kinds=(EdgeKind.DESIGN_WRITES,), as_of=as_of)
    nodes = reader.named(node_ids=sorted({job_id for _, job_id, _, _ in designed}))
    jobs: dict[int, set[str]] = defaultdict(set)
    for _, run_id, dataset_id, _ in wrote:
        if run_id in of_runs:
            jobs[dataset_id].add(of_runs[run_id])
    for _, job_id, dataset_id, _ in designed:
        jobs[dataset_id].add(nodes[job_id].name)
    return jobs
