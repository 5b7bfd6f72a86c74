"""dbt's relations as datasets of events: their names, and what manifest and catalog say of them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from snapshots.dataset import Dataset
from temporal_lineage.capture.dbt_catalog import Catalog, CatalogTable
from temporal_lineage.capture.dbt_facets import (
    documentation,
    facet,
    facets,
    owner_names,
    ownership,
    tags,
)
from temporal_lineage.capture.dbt_manifest import Manifest, Node, Relation
from temporal_lineage.capture.dbt_names import dotted, relation_name
from temporal_lineage.capture.dbt_places import Place, storage_format, symlinks
from temporal_lineage.capture.openlineage_written import Facet

Body = dict[str, Any]
"""A dataset as an event's JSON has it."""

_TYPES = {"view": "VIEW", "base table": "TABLE", "table": "TABLE", "materialized view": "VIEW"}


class Relations:
    """The tables and views of one project, by node."""

    def __init__(self, manifest: Manifest, catalog: Catalog | None, place: Place) -> None:
        """Describe relations by these; without a catalog, columns are those documented."""
        self._manifest = manifest
        self._catalog = catalog
        self._place = place

    def named(self, node: Node) -> Dataset:
        """Give the name that events use."""
        return Dataset(self._place.namespace, relation_name(node))

    def short(self, node: Node) -> Body:
        """Describe a relation by its names alone."""
        return self._body(node, facets(symlinks=self._symlinks(node)))

    def full(self, node: Node) -> Body:
        """Describe a relation with columns, documentation, owners, tags and kind."""
        table = self._table(node)
        kind = (table.metadata.type if table else None) or node.materialized or ""
        lake = storage_format(node)
        return self._body(
            node,
            facets(
                symlinks=self._symlinks(node),
                schema=self._schema(node),
                documentation=documentation(node.description),
                ownership=ownership(self.owners(node)),
                tags=tags(node.tags),
                datasetType=facet("datasetType", datasetType=_TYPES[kind.lower()])
                if kind.lower() in _TYPES
                else None,
                storage=facet("storage", storageLayer=lake) if lake else None,
            ),
        )

    def deferred(self, node: Node, relation: Relation) -> Body:
        """Describe another environment's table that stands for a node; its columns are alike."""
        name = dotted(relation.database, relation.schema, relation.alias or node.alias or node.name)
        told = facets(schema=self._schema(node), documentation=documentation(node.description))
        return {"namespace": self._place.namespace, "name": name, "facets": told}

    def owners(self, node: Node) -> Iterator[str]:
        """Give who owns a node: its own owner, that of its `meta`, that of its group."""
        yield from owner_names(node.owner)
        for meta in (node.meta, node.config.get("meta")):
            if isinstance(meta, dict):
                yield from owner_names(meta.get("owner"))
        group = node.group or node.config.get("group")
        for one in self._manifest.groups.values():
            if one.name == group:
                yield from owner_names(one.owner)

    def columns(self, node: Node) -> list[Body]:
        """Give a relation's columns: the catalog's, else those the project documents."""
        table = self._table(node)
        told = {one.name.casefold(): one for one in node.columns.values()}
        if table is None or not table.columns:
            return [
                _field(one.name, one.data_type, one.description) for one in node.columns.values()
            ]
        found = []
        for column in table.in_order():
            documented = told.get(column.name.casefold())
            doc = (documented.description if documented else None) or column.comment
            found.append(_field(column.name, column.type, doc))
        return found

    def _table(self, node: Node) -> CatalogTable | None:
        return self._catalog.table(node.unique_id) if self._catalog else None

    def _schema(self, node: Node) -> Facet | None:
        fields = self.columns(node)
        return facet("schema", fields=fields) if fields else None

    def _symlinks(self, node: Node) -> Facet | None:
        names = symlinks(node, self._table(node), self._place)
        if not names:
            return None
        told = [{"namespace": one.namespace, "name": one.name, "type": "TABLE"} for one in names]
        return facet("symlinks", identifiers=told)

    def _body(self, node: Node, told: dict[str, Facet]) -> Body:
        name = self.named(node)
        return {"namespace": name.namespace, "name": name.name, "facets": told}


def _field(name: str, kind: str | None, description: str | None) -> Body:
    told = {"name": name, "type": kind, "description": description}
    return {key: value for key, value in told.items() if value}
