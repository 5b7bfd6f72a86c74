"""Facets: what a run has recorded, in OpenLineage's words. Spec 2-0-2."""

from __future__ import annotations

from typing import TYPE_CHECKING

from temporal_lineage.capture.openlineage_recorded import READ_FACET, WRITE_FACET
from temporal_lineage.capture.openlineage_written import (
    OUR_URN,
    Facet,
    core_schema,
    facet_schema,
    written_facet,
)

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from catalogs.portion import Portion
    from temporal_lineage.sdk.code import Code
    from temporal_lineage.sdk.records import Fields, InputRecord, Named, OutputRecord


def producer() -> str:
    """Name this library and its version, as a URI."""
    from temporal_lineage import __version__

    return f"{OUR_URN}:sdk:{__version__}"


def facet(name: str, /, **content: object) -> Facet:
    """Make a facet of the specification; what is None is left out."""
    return written_facet(producer(), facet_schema(name), content)


def own_facet(base: str, /, **content: object) -> Facet:
    """Make a facet of ours, of which the specification knows the base only."""
    return written_facet(producer(), core_schema(base), content)


def input_dataset(one: InputRecord) -> Facet:
    """Describe what was read: the version, and in our own facet what was taken of it."""
    dataset = _dataset(one.named, one.version, one.fields)
    if not one.taken:
        return {**dataset, "inputFacets": {}}
    portions: dict[Portion, int | None] = {}
    for taken in one.taken:
        portions[taken.portion] = portions.get(taken.portion) or taken.rows
    read = own_facet(
        "InputDatasetFacet",
        version=one.version,
        portions=[
            {
                "columns": None if portion.columns is None else list(portion.columns),
                "where": portion.where,
                "rows": rows,
            }
            for portion, rows in portions.items()
        ],
    )
    sides: Facet = {READ_FACET: read}
    counts = [rows for rows in portions.values() if rows is not None]
    if len(counts) == len(portions) and counts:
        sides["inputStatistics"] = facet("inputStatistics", rowCount=sum(counts))
    return {**dataset, "inputFacets": sides}


def output_dataset(one: OutputRecord) -> Facet:
    """Describe what was written; without a version as long as nothing was committed."""
    last = one.versions[-1] if one.versions else None
    sides: Facet = {}
    if one.versions:
        sides[WRITE_FACET] = own_facet("OutputDatasetFacet", versions=one.versions, **one.details)
    if one.rows is not None:
        sides["outputStatistics"] = facet("outputStatistics", rowCount=one.rows)
    return {**_dataset(one.named, last, one.fields), "outputFacets": sides}


def job_facets(code: Code, queries: Sequence[str]) -> Facet:
    """Describe the job: what kind it is, where its code lies, which queries it asked."""
    facets: Facet = {
        "jobType": facet(
            "jobType",
            processingType="BATCH",
            integration="TEMPORAL_LINEAGE",
            jobType="JOB",
        )
    }
    if code.commit is not None:
        facets["sourceCodeLocation"] = facet(
            "sourceCodeLocation",
            type="git",
            url=code.url,
            repoUrl=code.repository,
            path=code.path,
            version=code.commit,
            branch=code.branch,
        )
    if queries:
        facets["sql"] = facet("sql", query=";\n".join(queries))
    return facets


def parameters_facet(parameters: Mapping[str, str]) -> Facet:
    """Give the parameters, by name."""
    return facet(
        "executionParameters",
        parameters=[{"key": name, "value": parameters[name]} for name in sorted(parameters)],
    )


def _dataset(named: Named, version: str | None, fields: Fields | None) -> Facet:
    facets: Facet = {"datasetType": facet("datasetType", datasetType=named.kind)}
    if version is not None:
        facets["version"] = facet("version", datasetVersion=version)
    if fields is not None:
        facets["schema"] = facet(
            "schema",
            fields=[{"name": name, "type": kind} for name, kind in fields],
        )
    if named.symlinks:
        facets["symlinks"] = facet(
            "symlinks",
            identifiers=[
                {"namespace": one.namespace, "name": one.name, "type": named.kind}
                for one in named.symlinks
            ],
        )
    return {
        "namespace": named.dataset.namespace,
        "name": named.dataset.name,
        "facets": facets,
    }
