"""What is known of a job: `tl show job:NAMESPACE/NAME`."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from catalogs.credentials import without_user_info
from catalogs.table_name import nearest
from snapshots.errors import UnknownNameError
from snapshots.records import dataclass
from temporal_lineage.capture.facets import JobFacets
from temporal_lineage.capture.openlineage import read_events
from temporal_lineage.capture.openlineage_events import CapturedEvent, DatasetEvent
from temporal_lineage.capture.told_facets import told_facets
from temporal_lineage.claims import RunClaim, decode
from temporal_lineage.keys import AttributeKind, EdgeKind, NodeKind
from temporal_lineage.lineage.graph import Direction
from temporal_lineage.linking.event_keys import DESIGN
from temporal_lineage.naming import Naming
from temporal_lineage.questions.runs.listed import FoundRun, RunLine, run_lines_of
from temporal_lineage.questions.runs.show import RunCode, code_line
from temporal_lineage.questions.walks.run_lines import as_it_stood

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from temporal_lineage.addresses import JobAddress
    from temporal_lineage.capture.openlineage_events import JobEvent, RunEvent
    from temporal_lineage.facts import AsOf
    from temporal_lineage.questions.question import Question
    from temporal_lineage.store.reader import Reader
    from temporal_lineage.store.records import ArrivedEvent

RUNS_SHOWN_MAX = 5
RUNS_READ_MAX = 200
"""Of how many runs, the newest, the events are read for what they say of their job."""

READ_KINDS = (EdgeKind.READS, EdgeKind.DESIGN_READS)
WRITE_KINDS = (EdgeKind.WRITES, EdgeKind.DESIGN_WRITES)


@dataclass(frozen=True, slots=True)
class JobAnswer:
    """A job at a point in both times, by the newest word of its events on each thing.

    `sql` and `code` are null where no event tells them. `runs` are the last of `run_count`.
    `reads` and `writes` are the datasets that its runs, or its own events, named until then.
    """

    ROWS: ClassVar[str | None] = None

    question: Question
    job: str
    facets: JobFacets
    sql: str | None
    code: RunCode | None
    run_count: int
    runs: tuple[RunLine, ...]
    reads: tuple[str, ...]
    writes: tuple[str, ...]
    doubts: tuple[str, ...]


def show_job(reader: Reader, address: JobAddress, question: Question) -> JobAnswer:
    """Answer `tl show` of a job. Raises UnknownNameError for one that nobody knows."""
    as_of = question.as_of
    job_id = find_job(reader, address)
    runs = runs_of_job(reader, job_id, as_of)
    names = reader.named(node_ids=[one.node_id for one in runs[:RUNS_READ_MAX]])
    keys = [f"{DESIGN}{address.name}", *(node.name for node in names.values())]
    told = events_of_job(reader, keys, address.name, as_of)
    facets = told_facets(body for _, body in told)
    events = [event for event, _ in told]
    naming = Naming(reader, as_of=as_of)
    sources = [job_id, *(one.node_id for one in runs)]
    reads, writes = (
        tuple(sorted(set(naming.datasets(named_by(reader, sources, kinds, as_of)).values())))
        for kinds in (READ_KINDS, WRITE_KINDS)
    )
    sql = next((event.sql for event in reversed(events) if event.sql), None)
    return JobAnswer(
        question=question,
        job=address.name,
        facets=facets.job,
        sql=without_user_info(sql) if sql else None,
        code=code_line(next((event.code for event in reversed(events) if event.code), None)),
        run_count=len(runs),
        runs=run_lines_of(reader, runs[:RUNS_SHOWN_MAX], as_of),
        reads=reads,
        writes=writes,
        doubts=tuple(_doubts(facets.doubts, len(runs))),
    )


def find_job(reader: Reader, address: JobAddress) -> int:
    """Find a job's node; raises UnknownNameError with the nearest names."""
    found = reader.node(kind=NodeKind.JOB, parent_id=0, name=address.name)
    if found is None:
        like = nearest(address.name, (node.name for node in reader.nodes(kind=NodeKind.JOB)))
        advice = "`tl runs` lists runs and their jobs"
        raise UnknownNameError("job", address.name, [f"job:{one}" for one in like], advice)
    return found


def runs_of_job(reader: Reader, job_id: int, as_of: AsOf) -> list[FoundRun]:
    """Give the runs of a job that were known then, the newest first."""
    return runs_of_jobs(reader, [job_id], as_of).get(job_id, [])


def runs_of_jobs(reader: Reader, job_ids: Sequence[int], as_of: AsOf) -> dict[int, list[FoundRun]]:
    """Give the same of several jobs; those without runs are left out."""
    steps = reader.steps_into(node_ids=job_ids, kinds=(EdgeKind.RUN_OF,), as_of=as_of)
    run_ids = sorted({run_id for _, run_id, _, _ in steps})
    rows = reader.attributes_of(node_ids=run_ids, kind=AttributeKind.RUN, as_of=as_of)
    known = {
        one.node_id: FoundRun(
            one.node_id, one.valid.start, as_it_stood(decode(RunClaim, one.claim), as_of.valid)
        )
        for one in rows
    }
    found: dict[int, list[FoundRun]] = {}
    for _, run_id, job_id, _ in steps:
        if run_id in known:
            found.setdefault(job_id, []).append(known[run_id])
    for runs in found.values():
        runs.sort(key=lambda one: (one.begun, one.node_id), reverse=True)
    return found


def datasets_beside(
    reader: Reader, job_id: int, direction: Direction, as_of: AsOf
) -> dict[int, int]:
    """Give the datasets that a job reads, or writes: each with the run, or job, that names it."""
    sources = [job_id, *(one.node_id for one in runs_of_job(reader, job_id, as_of))]
    kinds = READ_KINDS if direction is Direction.UPSTREAM else WRITE_KINDS
    return named_by(reader, sources, kinds, as_of)


def datasets_named_last(
    reader: Reader, job_id: int, direction: Direction, as_of: AsOf
) -> dict[int, int]:
    """Give the datasets that the newest of a job's runs reads, or writes, that names any.

    Those that the job itself names, where no run does.
    """
    named = datasets_beside(reader, job_id, direction, as_of)
    for one in (*(run.node_id for run in runs_of_job(reader, job_id, as_of)), job_id):
        if one in named.values():
            return {dataset: teller for dataset, teller in named.items() if teller == one}
    return {}


def named_by(
    reader: Reader, sources: Sequence[int], kinds: Sequence[EdgeKind], as_of: AsOf
) -> dict[int, int]:
    """Give the datasets that a job or its runs name, each with the first source to name it."""
    rows = reader.edges_out_of(node_ids=sources, kinds=kinds, as_of=as_of)
    order = {one: place for place, one in enumerate(sources)}
    rows.sort(key=lambda row: order[row.src_id], reverse=True)
    return {row.dst_id: row.src_id for row in rows}


def events_of_job(
    reader: Reader, keys: Iterable[str], job: str, as_of: AsOf
) -> list[tuple[RunEvent | JobEvent, str]]:
    """Give the events of the job that were known then, oldest first, with their bodies."""
    told = [
        (event, kept.body)
        for kept in reader.events_of(run_ids=keys)
        if kept.recorded_at <= as_of.system
        for event in events_in(kept)
        if str(event.job) == job and event.at <= as_of.valid
    ]
    return sorted(told, key=lambda one: (one[0].at, one[1]))


def events_in(kept: ArrivedEvent) -> Iterator[RunEvent | JobEvent]:
    """Yield the events about a run or a job that a kept text holds."""
    for one in read_events(kept.body.encode(), source=kept.source):
        if isinstance(one, CapturedEvent) and not isinstance(one.event, DatasetEvent):
            yield one.event


def _doubts(facets: Sequence[str], run_count: int) -> Iterator[str]:
    if facets:
        yield f"not understood in its facets: {'; '.join(facets[:3])}"
    if run_count > RUNS_READ_MAX:
        yield f"described by its last {RUNS_READ_MAX} runs; what only older ones say is left out"
    if run_count == 0:
        yield "no run of it was heard of until then: what it reads and writes is its design"
