"""A table between two times: its schema, its commits, their volume and rhythm, its rollbacks."""

from __future__ import annotations

from typing import TYPE_CHECKING

from temporal_lineage.lineage.out_of_line import out_of_line, overdue
from temporal_lineage.questions.findings import Finding, FindingKind, finding
from temporal_lineage.questions.logs import log
from temporal_lineage.questions.question import Question
from temporal_lineage.questions.schemas import schema_log

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from snapshots.period import Period
    from temporal_lineage.addresses import DatasetAddress
    from temporal_lineage.facts import AsOf
    from temporal_lineage.questions.logs import LogLine
    from temporal_lineage.store.reader import Reader

_VACUUM = "VACUUM"

SERIES_MAX = 30
"""How many earlier commits of the same operation a commit is compared with."""


def table_findings(
    reader: Reader, table: DatasetAddress, as_of: AsOf, *, period: Period, distance: int
) -> Iterator[Finding]:
    """Yield what is otherwise with a harvested table in a period."""
    answer = log(reader, table, Question("log", table.name, as_of, known_until=None))
    # What no reader of main ever saw cannot have been the cause, nor what only deletes old files.
    lines = [
        line for line in answer.lines if line.on_main and not line.operation.startswith(_VACUUM)
    ]
    before = [line for line in lines if line.committed_at < period.start]
    inside = [line for line in lines if period.contains(line.committed_at)]
    if lines:
        yield from _schema(reader, table, as_of, period, distance)
    yield from _commits(table.name, before, inside, distance)
    for one in answer.rollbacks:
        if period.contains(one.at):
            what = f"{one.ref} went back from {one.left_id} to {one.returned_id}"
            yield finding(table.name, one.at, FindingKind.ROLLBACK, distance, what)
    yield from _late(table.name, lines, period, distance)


def _schema(
    reader: Reader, table: DatasetAddress, as_of: AsOf, period: Period, distance: int
) -> Iterator[Finding]:
    for step in schema_log(
        reader, table, Question("schema log", table.name, as_of, known_until=None)
    ).steps:
        for change in step.changes if period.contains(step.since) else ():
            if change.kind == "created":
                continue
            breaking = change.grade.startswith("breaking")
            kind = FindingKind.BREAKING if breaking else FindingKind.SCHEMA
            what = f"{change.text} [{change.grade}]"
            yield finding(table.name, step.since, kind, distance, what)


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
            series = [count for one in alike if (count := getattr(one, rows)) is not None]
            count = getattr(line, rows)
            odd = out_of_line(count, series[-SERIES_MAX:]) if count is not None else None
            if odd:
                what = f"{told} {word} rows: {odd}"
                yield finding(name, line.committed_at, FindingKind.VOLUME, distance, what)
        if alike and line.job and alike[-1].job and alike[-1].job != line.job:
            what = f"{told}, written by {line.job} instead of {alike[-1].job}"
            yield finding(name, line.committed_at, FindingKind.WRITER, distance, what)
        known.append(line)


def _late(name: str, lines: Sequence[LogLine], period: Period, distance: int) -> Iterator[Finding]:
    instants = [line.committed_at.micros for line in lines]
    pause = overdue(instants, period.end.micros) if instants else None
    if pause is not None:
        last = lines[-1].committed_at
        hours = round(pause / 3_600_000_000, 1)
        what = f"nothing since {last}, where {hours} hours was the longest pause"
        yield finding(name, last, FindingKind.LATE, distance, what)
