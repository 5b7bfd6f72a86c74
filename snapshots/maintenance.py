"""Maintenance: the acts that make a table forget, and what one of them would take."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from snapshots.instant import Instant


class Expirer(StrEnum):
    """Who expires snapshots: their rules differ, and so does what becomes of the files."""

    JAVA = "java"
    """Iceberg's own library, as Spark, Flink and Trino run it; files nobody needs are deleted."""
    PYICEBERG = "pyiceberg"
    """Only the heads of refs are safe, no file is ever deleted."""


class Vacuumer(StrEnum):
    """Who cleans up a Delta table: their rules differ."""

    SPARK = "spark"
    DELTA_RS = "delta-rs"


class Extent(StrEnum):
    """How far a VACUUM looks."""

    FULL = "full"
    """At every file in the table's folder."""
    LITE = "lite"
    """At the files that the log says were removed."""


@dataclass(frozen=True, slots=True)
class ExpireSnapshots:
    """`expire_snapshots`, after `dropped_refs` were removed. Iceberg.

    `older_than` and `retain_last` are None where the table's properties decide. `snapshot_ids` are
    taken whatever their age. `schemas_too` is `clean_expired_metadata`.
    """

    by: Expirer
    older_than: Instant | None
    retain_last: int | None
    snapshot_ids: tuple[int, ...]
    dropped_refs: tuple[str, ...]
    schemas_too: bool


@dataclass(frozen=True, slots=True)
class RemoveOrphans:
    """`remove_orphan_files`: what lies in the table's folder, and no metadata names. Iceberg.

    `older_than` is None where the default of three days decides.
    """

    older_than: Instant | None


@dataclass(frozen=True, slots=True)
class Vacuum:
    """`VACUUM`. Delta.

    `retention_micros` is None where the table's property decides. `keep_versions` are those whose
    files delta-rs is told to keep; Spark has no such thing.
    """

    by: Vacuumer
    extent: Extent
    retention_micros: int | None
    keep_versions: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class CleanLog:
    """Log clean-up, as a checkpoint brings it about. Delta."""

    by: Vacuumer


Act = ExpireSnapshots | RemoveOrphans | Vacuum | CleanLog


@dataclass(frozen=True, slots=True)
class Removal:
    """What an act takes.

    `unlisted` are the states that the table lists now and would list no more. `losing` counts, for
    states that it goes on listing, the files that they lose. `refs` are the branches and tags that
    go, `metadata` the schemas and partition specs. `files` are the files that are deleted, with
    their sizes, by where they lie. `doubts` say what the rule does not know.
    """

    unlisted: frozenset[int]
    losing: Mapping[int, int]
    refs: tuple[str, ...]
    metadata: tuple[str, ...]
    files: Mapping[str, int]
    doubts: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Refused:
    """The act would be refused, or cannot be foreseen: why."""

    reason: str


@dataclass(frozen=True, slots=True)
class Unfit(Refused):
    """The act is one for tables of another format."""
