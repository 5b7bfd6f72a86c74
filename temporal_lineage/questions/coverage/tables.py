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
from temporal_lineage.harvesting.histories import remembered
from temporal_lineage.questions.tables.snapshots import writers_of

if TYPE_CHECKING:
    from snapshots.instant import Instant
    from temporal_lineage.facts import AsOf
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


def covered(reader: Reader, naming: Naming, dataset_id: int, as_of: AsOf) -> Covered | None:
    """Count the commits of a table up to an instant; None for what was never harvested."""
    history = remembered(reader, dataset_id, system=as_of.system)
    if history is None:
        return None
    table = Timeline(history)
    told = {one.target_id for one in self_explained(table)}
    told |= {one.target_id for one in clones(table)}
    writers = writers_of(reader, dataset_id, as_of)
    name = naming.dataset(dataset_id)
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
