"""Definitions: protocol, partition columns, clustering and domains, as the log leads to them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace

from catalogs.delta.actions import Metadata, Protocol
from catalogs.delta.protocol import features
from snapshots.definition import UNPARTITIONED, PartitionField, PartitionSpec, TableDefinition
from snapshots.schema import SchemaVersion

CLUSTERING = "delta.clustering"
ROW_TRACKING = "delta.rowTracking"

NOTHING_YET = TableDefinition((), UNPARTITIONED, None, (), (), None, {})
"""What a table is before its first commit has said anything."""


def with_protocol(definition: TableDefinition, protocol: Protocol) -> TableDefinition:
    """Give the definition once a `protocol` action has come in."""
    return replace(definition, features=features(protocol))


def with_metadata(
    definition: TableDefinition, metadata: Metadata, schema: SchemaVersion
) -> TableDefinition:
    """Give the definition once a `metaData` action has come in; `schema` is in force with it."""
    ids = {one.name: one.field_id for one in schema.columns()}
    fields = (
        PartitionField("" if name in ids else name, "identity", (ids[name],) if name in ids else ())
        for name in metadata.partition_columns
    )
    return replace(definition, partitioning=PartitionSpec(None, tuple(fields)))


def with_domains(definition: TableDefinition, domains: Mapping[str, str]) -> TableDefinition:
    """Give the definition with all domain metadata as it is now.

    Row tracking writes its own with nearly every commit: that is the next row id, and no domain.
    """
    return replace(
        definition,
        clustering=_clustering(domains.get(CLUSTERING)),
        next_row_id=_next_row_id(domains.get(ROW_TRACKING)),
        domains={name: text for name, text in sorted(domains.items()) if name != ROW_TRACKING},
    )


def _clustering(text: str | None) -> tuple[str, ...]:
    told = _object(text).get("clusteringColumns")
    columns = told if isinstance(told, list) else []
    return tuple(
        ".".join(map(str, parts)) for parts in columns if isinstance(parts, list) and parts
    )


def _next_row_id(text: str | None) -> int | None:
    highest = _object(text).get("rowIdHighWaterMark")
    return highest + 1 if isinstance(highest, int) else None


def _object(text: str | None) -> dict[str, object]:
    """Read a domain's configuration; what is no JSON object says nothing."""
    try:
        told = json.loads(text or "{}")
    except (ValueError, RecursionError):
        return {}
    return told if isinstance(told, dict) else {}
