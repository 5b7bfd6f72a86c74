"""One run or one commit more, on tables that ever more runs wrote: a step costs what is near."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.lakes import harvested, write_lake
from benchmarks.pipelines import Pipeline
from benchmarks.rows import Row, duration

if TYPE_CHECKING:
    from benchmarks.sizes import Size

NOTES = """\
A pipeline of two harvested Delta tables, each commit of which one run made that is told by START
and COMPLETE with versions and counts; all runs are linked but the last few, and then those one by
one, each from a file of its own by a new ledger connection.
Then the same with the newest commit of each table held back until all runs are linked: a harvest
finds both, and links anew what bears on them.
Time is processor time of the process, since the machine may be busy, and the median of these runs.
What grows with the runs is reading the histories of the two tables, which have as many commits;
the linking of runs itself is the same. No other tool does this work, so there is no peer."""

_LAST = 5
"""Runs that come alone."""

_EVENTS = 2
"""START and COMPLETE."""


def run(size: Size, folder: Path) -> Iterator[Row]:
    """Ingest all runs but the last, and the last one by one, for each number of runs."""
    for count in size.linked_runs:
        seconds = _one_more(count, folder / str(count))
        what = f"one run more, on a table that {count:,} runs wrote before"
        yield Row(what, duration(seconds), None, None)
        seconds = _one_commit_more(count, folder / f"{count} grown")
        what = f"a harvest of one commit more in each of two tables that {count:,} runs wrote"
        yield Row(what, duration(seconds), None, None)


def _one_more(count: int, folder: Path) -> list[float]:
    lake = write_lake(folder / "lake", Pipeline(layers=2, width=1, versions=count, kept=10))
    session = harvested(lake, folder / "ledger")
    events = lake.events.read_bytes().splitlines(keepends=True)
    file = folder / "told.ndjson"
    first = len(events) - _LAST * _EVENTS
    file.write_bytes(b"".join(events[:first]))
    assert session.ingest_openlineage([str(file)]).refused == 0
    seconds: list[float] = []
    for place in range(first, len(events), _EVENTS):
        file.write_bytes(b"".join(events[place : place + _EVENTS]))
        start = time.process_time()
        report = session.ingest_openlineage([str(file)])
        seconds.append(time.process_time() - start)
        assert (report.new, report.refused) == (_EVENTS, 0)
    return seconds


def _one_commit_more(count: int, folder: Path) -> list[float]:
    lake = write_lake(folder / "lake", Pipeline(layers=2, width=1, versions=count, kept=10))
    logs = sorted(one.parent for one in lake.tables.rglob(f"_delta_log/{0:020d}.json"))
    newest = [max(log.glob("*.json")) for log in logs]
    for place, file in enumerate(newest):
        file.rename(folder / f"{place}.held")
    session = harvested(lake, folder / "ledger")
    assert session.ingest_openlineage([str(lake.events)]).refused == 0
    for place, file in enumerate(newest):
        (folder / f"{place}.held").rename(file)
    start = time.process_time()
    report = session.harvest()
    seconds = time.process_time() - start
    assert [one.new for one in report.tables] == [1, 1], report.tables
    return [seconds]
