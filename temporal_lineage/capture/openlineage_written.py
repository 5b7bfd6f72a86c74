"""OpenLineage that we write: who tells it, and the schemas of its events and facets."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

Facet = dict[str, Any]

OUR_URN = "urn:temporal-lineage"
"""How every URI of ours begins; producers add which part of us tells an event."""

_SPEC = "https://openlineage.io/spec"
_FACETS = {
    "columnLineage": ("1-2-0", "ColumnLineageDatasetFacet"),
    "dataQualityAssertions": ("1-0-2", "DataQualityAssertionsDatasetFacet"),
    "dataQualityMetrics": ("1-0-3", "DataQualityMetricsInputDatasetFacet"),
    "datasetType": ("1-0-0", "DatasetTypeDatasetFacet"),
    "documentation": ("1-0-1", "DocumentationDatasetFacet"),
    "environmentVariables": ("1-0-0", "EnvironmentVariablesRunFacet"),
    "errorMessage": ("1-0-1", "ErrorMessageRunFacet"),
    "executionParameters": ("1-0-0", "ExecutionParametersRunFacet"),
    "externalQuery": ("1-0-2", "ExternalQueryRunFacet"),
    "inputStatistics": ("1-0-0", "InputStatisticsInputDatasetFacet"),
    "jobType": ("2-0-3", "JobTypeJobFacet"),
    "outputStatistics": ("1-0-2", "OutputStatisticsOutputDatasetFacet"),
    "ownership": ("1-0-1", "OwnershipDatasetFacet"),
    "parent": ("1-1-0", "ParentRunFacet"),
    "processing_engine": ("1-1-1", "ProcessingEngineRunFacet"),
    "schema": ("1-1-1", "SchemaDatasetFacet"),
    "sourceCode": ("1-0-1", "SourceCodeJobFacet"),
    "sourceCodeLocation": ("1-0-1", "SourceCodeLocationJobFacet"),
    "sql": ("1-1-0", "SQLJobFacet"),
    "storage": ("1-0-1", "StorageDatasetFacet"),
    "symlinks": ("1-0-1", "SymlinksDatasetFacet"),
    "tags": ("1-0-0", "TagsDatasetFacet"),
    "test": ("1-0-0", "TestRunFacet"),
    "version": ("1-0-1", "DatasetVersionDatasetFacet"),
}
"""The standard facets that we write: version and class, by the name they stand under."""


def core_schema(kind: str) -> str:
    """Give the schema of an event, or of the base of a facet. Spec 2-0-2.

    >>> core_schema("RunEvent")
    'https://openlineage.io/spec/2-0-2/OpenLineage.json#/$defs/RunEvent'
    """
    return f"{_SPEC}/2-0-2/OpenLineage.json#/$defs/{kind}"


def is_standard(name: str) -> bool:
    """Tell whether the specification has a facet of that name which we write."""
    return name in _FACETS


def facet_schema(name: str) -> str:
    """Give the schema of a standard facet, by the name it stands under.

    >>> facet_schema("schema")
    'https://openlineage.io/spec/facets/1-1-1/SchemaDatasetFacet.json#/$defs/SchemaDatasetFacet'
    """
    version, kind = _FACETS[name]
    return f"{_SPEC}/facets/{version}/{kind}.json#/$defs/{kind}"


def written_facet(producer: str, schema: str, content: Mapping[str, object]) -> Facet:
    """Make a facet; what is None is left out."""
    told = {name: value for name, value in content.items() if value is not None}
    return {"_producer": producer, "_schemaURL": schema, **told}
