"""Edges as a ledger is told them: between datasets that events alone know, and a hub of them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from snapshots.dataset import Dataset
from snapshots.instant import Instant
from snapshots.period import Period
from temporal_lineage.claims import AliasClaim, FlowClaim, encode
from temporal_lineage.evidence.grades import Evidence, Grade, Method
from temporal_lineage.keys import AttributeKind, EdgeKind, NodeKind, name_key
from temporal_lineage.link_claims import EdgeClaim
from temporal_lineage.naming import unharvested_identity
from temporal_lineage.questions.walks.answer import LineageAnswer
from temporal_lineage.session import Session
from temporal_lineage.store.assertions import AttributeAssertion, EdgeAssertion, NodeKey
from temporal_lineage.store.ledger import Ledger
from temporal_lineage.workspace import Workspace

SINCE = Period.since(Instant.parse("2026-09-01"))
NOW = Instant.parse("2026-10-01")
READ = Evidence(Method.INPUT_START_VERSION, Grade.HIGH, "told", ())


def hub(folder: Path, *, neighbours: int) -> LineageAnswer:
    """Ask a ledger of its own what a dataset is made of that a job makes of very many."""
    session = Session(Workspace(folder, str(folder / "ledger.db")), clock=lambda: NOW)
    flows(session, *((f"part {one}", "hub") for one in range(neighbours)))
    return session.upstream("dataset:s3://b/hub", by_flow=True)


def flows(session: Session, *pairs: tuple[str, str]) -> None:
    """Let a job move data between datasets that events alone know."""
    _tell(session, pairs, EdgeKind.FLOW, encode(FlowClaim(("n/job",), (), ())), version=None)


def edges(session: Session, *pairs: tuple[str, str]) -> None:
    """Let a run read version v1 of one dataset and write v1 of the other."""
    claim = encode(EdgeClaim("r", "n/job", Grade.HIGH, READ, READ))
    _tell(session, pairs, EdgeKind.EDGE, claim, version="v1")


def _tell(
    session: Session,
    pairs: Sequence[tuple[str, str]],
    kind: EdgeKind,
    claim: str,
    *,
    version: str | None,
) -> None:
    named = [Dataset("s3://b", one) for one in dict.fromkeys(end for pair in pairs for end in pair)]
    with (
        Ledger.open(session.workspace.ledger, clock=session.clock) as ledger,
        ledger.transaction(source="test", note="") as transaction,
    ):
        identities = [unharvested_identity(one) for one in named]
        ids = transaction.nodes([NodeKey(NodeKind.DATASET, 0, one) for one in identities])
        names = transaction.nodes([NodeKey(NodeKind.NAME, 0, name_key(one)) for one in named])
        transaction.assert_attributes(
            AttributeAssertion(name, AttributeKind.ALIAS, "", SINCE, encode(AliasClaim(identity)))
            for name, identity in zip(names, identities, strict=True)
        )
        ends = ids
        if version is not None:
            ends = transaction.nodes([NodeKey(NodeKind.VERSION, one, version) for one in ids])
        of = {one.name: end for one, end in zip(named, ends, strict=True)}
        transaction.assert_edges(
            EdgeAssertion(kind, of[source], of[target], SINCE, claim) for source, target in pairs
        )
