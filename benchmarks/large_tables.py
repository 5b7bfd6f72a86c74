"""Harvesting one large table: many snapshots of many files, of either format."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING

from benchmarks.large_delta import write_large_log
from benchmarks.large_iceberg import LargeTable
from benchmarks.rows import Row, duration, size

if TYPE_CHECKING:
    from benchmarks.sizes import Size

NOTES = """\
One table that grows by ten files a commit; in one of a hundred commits as many leave.
The Iceberg table has manifests with statistics of ten columns, merged a hundred at a time, and its
last hundred metadata files, each listing every snapshot so far.
The Delta log has statistics in each add, and checkpoints by delta-rs in its middle and at its end.
Both are harvested into an empty ledger, by a process of its own each time, imports included: every
snapshot with its commit point, every file with the states it lives in, whose rows live where, and
what rebuilds each state from its data files alone.
Then the same again, with nothing new; then the verdict on every state, each file looked for once.
There are no data files: looking for what is not there takes as long.
At size `medium` it is done once, not in rounds, so its figures are single ones.
No other tool does this work, so there is no peer."""

FILES_EACH = 10


def run(amount: Size, folder: Path) -> Iterator[Row]:
    """Harvest a large table of each format."""
    commits = amount.large_commits
    table = LargeTable(folder / "iceberg", FILES_EACH)
    table.grow(commits)
    yield from _rows("Iceberg", folder / "iceberg", folder, amount)
    write_large_log(folder / "delta", commits=commits, files_each=FILES_EACH)
    yield from _rows("Delta", folder / "delta", folder, amount)


def _rows(kind: str, table: Path, folder: Path, amount: Size) -> Iterator[Row]:
    commits = amount.large_commits
    told = [_harvested(table, folder / f"{kind} {n}") for n in range(amount.large_rounds)]
    leaving = FILES_EACH * len(range(50, commits, 100))
    assert all(one["states"] == commits for one in told), told
    assert all(one["live_files"] == commits * FILES_EACH - leaving for one in told), told
    first, again, verdicts = zip(*(one["seconds"] for one in told), strict=True)
    what = f"{kind} table of {commits:,} snapshots and {commits * FILES_EACH:,} files"
    yield Row(f"harvest one {what}, first time", duration(first), None, None)
    yield Row("the same again, nothing new", duration(again), None, None)
    yield Row(f"verdicts on all its {commits:,} states", duration(verdicts), None, None)
    peaks = [one["peak_bytes"] for one in told]
    yield Row("peak memory of that harvest", size(peaks), None, None)
    kept = [one["ledger_bytes"] for one in told]
    each = median(kept) / (commits * FILES_EACH)
    yield Row("its ledger", f"{size(kept)}, {each:.0f} bytes a file", None, None)


def _harvested(table: Path, folder: Path) -> dict[str, float]:
    command = [sys.executable, "-m", "benchmarks.large_contenders", str(table), str(folder)]
    done = subprocess.run(command, check=True, capture_output=True, text=True)  # noqa: S603 - our own module
    told: dict[str, float] = json.loads(done.stdout)
    return told
