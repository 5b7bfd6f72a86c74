"""What the ledger can and cannot explain: `tl coverage`, by table and engine, and what to do."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, Literal

from temporal_lineage.claims import RunClaim, decode
from temporal_lineage.evidence.engines import Engine, engine_of_run
from temporal_lineage.keys import AttributeKind, EdgeKind, NodeKind
from temporal_lineage.naming import UNHARVESTED, Naming, known_datasets
from temporal_lineage.questions.coverage.advice import (
    Advice,
    advice_on_gaps,
    advice_on_inputs,
    advice_on_names,
    advice_on_orphans,
    advice_on_weak_links,
)
from temporal_lineage.questions.coverage.links import LinkGap, link_gaps
from temporal_lineage.questions.coverage.tables import OrphanCommit, TableCoverage, covered
from temporal_lineage.questions.scopes import datasets_in

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from snapshots.dataset import TableFormat
    from temporal_lineage.facts import AsOf
    from temporal_lineage.questions.coverage.tables import Covered
    from temporal_lineage.questions.question import Question
    from temporal_lineage.store.reader import Node, Reader

SHOWN_MAX = 20
"""How many orphan commits, links and names are listed of each kind; the rest is counted."""

_MODEL = f"{UNHARVESTED}model\x1f"


@dataclass(frozen=True, slots=True)
class EngineCoverage:
    """The commits of one engine: how many a run explains, and how many it does not."""

    engine: str
    commits: int
    explained: int
    orphans: int


@dataclass(frozen=True, slots=True)
class UnresolvedName:
    """A dataset that runs name and no harvest knows."""

    dataset: str
    runs: int


@dataclass(frozen=True, slots=True)
class CoverageAnswer:
    """What is explained, what is not, and what would change that.

    `orphans` are the newest commits that no run claims and that moved rows, `phantoms` outputs
    without a commit, `unversioned` inputs without a state.
    """

    ROWS: ClassVar[str | None] = "tables"

    question: Question
    tables: tuple[TableCoverage, ...]
    engines: tuple[EngineCoverage, ...]
    orphans: tuple[OrphanCommit, ...]
    phantoms: tuple[LinkGap, ...]
    unversioned: tuple[LinkGap, ...]
    unresolved: tuple[UnresolvedName, ...]
    advice: tuple[Advice, ...]
    doubts: tuple[str, ...]


def coverage(reader: Reader, question: Question, *, scope: str | None) -> CoverageAnswer:
    """Answer `tl coverage` for all, or for a scope.

    Raises UnknownNameError, and BeforeHistoryError where all tables of the scope came later.
    """
    as_of = question.as_of
    naming = Naming(reader, as_of=as_of)
    nodes = _in_scope(reader, scope, as_of)
    tables = list(covered(reader, naming, (node.node_id for node in nodes), as_of))
    runs = _runs(reader, as_of)
    ids = {node.node_id for node in nodes} if scope is not None else None
    gaps = link_gaps(reader, naming, runs, as_of, only=ids)
    unresolved = _unresolved(reader, naming, nodes, as_of)
    orphans = sorted(
        (one for table in tables for one in table.orphans),
        key=lambda one: (one.committed_at, one.commit),
        reverse=True,
    )
    phantoms, unversioned = (
        sorted((one for one in gaps if one.side == side), key=lambda one: (one.run, one.dataset))
        for side in ("wrote", "read")
    )
    told: dict[str, Sequence[object]] = {
        "orphan commits": orphans,
        "phantom outputs": phantoms,
        "inputs without a version": unversioned,
        "unresolved names": unresolved,
    }
    return CoverageAnswer(
        question=question,
        tables=tuple(sorted((one.table for one in tables), key=lambda one: one.dataset)),
        engines=_engines(tables),
        orphans=tuple(orphans[:SHOWN_MAX]),
        phantoms=tuple(phantoms[:SHOWN_MAX]),
        unversioned=tuple(unversioned[:SHOWN_MAX]),
        unresolved=tuple(unresolved[:SHOWN_MAX]),
        advice=_advice(tables, unversioned, unresolved),
        doubts=tuple(
            f"{len(many) - SHOWN_MAX} more {what} are not listed"
            for what, many in told.items()
            if len(many) > SHOWN_MAX
        ),
    )


def _in_scope(reader: Reader, scope: str | None, as_of: AsOf) -> Sequence[Node]:
    if scope is None:
        return known_datasets(reader, as_of=as_of)
    return list(reader.named(node_ids=list(datasets_in(reader, scope, as_of))).values())


def _runs(reader: Reader, as_of: AsOf) -> Mapping[int, tuple[RunClaim, Engine]]:
    rows = reader.by_attribute(kind=AttributeKind.RUN, name="", as_of=as_of)
    claims = {one.node_id: decode(RunClaim, one.claim) for one in rows}
    return {
        node_id: (claim, engine_of_run(claim.engine, claim.producer))
        for node_id, claim in claims.items()
    }


def _engines(tables: Iterable[Covered]) -> tuple[EngineCoverage, ...]:
    commits: Counter[Engine] = Counter()
    explained: Counter[Engine] = Counter()
    orphans: Counter[Engine] = Counter()
    for one in tables:
        commits += one.by_engine
        explained += one.explained
        orphans += one.unexplained
    return tuple(
        EngineCoverage(engine.value, number, explained[engine], orphans[engine])
        for engine, number in sorted(commits.items())
    )


def _unresolved(
    reader: Reader, naming: Naming, nodes: Iterable[Node], as_of: AsOf
) -> list[UnresolvedName]:
    """Count the runs that name datasets no harvest knows; models have no catalog to harvest."""
    unknown = [
        one.node_id
        for one in nodes
        if one.kind == NodeKind.DATASET
        and one.name.startswith(UNHARVESTED)
        and not one.name.startswith(_MODEL)
    ]
    naming_runs: dict[int, set[int]] = defaultdict(set)
    kinds = (EdgeKind.READS, EdgeKind.WRITES)
    for row in reader.edges_into(node_ids=unknown, kinds=kinds, as_of=as_of):
        naming_runs[row.dst_id].add(row.src_id)
    names = naming.datasets(naming_runs)
    found = [UnresolvedName(names[one], len(runs)) for one, runs in naming_runs.items()]
    return sorted(found, key=lambda one: (-one.runs, one.dataset))


def _advice(
    tables: Iterable[Covered], unversioned: Iterable[LinkGap], unresolved: Sequence[UnresolvedName]
) -> tuple[Advice, ...]:
    tables = list(tables)
    found: dict[Advice, None] = {}
    open_in, weak_in = (_formats(tables, one) for one in ("unexplained", "weak"))
    for engine in sorted(open_in):
        found |= dict.fromkeys(advice_on_orphans(engine, open_in[engine]))
    for engine in sorted(weak_in):
        found |= dict.fromkeys(advice_on_weak_links(engine, weak_in[engine]))
    for engine in sorted({Engine(one.engine) for one in unversioned}):
        found |= dict.fromkeys(advice_on_inputs(engine))
    if unresolved:
        found[advice_on_names()] = None
    broken = {table.format for table in tables if table.table.gaps}
    if broken:
        found[advice_on_gaps(broken)] = None
    return tuple(found)


def _formats(
    tables: Iterable[Covered], counts: Literal["unexplained", "weak"]
) -> Mapping[Engine, set[TableFormat]]:
    """Give, by engine, the formats of the tables with such commits."""
    found: dict[Engine, set[TableFormat]] = defaultdict(set)
    for table in tables:
        counter = table.unexplained if counts == "unexplained" else table.weak
        for engine in +counter:
            found[engine].add(table.format)
    return found
