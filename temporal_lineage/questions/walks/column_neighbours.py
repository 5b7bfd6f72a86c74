"""Columns as a trace sees them: what acts on every column of a dataset acts on each of them."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from temporal_lineage.keys import EVERY_COLUMN, EdgeKind, NodeKind
from temporal_lineage.lineage.graph import Contained, Step

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from temporal_lineage.facts import AsOf
    from temporal_lineage.lineage.graph import Cut
    from temporal_lineage.store.reader import Reader
    from temporal_lineage.store.records import Node


class ColumnNeighbours:
    """Flows between columns, as believed at one point.

    A flow into or out of every column is given as one of the column that was asked about; one
    that is asked about as `every` stands for a column that nothing named, and has no other flows.
    """

    def __init__(self, reader: Reader, *, unnamed_id: int | None, as_of: AsOf) -> None:
        """`unnamed_id` is the node of every column that stands for one nobody named, if any."""
        self._reader = reader
        self._unnamed_id = unnamed_id
        self._as_of = as_of

    def steps_into(self, node_ids: Sequence[int]) -> Sequence[Step]:
        """Give the flows into the columns."""
        asked = self._asked_by_node(node_ids)
        rows = self._reader.steps_into(
            node_ids=sorted(asked), kinds=(EdgeKind.COLUMN_FLOW,), as_of=self._as_of
        )
        return [
            Step(edge_id, source_id, column_id, claim)
            for edge_id, source_id, target_id, claim in rows
            for column_id in asked[target_id]
        ]

    def steps_out_of(self, node_ids: Sequence[int]) -> Sequence[Step]:
        """Give the flows out of the columns."""
        asked = self._asked_by_node(node_ids)
        rows = self._reader.steps_out_of(
            node_ids=sorted(asked), kinds=(EdgeKind.COLUMN_FLOW,), as_of=self._as_of
        )
        return [
            Step(edge_id, column_id, target_id, claim)
            for edge_id, source_id, target_id, claim in rows
            for column_id in asked[source_id]
        ]

    @staticmethod
    def commits_in(state_ids: Sequence[int]) -> tuple[Sequence[Contained], Sequence[Cut]]:
        """Give nothing: columns hold no commits."""
        del state_ids
        return (), ()

    @staticmethod
    def steps_told_into(state_ids: Sequence[int]) -> Sequence[Step]:
        """Give nothing: no commit tells of columns."""
        del state_ids
        return ()

    @staticmethod
    def read_states_with(
        commit_ids: Sequence[int],
    ) -> tuple[Sequence[Contained], Sequence[Cut]]:
        """Give nothing: no column is part of another's states."""
        del commit_ids
        return (), ()

    def _asked_by_node(self, node_ids: Sequence[int]) -> Mapping[int, list[int]]:
        """Give the nodes whose flows are those of the columns asked about, with these columns."""
        asked: dict[int, list[int]] = defaultdict(list)
        named = self._reader.named(node_ids=node_ids)
        beside: dict[int, list[Node]] = defaultdict(list)
        tables = sorted({node.parent_id for node in named.values()})
        for other in self._reader.children_of(parent_ids=tables, kind=NodeKind.COLUMN):
            beside[other.parent_id].append(other)
        for node_id, node in named.items():
            asked[node_id].append(node_id)
            if node_id == self._unnamed_id:
                continue
            for other in beside[node.parent_id]:
                if other.node_id != node_id and EVERY_COLUMN in (node.name, other.name):
                    asked[other.node_id].append(node_id)
        return asked
