"""Memory of reproducing: the most that a process has while it writes a large state again."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

from benchmarks.reproducing import Trial
from benchmarks.rows import Row, larger, longer

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from benchmarks.sizes import Size

NOTES = """\
The table of *reproduce*, at `--size large` ten gigabytes of Parquet in 55 files.
Ours is a process that takes a lock, proves the files, writes all rows with digest and fingerprint,
and proves these; the peer is one in which pyarrow's dataset writer copies the same files.
Each works once, and the most memory that it ever had is told by the system."""

_OURS = """
import sys
from pathlib import Path
from temporal_lineage.session import Session, wall_clock
from temporal_lineage.workspace import Workspace
folder = Path(sys.argv[1])
session = Session(Workspace(folder, str(folder / "ledger.db")), clock=wall_clock)
session.reproduce(sys.argv[2], out=Path(sys.argv[3]))
"""
_THEIRS = """
import sys
from pyarrow import dataset
dataset.write_dataset(dataset.dataset(sys.argv[2]), sys.argv[3], format="parquet")
"""
_BEFORE = """
import time
start = time.perf_counter()
"""
_AFTER = """
from benchmarks.harvest_contenders import peak_bytes
print(peak_bytes(), time.perf_counter() - start)
"""


def run(size: Size, folder: Path) -> Iterator[Row]:
    """Let each reproduce the table in a process of its own."""
    trial = Trial(folder, size.reproduced_rows)
    ours = _peak(trial, _OURS, str(trial.lock), "ours")
    theirs = _peak(trial, _THEIRS, str(trial.table), "theirs")
    what = (
        f"reproducing {size.reproduced_rows:,} rows, {trial.size_bytes / 2**30:.1f} GiB of Parquet"
    )
    peer_name = "pyarrow dataset writer"
    yield larger(f"peak memory of {what}", ours=ours[:1], peer=theirs[:1], peer_name=peer_name)
    yield longer(what, ours=ours[1:], peer=theirs[1:], peer_name=peer_name)


def _peak(trial: Trial, script: str, source: str, name: str) -> tuple[float, float]:
    """Give the peak memory in bytes, and the seconds, of a process of its own."""
    words = [str(trial.folder / "home"), source, str(trial.folder / name)]
    done = subprocess.run(  # noqa: S603 - our own interpreter and our own script
        [sys.executable, "-c", _BEFORE + script + _AFTER, *words],
        capture_output=True,
        check=True,
        text=True,
    )
    octets, seconds = done.stdout.split()
    return float(octets), float(seconds)
