"""Which runs there were: `tl runs`, by job, dataset, state and time."""

from __future__ import annotations

from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, ClassVar

from catalogs.table_name import nearest
from snapshots.errors import BeforeHistoryError, UnknownNameError
from snapshots.instant import FOREVER
from snapshots.records import dataclass
from temporal_lineage.claims import RunClaim, decode
from temporal_lineage.evidence import weakest
from temporal_lineage.keys import AttributeKind, EdgeKind
from temporal_lineage.link_claims import LinkClaim
from temporal_lineage.naming import find_dataset
from temporal_lineage.questions.runs.actors import actors
from temporal_lineage.questions.states.too_early import first_run
from temporal_lineage.questions.walks.doubts import count
from temporal_lineage.questions.walks.run_lines import RUNS_READ_MAX, as_it_stood

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from snapshots.instant import Instant
    from snapshots.period import Period
    from temporal_lineage.facts import AsOf
    from temporal_lineage.questions.question import Question
    from temporal_lineage.store.reader import Reader

_WILD = frozenset("*?[")


@dataclass(frozen=True, slots=True)
class RunFilter:
    """Which runs are asked for; None where it does not matter.

    `job` is a job's namespace and name, with `*` and `?` as in file names. `period` takes the
    runs that went on at some time in it.
    """

    job: str | None
    dataset: str | None
    state: str | None
    period: Period


@dataclass(frozen=True, slots=True)
class RunLine:
    """A run, how many datasets it read and wrote, and how surely the states are known.

    `actor` is who ran it, null where nothing tells it; `actor_told_by` is the facet, the run above
    it or the commit that does, or `ownership` for who answers for its job.
    `reads_grade` and `writes_grade` are the weakest of its links, null where it has none.
    """

    run: str
    job: str
    state: str
    started: Instant | None
    ended: Instant | None
    engine: str | None
    actor: str | None
    actor_told_by: str | None
    reads: int
    reads_grade: str | None
    writes: int
    writes_grade: str | None


@dataclass(frozen=True, slots=True)
class RunsAnswer:
    """The runs that were asked for, the newest first."""

    ROWS: ClassVar[str | None] = "runs"

    question: Question
    runs: tuple[RunLine, ...]
    doubts: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class FoundRun:
    """A run and what was known of it; `begun` is its first event."""

    node_id: int
    begun: Instant
    claim: RunClaim


def run_list(reader: Reader, question: Question, *, wanted: RunFilter, limit: int) -> RunsAnswer:
    """Answer `tl runs`. Raises UnknownNameError for a job or dataset that nobody knows."""
    as_of = question.as_of
    found = _found(reader, as_of)
    if wanted.job is not None:
        found = _of_job(reader, found, wanted.job, as_of)
    if wanted.dataset is not None:
        near = _naming(reader, wanted.dataset, as_of)
        found = [one for one in found if one.node_id in near]
    if wanted.state is not None:
        found = [one for one in found if one.claim.state.casefold() == wanted.state]
    others = found
    found = [one for one in found if _went_on(one, wanted.period)]
    found.sort(key=lambda one: (one.begun, one.node_id), reverse=True)
    shown = found[:limit]
    more = len(found) - len(shown)
    doubts = [f"{more} older runs are not shown; --limit shows more"] if more else []
    if len(shown) > RUNS_READ_MAX:
        doubts.append(f"who ran it was looked up for the newest {RUNS_READ_MAX} runs only")
    if others and not found:
        doubts.append(_elsewhere(others))
    return RunsAnswer(question, run_lines_of(reader, shown, as_of), tuple(doubts))


def run_lines_of(reader: Reader, shown: Sequence[FoundRun], as_of: AsOf) -> tuple[RunLine, ...]:
    """Give the lines of runs: how many datasets each read and wrote, and how surely."""
    names = reader.named(node_ids=[one.node_id for one in shown])
    ran = actors(reader, (names[one.node_id].name for one in shown[:RUNS_READ_MAX]), as_of)
    reads, writes = (
        _links(reader, [one.node_id for one in shown], kind, as_of)
        for kind in (AttributeKind.READS, AttributeKind.WRITES)
    )
    return tuple(
        RunLine(
            names[one.node_id].name,
            one.claim.job,
            one.claim.state,
            one.claim.started,
            one.claim.ended,
            one.claim.engine,
            *ran.get(names[one.node_id].name, (None, None)),
            *reads.get(one.node_id, (0, None)),
            *writes.get(one.node_id, (0, None)),
        )
        for one in shown
    )


def _found(reader: Reader, as_of: AsOf) -> list[FoundRun]:
    rows = reader.by_attribute(kind=AttributeKind.RUN, name="", as_of=as_of)
    return [
        FoundRun(
            one.node_id, one.valid.start, as_it_stood(decode(RunClaim, one.claim), as_of.valid)
        )
        for one in rows
    ]


def _of_job(reader: Reader, found: Sequence[FoundRun], job: str, as_of: AsOf) -> list[FoundRun]:
    kept = [one for one in found if fnmatchcase(one.claim.job, job)]
    if not kept and not _WILD & set(job):
        first = first_run(reader, job, as_of)
        if first is not None:
            raise BeforeHistoryError(f"job:{job}", as_of.valid.isoformat(), first.isoformat())
        like = nearest(job, sorted({one.claim.job for one in found}))
        raise UnknownNameError(
            "job", job, [f"job:{one}" for one in like], "--job takes * too, as in '*orders*'"
        )
    return kept


def _elsewhere(others: Sequence[FoundRun]) -> str:
    """Say when the runs were that only the period leaves out."""
    begun = [one.begun for one in others]
    return f"{count(len(others), 'run')} of other times fit, begun {min(begun)} to {max(begun)}"


def _naming(reader: Reader, dataset: str, as_of: AsOf) -> set[int]:
    dataset_id = find_dataset(reader, dataset, as_of=as_of)
    kinds = (EdgeKind.READS, EdgeKind.WRITES)
    rows = reader.edges_into(node_ids=[dataset_id], kinds=kinds, as_of=as_of)
    return {row.src_id for row in rows}


def _went_on(one: FoundRun, period: Period) -> bool:
    return one.begun < period.end and (one.claim.ended or FOREVER) >= period.start


def _links(
    reader: Reader, node_ids: list[int], kind: AttributeKind, as_of: AsOf
) -> Mapping[int, tuple[int, str]]:
    grades: dict[int, list[LinkClaim]] = {}
    for one in reader.attributes_of(node_ids=node_ids, kind=kind, as_of=as_of):
        grades.setdefault(one.node_id, []).append(decode(LinkClaim, one.claim))
    return {
        node_id: (len(links), weakest(*(link.evidence.grade for link in links)).value)
        for node_id, links in grades.items()
    }
