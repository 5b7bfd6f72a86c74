"""Carrying: which tables have the columns of a condition with their values, and what they call
them there.

A column carries another where a flow between them is the identity: no other tells that the value
can be found again. A clone carries all columns under their own names.
"""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from temporal_lineage.claims import FlowClaim, decode
from temporal_lineage.evidence.grades import Method
from temporal_lineage.keys import EdgeKind, NodeKind
from temporal_lineage.link_claims import EdgeClaim

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from snapshots.schema import SchemaVersion
    from temporal_lineage.facts import AsOf
    from temporal_lineage.store.reader import Reader

IDENTITY = "DIRECT/IDENTITY"
"""How a flow is called in which the value stays what it is."""

Names = dict[str, tuple[str, ...]]
"""What the columns of the condition are called in one table, by the names that were typed."""


class Carrying:
    """Follows columns from table to table, as believed at one point in both times."""

    def __init__(
        self,
        reader: Reader,
        schemas_of: Callable[[int], Sequence[SchemaVersion]],
        as_of: AsOf,
    ) -> None:
        """`schemas_of` gives all schemas that a dataset ever had, oldest first."""
        self._reader = reader
        self._schemas_of = schemas_of
        self._as_of = as_of

    def tables(self, dataset_id: int, names: Names) -> Iterator[tuple[int, Names]]:
        """Yield the datasets that have all columns of a condition from this one, and their names.

        A dataset that has only some of them cannot be searched for the rows.
        """
        found: dict[int, dict[str, dict[str, None]]] = defaultdict(lambda: defaultdict(dict))
        for typed, own in names.items():
            for name in own:
                for target_id, column in self._into(dataset_id, name):
                    found[target_id][typed][column] = None
        for target_id, columns in found.items():
            if target_id != dataset_id and columns.keys() == names.keys():
                yield target_id, {typed: tuple(told) for typed, told in columns.items()}

    def clones(self, dataset_id: int) -> Iterator[int]:
        """Yield the datasets that were cloned from any state of this one."""
        versions = self._reader.children(parent_id=dataset_id, kind=NodeKind.VERSION)
        rows = self._reader.steps_out_of(
            node_ids=[one.node_id for one in versions], kinds=(EdgeKind.EDGE,), as_of=self._as_of
        )
        targets = {
            target_id
            for _, _, target_id, claim in rows
            if decode(EdgeClaim, claim).reads.method is Method.CLONE
        }
        for node in self._reader.named(node_ids=sorted(targets)).values():
            if node.parent_id != dataset_id:
                yield node.parent_id

    def _into(self, dataset_id: int, name: str) -> Iterator[tuple[int, str]]:
        sources = self._nodes(dataset_id, name)
        rows = self._reader.steps_out_of(
            node_ids=sources, kinds=(EdgeKind.COLUMN_FLOW,), as_of=self._as_of
        )
        same = {row[2] for row in rows if IDENTITY in decode(FlowClaim, row[3]).how}
        for node in self._reader.named(node_ids=sorted(same)).values():
            column = self._name(node.parent_id, node.name)
            if column is not None:
                yield node.parent_id, column

    def _nodes(self, dataset_id: int, name: str) -> list[int]:
        """Give the nodes of a column: that of its field ids, and that of its mere name."""
        fields = (one.at_path(name) for one in self._schemas_of(dataset_id))
        keys = dict.fromkeys([*(str(one.field_id) for one in fields if one is not None), name])
        found = self._reader.nodes_named(kind=NodeKind.COLUMN, parent_id=dataset_id, names=keys)
        return [one.node_id for one in found]

    def _name(self, dataset_id: int, key: str) -> str | None:
        """Give the newest name of a column; None for all columns, and for a field nobody knows."""
        if not key.isdecimal():
            return None if key == "*" else key
        for schema in reversed(self._schemas_of(dataset_id)):
            field = schema.field(field_id=int(key))
            if field is not None:
                return field.path
        return None


def conditions(where: str, names: Mapping[str, tuple[str, ...]]) -> str:
    """Write a condition under other names; where a column has several, any of them will do."""
    from catalogs.row_filter import renamed

    told: list[dict[str, str]] = [{}]
    for typed, own in names.items():
        told = [one | {typed: name} for one in told for name in own]
    written = dict.fromkeys(renamed(where, one) for one in told)
    return " or ".join(f"({one})" for one in written) if len(written) > 1 else next(iter(written))
