"""Time travel options that a read was given: in Spark's logical plan, in a dbt project."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import msgspec

from temporal_lineage.capture.dbt_facets import WITNESS_FACET
from temporal_lineage.capture.openlineage_events import ReadOption

NODES_MAX = 100_000

_OPTIONS = {
    name.casefold(): name
    for name in (
        "versionAsOf",
        "timestampAsOf",
        "snapshot-id",
        "as-of-timestamp",
        "branch",
        "tag",
        "as_of_version",
        "as_of_datetime",
        "snapshot_id",
    )
}
_TABLE_KEYS = ("path", "table", "tableName", "identifier", "name", "location")


def read_options(facets: Mapping[str, Any]) -> tuple[ReadOption, ...]:
    """Find the options anywhere in `spark.logicalPlan`, and those of a dbt project's sources.

    Plans have no schema to go by.
    """
    pinned = facets.get(WITNESS_FACET)
    told = [facets.get("spark.logicalPlan")]
    told += [pinned.get("pins")] if isinstance(pinned, dict) else []
    found: set[ReadOption] = set()
    for node in _nodes(told):
        options = node.get("options")
        if isinstance(options, dict):
            found.update(_of(node, options))
    return tuple(sorted(found, key=lambda option: (option.table or "", option.name, option.value)))


def _of(node: Mapping[str, Any], options: Mapping[str, Any]) -> Iterator[ReadOption]:
    # Some versions of Spark wrap the map: {"delegate": {...}} or {"map": {...}}.
    for inner in (options, options.get("delegate"), options.get("map")):
        if not isinstance(inner, dict):
            continue
        for name, value in inner.items():
            known = _OPTIONS.get(name.casefold())
            if known is not None and isinstance(value, str | int):
                yield ReadOption(_table(inner) or _table(node), known, str(value).strip())


def _table(bag: Mapping[str, Any]) -> str | None:
    for key in _TABLE_KEYS:
        value = bag.get(key)
        if isinstance(value, str) and value:
            return value
        if isinstance(value, dict):
            inner = _table(value)
            if inner:
                return inner
    return None


def _nodes(plan: object) -> Iterator[Mapping[str, Any]]:
    """Yield every object of a plan, in no order that matters, without recursion."""
    waiting: list[object] = [plan]
    seen = 0
    while waiting and seen < NODES_MAX:
        seen += 1
        value = waiting.pop()
        if isinstance(value, str) and value[:1] in {"{", "["}:
            value = _decoded(value)
        if isinstance(value, dict):
            yield value
            waiting.extend(value.values())
        elif isinstance(value, list):
            waiting.extend(value)


def _decoded(body: str) -> object:
    try:
        return msgspec.json.decode(body)
    except (msgspec.DecodeError, RecursionError):
        return None
