"""A table between two times: its schema, its commits, their volume and rhythm, its rollbacks."""

from __future__ import annotations

from typing import TYPE_CHECKING

from snapshots.refs import MAIN
from temporal_lineage.harvesting.histories import remembered
from temporal_lineage.harvesting.looks import last_look
from temporal_lineage.harvesting.ref_logs import remembered_log
from temporal_lineage.lineage.out_of_line import overdue, unlike
from temporal_lineage.questions.changes.findings import Finding, FindingKind, finding
from temporal_lineage.questions.schemas.history import schema_steps
from temporal_lineage.questions.states.rollbacks import rollback_lines
from temporal_lineage.questions.tables.snapshots import log_lines

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from snapshots.instant import Instant
    from snapshots.period import Period
    from temporal_lineage.facts import AsOf
    from temporal_lineage.questions.changes.looked_at import Fields
    from temporal_lineage.questions.schemas.history import SchemaStep
    from temporal_lineage.questions.tables.snapshots import LogLine
    from temporal_lineage.store.reader import Reader

_VACUUM = "VACUUM"


def table_findings(
    reader: Reader,
    dataset_id: int,
    name: str,
    as_of: AsOf,
    *,
    fields: Fields,
    period: Period,
    distance: int,
) -> Iterator[Finding]:
    """Yield what is otherwise with a table in a period; nothing for one never harvested.

    Of its schema only what became of these fields.
    """
    history = remembered(reader, dataset_id, system=as_of.system)
    if history is None:
        return
    main = remembered_log(reader, dataset_id, MAIN, system=as_of.system)
    # What no reader of main ever saw cannot have been the cause, nor what only deletes old files.
    lines = [
        line
        for line in log_lines(reader, dataset_id, history, main, as_of)
        if line.on_main and not line.operation.startswith(_VACUUM)
    ]
    before = [line for line in lines if line.committed_at < period.start]
    inside = [line for line in lines if period.contains(line.committed_at)]
    steps, _ = schema_steps(reader, dataset_id, main, as_of)
    yield from _schema(name, steps, fields, period, distance)
    yield from _commits(name, before, inside, distance)
    for one in rollback_lines(history, until=as_of.valid):
        if period.contains(one.at):
            what = f"{one.ref} went back from {one.left_id} to {one.returned_id}"
            yield finding(name, one.at, FindingKind.ROLLBACK, distance, what)
    # What was committed after the last look nobody knows.
    looked_at = last_look(reader, dataset_id, address=None, system=as_of.system)
    seen = min(as_of.valid, looked_at or as_of.valid)
    yield from _late(name, lines, seen, distance)


def _schema(
    name: str, steps: Sequence[SchemaStep], fields: Fields, period: Period, distance: int
) -> Iterator[Finding]:
    for step in steps:
        for change in step.changes if period.contains(step.since) else ():
            matters = fields is None or str(change.field_id) in fields
            if change.kind == "created" or not matters:
                continue
            breaking = change.grade.startswith("breaking")
            kind = FindingKind.BREAKING if breaking else FindingKind.SCHEMA
            what = f"{change.text} [{change.grade}]"
            yield finding(name, step.since, kind, distance, what)


def _commits(
    name: str, before: Sequence[LogLine], inside: Sequence[LogLine], distance: int
) -> Iterator[Finding]:
    known = list(before)
    for line in inside:
        alike = [one for one in known if one.operation == line.operation]
        told = f"{line.snapshot_id} by {line.operation}"
        if known and not alike:
            yield finding(
                *(name, line.committed_at, FindingKind.OPERATION, distance),
                f"{told}, where {known[-1].operation} was usual",
            )
        for rows, word in (("added_rows", "added"), ("removed_rows", "removed")):
            odd = unlike(getattr(line, rows), [getattr(one, rows) for one in alike])
            if odd:
                what = f"{told} {word} rows: {odd}"
                yield finding(name, line.committed_at, FindingKind.VOLUME, distance, what)
        if alike and line.job and alike[-1].job and alike[-1].job != line.job:
            what = f"{told}, written by {line.job} instead of {alike[-1].job}"
            yield finding(name, line.committed_at, FindingKind.WRITER, distance, what)
        known.append(line)


def _late(name: str, lines: Sequence[LogLine], seen: Instant, distance: int) -> Iterator[Finding]:
    instants = [line.committed_at.micros for line in lines]
    pause = overdue(instants, seen.micros) if instants else None
    if pause is not None:
        last = lines[-1].committed_at
        hours = round(pause / 3_600_000_000, 1)
        longest = f"{hours} hours" if hours >= 1 else f"{round(pause / 60_000_000, 1)} minutes"
        what = f"nothing since {last}, where {longest} was the longest pause"
        yield finding(name, last, FindingKind.LATE, distance, what)
