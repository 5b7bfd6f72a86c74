"""Told pipelines: a pipeline's facts written straight into a ledger, without tables and events."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from benchmarks.pipelines import Pipeline, Table, Version
from snapshots.dataset import Dataset
from snapshots.instant import Instant
from snapshots.period import Period
from temporal_lineage.claims import AliasClaim, TableClaim, encode
from temporal_lineage.evidence.grades import Evidence, Grade, Method
from temporal_lineage.keys import AttributeKind, EdgeKind, NodeKind, name_key
from temporal_lineage.link_claims import EdgeClaim, WriterClaim
from temporal_lineage.naming import CATALOG_NAMESPACE
from temporal_lineage.store.assertions import AttributeAssertion, EdgeAssertion, NodeKey
from temporal_lineage.store.commits import Contribution, Place

if TYPE_CHECKING:
    from temporal_lineage.store.transaction import Transaction

T = TypeVar("T")

_BATCH = 5_000


def tell(path: Path, pipeline: Pipeline, *, now: Instant) -> None:
    """Write a new ledger that knows the pipeline as if it had been harvested and ingested."""
    from temporal_lineage.store.ledger import Ledger

    with Ledger.open(str(path), clock=lambda: now) as ledger:
        with ledger.transaction(source="benchmark", note="tables") as transaction:
            datasets = _tables(transaction, pipeline)
        versions: dict[Version, int] = {}
        for batch in _batches(pipeline.commits()):
            with ledger.transaction(source="benchmark", note="commits") as transaction:
                versions |= _commits(transaction, batch, datasets, versions, kept=pipeline.kept)
                _runs(transaction, pipeline, batch, versions)


def _tables(transaction: Transaction, pipeline: Pipeline) -> dict[Table, int]:
    tables = list(pipeline.tables())
    ids = {table: f"delta:{uuid.uuid5(uuid.NAMESPACE_OID, str(table))}" for table in tables}
    keys = [NodeKey(NodeKind.DATASET, 0, ids[table]) for table in tables]
    datasets = dict(zip(tables, transaction.nodes(keys), strict=True))
    names = [
        NodeKey(NodeKind.NAME, 0, name_key(Dataset(CATALOG_NAMESPACE, str(table))))
        for table in tables
    ]
    for table, name_id in zip(tables, transaction.nodes(names), strict=True):
        begun = Period.since(Version(table, 0).at)
        alias = encode(AliasClaim(ids[table]))
        claim = TableClaim("delta", ids[table], f"/lake/{table}", str(table), (), ())
        transaction.assert_attributes(
            [
                AttributeAssertion(name_id, AttributeKind.ALIAS, "", begun, alias),
                AttributeAssertion(datasets[table], AttributeKind.TABLE, "", begun, encode(claim)),
            ]
        )
    return datasets


def _commits(
    transaction: Transaction,
    commits: Sequence[Version],
    datasets: dict[Table, int],
    known: dict[Version, int],
    *,
    kept: int,
) -> dict[Version, int]:
    """Name the versions; each table is one line, and each commit lives in its next states."""
    keys = [
        NodeKey(NodeKind.VERSION, datasets[commit.table], str(commit.number)) for commit in commits
    ]
    versions = dict(zip(commits, transaction.nodes(keys), strict=True))
    lines = {
        one.table: number for one, number in [*known.items(), *versions.items()] if not one.number
    }
    transaction.places(
        Place(node_id, datasets[one.table], lines[one.table], one.number, files_known=True)
        for one, node_id in versions.items()
    )
    opened = [
        Contribution(
            datasets[one.table], node_id, lines[one.table], one.number, one.number + kept, "exact"
        )
        for one, node_id in versions.items()
    ]
    transaction.contributions(opened=opened, closed=())
    return versions


def _runs(
    transaction: Transaction,
    pipeline: Pipeline,
    commits: Sequence[Version],
    versions: dict[Version, int],
) -> None:
    """Say which run wrote each commit, and what it read."""
    edges: list[EdgeAssertion] = []
    writers: list[AttributeAssertion] = []
    for commit in commits:
        run = str(uuid.uuid5(uuid.NAMESPACE_OID, str(commit)))
        job = f"spark/make_{commit.table}"
        begun = Period.since(commit.at)
        wrote = _evidence(Method.OUTPUT_COMPLETE_VERSION, f"COMPLETE version {commit.number}")
        claim = encode(WriterClaim(run, job, wrote))
        node_id = versions[commit]
        writers.append(AttributeAssertion(node_id, AttributeKind.WRITER, "", begun, claim))
        read = _evidence(Method.INPUT_START_VERSION, f"START version {commit.number}")
        claim = encode(EdgeClaim(run, job, Grade.HIGH, read, wrote))
        edges += [
            EdgeAssertion(EdgeKind.EDGE, versions[source], node_id, begun, claim)
            for source in pipeline.read_by(commit)
        ]
    transaction.assert_attributes(writers)
    transaction.assert_edges(edges)


def _evidence(method: Method, witness: str) -> Evidence:
    return Evidence(method, Grade.HIGH, witness, ())


def _batches(items: Iterable[T]) -> Iterator[list[T]]:
    rest = iter(items)
    while batch := list(islice(rest, _BATCH)):
        yield batch
