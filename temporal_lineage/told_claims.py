"""Told claims: what facts say of how events describe a dataset, aspect by aspect."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from snapshots.instant import Instant
from temporal_lineage.capture.facets import Assertion, ColumnMetrics, Owner, Tag

SEPARATOR = "\x1f"
"""Between an aspect, its producer and what else is in the name of such a fact."""


class Aspect(StrEnum):
    """The sides of a dataset that events describe; the first part of a fact's name."""

    OWNERS = "owners"
    TAGS = "tags"
    DOCUMENTATION = "documentation"
    CHECKS = "checks"
    METRICS = "metrics"
    LIFECYCLE = "lifecycle"
    CATALOG = "catalog"
    STORAGE = "storage"
    TYPE = "type"
    SCHEMA = "schema"


@dataclass(frozen=True, slots=True)
class OwnersClaim:
    """Who answers for a dataset."""

    owners: tuple[Owner, ...]


@dataclass(frozen=True, slots=True)
class TagsClaim:
    """How a dataset and its columns are tagged."""

    tags: tuple[Tag, ...]


@dataclass(frozen=True, slots=True)
class TextClaim:
    """What a dataset is, in one text: its documentation, or its type."""

    text: str


@dataclass(frozen=True, slots=True)
class ChecksClaim:
    """How checks of one kind and column ended, when, by which run.

    `version` is the state that was checked, None where the event told none; `run` and `job` are
    empty where no run told it.
    """

    at: Instant
    version: str | None
    job: str
    run: str
    checks: tuple[Assertion, ...]


@dataclass(frozen=True, slots=True)
class MetricsClaim:
    """What was measured, when, by which run; the rest as in ChecksClaim."""

    at: Instant
    version: str | None
    job: str
    run: str
    rows: int | None
    bytes: int | None
    files: int | None
    columns: tuple[ColumnMetrics, ...]


@dataclass(frozen=True, slots=True)
class LifecycleClaim:
    """The last change of a dataset as a whole; `previous` is None but for a rename."""

    change: str
    previous: str | None


@dataclass(frozen=True, slots=True)
class CatalogClaim:
    """The catalog that an engine knows a dataset from; each None where not told."""

    framework: str | None
    type: str | None
    name: str | None
    warehouse: str | None


@dataclass(frozen=True, slots=True)
class StorageClaim:
    """How a dataset is stored; each None where not told."""

    layer: str | None
    format: str | None


@dataclass(frozen=True, slots=True)
class SchemaClaim:
    """Column names and types of a dataset that no harvest knows; a type None where not told."""

    fields: tuple[tuple[str, str | None], ...]
