"""Definitions: what a table is beside its rows and columns, as one commit left it."""

from collections.abc import Mapping

from snapshots.records import dataclass


@dataclass(frozen=True, slots=True)
class PartitionField:
    """One field of a partition spec. `source_ids` are the field ids of the columns it is made of.

    `name` is empty where the format gives none: Delta partitions by columns as they are.
    """

    name: str
    transform: str
    source_ids: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class PartitionSpec:
    """How new rows are partitioned; no fields for an unpartitioned table.

    `spec_id` is None for Delta, which numbers none.
    """

    spec_id: int | None
    fields: tuple[PartitionField, ...]


@dataclass(frozen=True, slots=True)
class SortField:
    """One field of a sort order; `direction` and `nulls` as the format writes them."""

    transform: str
    source_ids: tuple[int, ...]
    direction: str
    nulls: str


@dataclass(frozen=True, slots=True)
class SortOrder:
    """How new rows are sorted inside files; no fields for the unsorted order."""

    order_id: int
    fields: tuple[SortField, ...]


@dataclass(frozen=True, slots=True)
class StatisticsFile:
    """A file of statistics of one snapshot; `kind` is table or partition."""

    kind: str
    snapshot_id: int
    path: str
    size_bytes: int


@dataclass(frozen=True, slots=True)
class TableDefinition:
    """What a table is, as one commit left it, but for rows, schema, refs and properties.

    `features` are the format version or protocol and the table features, as the format names
    them. `sort_order` is None for Delta, which has none. `clustering` holds the columns a Delta
    table is clustered by, as its files call them. `next_row_id` is the first id that row lineage
    or row tracking has not given out; None where rows have no ids. `domains` are Delta's domain
    metadata, as JSON text.
    """

    features: tuple[str, ...]
    partitioning: PartitionSpec
    sort_order: SortOrder | None
    clustering: tuple[str, ...]
    statistics: tuple[StatisticsFile, ...]
    next_row_id: int | None
    domains: Mapping[str, str]


UNPARTITIONED = PartitionSpec(None, ())
"""The partitioning of a Delta table without partition columns."""
