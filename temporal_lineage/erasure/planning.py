"""Planning: what the ledger knows of the tables that hold rows, as a plan needs it."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace
from typing import TYPE_CHECKING

from snapshots.refs import Tag
from temporal_lineage.erasure.commands import Named
from temporal_lineage.erasure.plan import PlannedTable, PlanStep, Remade, plan
from temporal_lineage.harvesting.table_claims import table_claim
from temporal_lineage.keys import EdgeKind, NodeKind
from temporal_lineage.lineage.rebuild import Dependency, rebuild_order
from temporal_lineage.promises.promise import promises

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from temporal_lineage.erasure.answer import TracedState, TracedTable
    from temporal_lineage.erasure.searching import Search, Searching
    from temporal_lineage.erasure.spread import Spread
    from temporal_lineage.facts import AsOf
    from temporal_lineage.store.reader import Reader


def planned(
    reader: Reader,
    searching: Searching,
    as_of: AsOf,
    *,
    searched: Mapping[int, Search],
    fed: Mapping[int, TracedTable],
    found: Spread,
    question: str,
) -> tuple[PlanStep, ...]:
    """Plan how to close a trace; `searched` and `fed` are its tables by dataset."""
    planner = _Planner(reader, searching, as_of)
    order = planner.ordered([*searched, *fed], found)
    tables = [one for one in order if one in searched and searched[one].traced.holds]
    return plan(
        planner.sources(searched),
        [planner.table(one, searched[one].traced, searched[one].hiding) for one in tables],
        list(planner.remade(found)),
        [planner.table(one, fed[one], ()) for one in order if one in fed],
        question=question,
    )


class _Planner:
    def __init__(self, reader: Reader, searching: Searching, as_of: AsOf) -> None:
        self._reader = reader
        self._searching = searching
        self._as_of = as_of
        self._promises: dict[int, list[str]] = defaultdict(list)
        for one in promises(reader, as_of=as_of):
            for state in one.states:
                self._promises[state.node_id].append(f"{one.name} ({one.claim.target})")

    def ordered(self, dataset_ids: Sequence[int], found: Spread) -> list[int]:
        """Give datasets sources first, by flows and by the edges that the rows went along."""
        rows = self._reader.steps_out_of(
            node_ids=list(dataset_ids), kinds=(EdgeKind.FLOW,), as_of=self._as_of
        )
        edges = {(row[1], row[2]) for row in rows} | found.edges
        depends = [Dependency(source, target) for source, target in sorted(edges)]
        steps = rebuild_order(dataset_ids, depends)
        return [one for step in steps for circle in step for one in sorted(circle)]

    def sources(self, searched: Mapping[int, Search]) -> list[str]:
        """Name what feeds the tables asked about, and was not searched itself."""
        asked = [key for key, one in searched.items() if one.traced.relation == "asked"]
        rows = self._reader.steps_into(node_ids=asked, kinds=(EdgeKind.FLOW,), as_of=self._as_of)
        strangers = {row[1] for row in rows} - searched.keys()
        names = sorted(self._searching.naming.dataset(one) for one in strangers)
        return [one for one in names if not one.startswith("model:")]  # it is trained anew

    def table(
        self, dataset_id: int, traced: TracedTable, hiding: tuple[TracedState, ...]
    ) -> PlannedTable:
        """Tell what a plan needs to know of a table."""
        from catalogs.row_filter import renamed

        claim = table_claim(self._reader, dataset_id, system=self._as_of.system)
        history = self._searching.history(dataset_id)
        head = history.head() if history else None
        is_delta = claim is not None and claim.format == "delta"
        has_vectors = claim is not None and "deletionVectors" in claim.features
        if traced.where is not None:
            # Engines do not agree on all that may be typed; on what is written in one way they do.
            traced = replace(traced, where=renamed(traced.where, {}))
        promised = self._promised(dataset_id)
        lost = frozenset(one.version for one in traced.states)
        if is_delta:
            lost |= frozenset(self._searching.beside_head(dataset_id, promised.keys() - lost))
        return PlannedTable(
            traced=traced,
            hiding=hiding,
            named=Named(
                address=traced.table,
                location=traced.location,
                is_delta=is_delta,
                has_vectors=has_vectors,
                properties=head.properties if head else {},
            ),
            tags=frozenset(ref.name for ref in (head.refs if head else ()) if isinstance(ref, Tag)),
            promised=promised,
            lost=lost,
        )

    def remade(self, found: Spread) -> Iterator[Remade]:
        """Tell what is made anew: fed tables and the newest models, sources first."""
        for dataset_id in self.ordered(sorted(found.fed), found):
            is_table = table_claim(self._reader, dataset_id, system=self._as_of.system) is not None
            address = self._searching.naming.dataset(dataset_id)
            yield Remade(address, tuple(found.jobs.get(dataset_id, ())), is_table)

    def _promised(self, dataset_id: int) -> dict[int, tuple[str, ...]]:
        """Tell what stands on the versions of a table; those that nothing needs are left out."""
        nodes = self._reader.children(parent_id=dataset_id, kind=NodeKind.VERSION)
        rows = self._reader.steps_out_of(
            node_ids=[one.node_id for one in nodes], kinds=(EdgeKind.EDGE,), as_of=self._as_of
        )
        targets = self._reader.named(node_ids=sorted({row[2] for row in rows}))
        made: dict[int, set[int]] = defaultdict(set)
        for row in rows:
            target = targets[row[2]]
            owner = target.node_id if target.kind == NodeKind.DATASET else target.parent_id
            if table_claim(self._reader, owner, system=self._as_of.system) is None:
                made[row[1]].add(target.node_id)
        addresses = self._searching.naming.addresses(
            {one for some in made.values() for one in some}
        )
        told = {
            int(node.name): (
                *self._promises.get(node.node_id, ()),
                *sorted(f"{addresses[one]} (to be reproduced)" for one in made[node.node_id]),
            )
            for node in nodes
        }
        return {version: names for version, names in told.items() if names}
