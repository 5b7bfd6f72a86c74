"""dbt projects: a manifest with what belongs to it, and the facets that its jobs share."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from temporal_lineage.capture.dbt_artifacts import Artifact, Metadata, Witness
from temporal_lineage.capture.dbt_catalog import Catalog
from temporal_lineage.capture.dbt_facets import (
    WITNESS_FACET,
    documentation,
    facet,
    facets,
    ownership,
    tags,
)
from temporal_lineage.capture.dbt_manifest import Manifest, Node
from temporal_lineage.capture.dbt_places import Place
from temporal_lineage.capture.dbt_relations import Relations
from temporal_lineage.capture.dbt_run_results import RunResults, SourceFreshness
from temporal_lineage.capture.openlineage_written import Facet

_ENVIRONMENT_PREFIX = "DBT_ENV_CUSTOM_ENV_"
# How people call the commit and the branch in variables that dbt keeps with its artifacts.
_COMMIT_WORDS = ("GIT_SHA", "GIT_COMMIT", "COMMIT_SHA", "GITHUB_SHA", "CI_COMMIT_SHA")
_BRANCH_WORDS = ("GIT_BRANCH", "BRANCH_NAME", "GITHUB_REF_NAME", "CI_COMMIT_REF_NAME")


@dataclass(frozen=True, slots=True)
class DbtProject:
    """Artifacts that belong together, and the names their events use.

    `name` is the project's, `catalog`, `results` and `freshness` are None where there is no such
    artifact.
    """

    name: str
    manifest: Artifact[Manifest]
    catalog: Artifact[Catalog] | None
    results: Artifact[RunResults] | None
    freshness: Artifact[SourceFreshness] | None
    job_namespace: str
    place: Place

    @property
    def content(self) -> Manifest:
        """The manifest itself."""
        return self.manifest.content

    @property
    def relations(self) -> Relations:
        """The tables and views of the project."""
        catalog = self.catalog.content if self.catalog else None
        return Relations(self.content, catalog, self.place)

    def witness(self, telling: Witness, **more: object) -> Facet:
        """Make our facet: the artifacts that tell something, by digest, and what they say of it."""
        files = [self.manifest.witness]
        files += [one.witness for one in (self.catalog, self.results) if one is not None]
        if telling not in files:
            files.append(telling)
        artifacts = [
            {
                "kind": one.kind.value,
                "version": one.version,
                "sha256": one.digest,
                "invocationId": one.metadata.invocation_id,
            }
            for one in files
        ]
        return facet(WITNESS_FACET, artifacts=artifacts, **more)

    def job_facets(self, node: Node, kind: str, *, code: str | None) -> dict[str, Facet]:
        """Make the facets of a node's job; `kind` is the wrapper's word for it."""
        is_sql = node.language in (None, "sql")
        return facets(
            jobType=job_type(kind),
            dbt_node=facet(
                "dbt_node",
                original_file_path=node.original_file_path,
                database=node.database,
                schema=node.schema,
                alias=node.alias,
                unique_id=node.unique_id,
            ),
            sql=facet("sql", query=code, dialect=self.place.adapter) if code and is_sql else None,
            sourceCode=facet("sourceCode", language=node.language, sourceCode=code)
            if code and not is_sql
            else None,
            sourceCodeLocation=self._location(node),
            documentation=documentation(node.description),
            ownership=ownership(self.relations.owners(node)),
            tags=tags(node.tags),
        )

    def _location(self, node: Node) -> Facet | None:
        if not node.original_file_path:
            return None
        environment = self.manifest.witness.metadata.env
        return facet(
            "sourceCodeLocation",
            type="git",
            url=f"dbt://{node.package_name or self.name}/{node.original_file_path}",
            path=node.original_file_path,
            version=_of_environment(environment, _COMMIT_WORDS),
            branch=_of_environment(environment, _BRANCH_WORDS),
        )


def job_type(kind: str) -> Facet:
    """Make the `jobType` facet: JOB, MODEL, SEED, SNAPSHOT, TEST and so on."""
    return facet("jobType", processingType="BATCH", integration="DBT", jobType=kind)


def engine_facets(metadata: Metadata) -> dict[str, Facet]:
    """Make the facet that names dbt and its version."""
    told = metadata.dbt_version
    return facets(
        processing_engine=facet("processing_engine", name="dbt", version=told) if told else None
    )


def _of_environment(environment: object, words: tuple[str, ...]) -> str | None:
    """Find a variable by how its name ends; dbt keeps those that people chose to be kept."""
    told: Mapping[str, Any] = environment if isinstance(environment, dict) else {}
    for name, value in sorted(told.items()):
        bare = str(name).removeprefix(_ENVIRONMENT_PREFIX).upper()
        if bare.endswith(words) and isinstance(value, str) and value:
            return value
    return None
