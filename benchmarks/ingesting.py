"""Taking in OpenLineage events, and linking their runs to the snapshots of harvested tables."""

from __future__ import annotations

import shutil
import time
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.lakes import harvested, write_lake
from benchmarks.measuring import take_turns
from benchmarks.rows import Row, duration, faster, rate

if TYPE_CHECKING:
    from benchmarks.sizes import Size
    from temporal_lineage.session import Session

NOTES = """\
START and COMPLETE of every run that wrote a pipeline of harvested Delta tables, as the Spark
listener sends them, in one file: up to three inputs with versions, one output with statistics.
Time is from the file to committed beliefs: every event kept, every run linked to the exact
versions it read and wrote, edges, flows and evidence written.
No other tool does this work, so there is no peer; the other rows show what a repetition costs, and
one run more on a table that many runs wrote before."""

_LAST = 2
"""Events of the run that comes last, and alone."""


def run(size: Size, folder: Path) -> Iterator[Row]:
    """Ingest all runs but the last, the same again, and the last one."""
    lake = write_lake(folder / "lake", size.lake)
    session = harvested(lake, folder / "ledger")
    events = lake.events.read_bytes().splitlines(keepends=True)
    many, one = folder / "many.ndjson", folder / "one.ndjson"
    many.write_bytes(b"".join(events[:-_LAST]))
    one.write_bytes(b"".join(events[-_LAST:]))
    count, runs = len(events) - _LAST, len(events) // 2 - 1
    edges = [len(size.lake.read_by(commit)) for commit in size.lake.commits()]
    before = _Kept(session, folder / "before.db")
    assert _ingested(session, many) == (count, 0, runs)
    assert _edges(session) == sum(edges[:-1])
    after = _Kept(session, folder / "after.db")
    assert _ingested(session, many) == (0, count, 0)
    assert _ingested(session, one) == (_LAST, 0, 1)
    assert _edges(session) == sum(edges)

    def ingesting(kept: _Kept, file: Path) -> float:
        kept.restore()
        start = time.perf_counter()
        _ingested(session, file)
        return time.perf_counter() - start

    firsts, repeats, others = take_turns(
        lambda: ingesting(before, many),
        lambda: ingesting(after, many),
        lambda: ingesting(after, one),
        rounds=size.rounds,
    )
    what = f"ingest and link {count:,} OpenLineage events of {runs:,} runs"
    yield Row(what, f"{duration(firsts)}, {rate(count, firsts)}", None, None)
    what = f"the same {count:,} events again"
    yield faster(what, ours=repeats, peer=firsts, peer_name="ours, the first time", goal=2.5)
    what = f"one run more, on a table that {size.lake.versions - 1} runs wrote before"
    yield Row(what, duration(others), None, None)


class _Kept:
    """A copy of the ledger as it is now, to go back to."""

    def __init__(self, session: Session, copy: Path) -> None:
        self._ledger = Path(session.workspace.ledger)
        self._copy = copy
        shutil.copy(self._ledger, copy)

    def restore(self) -> None:
        for end in ("-wal", "-shm"):
            self._ledger.with_name(self._ledger.name + end).unlink(missing_ok=True)
        shutil.copy(self._copy, self._ledger)


def _ingested(session: Session, file: Path) -> tuple[int, int, int]:
    report = session.ingest_openlineage([str(file)])
    assert not report.rejected, report.rejected
    assert not report.unresolved, report.unresolved
    return report.new, report.repeated, report.runs


def _edges(session: Session) -> int:
    import sqlite3
    from contextlib import closing

    with closing(sqlite3.connect(session.workspace.ledger)) as connection:
        ((count,),) = connection.execute(
            "SELECT count(*) FROM edge WHERE kind = 'edge' AND claim_id > 0"
        )
    return int(count)
