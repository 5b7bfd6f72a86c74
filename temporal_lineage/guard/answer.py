"""Answers of `tl guard`: what an act would take, and what breaks with it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from snapshots.instant import Instant
from temporal_lineage.questions.question import Question


@dataclass(frozen=True, slots=True)
class BrokenState:
    """A state that can be read now, and not as before after the act.

    `after` is what it would be: `recoverable`, `partial` or `gone`. `lost` of its `files` would
    be missing; both are None where nobody knows what it is made of.
    """

    version: int
    committed_at: Instant
    after: str
    lost: int | None
    files: int | None


@dataclass(frozen=True, slots=True)
class GuardedPromise:
    """A promise about a state of the table, as far as it is in force when the act runs.

    `after` is what the state would be, None where the promise is kept. `held_files` and
    `held_bytes` are what the act leaves for this promise alone, if all promises are kept: without
    it, and with all the others, they would go.
    """

    promise: str
    target: str
    address: str
    until: Instant
    reason: str
    tag: str | None
    after: str | None
    held_files: int
    held_bytes: int


@dataclass(frozen=True, slots=True)
class BrokenUse:
    """A model version that was trained on a state which breaks, or a run that read one."""

    address: str
    job: str
    state: str


@dataclass(frozen=True, slots=True)
class GuardedTable:
    """What one act would take of one table; `refused` says why it would not run, else None.

    `states` are those that break, in commit order. `refs`, `metadata` (schemas and partition
    specs), `deleted_files` and `deleted_bytes` are what goes.
    """

    dataset: str
    act: str
    refused: str | None
    states: tuple[BrokenState, ...]
    refs: tuple[str, ...]
    metadata: tuple[str, ...]
    deleted_files: int
    deleted_bytes: int
    promises: tuple[GuardedPromise, ...]
    models: tuple[BrokenUse, ...]
    runs: tuple[BrokenUse, ...]


@dataclass(frozen=True, slots=True)
class GuardAnswer:
    """What maintenance at an instant would break, table by table and act by act.

    `at` is when it would run, `checked_at` when somebody looked at the tables. `breaks` counts the
    promises that would be broken, and the models that could no longer be made again. `unseen` are
    the tables that could not be looked at, or of which nothing could be foreseen.
    """

    ROWS: ClassVar[str | None] = "tables"

    question: Question
    at: Instant
    checked_at: Instant
    breaks: int
    unseen: tuple[str, ...]
    tables: tuple[GuardedTable, ...]
    doubts: tuple[str, ...]
