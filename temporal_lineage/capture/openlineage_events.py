"""OpenLineage events as values: what a producer said, typed, before anybody judges it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum

from snapshots.dataset import Dataset
from snapshots.instant import Instant
from temporal_lineage.capture.facets import DatasetFacets
from temporal_lineage.capture.openlineage_numbers import SnapshotNumber
from temporal_lineage.capture.openlineage_recorded import RecordedRead

TRINO_QUERY_ID = re.compile(r"\d{8}_\d{6}_\d{5}_[a-z0-9]{5}")
"""How Trino names its queries; other engines use the same keys for ids of other kinds."""


class RunEventKind(StrEnum):
    """The transitions of a run. OpenLineage `eventType`; OTHER also where it is not given."""

    START = "START"
    RUNNING = "RUNNING"
    COMPLETE = "COMPLETE"
    ABORT = "ABORT"
    FAIL = "FAIL"
    OTHER = "OTHER"

    @property
    def terminal(self) -> bool:
        """Tell whether a run ends with this event."""
        return self in (RunEventKind.COMPLETE, RunEventKind.ABORT, RunEventKind.FAIL)


class KeyKind(StrEnum):
    """The engines' own names for who wrote: found in run facets and in commits alike."""

    SPARK_APPLICATION = "spark-application"
    FLINK_JOB = "flink-job"
    TRINO_QUERY = "trino-query"
    KAFKA_CONNECT_COMMIT = "kafka-connect-commit"
    DATABRICKS_RUN = "databricks-run"
    DATABRICKS_JOB = "databricks-job"
    DATABRICKS_NOTEBOOK = "databricks-notebook"
    DATABRICKS_CLUSTER = "databricks-cluster"
    DELTA_APPLICATION = "delta-application"
    STREAMING_QUERY = "streaming-query"

    @property
    def names_one_run(self) -> bool:
        """Tell whether such a key belongs to one run; the others may own several."""
        return self in (KeyKind.TRINO_QUERY, KeyKind.FLINK_JOB)


@dataclass(frozen=True, slots=True, order=True)
class EngineKey:
    """One key and its value, as text."""

    kind: KeyKind
    value: str

    def __str__(self) -> str:
        """Write it for people."""
        return f"{self.kind} {self.value}"


@dataclass(frozen=True, slots=True, order=True)
class JobName:
    """A job's namespace and name."""

    namespace: str
    name: str

    def __str__(self) -> str:
        """Write it as job addresses do."""
        return f"{self.namespace}/{self.name}"


@dataclass(frozen=True, slots=True)
class Transformation:
    """How a source column acts on a target: `DIRECT` or `INDIRECT`, and more exactly.

    `subtype` and `masking` are None where the producer did not say.
    """

    type: str
    subtype: str | None
    masking: bool | None


@dataclass(frozen=True, slots=True)
class ColumnSource:
    """A column that a target depends on."""

    dataset: Dataset
    field: str
    transformations: tuple[Transformation, ...]


@dataclass(frozen=True, slots=True)
class ColumnMention:
    """An output column and the columns it comes from."""

    field: str
    inputs: tuple[ColumnSource, ...]


@dataclass(frozen=True, slots=True)
class ColumnLineage:
    """The `columnLineage` facet: per column, and the sources that act on all rows (`whole`)."""

    columns: tuple[ColumnMention, ...]
    whole: tuple[ColumnSource, ...]


@dataclass(frozen=True, slots=True)
class DatasetSource:
    """A dataset that feeds a target; `field` is None where the whole dataset does."""

    dataset: Dataset
    field: str | None
    transformations: tuple[Transformation, ...]


@dataclass(frozen=True, slots=True)
class JobSource:
    """A job that feeds a target; `run_id` is None where no run of it was named."""

    job: JobName
    run_id: str | None
    transformations: tuple[Transformation, ...]


LineageSource = DatasetSource | JobSource


@dataclass(frozen=True, slots=True)
class LineageField:
    """A target column and its explicit sources."""

    field: str
    inputs: tuple[LineageSource, ...]


@dataclass(frozen=True, slots=True)
class LineageEntry:
    """Explicit lineage of one target, from a `lineage` facet.

    `inputs` is None where the facet does not speak of the target as a whole, and empty where it
    says that nothing feeds it.
    """

    target: Dataset | JobName
    inputs: tuple[LineageSource, ...] | None
    fields: tuple[LineageField, ...]


@dataclass(frozen=True, slots=True)
class Statistics:
    """What was read or written; each None where not told."""

    rows: int | None
    bytes: int | None
    files: int | None


@dataclass(frozen=True, slots=True)
class CatalogMention:
    """The `catalog` facet; each None where not told."""

    framework: str | None
    type: str | None
    name: str | None
    warehouse: str | None


@dataclass(frozen=True, slots=True)
class Lifecycle:
    """The `lifecycleStateChange` facet; `previous` is None but for a rename."""

    change: str
    previous: Dataset | None


@dataclass(frozen=True, slots=True)
class DatasetMention:
    """What one event says of one dataset.

    `dataset` is the name as it was recorded. `version` is the `version` facet's text.
    `symlinks` are its other names; the `dataSource` facet is none of them, since all tables of a
    bucket or database share it, password included. `fields` are column names and types, a type
    None where not told. `scan_snapshot_id` is what an Iceberg scan report,
    `connector_snapshot_id` what Trino's `connectorInfo` says was read, and `commit_snapshot_id`
    what an Iceberg commit report says was written. `subset` is the subset facet as canonical
    JSON. `read` and `written` are what a program recorded through this library: the version it
    pinned, the versions it made. `facets` describe it. Every None means that the event did not say.
    """

    dataset: Dataset
    version: str | None
    symlinks: tuple[Dataset, ...]
    catalog: CatalogMention | None
    dataset_type: str | None
    storage: str | None
    fields: tuple[tuple[str, str | None], ...] | None
    columns: ColumnLineage | None
    lineage: LineageEntry | None
    statistics: Statistics | None
    scan_snapshot_id: SnapshotNumber | None
    connector_snapshot_id: SnapshotNumber | None
    commit_snapshot_id: SnapshotNumber | None
    lifecycle: Lifecycle | None
    subset: str | None
    read: RecordedRead | None
    written: tuple[str, ...] | None
    facets: DatasetFacets


@dataclass(frozen=True, slots=True)
class ParentRun:
    """The run that spawned this one, and the root of all; None where no root was named."""

    run_id: str
    job: JobName
    root_run_id: str | None
    root_job: JobName | None


@dataclass(frozen=True, slots=True)
class NominalTime:
    """The scheduled period; an attribute, never valid time. `end` is None where not told."""

    start: Instant
    end: Instant | None


@dataclass(frozen=True, slots=True)
class Engine:
    """The `processing_engine` facet; each None where not told."""

    name: str | None
    version: str | None
    adapter_version: str | None


@dataclass(frozen=True, slots=True)
class SourceCode:
    """The `sourceCodeLocation` facet; each None where not told."""

    url: str | None
    repository: str | None
    path: str | None
    version: str | None
    branch: str | None
    tag: str | None


@dataclass(frozen=True, slots=True)
class ReadOption:
    """A time travel option of a read, from the logical plan; `table` None where not told."""

    table: str | None
    name: str
    value: str


@dataclass(frozen=True, slots=True)
class RunEvent:
    """One event of a run. UUIDs are in lower case, so that one run has one id.

    Every None means that the event has none. `invocation` is dbt's, of which the id was made; None
    where the producer's own id stands.
    """

    run_id: str
    invocation: str | None
    job: JobName
    kind: RunEventKind
    at: Instant
    producer: str
    inputs: tuple[DatasetMention, ...]
    outputs: tuple[DatasetMention, ...]
    lineage: tuple[LineageEntry, ...]
    parent: ParentRun | None
    nominal: NominalTime | None
    error: str | None
    engine: Engine | None
    keys: tuple[EngineKey, ...]
    options: tuple[ReadOption, ...]
    sql: str | None
    sql_dialect: str | None
    code: SourceCode | None


@dataclass(frozen=True, slots=True)
class JobEvent:
    """What a job is designed to do, told outside any run."""

    job: JobName
    at: Instant
    producer: str
    inputs: tuple[DatasetMention, ...]
    outputs: tuple[DatasetMention, ...]
    lineage: tuple[LineageEntry, ...]
    sql: str | None
    sql_dialect: str | None
    code: SourceCode | None


@dataclass(frozen=True, slots=True)
class DatasetEvent:
    """What a dataset is, told outside any run."""

    dataset: DatasetMention
    at: Instant
    producer: str


Event = RunEvent | JobEvent | DatasetEvent


@dataclass(frozen=True, slots=True)
class CapturedEvent:
    """An event that could be read.

    `digest` is the SHA-256 of `body`, the canonical JSON: the same event has the same digest
    whatever its order of keys or white space. `line` is where it starts in `source`, from 1.
    `doubts` name what in it could not be understood and was left out.
    """

    digest: str
    body: bytes
    event: Event
    source: str
    line: int
    doubts: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class RejectedEvent:
    """Something in the stream that is no event, and why.

    `raw` is what stood there, cut where `size` bytes are more than anybody wants to look at.
    """

    source: str
    line: int
    reason: str
    raw: bytes
    size: int
