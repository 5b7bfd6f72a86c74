"""Coverage of runs: the outputs without a commit, and the inputs without a state."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
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
    datasets: dict[str, int | None] = {}
    for start in range(0, len(ids), _BATCH):
        batch = ids[start : start + _BATCH]
        names = reader.named(node_ids=batch)
        for kind, side in _SIDES:
            for one in reader.attributes_of(node_ids=batch, kind=kind, as_of=as_of):
                link = decode(LinkClaim, one.claim)
                if link.evidence.grade not in (Grade.NONE, Grade.STALE):
                    continue
                if link.evidence.method.is_told_by_edges_of_others:
                    continue  # the run that did it tells what is missing
                if link.identity.startswith(UNHARVESTED):
                    continue  # the name is what is missing, and is told by itself
                if link.identity not in datasets:
                    datasets[link.identity] = reader.node(
                        kind=NodeKind.DATASET, parent_id=0, name=link.identity
                    )
                dataset_id = datasets[link.identity]
                if dataset_id is None or (only is not None and dataset_id not in only):
                    continue
                run, engine = runs[one.node_id]
                yield LinkGap(
                    names[one.node_id].name,
                    run.job,
                    engine.value,
                    side,
                    naming.dataset(dataset_id),
                    link.evidence.grade.value,
                    link.evidence.witness,
                )
