"""Pinned sources: versions that a dbt project fixes for what it reads.

DuckDB's Delta plugin is told `as_of_version` or `as_of_datetime`, its Iceberg plugin `snapshot_id`.
"""

from __future__ import annotations

from collections.abc import Iterable

from temporal_lineage.capture.dbt_inputs import Read
from temporal_lineage.capture.dbt_names import relation_name
from temporal_lineage.capture.dbt_places import settings

Pins = list[dict[str, object]]

_OPTIONS = ("as_of_version", "as_of_datetime", "snapshot_id")


def pins(reads: Iterable[Read]) -> Pins | None:
    """Give the pinned relations with their options; None without any."""
    found: Pins = []
    for read in reads:
        if read.node.kind != "source":
            continue
        for told in settings(read.node):
            # The plugin takes a zero for nothing, and so reads the head.
            options = {key: told[key] for key in _OPTIONS if told.get(key)}
            if options:
                found.append({"name": relation_name(read.node), "options": options})
                break
    return found or None
