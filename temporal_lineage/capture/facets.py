"""Descriptive facets as values: who owns, how it is tagged, what was asked, how good it was."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, order=True)
class Tag:
    """A tag; `source` and `column` are empty where none is told."""

    key: str
    value: str
    source: str
    column: str


@dataclass(frozen=True, slots=True, order=True)
class Owner:
    """Who answers for a job or a dataset; `type` is empty where none is told."""

    name: str
    type: str


@dataclass(frozen=True, slots=True, order=True)
class Setting:
    """A name and a value: a parameter of a run, or what its engine says of its application."""

    name: str
    value: str


@dataclass(frozen=True, slots=True)
class Dependency:
    """A job that a run waited for, or that waits for it; `run_id` is None where none is named."""

    direction: str
    job: str
    run_id: str | None
    type: str | None


@dataclass(frozen=True, slots=True)
class JobKind:
    """The `jobType` facet: batch or streaming, of which integration; each None where not told."""

    processing: str | None
    integration: str | None
    type: str | None


@dataclass(frozen=True, slots=True)
class Assertion:
    """One check of data quality, on a dataset or a run, and how it ended; None where not told.

    `success` is None where the check was neither passed nor failed, as a skipped one. `name` is
    what is asserted, `label` what this check is called beside others that assert the same.
    """

    name: str
    label: str | None
    success: bool | None
    column: str | None
    severity: str | None
    expected: str | None
    actual: str | None


@dataclass(frozen=True, slots=True)
class ColumnMetrics:
    """Numbers about one column, each None where not told."""

    column: str
    nulls: int | None
    distinct: int | None
    count: float | None
    min: float | None
    max: float | None
    sum: float | None


@dataclass(frozen=True, slots=True)
class Quality:
    """What was measured of a state of a dataset; rows, bytes and files None where not told."""

    rows: int | None
    bytes: int | None
    files: int | None
    columns: tuple[ColumnMetrics, ...]
    assertions: tuple[Assertion, ...]


@dataclass(frozen=True, slots=True)
class RunFacets:
    """What the facets of a run say beyond what links it.

    `actor` is who ran it, under the name of the facet that says so, None where none does.
    `environment` are the names of environment variables: their values stay in the kept event.
    `others` are the names of facets that are kept and not read.
    """

    actor: Setting | None
    tags: tuple[Tag, ...]
    parameters: tuple[Setting, ...]
    environment: tuple[str, ...]
    application: tuple[Setting, ...]
    query: Setting | None
    dependencies: tuple[Dependency, ...]
    tests: tuple[Assertion, ...]
    errors: tuple[str, ...]
    others: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class JobFacets:
    """What the facets of a job say beyond what links its runs; None where not told.

    `language` and `source` are the code itself, `repository`, `path` and `revision` where it lies.
    """

    kind: JobKind | None
    owners: tuple[Owner, ...]
    tags: tuple[Tag, ...]
    documentation: str | None
    language: str | None
    source: str | None
    others: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class DatasetFacets:
    """What the facets of a dataset say of it as a whole; None where nothing is told.

    `deleted` are the names of facets that the event takes back.
    """

    owners: tuple[Owner, ...]
    tags: tuple[Tag, ...]
    documentation: str | None
    quality: Quality | None
    file_format: str | None
    deleted: tuple[str, ...]


NOTHING_TOLD = DatasetFacets((), (), None, None, None, ())
"""Most events describe no dataset: they share this."""
