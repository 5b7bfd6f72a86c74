"""dbt's manifest, v1 to v12: the parts of a project that lineage needs, and nothing else of it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import msgspec

from temporal_lineage.capture.dbt_artifacts import Metadata

EPHEMERAL = "ephemeral"
_PHYSICAL = ("model", "seed", "snapshot")


class DependsOn(msgspec.Struct, frozen=True):
    """What a node is made from, by unique id."""

    nodes: tuple[str, ...] = ()


class Column(msgspec.Struct, frozen=True):
    """A column as the project describes it."""

    name: str
    description: str | None = None
    data_type: str | None = None
    tags: Any = None


class GenericTest(msgspec.Struct, frozen=True):
    """What a generic test checks; `kwargs` holds the column."""

    name: str
    kwargs: Mapping[str, Any] = {}


class Relation(msgspec.Struct, frozen=True):
    """Another environment's table, which a deferred node stands for."""

    database: str | None = None
    schema: str | None = None
    alias: str | None = None
    relation_name: str | None = None


class Export(msgspec.Struct, frozen=True):
    """A table or view that a saved query is written to."""

    name: str
    config: Mapping[str, Any] = {}


class Node(msgspec.Struct, frozen=True):
    """A node of any kind: models, tests, sources, exposures, metrics, ... differ in what they fill.

    `compiled` and `raw` texts were called `..._sql` up to v6. `attached_node` is the model that a
    generic test was written at; `defer_relation` is another environment's table for the node.
    """

    unique_id: str
    name: str
    resource_type: str | None = None
    package_name: str | None = None
    database: str | None = None
    schema: str | None = None
    alias: str | None = None
    identifier: str | None = None
    relation_name: str | None = None
    depends_on: DependsOn = DependsOn()
    config: Mapping[str, Any] = {}
    columns: Mapping[str, Column] = {}
    description: str | None = None
    tags: Any = None
    meta: Any = None
    group: str | None = None
    owner: Any = None
    compiled_code: str | None = None
    compiled_sql: str | None = None
    raw_code: str | None = None
    raw_sql: str | None = None
    language: str | None = None
    original_file_path: str | None = None
    checksum: Any = None
    test_metadata: GenericTest | None = None
    column_name: str | None = None
    attached_node: str | None = None
    defer_relation: Relation | None = None
    external: Any = None
    exports: tuple[Export, ...] = ()
    type: Any = None
    url: str | None = None

    @property
    def kind(self) -> str:
        """Give the node's kind: told, or as its id begins."""
        return self.resource_type or self.unique_id.partition(".")[0]

    @property
    def compiled(self) -> str | None:
        """Give the compiled code under its names of all versions."""
        return self.compiled_code or self.compiled_sql or None

    @property
    def raw(self) -> str | None:
        """Give the code as written, under its names of all versions."""
        return self.raw_code or self.raw_sql or None

    @property
    def materialized(self) -> str | None:
        """Give how the node becomes a relation; None for what becomes none."""
        found = self.config.get("materialized")
        return found if isinstance(found, str) else None

    @property
    def is_ephemeral(self) -> bool:
        """Tell whether the node lives only inside the queries of others."""
        return self.materialized == EPHEMERAL

    @property
    def is_built(self) -> bool:
        """Tell whether this project makes a relation of the node."""
        return self.kind in _PHYSICAL and not self.is_ephemeral and bool(self.original_file_path)

    @property
    def is_relation(self) -> bool:
        """Tell whether the node is a table or view, made here or by others."""
        return self.kind == "source" or (self.kind in _PHYSICAL and not self.is_ephemeral)


class Group(msgspec.Struct, frozen=True):
    """A group of nodes, and who owns it."""

    name: str
    owner: Any = None


class Manifest(msgspec.Struct, frozen=True):
    """A manifest; disabled nodes, macros and documents are not read.

    Nothing is read of `parent_map` either: it is `depends_on`, said again.
    """

    metadata: Metadata
    nodes: Mapping[str, Node]
    sources: Mapping[str, Node] = {}
    exposures: Mapping[str, Node] = {}
    metrics: Mapping[str, Node] = {}
    semantic_models: Mapping[str, Node] = {}
    saved_queries: Mapping[str, Node] = {}
    groups: Mapping[str, Group] = {}

    def node(self, unique_id: str) -> Node | None:
        """Find a node of any kind; None for one that this manifest does not hold."""
        for nodes in self._all():
            found = nodes.get(unique_id)
            if found is not None:
                return found
        return None

    def designs(self) -> Iterator[Node]:
        """Give what is told of others' making: exposures, metrics, semantic models and so on."""
        for nodes in (self.semantic_models, self.metrics, self.saved_queries, self.exposures):
            yield from nodes.values()

    def _all(self) -> tuple[Mapping[str, Node], ...]:
        return (
            self.nodes,
            self.sources,
            self.semantic_models,
            self.metrics,
            self.saved_queries,
            self.exposures,
        )
