"""Where dbt's tables lie: other names of a relation, by which harvested tables are met.

dbt names a relation by database, schema and alias; a harvest names a table by its catalog, or by
its place. What joins the two is told by the adapter's settings (a location, a Glue database), by
the database itself (its spelling in the catalog), or by the user (`--catalog`).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from catalogs.table_name import TableName
from snapshots.dataset import Dataset
from temporal_lineage.capture.dbt_catalog import CatalogTable
from temporal_lineage.capture.dbt_manifest import Node
from temporal_lineage.capture.dbt_names import dotted, relation_name, table_name
from temporal_lineage.capture.openlineage_names import located

EVERY_DATABASE = "*"
"""Stands in `catalogs` for each database that is not named."""

CATALOG_NAMESPACE = "catalog"

# Each adapter's own word: Trino's and Athena's inside `properties`, Spark's for a root folder,
# Glue's, DuckDB's Delta plugin's.
_LOCATIONS = (
    "location",
    "external_location",
    "custom_location",
    "delta_table_path",
    "iceberg_location",
)
_SCAN = re.compile(r"(?:delta_scan|iceberg_scan)\(\s*'(?P<place>[^']+)'.*\)", re.DOTALL)
_FORMATS = ("table_format", "table_type", "file_format", "plugin", "format")
_LAKE = {"iceberg": "iceberg", "delta": "delta", "hudi": "hudi"}


@dataclass(frozen=True, slots=True)
class Place:
    """What is known of the database that a project's tables are in.

    `namespace` is that of all its datasets. `glue` is the namespace of the Glue catalog behind
    Athena, `root` the folder that relative paths start from; each None where it is not known.
    `catalogs` says which harvested catalog a database is.
    """

    adapter: str
    namespace: str
    glue: str | None
    root: str | None
    catalogs: Mapping[str, str]


def symlinks(node: Node, table: CatalogTable | None, place: Place) -> tuple[Dataset, ...]:
    """Give the other names of a relation; the name that events use is not among them."""
    own = Dataset(place.namespace, relation_name(node))
    found = [
        *_in_catalog(node, place),
        *_located(node, place),
        *_in_glue(node, place),
        *_as_spelled(table, place),
    ]
    return tuple(sorted({one for one in found if one != own}))


def storage_format(node: Node) -> str | None:
    """Give the table format that the settings name: iceberg, delta or hudi; None where none is."""
    for told in settings(node):
        for word in _FORMATS:
            name = told.get(word)
            if isinstance(name, str) and name.strip("'\"").lower() in _LAKE:
                return _LAKE[name.strip("'\"").lower()]
    return None


def _in_catalog(node: Node, place: Place) -> Iterator[Dataset]:
    catalog = place.catalogs.get(node.database or "", place.catalogs.get(EVERY_DATABASE))
    if catalog is not None:
        parts = tuple(part for part in _name_in_catalog(node).split(".") if part)
        yield Dataset(CATALOG_NAMESPACE, str(TableName((catalog, *parts))))


def _name_in_catalog(node: Node) -> str:
    """Give schema and table; DuckDB's Iceberg plugin may be told others for a source."""
    for told in settings(node):
        name = told.get("iceberg_table")
        if isinstance(name, str):
            return _filled(name, node)
    return dotted(node.schema, table_name(node))


def _located(node: Node, place: Place) -> Iterator[Dataset]:
    for told in settings(node):
        for word in _LOCATIONS:
            found = _path(told.get(word), node, place)
            if found is not None:
                yield found
        root = _path(told.get("location_root"), node, place)
        if root is not None:
            yield Dataset(root.namespace, f"{root.name.rstrip('/')}/{table_name(node)}")


def _path(told: object, node: Node, place: Place) -> Dataset | None:
    """Read a place; None for what is none, or cannot be completed."""
    if not isinstance(told, str):
        return None
    scanned = _SCAN.search(told)
    text = (scanned["place"] if scanned else told).strip().strip("'\"")
    text = _filled(text, node)
    if not text or any(sign in text for sign in "{}()*?,'\n"):
        return None
    if "://" in text:
        return located(text)
    if place.adapter == "databricks":
        return located(f"dbfs:{text}") if text.startswith("/") else None
    if text.startswith("/"):
        return located(text)
    # Elsewhere such a text is a stage, a region, or a path below a place that nobody tells.
    is_local = place.adapter == "duckdb" and place.root is not None
    return located(f"{(place.root or '').rstrip('/')}/{text}") if is_local else None


def _filled(text: str, node: Node) -> str:
    """Fill in the names that DuckDB's sources may leave open, once for all tables of a schema."""
    names = {"name": node.name, "identifier": table_name(node), "schema": node.schema or ""}
    for name, value in names.items():
        text = text.replace(f"{{{name}}}", value)
    return text


def _in_glue(node: Node, place: Place) -> Iterator[Dataset]:
    if place.glue and node.schema:
        yield Dataset(place.glue, f"table/{node.schema}/{table_name(node)}")


def _as_spelled(table: CatalogTable | None, place: Place) -> Iterator[Dataset]:
    """Snowflake and others fold names to upper case, and other tools report them so."""
    if table is not None and table.metadata.name:
        told = table.metadata
        yield Dataset(place.namespace, dotted(told.database, told.schema, told.name))


def settings(node: Node) -> Iterator[Mapping[str, Any]]:
    """Give all places in a node where adapters look for settings, the nearest first."""
    outer = (node.config, _mapping(node.meta), _mapping(node.external))
    for one in outer:
        yield one
        for inner in ("meta", "properties", "table_properties", "adapter_properties"):
            yield _mapping(one.get(inner))


def _mapping(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}
