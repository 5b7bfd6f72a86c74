"""Harvesting a warehouse: all of it the first time, and again when nothing is new."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.measuring import take_turns
from benchmarks.rows import Row, faster, larger, rate
from benchmarks.warehouses import write_warehouse

if TYPE_CHECKING:
    from benchmarks.measuring import Contender
    from benchmarks.sizes import Size

NOTES = """\
Tables written by pyiceberg into its SQLite catalog, of 1, 2, 3, 4 or 10 commits in turn.
Every contender works in a process of its own, warmed up on another small warehouse, so that no
import is counted; its memory is the most the process ever had.
The work is not the same.
Listing loads every table and lists its snapshots: nothing else is read, nothing is kept.
Reading also reads the older metadata files and the manifests each snapshot added, which a harvest
needs for what was current when and for whose rows live where; it keeps nothing.
A harvest does all that, works out schemas, refs and contributions, and keeps them in a ledger,
one transaction a table."""


@dataclass(slots=True)
class _Process:
    """Runs a contender again and again, and keeps what each run said."""

    name: str
    folder: Path
    again: list[float]
    peaks: list[float]
    answers: dict[str, str]

    def contend(self) -> float:
        command = [sys.executable, "-m", "benchmarks.harvest_contenders", self.name]
        command += [str(self.folder / "real"), str(self.folder / "warmup")]
        done = subprocess.run(command, check=True, capture_output=True, text=True)  # noqa: S603 - our own module
        told = json.loads(done.stdout)
        first, *again = told["seconds"]
        self.again += again
        self.peaks.append(told["peak_bytes"])
        self.answers = told["answers"]
        return float(first)


def run(size: Size, folder: Path) -> Iterator[Row]:
    """Compare a harvest against what pyiceberg needs to look at the same tables."""
    write_warehouse(folder / "warmup", tables=2)
    commits = write_warehouse(folder / "real", tables=size.tables)
    ours, listing, reading = (
        _Process(name, folder, [], [], {}) for name in ("ours", "listing", "reading")
    )
    contenders: Sequence[Contender] = [one.contend for one in (ours, listing, reading)]
    # Each warms up by itself.
    first, listed, read = take_turns(*contenders, rounds=size.rounds, rounds_before=0)
    for peer in (listing, reading):
        assert peer.answers[peer.name] == ours.answers[peer.name]
    what = f"harvest {size.tables:,} Iceberg tables, {commits:,} snapshots, first time"
    name = "pyiceberg listing every table's snapshots"
    yield faster(what, ours=first, peer=listed, peer_name=name)
    name = "pyiceberg reading the same files, keeping nothing"
    yield faster(what, ours=first, peer=read, peer_name=name)
    name = "pyiceberg listing every table's snapshots again"
    what = "the same again, nothing new"
    yield faster(what, ours=ours.again, peer=listing.again, peer_name=name)
    what = "peak memory of the harvest"
    yield larger(what, ours=ours.peaks, peer=listing.peaks, peer_name="pyiceberg listing")
    yield Row("tables harvested a second, first time", rate(size.tables, first), None, None)
