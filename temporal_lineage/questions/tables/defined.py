"""Definitions in words: partitioning, sort order and clustering by the names of their columns."""

from __future__ import annotations

from typing import TYPE_CHECKING

from temporal_lineage.claims import decode
from temporal_lineage.harvesting.definitions import ASPECTS
from temporal_lineage.keys import AttributeKind

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from typing import Any

    from snapshots.definition import PartitionField, PartitionSpec, SortField, SortOrder
    from snapshots.schema import Field, SchemaVersion
    from temporal_lineage.facts import AsOf
    from temporal_lineage.store.reader import Reader


def definition_at(reader: Reader, dataset_id: int, as_of: AsOf) -> dict[str, Any]:
    """Give what is known of each aspect of a definition at a point in both times."""
    kind = AttributeKind.DEFINITION
    found = reader.attributes(node_id=dataset_id, kind=kind, as_of=as_of)
    return {one.name: decode(ASPECTS[one.name], one.claim) for one in found}


def properties_at(reader: Reader, dataset_id: int, as_of: AsOf) -> dict[str, str]:
    """Give the table properties at a point in both times."""
    kind = AttributeKind.PROPERTIES
    found = reader.attribute(node_id=dataset_id, kind=kind, name="", as_of=as_of)
    return decode(dict[str, str], found.claim) if found else {}


def partitioned_by(spec: PartitionSpec, schema: SchemaVersion | None) -> tuple[str, ...]:
    """Write each field of a partition spec; columns are called as they were called then."""
    return tuple(_transformed(one, schema) for one in spec.fields)


def sorted_by(order: SortOrder | None, schema: SchemaVersion | None) -> tuple[str, ...]:
    """Write each field of a sort order with its direction."""
    fields = order.fields if order else ()
    return tuple(
        " ".join(part for part in (_transformed(one, schema), one.direction, one.nulls) if part)
        for one in fields
    )


def clustered_by(columns: Sequence[str], schema: SchemaVersion | None) -> tuple[str, ...]:
    """Write the columns a Delta table is clustered by, which it keeps by their physical names."""
    called = {_physical(one, schema): one.path for one in (schema.fields if schema else ())}
    return tuple(called.get(one, one) for one in columns)


def _transformed(field: PartitionField | SortField, schema: SchemaVersion | None) -> str:
    columns = ", ".join(_column(one, schema) for one in field.source_ids)
    columns = columns or getattr(field, "name", "") or "an unknown column"
    return columns if field.transform == "identity" else f"{field.transform}({columns})"


def _column(field_id: int, schema: SchemaVersion | None) -> str:
    found = schema.field(field_id=field_id) if schema else None
    return found.path if found else f"field {field_id}"


def _physical(field: Field, schema: SchemaVersion | None) -> str:
    return ".".join(reversed(list(_upwards(field, schema))))


def _upwards(field: Field, schema: SchemaVersion | None) -> Iterator[str]:
    walking: Field | None = field
    while walking is not None:
        yield walking.physical_name or walking.name
        parent = walking.parent_id
        walking = schema.field(field_id=parent) if schema and parent is not None else None
