"""Memory over a million events: `python -m benchmarks.million [--events N]`.

Events of made-up runs on twenty tables that nobody harvested, in one file, taken in and linked by
one `tl ingest openlineage`; every fifteen seconds the memory of the process is looked at. Then the
same file is taken in once more, and nothing may change.
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from temporal_lineage.store.reader import open_reader

TABLES = 20
LOOK_SECONDS = 15
BEGIN = datetime(2026, 1, 1, tzinfo=UTC)


def main() -> None:
    """Write the file, ingest it twice, print a line for each look, and what `tl` said each time."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.million", description=__doc__)
    parser.add_argument("--events", type=int, default=1_000_000, metavar="N")
    count: int = parser.parse_args().events
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "events.ndjson"
        with file.open("w", encoding="utf-8") as out:
            out.writelines(json.dumps(event) + "\n" for event in events(count))
        ledger = Path(folder) / "ledger.db"
        said = ingest(file, ledger)
        print(said.in_words())
        again = ingest(file, ledger)
        print(f"the same file again: {again.in_words()}")
    assert f" 0 new of 0 runs, {count} known already, 0 rejected" in again.words, again.words
    assert again.last_transaction == said.last_transaction, "the replay changed the ledger"


def events(count: int) -> Iterator[dict[str, Any]]:
    """Yield START and COMPLETE of one run after another; each table has a job of its own."""
    for number in range(count):
        run, is_end = divmod(number, 2)
        at = BEGIN + timedelta(seconds=40 * run + 30 * is_end)
        table = run % TABLES
        yield {
            "eventType": "COMPLETE" if is_end else "START",
            "eventTime": at.isoformat(),
            "producer": "https://example.org/jobs",
            "run": {"runId": f"00000000-0000-4000-8000-{run:012d}"},
            "job": {"namespace": "jobs", "name": f"job{table}"},
            "inputs": [{"namespace": "s3://lake", "name": f"raw/t{table}"}],
            "outputs": [{"namespace": "s3://lake", "name": f"out/t{table}"}],
        }


@dataclass(frozen=True)
class Said:
    """What `tl` said of an ingest, how long it took, and the ledger's last transaction then."""

    words: str
    seconds: float
    cpu_seconds: float
    last_transaction: int

    def in_words(self) -> str:
        """Write it for people."""
        return f"{self.words}, in {self.seconds:.0f} s, {self.cpu_seconds:.0f} s of processor time"


def ingest(file: Path, ledger: Path) -> Said:
    """Take the file in by a process of its own, and look at it every few seconds (on Linux)."""
    words = [sys.executable, "-m", "temporal_lineage", "--ledger", str(ledger)]
    print("| seconds | MiB now | MiB at most | ledger MiB |\n| --- | --- | --- | --- |")
    started, used = time.monotonic(), _children_seconds()
    with subprocess.Popen(  # noqa: S603 - our own program
        [*words, "ingest", "openlineage", str(file)], stdout=subprocess.PIPE, text=True
    ) as process:
        while _runs_on(process):
            memory = _memory(process.pid)
            if memory is not None:
                size = ledger.stat().st_size >> 20 if ledger.exists() else 0
                seconds = time.monotonic() - started
                print(f"| {seconds:.0f} | {memory[0]} | {memory[1]} | {size} |", flush=True)
        assert process.stdout is not None
        said = process.stdout.readline().strip()
    assert process.returncode == 0, said
    seconds = time.monotonic() - started
    with open_reader(str(ledger)) as reader:
        last = reader.transactions(limit=1)[0].tx_id
    return Said(said, seconds, _children_seconds() - used, last)


def _runs_on(process: subprocess.Popen[str]) -> bool:
    """Wait for the next look; tells whether there is anything to look at still."""
    try:
        process.wait(LOOK_SECONDS)
    except subprocess.TimeoutExpired:
        return True
    return False


def _children_seconds() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def _memory(pid: int) -> tuple[int, int] | None:
    """Give the resident memory of a process now and at most, in MiB; None once it has ended."""
    try:
        lines = Path(f"/proc/{pid}/status").read_text(encoding="utf-8").splitlines()
    except OSError:
        return None
    found = {line.split(":")[0]: line for line in lines}
    if "VmRSS" not in found:
        return None
    now, most = (int(found[key].split()[1]) >> 10 for key in ("VmRSS", "VmHWM"))
    return now, most


if __name__ == "__main__":
    main()
