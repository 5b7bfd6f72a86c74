"""All datasets that flow leads from, or leads to, by name: `tl upstream --names`."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from snapshots.records import NamedTuple, dataclass
from temporal_lineage.addresses import JobAddress, dataset_name
from temporal_lineage.naming import Naming, find_dataset
from temporal_lineage.questions.walks.answer import LineageCut

if TYPE_CHECKING:
    from temporal_lineage.addresses import DatasetAddress, ModelAddress
    from temporal_lineage.adjacency.beside import Beside
    from temporal_lineage.lineage.graph import Direction
    from temporal_lineage.questions.question import Question
    from temporal_lineage.store.reader import Reader

NAMES_MAX = 1_000_000
"""How many datasets such an answer names; where there are more, it says so."""


class ReachedDataset(NamedTuple):
    """A dataset on some way to the root, or from it, however long."""

    dataset: str


@dataclass(frozen=True, slots=True)
class ReachedAnswer:
    """Every dataset that fed the root, or that it fed, at any distance, in the alphabet's order.

    The root is among them only where it feeds itself, by itself or in a circle.
    """

    ROWS: ClassVar[str | None] = "datasets"

    question: Question
    direction: Direction
    root: str
    datasets: tuple[ReachedDataset, ...]
    cuts: tuple[LineageCut, ...]
    doubts: tuple[str, ...]


def reached(
    reader: Reader,
    address: DatasetAddress | ModelAddress | JobAddress,
    question: Question,
    *,
    direction: Direction,
    beside: Beside,
    names_max: int = NAMES_MAX,
) -> ReachedAnswer:
    """Answer `--names`: one walk to the end, that keeps no steps."""
    as_of = question.as_of
    naming = Naming(reader, as_of=as_of)
    if isinstance(address, JobAddress):
        from temporal_lineage.questions.runs.jobs import datasets_beside, find_job

        root = str(address)
        job_id = find_job(reader, address)
        start = near = list(datasets_beside(reader, job_id, direction, as_of))
    else:
        start, near = [find_dataset(reader, dataset_name(address), as_of=as_of)], []
        root = naming.dataset(start[0])
    found, aside = beside.reached(
        reader, node_ids=start, direction=direction, as_of=as_of, limit=names_max + 1
    )
    more = len(found) > names_max
    if more:
        found.popitem()
    naming.keep(found)
    names = naming.datasets([*near, *found])
    cuts = (LineageCut(root, f"more than {names_max} datasets"),) if more else ()
    return ReachedAnswer(
        question=question,
        direction=direction,
        root=root,
        datasets=tuple(map(ReachedDataset, sorted(names.values()))),
        cuts=cuts,
        doubts=(*(f"not followed further, {one.why}: {one.address}" for one in cuts), *aside),
    )
