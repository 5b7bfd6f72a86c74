"""What an OpenLineage event says about a dataset and a job, in the standard client's classes."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha1
from pathlib import Path
from typing import Protocol

from openlineage.client.event_v2 import InputDataset, OutputDataset
from openlineage.client.event_v2 import Job as EventJob
from openlineage.client.facet_v2 import (
    DatasetFacet,
    JobFacet,
    catalog_dataset,
    column_lineage_dataset,
    dataset_type_dataset,
    dataset_version_dataset,
    job_type_job,
    lifecycle_state_change_dataset,
    output_statistics_output_dataset,
    schema_dataset,
    source_code_location_job,
    sql_job,
    symlinks_dataset,
)

from snapshots.instant import Instant
from temporal_lineage.demo.jobs import NAMESPACE, REPOSITORY, Job, Source
from temporal_lineage.demo.written import Report, Written

_RELEASES = (
    (Instant.parse("2026-10-21T09:30Z"), "1.9.1"),
    (Instant.parse("2026-10-20T16:00Z"), "1.9.0"),
)
_FIRST_RELEASE = "1.8.0"


class LakeTable(Protocol):
    """What an event needs to know of a table."""

    address: str
    symlink: tuple[str, ...]
    location: Path

    def version(self) -> str | None: ...

    def columns(self) -> list[tuple[str, str]]: ...


@dataclass(frozen=True, slots=True)
class Foreign:
    """A dataset that is no table of the lake; `version` is None where it has none."""

    namespace: str
    name: str
    kind: str
    version: str | None
    columns: Sequence[tuple[str, str]]


EventDataset = LakeTable | Foreign


def release_at(at: Instant) -> str:
    """Give the release of the pipelines that was deployed at that instant."""
    return next((tag for since, tag in _RELEASES if since <= at), _FIRST_RELEASE)


def event_job(job: Job, *, at: Instant) -> EventJob:
    """Describe a job as it was deployed at that instant."""
    facets: dict[str, JobFacet] = {
        "jobType": job_type_job.JobTypeJobFacet(
            processingType="BATCH", integration="PYTHON", jobType=job.kind
        )
    }
    if job.sql is not None:
        facets["sql"] = sql_job.SQLJobFacet(query=job.sql, dialect="ansi")
    if job.path is not None:
        tag = release_at(at)
        commit = sha1(tag.encode(), usedforsecurity=False).hexdigest()
        facets["sourceCodeLocation"] = source_code_location_job.SourceCodeLocationJobFacet(
            type="git",
            url=f"{REPOSITORY}/blob/{commit}/{job.path}",
            repoUrl=REPOSITORY,
            path=job.path,
            version=commit,
            tag=tag,
        )
    return EventJob(namespace=NAMESPACE, name=job.name, facets=facets)


def event_input(dataset: EventDataset, *, version: str | None) -> InputDataset:
    """Describe an input; without a version facet where `version` is None."""
    namespace, name = physical_name(dataset)
    return InputDataset(namespace=namespace, name=name, facets=_facets(dataset, version))


def event_output(
    dataset: EventDataset, *, written: Report | None, lineage: DatasetFacet | None
) -> OutputDataset:
    """Describe an output; `written` is None until the run has committed."""
    namespace, name = physical_name(dataset)
    facets = _facets(dataset, written.version if isinstance(written, Written) else None)
    if lineage is not None:
        facets["columnLineage"] = lineage
    output = OutputDataset(namespace=namespace, name=name, facets=facets)
    if written is not None and not isinstance(dataset, Foreign):
        statistics = output_statistics_output_dataset.OutputStatisticsOutputDatasetFacet(
            rowCount=written.rows, size=written.size, fileCount=written.files
        )
        output.outputFacets = {"outputStatistics": statistics}
    return output


def event_altered(dataset: EventDataset) -> OutputDataset:
    """Describe an output whose metadata was changed: ALTER, as the OpenLineage facet has it."""
    output = event_output(dataset, written=None, lineage=None)
    change = lifecycle_state_change_dataset.LifecycleStateChange.ALTER
    facet = lifecycle_state_change_dataset.LifecycleStateChangeDatasetFacet(change)
    output.facets = {**(output.facets or {}), "lifecycleStateChange": facet}
    return output


def column_lineage(
    job: Job, columns: Collection[str], tables: Mapping[str, LakeTable]
) -> DatasetFacet | None:
    """Say which columns feed which, among the tables read; None where the job does not say."""
    fields = {
        column: column_lineage_dataset.Fields(
            inputFields=[_input_field(source, tables) for source in sources]
        )
        for column, sources in job.columns.items()
        if column in columns and all(source.table in tables for source in sources)
    }
    if not fields:
        return None
    filters = [_input_field(source, tables) for source in job.filters if source.table in tables]
    return column_lineage_dataset.ColumnLineageDatasetFacet(fields=fields, dataset=filters)


def physical_name(dataset: EventDataset) -> tuple[str, str]:
    """Give namespace and name: for a table `file` and the absolute path of its location."""
    if isinstance(dataset, Foreign):
        return dataset.namespace, dataset.name
    return "file", str(dataset.location)


def _input_field(
    source: Source, tables: Mapping[str, LakeTable]
) -> column_lineage_dataset.InputField:
    namespace, name = physical_name(tables[source.table])
    kind, _, subtype = source.kind.partition("/")
    transformation = column_lineage_dataset.Transformation(
        type=kind, subtype=subtype, description="", masking=False
    )
    return column_lineage_dataset.InputField(
        namespace=namespace, name=name, field=source.column, transformations=[transformation]
    )


def _facets(dataset: EventDataset, version: str | None) -> dict[str, DatasetFacet]:
    facets: dict[str, DatasetFacet] = {}
    if isinstance(dataset, Foreign):
        facets["datasetType"] = dataset_type_dataset.DatasetTypeDatasetFacet(dataset.kind)
        columns, version = dataset.columns, dataset.version
    else:
        facets |= _table_facets(dataset)
        columns = dataset.columns()
    if columns:
        facets["schema"] = schema_dataset.SchemaDatasetFacet(
            fields=[
                schema_dataset.SchemaDatasetFacetFields(
                    name=name, type=kind, ordinal_position=place
                )
                for place, (name, kind) in enumerate(columns, start=1)
            ]
        )
    if version is not None:
        facets["version"] = dataset_version_dataset.DatasetVersionDatasetFacet(version)
    return facets


def _table_facets(table: LakeTable) -> dict[str, DatasetFacet]:
    catalog, name = table.symlink
    identifier = symlinks_dataset.Identifier(namespace=catalog, name=name, type="TABLE")
    iceberg = catalog == "lake"
    return {
        "datasetType": dataset_type_dataset.DatasetTypeDatasetFacet("TABLE"),
        "symlinks": symlinks_dataset.SymlinksDatasetFacet(identifiers=[identifier]),
        "catalog": catalog_dataset.CatalogDatasetFacet(
            framework="iceberg" if iceberg else "delta",
            type="jdbc" if iceberg else "path",
            name=catalog,
            warehouseUri=f"file://{table.location.parent.parent}",
            source="python",
        ),
    }
