"""Links of a run: the states it read and the commits it made, and the edges that follow."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from temporal_lineage.claims import encode
from temporal_lineage.evidence.grades import Evidence, weakest
from temporal_lineage.keys import NodeKind, name_key
from temporal_lineage.link_claims import EdgeClaim, LinkClaim
from temporal_lineage.linking.taken import taken_of
from temporal_lineage.store.assertions import NodeKey

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from snapshots.instant import Instant
    from temporal_lineage.capture.openlineage_events import JobName
    from temporal_lineage.evidence.runs import Observation, RunRecord
    from temporal_lineage.linking.resolving import Resolved
    from temporal_lineage.linking.taken import TakenPortion
    from temporal_lineage.store.transaction import Transaction

EdgeKey = tuple[str, int, int]
"""Kind, source node and destination node."""

End = tuple[int, str | None]
"""A dataset and its version; None for the dataset as a whole."""


@dataclass(frozen=True, slots=True)
class Link:
    """One dataset that a run named on one side, and what it did there.

    `name` is the key of the recorded name. `since` gives, by version, the instant from which an
    edge into it holds: its commit, or the end of the run where no commit is known. `taken` gives,
    by version, what was taken of it, where the run recorded that. `told_again` is the job of the
    run whose write this one only shows the result of; None for a write of its own, and for reads.
    """

    name: str
    dataset_id: int
    claim: LinkClaim
    since: Mapping[str, Instant]
    taken: Mapping[str, tuple[TakenPortion, ...]]
    told_again: JobName | None


@dataclass(frozen=True, slots=True)
class RunLinks:
    """All links of one run. `job` is its address's name, `only` the explicit lineage.

    `only` gives, for a target dataset named by an explicit lineage facet, the datasets that may
    feed it; a target that is not in it is fed by all inputs. DESIGN 4.4.
    """

    run: str
    job: str
    reads: tuple[Link, ...]
    writes: tuple[Link, ...]
    only: Mapping[int, frozenset[int]]


@dataclass(frozen=True, slots=True)
class WantedEdge:
    """An edge to believe in, between two ends; that of the target is always a version."""

    source: End
    target: tuple[int, str]
    since: Instant
    claim: str


def table_link(
    observation: Observation,
    resolved: Resolved,
    snapshot_ids: Sequence[int],
    evidence: Evidence,
    run: RunRecord,
    told_again: JobName | None,
) -> Link:
    """Say what a run did to a harvested table."""
    known = resolved.table.by_id if resolved.table else {}
    # A report may name a commit that no harvest has seen yet.
    ended = run.ended_at or run.last_at
    since = {str(one): known[one].committed_at if one in known else ended for one in snapshot_ids}
    claim = LinkClaim(resolved.identity, tuple(str(one) for one in snapshot_ids), evidence)
    taken = taken_of(observation)
    return Link(name_key(observation.dataset), resolved.dataset_id, claim, since, taken, told_again)


def edges_of(links: RunLinks) -> list[WantedEdge]:
    """Give the product of what a run read and wrote, unless its lineage is explicit.

    What its children made of it is told by their own edges: a parent has the inputs of them all.
    So is what the statement before it did, of which a run shows the result.
    """
    edges: list[WantedEdge] = []
    for written in links.writes:
        if written.claim.evidence.method.is_told_by_edges_of_others:
            continue
        feeding = links.only.get(written.dataset_id)
        for read in links.reads:
            if feeding is not None and read.dataset_id not in feeding:
                continue
            claim = edge_claim(links.run, links.job, read.claim.evidence, written.claim.evidence)
            sources: Sequence[str | None] = read.claim.versions or (None,)
            edges += [
                WantedEdge(
                    (read.dataset_id, source),
                    (written.dataset_id, target),
                    written.since[target],
                    claim,
                )
                for target in written.claim.versions
                for source in sources
                if (read.dataset_id, source) != (written.dataset_id, target)
            ]
    return edges


def told_again(links: Sequence[RunLinks]) -> dict[str, dict[int, JobName]]:
    """Give, by run and dataset, the job whose statement a run only shows the result of."""
    return {
        run.run: {one.dataset_id: one.told_again for one in run.writes if one.told_again}
        for run in links
    }


def version_ids(transaction: Transaction, ends: Sequence[End]) -> list[int]:
    """Give the nodes of versions; the dataset's own where no version is told."""
    keys = [
        NodeKey(NodeKind.VERSION, dataset_id, version)
        for dataset_id, version in ends
        if version is not None
    ]
    found = iter(transaction.nodes(keys))
    return [dataset_id if version is None else next(found) for dataset_id, version in ends]


def edge_claim(run: str, job: str, reads: Evidence, writes: Evidence) -> str:
    """Write the claim of an edge; it is as sure as the weaker of its two ends."""
    grade = weakest(reads.grade, writes.grade)
    return encode(EdgeClaim(run, job, grade, reads, writes))
