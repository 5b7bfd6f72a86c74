"""Schema audits: each change in a period, who made it, whom it reached, and how they fared."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, ClassVar

from snapshots.records import NamedTuple
from snapshots.schema import SchemaVersion
from temporal_lineage.claims import decode
from temporal_lineage.facts import AsOf
from temporal_lineage.harvesting.histories import remembered_of
from temporal_lineage.harvesting.ref_logs import logs_of_main
from temporal_lineage.keys import AttributeKind
from temporal_lineage.questions.runs.heard import period_until
from temporal_lineage.questions.schemas.change_reach import Affected, reached_by
from temporal_lineage.questions.schemas.history import steps_of_log
from temporal_lineage.questions.scopes import some_at_once, tables_in
from temporal_lineage.questions.tables.snapshots import lines_of, writers_of_tables

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from snapshots.instant import Instant
    from snapshots.period import Period
    from snapshots.snapshot_log import SnapshotLog
    from temporal_lineage.questions.question import Question
    from temporal_lineage.questions.schemas.history import ChangeLine, SchemaStep
    from temporal_lineage.questions.tables.snapshots import LogLine
    from temporal_lineage.store.reader import Believed, Reader


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
    for some in some_at_once(tables):
        stepped = _stepped(reader, some, question.as_of, period)
        ids = [one for one, (_, steps, _) in stepped.items() if steps]
        histories = remembered_of(reader, ids, system=question.as_of.system)
        writers = writers_of_tables(reader, histories, question.as_of) if histories else {}
        for dataset_id, (main, steps, unknown) in stepped.items():
            name = tables[dataset_id]
            doubts |= {f"{name}: {doubt}": None for doubt in unknown}
            if dataset_id in histories:
                own = writers.get(dataset_id, {})
                lines = lines_of(histories[dataset_id], main, own, question.as_of)
                commits = {line.committed_at: line for line in lines}
                reach = _Reach(reader, dataset_id, question.as_of, depth_max)
                found, cut = _audited_steps(name, steps, commits, reach)
                changes += found
                doubts |= {f"{name}: {one}": None for one in cut}
    changes.sort(key=lambda one: (one.at, one.dataset))
    return SchemaAuditAnswer(question, period, len(tables), tuple(changes), tuple(doubts))


_Stepped = tuple["SnapshotLog | None", "list[SchemaStep]", "tuple[str, ...]"]
"""The log of main, the steps of its schema in the period, and what is not known of them."""


def _stepped(
    reader: Reader, dataset_ids: Sequence[int], as_of: AsOf, period: Period
) -> dict[int, _Stepped]:
    mains = logs_of_main(reader, dataset_ids, system=as_of.system)
    told = reader.timelines_of(node_ids=dataset_ids, kind=AttributeKind.SCHEMA, system=as_of.system)
    found: dict[int, _Stepped] = {}
    for dataset_id in dataset_ids:
        main = mains.get(dataset_id)
        called = partial(_schema_called, told.get(dataset_id, {}))
        steps, unknown = steps_of_log(main, called, until=as_of.valid)
        found[dataset_id] = main, [one for one in steps if period.contains(one.since)], unknown
    return found


def _schema_called(lines: Mapping[str, Sequence[Believed]], schema_id: int) -> SchemaVersion | None:
    line = lines.get(str(schema_id))
    return decode(SchemaVersion, line[-1].claim) if line else None


class _Reach(NamedTuple):
    """How far the changes of a table's schema are followed."""

    reader: Reader
    dataset_id: int
    as_of: AsOf
    depth_max: int


def _audited_steps(
    name: str, steps: Sequence[SchemaStep], commits: Mapping[Instant, LogLine], reach: _Reach
) -> tuple[list[AuditedChange], list[str]]:
    changes: list[AuditedChange] = []
    doubts: list[str] = []
    for step in steps:
        # What lay downstream when the change came, as it is known at the point of the question.
        before = AsOf(valid=step.since.plus(micros=-1), system=reach.as_of.system)
        for change in step.changes:
            reached, cut = (
                reached_by(
                    reach.reader,
                    reach.dataset_id,
                    change.field_id,
                    before=before,
                    until=reach.as_of.valid,
                    depth_max=reach.depth_max,
                )
                if change.field_id is not None and change.kind != "added"
                else ((), ())
            )
            doubts += cut
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
