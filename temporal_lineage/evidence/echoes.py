"""Echoes: runs that tell again what the statement before them did, and did nothing themselves.

Spark carries out a command at once and has a plan of its own show its result. OpenLineage's
listener takes that for one more execution, `command_result`, with the outputs of the command.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from snapshots.refs import MAIN
from temporal_lineage.evidence.timeline import ids_of

if TYPE_CHECKING:
    from temporal_lineage.evidence.timeline import Timeline
    from temporal_lineage.evidence.writers import Writer

_SHOWS_A_RESULT = re.compile(r"(?:^|\.)command_result$")


def echoes(table: Timeline, cases: Sequence[Writer]) -> Mapping[str, Writer]:
    """Give, by run id, the run whose words an echo repeats; what is no echo is left out.

    It is the last that ended before with the same SQL under the same parent, if both can come to
    one commit: only such runs are sure to be decided together, and else nothing depends on it.
    """
    told: dict[tuple[str, tuple[str, ...]], list[Writer]] = {}
    for case in cases:
        parent = case.run.parent
        if parent is not None and case.run.queries and case.window.ended and not _repeats(case):
            told.setdefault((parent.run_id, case.run.queries), []).append(case)
    found = {}
    for case in cases:
        parent = case.run.parent
        if parent is None or not _repeats(case):
            continue
        before = [
            one
            for one in told.get((parent.run_id, case.run.queries), ())
            if one.window.end <= case.window.start and _meet(table, one, case)
        ]
        if before:
            found[case.run.run_id] = max(before, key=lambda one: (one.window.end, one.run.run_id))
    return found


def _repeats(case: Writer) -> bool:
    return _SHOWS_A_RESULT.search(case.run.job.name) is not None


def _meet(table: Timeline, one: Writer, echo: Writer) -> bool:
    if one.version is not None and one.version == echo.version:
        return True
    start = max(one.window.earliest, echo.window.earliest)
    end = min(one.window.latest, echo.window.latest)
    if start <= end and table.commits(start=start, end=end):
        return True
    if echo.window.started:
        return False
    # Without a START it comes to what was current when it ended.
    entry = table.at(MAIN, echo.window.latest)
    current = () if entry is None else ids_of(entry)
    known = [table.by_id[number] for number in current if number in table.by_id]
    return any(one.window.contains(snapshot.committed_at) for snapshot in known)
