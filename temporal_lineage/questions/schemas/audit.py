"""Schema audits: each change in a period, who made it, whom it reached, and how they fared."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from snapshots.refs import MAIN
from temporal_lineage.facts import AsOf
from temporal_lineage.harvesting.histories import remembered
from temporal_lineage.harvesting.ref_logs import remembered_log
from temporal_lineage.questions.runs.heard import period_until
from temporal_lineage.questions.schemas.change_reach import Affected, reached_by
from temporal_lineage.questions.schemas.history import schema_steps
from temporal_lineage.questions.scopes import tables_in
from temporal_lineage.questions.tables.snapshots import log_lines

if TYPE_CHECKING:
    from collections.abc import Sequence

    from snapshots.instant import Instant
    from snapshots.period import Period
    from temporal_lineage.questions.question import Question
    from temporal_lineage.questions.schemas.history import ChangeLine, SchemaStep
    from temporal_lineage.questions.tables.snapshots import LogLine
    from temporal_lineage.store.reader import Reader


@dataclass(frozen=True, slots=True)
class AuditedChange:
    """One change of one field: when, by whom, and what lay downstream of it at that time.

    `commit` is the snapshot that came with it, None for a change of metadata alone; `job`, `run`
    and `user` are None where nobody told them. `field_id` is None where a table was created.
    """

    dataset: str
    at: Instant
    schema_id: int
    field_id: int | None
    kind: str
    grade: str
    text: str
    commit: int | None
    job: str | None
    run: str | None
    user: str | None
    reached: tuple[Affected, ...]


@dataclass(frozen=True, slots=True)
class SchemaAuditAnswer:
    """Every schema change in a period, over a table, a namespace, a catalog or all, oldest first.

    `tables` is how many were looked at.
    """

    ROWS: ClassVar[str | None] = "changes"

    question: Question
    period: Period
    tables: int
    changes: tuple[AuditedChange, ...]
    doubts: tuple[str, ...]


def schema_audit(
    reader: Reader, question: Question, *, since: Instant, depth_max: int
) -> SchemaAuditAnswer:
    """Answer `tl schema audit`; the target is a table, or what names of tables begin with.

    The period begins with `since` and ends with the instant asked for, which is in it. Raises
    UnknownNameError where no harvested table has that name, EmptyPeriodError for no period.
    """
    period = period_until(since, question.as_of.valid)
    tables = tables_in(reader, question.target, question.as_of)
    changes: list[AuditedChange] = []
    doubts: dict[str, None] = {}
    for dataset_id, name in tables.items():
        found, doubtful = _of_table(reader, dataset_id, name, question, period, depth_max)
        changes += found
        doubts.update(dict.fromkeys(doubtful))
    changes.sort(key=lambda one: (one.at, one.dataset))
    return SchemaAuditAnswer(question, period, len(tables), tuple(changes), tuple(doubts))


def _of_table(
    reader: Reader,
    dataset_id: int,
    name: str,
    question: Question,
    period: Period,
    depth_max: int,
) -> tuple[list[AuditedChange], list[str]]:
    as_of = question.as_of
    main = remembered_log(reader, dataset_id, MAIN, system=as_of.system)
    told, unknown = schema_steps(reader, dataset_id, main, as_of)
    doubts = [f"{name}: {doubt}" for doubt in unknown]
    steps = [step for step in told if period.contains(step.since)]
    history = remembered(reader, dataset_id, system=as_of.system) if steps else None
    if history is None:
        return [], doubts
    lines = log_lines(reader, dataset_id, history, main, as_of)
    commits = {line.committed_at: line for line in lines}
    changes: list[AuditedChange] = []
    for step in steps:
        # What lay downstream when the change came, as it is known at the point of the question.
        before = AsOf(valid=step.since.plus(micros=-1), system=question.as_of.system)
        for change in step.changes:
            reached, cut = (
                reached_by(
                    reader,
                    dataset_id,
                    change.field_id,
                    before=before,
                    until=question.as_of.valid,
                    depth_max=depth_max,
                )
                if change.field_id is not None and change.kind != "added"
                else ((), ())
            )
            doubts += [f"{name}: {one}" for one in cut]
            changes.append(_audited(name, step, change, commits.get(step.since), reached))
    return changes, doubts


def _audited(
    name: str,
    step: SchemaStep,
    change: ChangeLine,
    commit: LogLine | None,
    reached: Sequence[Affected],
) -> AuditedChange:
    return AuditedChange(
        dataset=name,
        at=step.since,
        schema_id=step.schema_id,
        field_id=change.field_id,
        kind=change.kind,
        grade=change.grade,
        text=change.text,
        commit=commit.snapshot_id if commit else None,
        job=commit.job if commit else None,
        run=commit.run if commit else None,
        user=commit.user if commit else None,
        reached=tuple(reached),
    )
