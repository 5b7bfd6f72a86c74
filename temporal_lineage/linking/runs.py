"""Runs in the ledger: what is known of them, what they read and wrote, the edges that follow."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from snapshots.instant import BEGINNING
from snapshots.period import Period
from temporal_lineage.beliefs import Line, settle_attributes, settle_edges, since
from temporal_lineage.claims import RunClaim, decode, encode
from temporal_lineage.evidence.grades import Evidence, RejectedAlternative
from temporal_lineage.facts import LAST, AsOf
from temporal_lineage.keys import AttributeKind, EdgeKind, NodeKind
from temporal_lineage.link_claims import CLAIMED_TOO, LinkClaim, WriterClaim
from temporal_lineage.linking.links import RunLinks, edge_claim, edges_of, version_ids
from temporal_lineage.linking.taken import keep_taken
from temporal_lineage.store.assertions import NodeKey

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

    from snapshots.instant import Instant
    from temporal_lineage.capture.openlineage_events import EngineKey
    from temporal_lineage.evidence.runs import RunRecord
    from temporal_lineage.linking.explained import Explained
    from temporal_lineage.linking.links import EdgeKey
    from temporal_lineage.store.transaction import Transaction


def runs_naming(
    transaction: Transaction,
    dataset_ids: Sequence[int],
    *,
    kinds: Sequence[EdgeKind] = (EdgeKind.READS, EdgeKind.WRITES),
) -> set[str]:
    """Give the run ids of the runs that name one of the datasets."""
    if not dataset_ids:
        return set()
    point = AsOf(valid=LAST, system=transaction.recorded_at)
    rows = transaction.reader.edges_into(node_ids=dataset_ids, kinds=kinds, as_of=point)
    nodes = transaction.reader.named(node_ids=[row.src_id for row in rows])
    return {node.name for node in nodes.values()}


def keep_passed_on(transaction: Transaction, run: str, keys: Collection[EngineKey]) -> set[str]:
    """Keep the engine keys that a run's children have from it; gives the children if it is news."""
    (run_id,) = transaction.nodes([NodeKey(NodeKind.RUN, 0, run)])
    told = encode(sorted(str(key) for key in keys))
    line = since(Period.since(BEGINNING), told) if keys else ()
    if not settle_attributes(transaction, run_id, AttributeKind.PASSED_ON, {"": line}):
        return set()
    point = AsOf(valid=LAST, system=transaction.recorded_at)
    children = transaction.reader.attributes(node_id=run_id, kind=AttributeKind.CHILD, as_of=point)
    return {one.name for one in children}


def versions_of(transaction: Transaction, links: Sequence[RunLinks]) -> set[tuple[int, str]]:
    """Give the versions that these runs made, or were thought to have made."""
    found = {
        (link.dataset_id, version)
        for one in links
        for link in one.writes
        for version in link.claim.versions
    }
    run_ids = transaction.nodes([NodeKey(NodeKind.RUN, 0, one.run) for one in links])
    for run_id in run_ids:
        for dataset_id, claim in _links_before(transaction, run_id, AttributeKind.WRITES):
            found |= {(dataset_id, version) for version in claim.versions}
    return found


def keep_runs(
    transaction: Transaction,
    links: Sequence[RunLinks],
    beside: Sequence[RunLinks],
    records: Mapping[str, RunRecord],
    explained: Mapping[EdgeKey, Explained],
) -> None:
    """Keep what is known of runs now; what was believed of them before is superseded.

    `beside` are all other runs with a claim to a version that these made, or were thought to have
    made: of them nothing else changes.
    """
    wanted: dict[EdgeKey, Line] = dict.fromkeys(explained, ())
    tellers: dict[EdgeKey, RunLinks] = {}
    made: dict[int, list[_Made]] = {}
    for one in links:
        _keep_run(transaction, one, records[one.run], wanted, made)
    theirs = {one.run for one in beside}
    # Of runs that claim the same, the first to end counts, whoever was heard of first.
    for one in sorted([*links, *beside], key=lambda one: (_end(records[one.run]), one.run)):
        for key, line in _edges(transaction, one):
            if one.run in theirs and key[2] not in made:
                continue
            # Two runs may claim one version of a model or file.
            if not wanted.get(key):
                wanted[key] = line
                tellers[key] = one
        _add_made(transaction, one, made)
    settle_edges(transaction, wanted | dict(_explained_lines(explained, tellers)))
    for node_id, claims in made.items():
        settle_attributes(transaction, node_id, AttributeKind.WRITER, {"": _writer(claims)})


def _keep_run(
    transaction: Transaction,
    links: RunLinks,
    record: RunRecord,
    wanted: dict[EdgeKey, Line],
    made: dict[int, list[_Made]],
) -> None:
    """Keep what is known of one run, and note the edges and versions that may change with it."""
    run_id, job_id = transaction.nodes(
        [NodeKey(NodeKind.RUN, 0, links.run), NodeKey(NodeKind.JOB, 0, links.job)]
    )
    for key in _edges_before(transaction, run_id):
        wanted.setdefault(key, ())
    for node_id in _commits_before(transaction, run_id):
        made.setdefault(node_id, [])
    for link in links.writes:
        ends = [(link.dataset_id, version) for version in link.claim.versions]
        for node_id in version_ids(transaction, ends):
            made.setdefault(node_id, [])
    begun = Period.since(record.first_at)
    _keep_claims(transaction, run_id, links, record, begun)
    wanted[EdgeKind.RUN_OF, run_id, job_id] = since(begun, "{}")
    for kind, side in ((EdgeKind.READS, links.reads), (EdgeKind.WRITES, links.writes)):
        for link in side:
            wanted[kind, run_id, link.dataset_id] = since(begun, "{}")


def _explained_lines(
    explained: Mapping[EdgeKey, Explained], tellers: Mapping[EdgeKey, RunLinks]
) -> Iterator[tuple[EdgeKey, Line]]:
    """What a commit says is surer than what its run says, which is its run none the less."""
    for key, commit in explained.items():
        if commit.evidence is not None:
            run, job = (tellers[key].run, tellers[key].job) if key in tellers else ("", "")
            claim = edge_claim(run, job, commit.evidence, commit.evidence)
            yield key, since(commit.period, claim)


@dataclass(frozen=True, slots=True)
class _Made:
    run: str
    job: str
    evidence: Evidence
    since: Instant


def _keep_claims(
    transaction: Transaction, run_id: int, links: RunLinks, record: RunRecord, begun: Period
) -> None:
    claim = RunClaim(
        job=links.job,
        state=record.state.value,
        started=record.started_at,
        ended=record.ended_at,
        parent=record.parent.run_id if record.parent else None,
        producer=record.producer or None,
        engine=_engine(record),
        code=_code(record),
        error=record.error,
    )
    _keep_parent(transaction, run_id, links.run, claim.parent, begun)
    settle_attributes(transaction, run_id, AttributeKind.RUN, {"": since(begun, encode(claim))})
    for kind, side in ((AttributeKind.READS, links.reads), (AttributeKind.WRITES, links.writes)):
        # A table may be called otherwise than before, once two of its names are known to be one.
        before = transaction.reader.timelines(
            node_id=run_id, kind=kind, system=transaction.recorded_at
        )
        lines: dict[str, Line] = dict.fromkeys(before, ())
        lines |= {link.name: since(begun, encode(link.claim)) for link in side}
        settle_attributes(transaction, run_id, kind, lines)
    keep_taken(transaction, run_id, links.reads, begun)


def _keep_parent(
    transaction: Transaction, run_id: int, run: str, parent: str | None, begun: Period
) -> None:
    """Let the parent know its child; one that it was thought to have lets it go."""
    point = AsOf(valid=LAST, system=transaction.recorded_at)
    before = transaction.reader.attribute(
        node_id=run_id, kind=AttributeKind.RUN, name="", as_of=point
    )
    former = decode(RunClaim, before.claim).parent if before else None
    for one in {former, parent} - {None}:
        (parent_id,) = transaction.nodes([NodeKey(NodeKind.RUN, 0, str(one))])
        line = since(begun, "{}") if one == parent else ()
        settle_attributes(transaction, parent_id, AttributeKind.CHILD, {run: line})


def _edges(transaction: Transaction, links: RunLinks) -> Iterator[tuple[EdgeKey, Line]]:
    edges = edges_of(links)
    ends = [end for edge in edges for end in (edge.source, edge.target)]
    node_ids = iter(version_ids(transaction, ends))
    for edge in edges:
        key = (EdgeKind.EDGE, next(node_ids), next(node_ids))
        yield key, since(Period.since(edge.since), edge.claim)


def _add_made(transaction: Transaction, links: RunLinks, made: dict[int, list[_Made]]) -> None:
    for link in links.writes:
        node_ids = version_ids(
            transaction, [(link.dataset_id, version) for version in link.claim.versions]
        )
        for node_id, version in zip(node_ids, link.claim.versions, strict=True):
            if version in link.since:
                one = _Made(links.run, links.job, link.claim.evidence, link.since[version])
                if node_id in made:
                    made[node_id].append(one)


def _writer(claims: Sequence[_Made]) -> Line:
    """Give the line of a version's writer; empty where no run claims it any more."""
    # A run around the writer tells of the same write, and is no rival.
    own = [one for one in claims if not one.evidence.method.is_of_another_run]
    if not claims:
        return ()
    first, *others = own or claims
    too = [RejectedAlternative(f"run:{one.run}", f"{one.job} {CLAIMED_TOO}") for one in others]
    evidence = replace(first.evidence, rejected=(*first.evidence.rejected, *too))
    claim = encode(WriterClaim(first.run, first.job, evidence))
    return since(Period.since(first.since), claim)


def _end(record: RunRecord) -> Instant:
    return record.ended_at or record.last_at


def _edges_before(transaction: Transaction, run_id: int) -> Iterable[EdgeKey]:
    """Give the keys of all edges that the run's believed links and job led to."""
    point = AsOf(valid=LAST, system=transaction.recorded_at)
    kinds = (EdgeKind.RUN_OF,)
    for row in transaction.reader.edges_out_of(node_ids=[run_id], kinds=kinds, as_of=point):
        yield row.kind, row.src_id, row.dst_id
    before = {
        kind: _links_before(transaction, run_id, kind)
        for kind in (AttributeKind.READS, AttributeKind.WRITES)
    }
    for kind, edge_kind in (
        (AttributeKind.READS, EdgeKind.READS),
        (AttributeKind.WRITES, EdgeKind.WRITES),
    ):
        for dataset_id, _ in before[kind]:
            yield edge_kind, run_id, dataset_id
    for written_id, written in before[AttributeKind.WRITES]:
        for read_id, read in before[AttributeKind.READS]:
            sources = [(read_id, version) for version in read.versions or (None,)]
            targets = [(written_id, version) for version in written.versions]
            source_ids = version_ids(transaction, sources)
            for target_id in version_ids(transaction, targets):
                for source_id in source_ids:
                    yield EdgeKind.EDGE, source_id, target_id


def _commits_before(transaction: Transaction, run_id: int) -> Iterable[int]:
    for dataset_id, claim in _links_before(transaction, run_id, AttributeKind.WRITES):
        yield from version_ids(transaction, [(dataset_id, one) for one in claim.versions])


def _links_before(
    transaction: Transaction, run_id: int, kind: AttributeKind
) -> list[tuple[int, LinkClaim]]:
    point = AsOf(valid=LAST, system=transaction.recorded_at)
    believed = transaction.reader.attributes(node_id=run_id, kind=kind, as_of=point)
    claims = [decode(LinkClaim, one.claim) for one in believed]
    node_ids = transaction.nodes([NodeKey(NodeKind.DATASET, 0, one.identity) for one in claims])
    return list(zip(node_ids, claims, strict=True))


def _engine(record: RunRecord) -> str | None:
    if record.engine is None or record.engine.name is None:
        return None
    return " ".join(part for part in (record.engine.name, record.engine.version) if part)


def _code(record: RunRecord) -> str | None:
    if record.code is None:
        return None
    place = record.code.url or record.code.repository or record.code.path
    parts = [part for part in (place, record.code.version) if part]
    return "@".join(parts) or None
