"""dbt's catalog, v1: the columns and types that the database has for each relation."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from temporal_lineage.capture.dbt_artifacts import Metadata


class CatalogColumn(msgspec.Struct, frozen=True):
    """A column as the database has it; `index` is its place."""

    name: str
    type: str | None = None
    index: int | None = None
    comment: str | None = None


class CatalogMetadata(msgspec.Struct, frozen=True):
    """What the database calls the relation."""

    type: str | None = None
    database: str | None = None
    schema: str | None = None
    name: str | None = None
    owner: str | None = None
    comment: str | None = None


class CatalogTable(msgspec.Struct, frozen=True):
    """A relation; its statistics are of the day of `dbt docs generate`, not of any run."""

    metadata: CatalogMetadata = CatalogMetadata()
    columns: Mapping[str, CatalogColumn] = {}
    unique_id: str | None = None

    def in_order(self) -> list[CatalogColumn]:
        """Give the columns in the table's order; columns without a place stay as they came."""
        return sorted(self.columns.values(), key=lambda one: one.index or 0)


class Catalog(msgspec.Struct, frozen=True):
    """A catalog: relations by the unique id of their node or source."""

    metadata: Metadata
    nodes: Mapping[str, CatalogTable]
    sources: Mapping[str, CatalogTable] = {}
    errors: Any = None

    def table(self, unique_id: str) -> CatalogTable | None:
        """Find a relation; None where the catalog does not have it."""
        return self.nodes.get(unique_id) or self.sources.get(unique_id)
