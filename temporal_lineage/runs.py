"""Runs in the ledger: what is known of them, what they read and wrote, the edges that follow."""

from __future__ import annotations

from typing import TYPE_CHECKING

from snapshots.dataset import Dataset
from snapshots.instant import FOREVER
from snapshots.period import Period
from temporal_lineage.beliefs import Line, settle_attributes, settle_edges, since
from temporal_lineage.capture.openlineage_names import located
from temporal_lineage.claims import LinkClaim, RunClaim, WriterClaim, decode, encode
from temporal_lineage.evidence.commits import clones, self_explained
from temporal_lineage.facts import AsOf
from temporal_lineage.keys import AttributeKind, EdgeKind, NodeKind
from temporal_lineage.links import RunLinks, edge_claim, edges_of
from temporal_lineage.naming import CATALOG_NAMESPACE
from temporal_lineage.store.assertions import NodeKey

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from temporal_lineage.evidence.grades import Evidence
    from temporal_lineage.evidence.runs import RunRecord
    from temporal_lineage.evidence.timeline import Timeline
    from temporal_lineage.resolving import Resolver
    from temporal_lineage.store.transaction import Transaction

_LAST = FOREVER.plus(micros=-1)
"""The valid instant that sees every fact that has not ended."""

EdgeKey = tuple[str, int, int]

_End = tuple[int, str | None]
"""A dataset and its version; None for the dataset as a whole."""


def runs_naming(
    transaction: Transaction,
    dataset_ids: Sequence[int],
    *,
    kinds: Sequence[EdgeKind] = (EdgeKind.READS, EdgeKind.WRITES),
) -> set[str]:
    """Give the run ids of the runs that name one of the datasets."""
    if not dataset_ids:
        return set()
    point = AsOf(valid=_LAST, system=transaction.recorded_at)
    rows = transaction.reader.edges_into(node_ids=dataset_ids, kinds=kinds, as_of=point)
    nodes = transaction.reader.named(node_ids=[row.src_id for row in rows])
    return {node.name for node in nodes.values()}


def keep_runs(
    transaction: Transaction, links: Sequence[RunLinks], records: Mapping[str, RunRecord]
) -> None:
    """Keep what is known of runs now; what was believed of them before is superseded."""
    wanted: dict[EdgeKey, Line] = {}
    writers: dict[int, Line] = {}
    for one in links:
        record = records[one.run]
        run_id, job_id = transaction.nodes(
            [NodeKey(NodeKind.RUN, 0, one.run), NodeKey(NodeKind.JOB, 0, one.job)]
        )
        for key in _edges_before(transaction, run_id):
            wanted.setdefault(key, ())
        for node_id in _commits_before(transaction, run_id):
            writers.setdefault(node_id, ())
        begun = Period.since(record.first_at)
        _keep_claims(transaction, run_id, one, record, begun)
        wanted[EdgeKind.RUN_OF, run_id, job_id] = since(begun, "{}")
        for kind, side in ((EdgeKind.READS, one.reads), (EdgeKind.WRITES, one.writes)):
            for link in side:
                wanted[kind, run_id, link.dataset_id] = since(begun, "{}")
        _add_edges(transaction, one, wanted)
        _add_writers(transaction, one, writers)
    settle_edges(transaction, wanted)
    for node_id, line in writers.items():
        settle_attributes(transaction, node_id, AttributeKind.WRITER, {"": line})


def keep_self_explained(
    transaction: Transaction, dataset_id: int, table: Timeline, resolver: Resolver
) -> None:
    """Keep the edges of commits that say themselves which state they were made from."""
    found: list[tuple[_End, int, Evidence]] = [
        ((dataset_id, str(one.source_id)), one.target_id, one.evidence)
        for one in self_explained(table)
    ]
    for clone in clones(table):
        copied = table.by_id[clone.target_id]
        by_path = "/" in clone.source
        name = located(clone.source) if by_path else Dataset(CATALOG_NAMESPACE, clone.source)
        source = resolver.names((name,), at=copied.committed_at)
        version = None if clone.source_version is None else str(clone.source_version)
        found.append(((source.dataset_id, version), clone.target_id, clone.evidence))
    ends = [end for source, target, _ in found for end in (source, (dataset_id, str(target)))]
    node_ids = iter(_version_ids(transaction, ends))
    wanted: dict[EdgeKey, Line] = {}
    for _, target, evidence in found:
        key = (EdgeKind.EDGE, next(node_ids), next(node_ids))
        period = Period.since(table.by_id[target].committed_at)
        wanted[key] = since(period, edge_claim("", "", evidence, evidence))
    settle_edges(transaction, wanted)


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
    settle_attributes(transaction, run_id, AttributeKind.RUN, {"": since(begun, encode(claim))})
    for kind, side in ((AttributeKind.READS, links.reads), (AttributeKind.WRITES, links.writes)):
        lines: dict[str, Line] = {link.name: since(begun, encode(link.claim)) for link in side}
        settle_attributes(transaction, run_id, kind, lines)


def _add_edges(transaction: Transaction, links: RunLinks, wanted: dict[EdgeKey, Line]) -> None:
    edges = edges_of(links)
    ends = [end for edge in edges for end in (edge.source, edge.target)]
    node_ids = iter(_version_ids(transaction, ends))
    for edge in edges:
        key = (EdgeKind.EDGE, next(node_ids), next(node_ids))
        line = since(Period.since(edge.since), edge.claim)
        # Two runs may claim one version of a model or file; the first by run id is shown.
        if not wanted.get(key):
            wanted[key] = line


def _add_writers(transaction: Transaction, links: RunLinks, writers: dict[int, Line]) -> None:
    for link in links.writes:
        node_ids = _version_ids(
            transaction, [(link.dataset_id, version) for version in link.claim.versions]
        )
        claim = encode(WriterClaim(links.run, links.job, link.claim.evidence))
        for node_id, version in zip(node_ids, link.claim.versions, strict=True):
            if not writers.get(node_id) and version in link.since:
                writers[node_id] = since(Period.since(link.since[version]), claim)


def _edges_before(transaction: Transaction, run_id: int) -> Iterable[EdgeKey]:
    """Give the keys of all edges that the run's believed links led to."""
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
            source_ids = _version_ids(transaction, sources)
            for target_id in _version_ids(transaction, targets):
                for source_id in source_ids:
                    yield EdgeKind.EDGE, source_id, target_id


def _commits_before(transaction: Transaction, run_id: int) -> Iterable[int]:
    for dataset_id, claim in _links_before(transaction, run_id, AttributeKind.WRITES):
        yield from _version_ids(transaction, [(dataset_id, one) for one in claim.versions])


def _links_before(
    transaction: Transaction, run_id: int, kind: AttributeKind
) -> list[tuple[int, LinkClaim]]:
    point = AsOf(valid=_LAST, system=transaction.recorded_at)
    believed = transaction.reader.attributes(node_id=run_id, kind=kind, as_of=point)
    claims = [decode(LinkClaim, one.claim) for one in believed]
    node_ids = transaction.nodes([NodeKey(NodeKind.DATASET, 0, one.identity) for one in claims])
    return list(zip(node_ids, claims, strict=True))


def _version_ids(transaction: Transaction, ends: Sequence[_End]) -> list[int]:
    """Give the nodes of versions; the dataset's own where no version is told."""
    keys = [
        NodeKey(NodeKind.VERSION, dataset_id, version)
        for dataset_id, version in ends
        if version is not None
    ]
    found = iter(transaction.nodes(keys))
    return [dataset_id if version is None else next(found) for dataset_id, version in ends]


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
