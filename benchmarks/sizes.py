"""Sizes: how much work each benchmark does."""

from __future__ import annotations

from dataclasses import dataclass, replace

from benchmarks.pipelines import Pipeline


@dataclass(frozen=True, slots=True)
class Size:
    """How much there is of everything, and how often each contender works."""

    name: str
    rounds: int
    process_rounds: int
    """Starting a program takes no time, and what else the machine does shows the more."""
    snapshots: int
    commits: int
    tables: int
    assertions: int
    large_commits: int
    """Of one table that gets ten files with each."""
    large_rounds: int
    """Nobody else does that work, so nothing is compared."""
    linked_runs: tuple[int, ...]
    """How many runs wrote a table before one run more is linked."""
    lake: Pipeline
    """Harvested and ingested: its events are counted, and the commands ask its ledger."""
    graph: Pipeline
    """Written straight into a ledger, for questions about many states."""
    appends: int
    """To one table, of which nothing is ever removed."""
    datasets: int
    """Of a catalogue told about a hundred times as often as there are datasets."""
    connected: tuple[int, ...]
    """Datasets of the graphs that are asked by Marquez's design, which takes their square."""
    reproduced_rows: int
    """Of one table, about 40 bytes each on the disk."""


TINY = Size(
    name="tiny",
    rounds=1,
    process_rounds=1,
    snapshots=50,
    commits=40,
    tables=2,
    assertions=500,
    large_commits=120,
    large_rounds=1,
    linked_runs=(10, 20),
    lake=Pipeline(layers=2, width=3, versions=12, kept=10),
    graph=Pipeline(layers=3, width=3, versions=12, kept=10),
    appends=30,
    datasets=60,
    connected=(60,),
    reproduced_rows=4_000,
)
"""For the test that keeps the benchmarks working; its figures mean nothing."""

SMALL = Size(
    name="small",
    rounds=7,
    process_rounds=15,
    snapshots=10_000,
    commits=2_000,
    tables=100,
    assertions=20_000,
    large_commits=1_000,
    large_rounds=7,
    linked_runs=(100, 2_000),
    lake=Pipeline(layers=4, width=5, versions=30, kept=10),
    graph=Pipeline(layers=8, width=10, versions=50, kept=10),
    appends=10_000,
    datasets=1_000,
    connected=(300,),
    reproduced_rows=400_000,
)

MEDIUM = Size(
    name="medium",
    rounds=7,
    process_rounds=15,
    snapshots=10_000,
    commits=10_000,
    tables=1_000,
    assertions=50_000,
    large_commits=10_000,
    large_rounds=1,
    linked_runs=(100, 2_000, 7_500),
    lake=Pipeline(layers=4, width=5, versions=120, kept=10),
    graph=Pipeline(layers=8, width=80, versions=64, kept=10),
    appends=10_000,
    datasets=10_000,
    connected=(1_000,),
    reproduced_rows=4_000_000,
)

LARGE = replace(
    MEDIUM,
    name="large",
    appends=100_000,
    datasets=100_000,
    connected=(1_000, 10_000),
    reproduced_rows=220_000_000,
)
"""Ten million facts, ten gigabytes of Parquet: only what is asked by name, as `--only closure`, is
worth its hours."""

SIZES = {one.name: one for one in (TINY, SMALL, MEDIUM, LARGE)}
