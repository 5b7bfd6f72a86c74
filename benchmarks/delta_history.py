"""Reading the history of a Delta table whose log is long."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.delta_logs import Commit, write_log
from benchmarks.measuring import take_turns, timed
from benchmarks.rows import Row, faster

if TYPE_CHECKING:
    from benchmarks.sizes import Size

NOTES = """\
A log of commit files alone, without a checkpoint, with statistics in each add and twenty schemas.
We list the log, decode every commit, give each version its instant, its counts and its schema.
`DeltaTable.history()` gives the `commitInfo` of each version and no schema.
The first row starts from the table's path on both sides, as a program does; delta-rs then builds
the table's state too, which it cannot be told to leave out.
The second row gives delta-rs an open table and counts `history()` alone."""

_SCHEMAS = 20
_COLUMNS = tuple(f"column_{number}" for number in range(10))


def run(size: Size, folder: Path) -> Iterator[Row]:
    """Compare the whole history with schemas against `commitInfo` alone."""
    from deltalake import DeltaTable

    from catalogs.delta.source import DeltaSource
    from catalogs.storage import Storage

    root = folder / "delta" / "orders"
    write_log(root, [_commit(version, size.commits) for version in range(size.commits)])

    def ours() -> DeltaSource:
        return DeltaSource(str(root), storage=Storage({}), options={})

    history = ours().history(known=None)
    opened = DeltaTable(str(root))
    theirs = sorted((one["version"], one["timestamp"]) for one in opened.history())
    assert theirs == [
        (one.snapshot_id, one.committed_at.micros // 1000) for one in history.snapshots
    ]
    assert len(history.schemas) == _SCHEMAS
    assert len(opened.schema().fields) == len(history.schemas[-1].fields)
    reading, opening, telling = take_turns(
        timed(lambda: ours().history(known=None)),
        timed(lambda: DeltaTable(str(root)).history()),
        timed(opened.history),
        rounds=size.rounds,
    )
    what = f"Delta history with schemas, {size.commits:,} commits"
    peer = "deltalake `DeltaTable(path).history()`, no schemas"
    yield faster(what, ours=reading, peer=opening, peer_name=peer, goal=3)
    peer = "`history()` alone on an open table, no schemas"
    yield faster(what, ours=reading, peer=telling, peer_name=peer, goal=3)


def _commit(version: int, count: int) -> Commit:
    step = max(1, count // _SCHEMAS)
    changes = version % step == 0
    added = tuple(f"added_{number}" for number in range(version // step))
    return Commit(
        micros=1_767_225_600_000_000 + version * 60_000_000,
        columns=(*_COLUMNS, *added) if changes else None,
        adds=f"part-{version:05d}.snappy.parquet",
        removes=(),
    )
