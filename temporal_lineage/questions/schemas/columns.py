"""Columns in questions: a column is a field id of a dataset; its name depends on the time."""

from __future__ import annotations

import difflib
from dataclasses import dataclass
from typing import TYPE_CHECKING

from snapshots.errors import UnknownNameError
from snapshots.refs import MAIN
from temporal_lineage.harvesting.history_parts import remembered_schema
from temporal_lineage.harvesting.ref_logs import refs_at, remembered_log
from temporal_lineage.keys import EVERY_COLUMN, NodeKind
from temporal_lineage.naming import find_addressed
from temporal_lineage.questions.schemas.history import schema_of

if TYPE_CHECKING:
    from collections.abc import Iterable

    from snapshots.schema import SchemaVersion
    from temporal_lineage.addresses import DatasetAddress
    from temporal_lineage.facts import AsOf
    from temporal_lineage.naming import Naming
    from temporal_lineage.store.reader import Node, Reader

_NAMED_MAX = 5


@dataclass(frozen=True, slots=True)
class Column:
    """A column: its node and the path it was asked by.

    `is_named` is false where nothing ever named it: then the node is that of every column.
    """

    node_id: int
    is_named: bool


def find_column(reader: Reader, address: DatasetAddress, as_of: AsOf) -> Column:
    """Find a column by the name it had then. Raises UnknownNameError."""
    column = address.column or ""
    dataset_id = find_addressed(reader, address, as_of=as_of)
    keys = [column]
    if column != EVERY_COLUMN and refs_at(reader, dataset_id, as_of):
        keys = [str(find_field(reader, dataset_id, address, as_of)), column]
    for key in (*keys, EVERY_COLUMN):
        found = reader.node(kind=NodeKind.COLUMN, parent_id=dataset_id, name=key)
        if found is not None:
            return Column(found, is_named=key in keys)
    raise UnknownNameError(
        "column lineage of", str(address), (), "no event or SQL has named this column yet"
    )


def find_field(reader: Reader, dataset_id: int, address: DatasetAddress, as_of: AsOf) -> int:
    """Find the field id of a column by the name it had then. Raises UnknownNameError."""
    schema = schema_of(reader, dataset_id, address, as_of)
    field = schema.at_path(address.column or "")
    if field is None:
        paths = [one.path for one in schema.fields]
        near = difflib.get_close_matches(address.column or "", paths, n=3, cutoff=0.5)
        names = [f"{address.name}#{path}" for path in near or paths[:_NAMED_MAX]]
        raise UnknownNameError(
            "column", str(address), names, f"`tl schema log {address.name}` lists them"
        )
    return field.field_id


def column_names(
    reader: Reader, naming: Naming, node_ids: Iterable[int], as_of: AsOf
) -> dict[int, str]:
    """Give the addresses of column nodes, with the names the columns had then."""
    schemas: dict[int, SchemaVersion | None] = {}
    names: dict[int, str] = {}
    nodes = reader.named(node_ids=sorted(set(node_ids)))
    datasets = naming.datasets(one.parent_id for one in nodes.values())
    for node_id, node in nodes.items():
        if node.parent_id not in schemas:
            schemas[node.parent_id] = _schema_at(reader, node.parent_id, as_of)
        schema = schemas[node.parent_id]
        field = None
        if schema is not None and node.name.isdecimal():
            field = schema.field(field_id=int(node.name))
        dataset = datasets[node.parent_id]
        if field is None and node.name.isdecimal():
            names[node_id] = _former(reader, node, dataset, as_of)
        else:
            names[node_id] = f"{dataset}#{field.path if field else node.name}"
    return names


def _former(reader: Reader, node: Node, dataset: str, as_of: AsOf) -> str:
    """Name a column that is not there then by the last name it had, and when it had it."""
    log = remembered_log(reader, node.parent_id, MAIN, system=as_of.system)
    for entry in reversed(log.entries if log else ()):
        if entry.schema_id is not None:
            schema = remembered_schema(reader, node.parent_id, entry.schema_id, system=as_of.system)
            field = schema.field(field_id=int(node.name)) if schema else None
            if field is not None:
                return f"{dataset}@{entry.period.start}#{field.path}"
    return f"{dataset}#{node.name}"


def _schema_at(reader: Reader, dataset_id: int, as_of: AsOf) -> SchemaVersion | None:
    entry = refs_at(reader, dataset_id, as_of).get(MAIN)
    if entry is None or entry.schema_id is None:
        return None
    return remembered_schema(reader, dataset_id, entry.schema_id, system=as_of.system)
