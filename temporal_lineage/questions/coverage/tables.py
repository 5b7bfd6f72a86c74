"""Coverage of one table: which of its commits are explained, how surely, and by which engine."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from snapshots.dataset import TableFormat
from temporal_lineage.evidence.commits import clones, self_explained
from temporal_lineage.evidence.engines import Engine, engine_of_commit
from temporal_lineage.evidence.grades import Grade
from temporal_lineage.evidence.timeline import Timeline
from temporal_lineage.harvesting.histories import remembered_of
from temporal_lineage.questions.scopes import some_at_once
from temporal_lineage.questions.tables.snapshots import writers_of_tables

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from snapshots.history import TableHistory
    from snapshots.instant import Instant
    from temporal_lineage.facts import AsOf
    from temporal_lineage.link_claims import WriterClaim
    from temporal_lineage.naming import Naming
    from temporal_lineage.store.reader import Reader


@dataclass(frozen=True, slots=True)
class TableCoverage:
    """The commits of one table by how they are explained; each is counted once.

    `exact`, `high`, `inferred` and `candidates` by a run, `self_explained` by themselves
    (RESTORE, CLONE, cherry-pick); `maintenance` are those that no run claims and that moved no
    row, `orphans` the others that no run claims. `gaps` are holes in its history.
    """

    dataset: str
    commits: int
    exact: int
    high: int
    inferred: int
    candidates: int
    self_explained: int
    maintenance: int
    orphans: int
    gaps: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class OrphanCommit:
    """A commit that no run claims, and the engine that made it, as far as it says."""

    commit: str
    committed_at: Instant
    operation: str
    engine: str


@dataclass(frozen=True, slots=True)
class Covered:
    """A table's coverage, and the same by engine; `weak` counts what is only inferred."""

    table: TableCoverage
    format: TableFormat
    orphans: tuple[OrphanCommit, ...]
    by_engine: Counter[Engine]
    explained: Counter[Engine]
    unexplained: Counter[Engine]
    weak: Counter[Engine]


def covered(
    reader: Reader, naming: Naming, dataset_ids: Iterable[int], as_of: AsOf
) -> Iterator[Covered]:
    """Count the commits of tables up to an instant; what was never harvested is left out."""
    for some in some_at_once(dataset_ids):
        histories = remembered_of(reader, some, system=as_of.system)
        writers = writers_of_tables(reader, histories, as_of)
        names = naming.datasets(histories)
        for one in some:
            if one in histories:
                yield _covered(names[one], histories[one], writers.get(one, {}), as_of)


def _covered(
    name: str, history: TableHistory, writers: Mapping[int, WriterClaim], as_of: AsOf
) -> Covered:
    table = Timeline(history)
    told = {one.target_id for one in self_explained(table)}
    told |= {one.target_id for one in clones(table)}
    kinds: Counter[str] = Counter()
    by_engine, explained, unexplained, weak = (Counter[Engine]() for _ in range(4))
    orphans = []
    for snapshot in history.snapshots:
        if snapshot.committed_at > as_of.valid:
            continue
        engine = engine_of_commit(snapshot)
        by_engine[engine] += 1
        writer = writers.get(snapshot.snapshot_id)
        if writer is not None:
            kinds[writer.evidence.grade.value] += 1
            explained[engine] += writer.evidence.grade.claims
            weak[engine] += writer.evidence.grade in (Grade.INFERRED, Grade.CANDIDATES)
        elif snapshot.snapshot_id in told:
            kinds["self_explained"] += 1
            explained[engine] += 1
        elif snapshot.effect.keeps_rows:
            kinds["maintenance"] += 1
        else:
            kinds["orphans"] += 1
            unexplained[engine] += 1
            address = f"{name}@{snapshot.snapshot_id}"
            orphans.append(
                OrphanCommit(address, snapshot.committed_at, snapshot.operation, engine.value)
            )
    counted = TableCoverage(
        dataset=name,
        commits=by_engine.total(),
        exact=kinds[Grade.EXACT],
        high=kinds[Grade.HIGH],
        inferred=kinds[Grade.INFERRED],
        candidates=kinds[Grade.CANDIDATES],
        self_explained=kinds["self_explained"],
        maintenance=kinds["maintenance"],
        orphans=kinds["orphans"],
        gaps=tuple(gap.what for gap in history.gaps),
    )
    return Covered(
        counted, history.identity.format, tuple(orphans), by_engine, explained, unexplained, weak
    )
