"""The nodes of a lineage answer, and the datasets they belong to."""

from __future__ import annotations

from typing import TYPE_CHECKING

from temporal_lineage.capture.openlineage_names import located
from temporal_lineage.harvesting.table_claims import table_claims
from temporal_lineage.keys import NodeKind, split_name_key
from temporal_lineage.naming import UNHARVESTED
from temporal_lineage.questions.walks.answer import LineageDataset, LineageNode

if TYPE_CHECKING:
    from collections.abc import Iterable

    from temporal_lineage.claims import TableClaim
    from temporal_lineage.facts import AsOf
    from temporal_lineage.link_claims import WriterClaim
    from temporal_lineage.naming import Naming
    from temporal_lineage.store.reader import Node, Reader


def lineage_node(
    node: Node, depth: int, naming: Naming, address: str, writer: WriterClaim | None
) -> LineageNode:
    """Give a node of an answer; `address` is its name at the time of the question."""
    dataset = naming.dataset(_dataset_id(node))
    version = node.name if node.kind == NodeKind.VERSION else None
    column = address.removeprefix(f"{dataset}#") if node.kind == NodeKind.COLUMN else None
    if writer is None:
        return LineageNode(address, dataset, version, column, depth, None, None)
    # By place: an answer has a hundred thousand, and by name each takes twice as long.
    return LineageNode(
        address, dataset, version, column, depth, writer.job or None, writer.run or None
    )


def dataset_lines(
    reader: Reader, nodes: Iterable[Node], naming: Naming, as_of: AsOf
) -> tuple[LineageDataset, ...]:
    """Give the datasets that nodes belong to, each once, by address."""
    dataset_ids = {_dataset_id(node) for node in nodes}
    found = naming.nodes(sorted(dataset_ids))
    tables = table_claims(reader, dataset_ids, system=as_of.system)
    names = naming.datasets(dataset_ids)
    lines = [
        LineageDataset(names[one], node.name, *_open_name(node.name, tables.get(one)))
        for one, node in found.items()
    ]
    return tuple(sorted(lines, key=lambda line: line.dataset))


def _dataset_id(node: Node) -> int:
    return node.node_id if node.kind == NodeKind.DATASET else node.parent_id


def _open_name(identity: str, table: TableClaim | None) -> tuple[str, str]:
    """Give the namespace and name by which other OpenLineage tools know the dataset."""
    if identity.startswith(UNHARVESTED):
        return split_name_key(identity.removeprefix(UNHARVESTED))
    if table is None:
        return "", identity
    place = located(table.location)
    return place.namespace, place.name
