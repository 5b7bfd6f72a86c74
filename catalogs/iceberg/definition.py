"""Definitions: partitioning, sort order, statistics and row ids, as a metadata file has them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from catalogs.iceberg.metadata import PartitionFieldEntry, SortFieldEntry, TableMetadata
from snapshots.definition import (
    PartitionField,
    PartitionSpec,
    SortField,
    SortOrder,
    StatisticsFile,
    TableDefinition,
)

_VOID = "void"


def definition_of(metadata: TableMetadata, *, features: Iterable[str]) -> TableDefinition:
    """Give what one metadata file says of the table as a whole. Iceberg spec, table metadata."""
    return TableDefinition(
        features=tuple(features),
        partitioning=_partitioning(metadata),
        sort_order=_sort_order(metadata),
        clustering=(),
        statistics=tuple(_statistics(metadata)),
        next_row_id=metadata.next_row_id,
        domains={},
    )


def _partitioning(metadata: TableMetadata) -> PartitionSpec:
    """Give the spec that new rows are partitioned by; v1 keeps dropped fields as void ones."""
    specs = metadata.all_partition_specs()
    chosen = metadata.default_spec_id
    spec_id = chosen if chosen is not None and chosen in specs else max(specs, default=0)
    fields = (
        PartitionField(one.name, one.transform, _sources(one))
        for one in specs.get(spec_id, [])
        if one.transform != _VOID
    )
    return PartitionSpec(spec_id, tuple(fields))


def _sort_order(metadata: TableMetadata) -> SortOrder:
    chosen = metadata.default_sort_order_id or 0
    orders = {one.order_id: one.fields for one in metadata.sort_orders or ()}
    fields = (
        SortField(one.transform, _sources(one), one.direction, one.null_order)
        for one in orders.get(chosen, [])
    )
    return SortOrder(chosen, tuple(fields))


def _sources(field: PartitionFieldEntry | SortFieldEntry) -> tuple[int, ...]:
    if field.source_ids:
        return tuple(field.source_ids)
    return () if field.source_id is None else (field.source_id,)


def _statistics(metadata: TableMetadata) -> Iterator[StatisticsFile]:
    kinds = (("table", metadata.statistics), ("partition", metadata.partition_statistics))
    for kind, entries in kinds:
        for one in entries or ():
            path, size = one.statistics_path, one.file_size_in_bytes
            yield StatisticsFile(kind, one.snapshot_id, path, size)
