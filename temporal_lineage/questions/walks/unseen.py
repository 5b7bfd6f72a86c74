"""Unseen states: what a run read of a harvested table that no harvest has met."""

from __future__ import annotations

from typing import TYPE_CHECKING

from temporal_lineage.harvesting.table_claims import table_claims
from temporal_lineage.keys import AttributeKind, NodeKind
from temporal_lineage.lineage.graph import Direction

if TYPE_CHECKING:
    from collections.abc import Mapping

    from temporal_lineage.facts import AsOf
    from temporal_lineage.lineage.graph import LineageGraph
    from temporal_lineage.store.reader import Node, Reader

NAMED_MAX = 20
"""How many such states are named; of more it says how many."""


def unseen_states(
    reader: Reader,
    graph: LineageGraph,
    found: Mapping[int, Node],
    names: Mapping[int, str],
    as_of: AsOf,
) -> list[str]:
    """Say of which states that were read nothing but their number is known."""
    read = {graph.root_id}
    if graph.direction is Direction.UPSTREAM:
        read |= {step.source_id for step in graph.steps}
    # A state with rows known to be in it was harvested; a job or run is none.
    bare = (read & found.keys()) - {one.state_id for one in graph.contained}
    versions = {one: found[one] for one in bare if found[one].kind == NodeKind.VERSION}
    if not versions:
        return []
    parents = {one.parent_id for one in versions.values()}
    tables = table_claims(reader, sorted(parents), system=as_of.system)
    unseen = sorted(
        names[node_id]
        for node_id, one in versions.items()
        if one.parent_id in tables and not _is_remembered(reader, one, as_of)
    )
    told = [f"no harvest has seen {one}: only runs tell of it" for one in unseen[:NAMED_MAX]]
    more = len(unseen) - NAMED_MAX
    return [*told, f"{more} more states that no harvest has seen"] if more > 0 else told


def _is_remembered(reader: Reader, state: Node, as_of: AsOf) -> bool:
    line = reader.timeline(
        node_id=state.parent_id,
        kind=AttributeKind.SNAPSHOT,
        name=state.name,
        system=as_of.system,
    )
    return bool(line)
