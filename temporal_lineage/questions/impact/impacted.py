"""What a change would reach, and what it would do there."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from temporal_lineage.keys import NodeKind
from temporal_lineage.questions.use.owned import Owners, owner_texts

if TYPE_CHECKING:
    from collections.abc import Iterable

    from temporal_lineage.facts import AsOf
    from temporal_lineage.store.reader import Reader


class Consequence(StrEnum):
    """What would become of something, the worst first."""

    BREAKS = "breaks"
    """The job that makes it fails."""
    MAY_BREAK = "may break"
    """The same, if it uses what is changed: nobody told."""
    STALE = "goes stale"
    """Nothing new comes into it any more."""
    UNREADABLE = "cannot be reproduced"
    """What it was made from can no longer be read, or only while its files are left."""
    HOLDS_MORE = "holds what is taken back"
    """It holds rows that its source would no longer have."""
    CHANGES = "changes"
    MAY_CHANGE = "may change"


@dataclass(frozen=True, slots=True)
class Impacted:
    """Something that a change would reach.

    `distance` counts the steps from what is changed; `path` is one shortest way there, from the
    changed thing to this one. `jobs` bring the data into it, where jobs are what breaks. `owners`
    answer for the dataset, `job_owners` for the jobs, as events told.
    """

    address: str
    distance: int
    path: tuple[str, ...]
    jobs: tuple[str, ...]
    effect: Consequence
    why: str
    owners: tuple[str, ...]
    job_owners: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Hit:
    """The same, before it is known who answers for it; `node_id` is the node that is hit."""

    node_id: int
    address: str
    distance: int
    path: tuple[str, ...]
    jobs: tuple[str, ...]
    effect: Consequence
    why: str


def owned(reader: Reader, hits: Iterable[Hit], as_of: AsOf) -> list[Impacted]:
    """Add to what is hit who answers for it."""
    found = list(hits)
    owners = Owners(reader, as_of)
    nodes = reader.named(node_ids=sorted({one.node_id for one in found}))
    datasets = {
        node.node_id: node.node_id if node.kind == NodeKind.DATASET else node.parent_id
        for node in nodes.values()
    }
    of_datasets = owners.of_datasets(datasets.values())
    owners.of_each(job for one in found for job in one.jobs)
    return [
        Impacted(
            address=one.address,
            distance=one.distance,
            path=one.path,
            jobs=one.jobs,
            effect=one.effect,
            why=one.why,
            owners=owner_texts(of_datasets.get(datasets[one.node_id], ())),
            job_owners=owner_texts(owners.of_jobs(one.jobs)),
        )
        for one in found
    ]
