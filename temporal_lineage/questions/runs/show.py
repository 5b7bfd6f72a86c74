"""All that is known of one run: `tl run show`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from catalogs.credentials import without_user_info
from temporal_lineage.addresses import RunAddress
from temporal_lineage.capture.facets import JobFacets, RunFacets
from temporal_lineage.capture.told_facets import told_facets
from temporal_lineage.claims import RunClaim, decode
from temporal_lineage.evidence.runs import gather
from temporal_lineage.keys import AttributeKind, NodeKind
from temporal_lineage.link_claims import LinkClaim
from temporal_lineage.linking.run_records import run_events
from temporal_lineage.naming import Naming
from temporal_lineage.questions.knowledge.reasons import address_of, known_run, strange
from temporal_lineage.questions.runs.actors import actors
from temporal_lineage.questions.walks.run_lines import as_it_stood

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from snapshots.instant import Instant
    from temporal_lineage.capture.openlineage_events import SourceCode
    from temporal_lineage.evidence.runs import RunRecord
    from temporal_lineage.facts import AsOf
    from temporal_lineage.questions.question import Question
    from temporal_lineage.store.reader import Reader
    from temporal_lineage.store.records import ArrivedEvent

CHILDREN_MAX = 1_000


@dataclass(frozen=True, slots=True)
class RunLink:
    """A dataset that a run read or wrote (`side`), and the states it is known to have meant.

    `states` are addresses, none where no state is known.
    """

    side: str
    dataset: str
    states: tuple[str, ...]
    grade: str
    method: str
    witness: str


@dataclass(frozen=True, slots=True)
class RunChild:
    """A run whose parent this one is."""

    run: str
    job: str
    state: str


@dataclass(frozen=True, slots=True)
class RunCode:
    """Where the code of a run lies; each null where no event told it."""

    url: str | None
    repository: str | None
    path: str | None
    version: str | None
    branch: str | None
    tag: str | None


@dataclass(frozen=True, slots=True)
class RunAnswer:
    """A run: when, of which job, on which engine, with which code, and what it read and wrote.

    `queries` are its SQL. `nominal` is the scheduled start, which decides nothing. `actor` is who
    ran it, as in RunLine.
    """

    ROWS: ClassVar[str | None] = "links"

    question: Question
    run: str
    job: str
    state: str
    started: Instant | None
    ended: Instant | None
    nominal: Instant | None
    parent: str | None
    parent_job: str | None
    root: str | None
    children: tuple[RunChild, ...]
    actor: str | None
    actor_told_by: str | None
    engine: str | None
    producers: tuple[str, ...]
    code: RunCode | None
    queries: tuple[str, ...]
    facets: RunFacets
    job_facets: JobFacets
    links: tuple[RunLink, ...]
    error: str | None
    events: int
    doubts: tuple[str, ...]


def run_show(reader: Reader, address: RunAddress, question: Question) -> RunAnswer:
    """Answer `tl run show`. Raises UnknownNameError and BeforeHistoryError."""
    as_of = question.as_of
    node_id, believed = known_run(reader, address, as_of)
    claim = as_it_stood(believed, as_of.valid)
    kept = [
        one
        for one in reader.events(run_id=address.run_id)
        if one.recorded_at <= as_of.system and one.run_id == address.run_id
    ]
    record = gather(run_events(kept)).get(address.run_id)
    told = told_facets(one.body for one in _own(kept, record))
    ran = actors(reader, [address.run_id], as_of).get(address.run_id)
    links = tuple(_links(reader, node_id, as_of))
    doubts = list(_doubts(record, links))
    if told.doubts:
        shown = "; ".join(told.doubts[:3])
        doubts.append(f"not understood in its facets: {shown}")
    return RunAnswer(
        question=question,
        run=address.run_id,
        job=claim.job,
        state=claim.state,
        started=claim.started,
        ended=claim.ended,
        nominal=record.nominal.start if record and record.nominal else None,
        parent=claim.parent,
        parent_job=str(record.parent.job) if record and record.parent else None,
        root=record.parent.root_run_id if record and record.parent else None,
        children=_children(reader, node_id, as_of),
        actor=ran.name if ran else None,
        actor_told_by=ran.told_by if ran else None,
        engine=claim.engine,
        producers=_producers(record),
        code=code_line(record.code) if record else None,
        queries=tuple(map(without_user_info, record.queries)) if record else (),
        facets=told.run,
        job_facets=told.job,
        links=links,
        error=without_user_info(claim.error) if claim.error else None,
        events=len(kept) if record is None else len(kept) - len(record.strangers),
        doubts=tuple(doubts),
    )


def _links(reader: Reader, node_id: int, as_of: AsOf) -> Iterator[RunLink]:
    naming = Naming(reader, as_of=as_of)
    for kind, side in ((AttributeKind.READS, "read"), (AttributeKind.WRITES, "wrote")):
        for one in reader.attributes(node_id=node_id, kind=kind, as_of=as_of):
            link = decode(LinkClaim, one.claim)
            dataset = address_of(reader, naming, link, one.name)
            evidence = link.evidence
            yield RunLink(
                side,
                dataset,
                tuple(f"{dataset}@{version}" for version in link.versions),
                evidence.grade.value,
                evidence.method.value,
                evidence.witness,
            )


def _children(reader: Reader, node_id: int, as_of: AsOf) -> tuple[RunChild, ...]:
    known = reader.attributes(node_id=node_id, kind=AttributeKind.CHILD, as_of=as_of)
    nodes = reader.nodes_named(
        kind=NodeKind.RUN, parent_id=0, names=[one.name for one in known[:CHILDREN_MAX]]
    )
    names = {one.node_id: one for one in nodes}
    ids = sorted(names)
    claims = reader.attributes_of(node_ids=ids, kind=AttributeKind.RUN, as_of=as_of)
    told = {one.node_id: as_it_stood(decode(RunClaim, one.claim), as_of.valid) for one in claims}
    return tuple(
        RunChild(names[one].name, told[one].job, told[one].state) for one in ids if one in told
    )


def _doubts(record: RunRecord | None, links: tuple[RunLink, ...]) -> Iterator[str]:
    if record is None:
        yield "its events were not known then"
        return
    yield from strange(record)
    if record.started_at is None:
        yield "no START was heard: when it began is not known"
    if record.ended_at is None:
        yield "no end was heard: it may still run, or its last event was lost"
    for one in links:
        if not one.states:
            yield f"no version of {one.dataset} can be told to be what the run {one.side}"


def _own(kept: Sequence[ArrivedEvent], record: RunRecord | None) -> Sequence[ArrivedEvent]:
    """Leave out the events under a run's id that tell of another run."""
    if record is None or not record.strangers:
        return kept
    strangers = set(record.strangers)
    return [one for one in kept if not strangers.intersection(run_events([one]))]


def _producers(record: RunRecord | None) -> tuple[str, ...]:
    return tuple(dict.fromkeys(one.producer for one in record.events)) if record else ()


def code_line(code: SourceCode | None) -> RunCode | None:
    """Give where code lies, without passwords; None where nothing tells it."""
    if code is None:
        return None
    url, repository = (
        None if one is None else without_user_info(one) for one in (code.url, code.repository)
    )
    return RunCode(url, repository, code.path, code.version, code.branch, code.tag)
