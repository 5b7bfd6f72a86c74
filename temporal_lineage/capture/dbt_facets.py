"""Facets of dbt's events: the standard ones, and our own with the witness."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

Facet = dict[str, Any]

PRODUCER = "urn:temporal-lineage:dbt"
WITNESS_FACET = "temporalLineage_dbt"

_SPEC = "https://openlineage.io/spec"
_SCHEMAS = {
    "parent": "facets/1-1-0/ParentRunFacet.json",
    "processing_engine": "facets/1-1-1/ProcessingEngineRunFacet.json",
    "errorMessage": "facets/1-0-1/ErrorMessageRunFacet.json",
    "externalQuery": "facets/1-0-2/ExternalQueryRunFacet.json",
    "test": "facets/1-0-0/TestRunFacet.json",
    "jobType": "facets/2-0-3/JobTypeJobFacet.json",
    "sql": "facets/1-1-0/SQLJobFacet.json",
    "sourceCode": "facets/1-0-1/SourceCodeJobFacet.json",
    "sourceCodeLocation": "facets/1-0-1/SourceCodeLocationJobFacet.json",
    "documentation": "facets/1-0-1/DocumentationDatasetFacet.json",
    "ownership": "facets/1-0-1/OwnershipDatasetFacet.json",
    "tags": "facets/1-0-0/TagsDatasetFacet.json",
    "schema": "facets/1-1-1/SchemaDatasetFacet.json",
    "symlinks": "facets/1-0-1/SymlinksDatasetFacet.json",
    "storage": "facets/1-0-1/StorageDatasetFacet.json",
    "datasetType": "facets/1-0-0/DatasetTypeDatasetFacet.json",
    "version": "facets/1-0-1/DatasetVersionDatasetFacet.json",
    "outputStatistics": "facets/1-0-2/OutputStatisticsOutputDatasetFacet.json",
    "dataQualityAssertions": "facets/1-0-2/DataQualityAssertionsDatasetFacet.json",
    "dataQualityMetrics": "facets/1-0-3/DataQualityMetricsInputDatasetFacet.json",
}
_EVENT_SCHEMA = f"{_SPEC}/2-0-2/OpenLineage.json#/$defs"
_OWN_SCHEMA = "https://github.com/OpenLineage/OpenLineage/tree/main/integration/common"
_WITNESS_SCHEMA = f"{PRODUCER}:witness:1"


def facet(name: str, /, **body: object) -> Facet:
    """Make a facet; parts that are None are left out."""
    if name == WITNESS_FACET:
        schema = _WITNESS_SCHEMA
    elif name in _SCHEMAS:
        schema = f"{_SPEC}/{_SCHEMAS[name]}"
    else:
        schema = f"{_OWN_SCHEMA}/{name}.json"
    told = {key: value for key, value in body.items() if value is not None}
    return {"_producer": PRODUCER, "_schemaURL": schema, **told}


def facets(**named: Facet | None) -> dict[str, Facet]:
    """Gather facets by name, those that are None left out."""
    return {name: body for name, body in named.items() if body is not None}


def event_schema(kind: str) -> str:
    """Give the schema of an event: RunEvent or JobEvent."""
    return f"{_EVENT_SCHEMA}/{kind}"


def documentation(description: str | None) -> Facet | None:
    """Make the `documentation` facet; None without a description."""
    return facet("documentation", description=description) if description else None


def tags(told: object, *, source: str = "DBT") -> Facet | None:
    """Make the `tags` facet of dbt's tags, which are a list or one text; None without any."""
    found = [told] if isinstance(told, str) else told if isinstance(told, list) else []
    keys = dict.fromkeys(one for one in found if isinstance(one, str) and one)
    if not keys:
        return None
    return facet("tags", tags=[{"key": key, "value": "true", "source": source} for key in keys])


def ownership(owners: Iterable[str]) -> Facet | None:
    """Make the `ownership` facet; None without an owner."""
    names = list(dict.fromkeys(owners))
    return facet("ownership", owners=[{"name": name} for name in names]) if names else None


def owner_names(told: object) -> list[str]:
    """Read an owner as dbt has them: a name, several, or a mapping with name and email."""
    match told:
        case str():
            return [told] if told else []
        case list():
            return [name for one in told for name in owner_names(one)]
        case Mapping():
            found = [told.get("name"), told.get("email")]
            names = [one for one in found if isinstance(one, str) and one]
            return [" ".join(names[:1])] if names else []
        case _:
            return []
