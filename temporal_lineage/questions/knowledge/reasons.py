"""Why we say so: `tl why` for an edge, a version or a run, in both times."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from snapshots.errors import BeforeHistoryError, UnknownNameError
from snapshots.records import dataclass
from temporal_lineage.addresses import EdgeAddress, RunAddress
from temporal_lineage.claims import FlowClaim, RunClaim, decode
from temporal_lineage.evidence import Grade, Method
from temporal_lineage.evidence.runs import gather
from temporal_lineage.evidence.strangers import reason_of
from temporal_lineage.harvesting.histories import remembered
from temporal_lineage.keys import AttributeKind, EdgeKind, NodeKind, split_name_key
from temporal_lineage.link_claims import EdgeClaim, LinkClaim, WriterClaim
from temporal_lineage.linking.run_records import run_events
from temporal_lineage.naming import Naming
from temporal_lineage.questions.knowledge.commit_reasons import sources_told, unclaimed
from temporal_lineage.questions.runs.unknown import unknown_run
from temporal_lineage.questions.schemas.columns import column_names
from temporal_lineage.questions.states.rollbacks import rollback_lines
from temporal_lineage.questions.walks.provenance import find_version

if TYPE_CHECKING:
    from collections.abc import Iterator

    from snapshots.instant import Instant
    from snapshots.period import Period
    from temporal_lineage.addresses import DatasetAddress, ModelAddress
    from temporal_lineage.evidence.grades import Evidence
    from temporal_lineage.evidence.runs import RunRecord
    from temporal_lineage.facts import AsOf
    from temporal_lineage.questions.question import Question
    from temporal_lineage.store.reader import Reader


_SHOWN = frozenset({EdgeKind.EDGE, EdgeKind.FLOW, EdgeKind.COLUMN_FLOW})
"""The kinds of edges that answers show; others only help to find them."""

_TOLD = "told"
"""The grade of a flow that events told; one that was read out of SQL says so instead."""


@dataclass(frozen=True, slots=True)
class Reason:
    """One piece of evidence: what it shows, the method, how sure, the raw values, what lost."""

    shows: str
    method: str
    grade: str
    witness: str
    rejected: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class BeliefLine:
    """What the ledger believed about an edge over one stretch of system time.

    `claim` is None where it was believed not to hold.
    """

    believed_from: Instant
    valid: Period
    claim: str | None


@dataclass(frozen=True, slots=True)
class WhyAnswer:
    """Why an edge or version is said to be so, and what was believed before."""

    ROWS: ClassVar[str | None] = "reasons"

    question: Question
    subject: str
    source: str | None
    target: str
    job: str
    run: str
    reasons: tuple[Reason, ...]
    beliefs: tuple[BeliefLine, ...]
    doubts: tuple[str, ...]


def why(
    reader: Reader,
    address: EdgeAddress | RunAddress | DatasetAddress | ModelAddress,
    question: Question,
) -> WhyAnswer:
    """Answer `tl why` for an edge, a run, or a version."""
    match address:
        case EdgeAddress():
            return why_edge(reader, address, question)
        case RunAddress():
            return why_run(reader, address, question)
        case _:
            node_id = find_version(reader, address, question.as_of)
            return why_version(reader, node_id, question)


def why_edge(reader: Reader, address: EdgeAddress, question: Question) -> WhyAnswer:
    """Answer `tl why edge:N`."""
    as_of = question.as_of
    row = reader.edge(edge_id=address.edge_id, as_of=as_of)
    history = reader.edge_history(edge_id=address.edge_id)
    if not history or history[0].name not in _SHOWN:
        raise UnknownNameError(
            "edge", str(address), (), "`tl upstream` prints the edges of this ledger"
        )
    known = [one for one in history if one.recorded_at <= as_of.system]
    beliefs = tuple(BeliefLine(one.recorded_at, one.valid, _in_words(one.claim)) for one in known)
    ends = reader.edge_ends(edge_id=address.edge_id)
    naming = Naming(reader, as_of=as_of)
    if history[0].name == EdgeKind.COLUMN_FLOW:
        columns = column_names(reader, naming, ends, as_of)
        source, target = (columns[end] for end in ends)
    else:
        addresses = naming.addresses(ends)
        source, target = (addresses[end] for end in ends)
    if row is None:
        doubt = "not believed at this point in both times"
        return WhyAnswer(question, str(address), source, target, "", "", (), beliefs, (doubt,))
    if '"reads"' not in row.claim:
        flow = decode(FlowClaim, row.claim)
        jobs = ", ".join(flow.jobs)
        told = f"by {' and '.join(flow.by)}" if flow.by else _TOLD
        shown = Reason("data flows", ", ".join(flow.how) or "events", told, jobs, ())
        return WhyAnswer(question, str(address), source, target, jobs, "", (shown,), beliefs, ())
    claim = decode(EdgeClaim, row.claim)
    reasons: tuple[Reason, ...] = (
        reason(f"the run read {source}", claim.reads),
        reason(f"the run wrote {target}", claim.writes),
    )
    doubts = tuple(_conflicts(reader, claim.run, as_of)) if claim.run else ()
    return WhyAnswer(
        question, str(address), source, target, claim.job, claim.run, reasons, beliefs, doubts
    )


def why_version(reader: Reader, node_id: int, question: Question) -> WhyAnswer:
    """Answer `tl why DATASET@VERSION`: which run made it, and how that is known."""
    as_of = question.as_of
    name = Naming(reader, as_of=as_of).addresses([node_id])[node_id]
    believed = reader.attribute(node_id=node_id, kind=AttributeKind.WRITER, name="", as_of=as_of)
    history = reader.attribute_history(node_id=node_id, kind=AttributeKind.WRITER, name="")
    beliefs = tuple(
        BeliefLine(one.recorded_at, one.valid, _in_words(one.claim))
        for one in history
        if one.recorded_at <= as_of.system
    )
    back = _rollbacks(reader, node_id, as_of)
    told = tuple(reason(shows, how) for shows, how in sources_told(reader, node_id, as_of))
    if believed is None:
        doubt = unclaimed(reader, node_id, as_of)
        return WhyAnswer(question, name, None, name, "", "", (*told, *back), beliefs, (doubt,))
    claim = decode(WriterClaim, believed.claim)
    reasons = (reason(f"the run wrote {name}", claim.evidence), *told, *back)
    return WhyAnswer(question, name, None, name, claim.job, claim.run, reasons, beliefs, ())


def _rollbacks(reader: Reader, node_id: int, as_of: AsOf) -> tuple[Reason, ...]:
    """Give the rollbacks that left a version or returned to it: no run need tell of them."""
    node = reader.named(node_ids=[node_id])[node_id]
    if node.kind != NodeKind.VERSION or not node.name.isdecimal():
        return ()
    history = remembered(reader, node.parent_id, system=as_of.system)
    lines = rollback_lines(history, until=as_of.valid) if history else ()
    number = int(node.name)
    return tuple(
        Reason(
            f"{one.ref} went back {'from' if one.left_id == number else 'to'} it at {one.at}",
            Method.ROLLBACK.value,
            Grade.EXACT.value,
            one.witness,
            (),
        )
        for one in lines
        if number in (one.left_id, one.returned_id)
    )


def why_run(reader: Reader, address: RunAddress, question: Question) -> WhyAnswer:
    """Answer `tl why run:ID`: every link of a run, phantom outputs and unresolved inputs too."""
    as_of = question.as_of
    run_id, run = known_run(reader, address, as_of)
    naming = Naming(reader, as_of=as_of)
    reasons: list[Reason] = []
    doubts: list[str] = list(_conflicts(reader, address.run_id, as_of))
    for kind, verb in ((AttributeKind.READS, "read"), (AttributeKind.WRITES, "wrote")):
        for one in reader.attributes(node_id=run_id, kind=kind, as_of=as_of):
            link = decode(LinkClaim, one.claim)
            what = address_of(reader, naming, link, one.name)
            among = " or " if link.evidence.grade is Grade.CANDIDATES else " and "
            shown = among.join(f"{what}@{version}" for version in link.versions)
            if not link.versions:
                doubts.append(f"no version of {what} can be told to be what the run {verb}")
            did = f"the run {verb} {shown}" if shown else f"the run says that it {verb} {what}"
            reasons.append(reason(did, link.evidence))
    return WhyAnswer(
        question,
        str(address),
        None,
        str(address),
        run.job,
        address.run_id,
        tuple(reasons),
        (),
        tuple(doubts),
    )


def _conflicts(reader: Reader, run_id: str, as_of: AsOf) -> Iterator[str]:
    kept = [one for one in reader.events(run_id=run_id) if one.recorded_at <= as_of.system]
    for record in gather(run_events(kept)).values():
        yield from strange(record)


def strange(record: RunRecord) -> Iterator[str]:
    """Say that events under a run's id tell of another run, if any do."""
    if record.strangers:
        told = {reason_of(record.events, one): None for one in record.strangers}
        more = f", and {len(told) - 1} more" if len(told) > 1 else ""
        count = f"{len(record.strangers)} event{'' if len(record.strangers) == 1 else 's'}"
        yield f"in quarantine under this id: {count}: {next(iter(told))}{more}"


def known_run(reader: Reader, address: RunAddress, as_of: AsOf) -> tuple[int, RunClaim]:
    """Give a run's node and what was known of it, or raise for one not known or not begun then."""
    run_id = reader.node(kind=NodeKind.RUN, parent_id=0, name=address.run_id)
    line = (
        reader.timeline(node_id=run_id, kind=AttributeKind.RUN, name="", system=as_of.system)
        if run_id is not None
        else ()
    )
    if run_id is None or not line:
        raise unknown_run(reader, address, system=as_of.system)
    begun = line[0].valid.start
    if as_of.valid < begun:
        raise BeforeHistoryError(str(address), as_of.valid.isoformat(), begun.isoformat())
    return run_id, decode(RunClaim, line[-1].claim)


def address_of(reader: Reader, naming: Naming, link: LinkClaim, told: str) -> str:
    """Give the dataset's address; what the events call it only where the ledger has no other."""
    dataset_id = reader.node(kind=NodeKind.DATASET, parent_id=0, name=link.identity)
    return naming.dataset(dataset_id) if dataset_id is not None else "/".join(split_name_key(told))


def reason(shows: str, evidence: Evidence) -> Reason:
    """Turn evidence into words for people."""
    return Reason(
        shows=shows,
        method=evidence.method.value,
        grade=evidence.grade.value,
        witness=evidence.witness,
        rejected=tuple((one.what, one.why) for one in evidence.rejected),
    )


def _in_words(claim: str | None) -> str | None:
    if claim is None:
        return None
    if '"reads"' in claim:
        edge = decode(EdgeClaim, claim)
        return f"{edge.grade.value}: {edge.reads.method.value}, {edge.writes.method.value}"
    if '"evidence"' in claim:
        writer = decode(WriterClaim, claim)
        return f"{writer.evidence.grade.value}: {writer.evidence.method.value}"
    return ", ".join(decode(FlowClaim, claim).jobs)
