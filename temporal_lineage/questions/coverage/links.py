"""Coverage of runs: the outputs without a commit, and the inputs without a state."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from temporal_lineage.claims import RunClaim, decode
from temporal_lineage.evidence.grades import Grade
from temporal_lineage.keys import AttributeKind, NodeKind
from temporal_lineage.link_claims import LinkClaim
from temporal_lineage.naming import UNHARVESTED

if TYPE_CHECKING:
    from temporal_lineage.evidence.engines import Engine
    from temporal_lineage.facts import AsOf
    from temporal_lineage.naming import Naming
    from temporal_lineage.store.reader import Reader

_BATCH = 5_000
"""Runs whose links are read at once."""

_SIDES = ((AttributeKind.WRITES, "wrote"), (AttributeKind.READS, "read"))


@dataclass(frozen=True, slots=True)
class LinkGap:
    """A dataset that a run says it read or wrote (`side`), without a state that fits."""

    run: str
    job: str
    engine: str
    side: str
    dataset: str
    grade: str
    witness: str


def link_gaps(
    reader: Reader,
    naming: Naming,
    runs: Mapping[int, tuple[RunClaim, Engine]],
    as_of: AsOf,
    *,
    only: Collection[int] | None,
) -> list[LinkGap]:
    """Give the links that name no state: phantom outputs, stale ones, inputs of unknown state.

    Of these datasets only, where some are given.
    """
    return list(_gaps(reader, naming, runs, as_of, only))


def _gaps(
    reader: Reader,
    naming: Naming,
    runs: Mapping[int, tuple[RunClaim, Engine]],
    as_of: AsOf,
    only: Collection[int] | None,
) -> Iterator[LinkGap]:
    ids = sorted(runs)
    for start in range(0, len(ids), _BATCH):
        batch = ids[start : start + _BATCH]
        found = [
            (run_id, side, link)
            for kind, side in _SIDES
            for run_id, link in _stateless(reader, batch, kind, as_of)
        ]
        if not found:
            continue
        identities = {link.identity for _, _, link in found}
        nodes = reader.nodes_named(kind=NodeKind.DATASET, parent_id=0, names=identities)
        datasets = {one.name: one.node_id for one in nodes if only is None or one.node_id in only}
        addresses = naming.datasets(datasets.values())
        names = reader.named(node_ids=sorted({run_id for run_id, _, _ in found}))
        for run_id, side, link in found:
            if link.identity in datasets:
                run, engine = runs[run_id]
                yield LinkGap(
                    names[run_id].name,
                    run.job,
                    engine.value,
                    side,
                    addresses[datasets[link.identity]],
                    link.evidence.grade.value,
                    link.evidence.witness,
                )


def _stateless(
    reader: Reader, run_ids: Sequence[int], kind: AttributeKind, as_of: AsOf
) -> Iterator[tuple[int, LinkClaim]]:
    """Yield the links of runs that name no state, and are told by nothing else."""
    for grade in (Grade.NONE, Grade.STALE):
        holding = f'"grade":"{grade.value}"'
        for run_id, claim in reader.claims_holding(
            holding, node_ids=run_ids, kind=kind, as_of=as_of
        ):
            link = decode(LinkClaim, claim)
            if link.evidence.grade is not grade:
                continue
            if link.evidence.method.is_told_by_edges_of_others:
                continue  # the run that did it tells what is missing
            if link.identity.startswith(UNHARVESTED):
                continue  # the name is what is missing, and is told by itself
            yield run_id, link
