"""Memory over a million events: `python -m benchmarks.million [--events N]`.

Events of made-up runs on twenty tables that nobody harvested, in one file, taken in and linked by
one `tl ingest openlineage`; every fifteen seconds the memory of the process is looked at.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

TABLES = 20
LOOK_SECONDS = 15
BEGIN = datetime(2026, 1, 1, tzinfo=UTC)


def main() -> None:
    """Write the file, ingest it, print a line for each look, and what `tl` said at the end."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.million", description=__doc__)
    parser.add_argument("--events", type=int, default=1_000_000, metavar="N")
    count: int = parser.parse_args().events
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "events.ndjson"
        with file.open("w", encoding="utf-8") as out:
            out.writelines(json.dumps(event) + "\n" for event in events(count))
        print("| seconds | MiB now | MiB at most | ledger MiB |\n| --- | --- | --- | --- |")
        said = ingest(file, Path(folder) / "ledger.db")
    print(said)


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


def ingest(file: Path, ledger: Path) -> str:
    """Take the file in by a process of its own, and look at it every few seconds (on Linux)."""
    words = [sys.executable, "-m", "temporal_lineage", "--ledger", str(ledger)]
    started = time.monotonic()
    with subprocess.Popen(  # noqa: S603 - our own program
        [*words, "ingest", "openlineage", str(file)], stdout=subprocess.PIPE, text=True
    ) as process:
        while process.poll() is None:
            time.sleep(LOOK_SECONDS)
            memory = _memory(process.pid)
            if memory is not None:
                size = ledger.stat().st_size >> 20 if ledger.exists() else 0
                seconds = time.monotonic() - started
                print(f"| {seconds:.0f} | {memory[0]} | {memory[1]} | {size} |", flush=True)
        assert process.stdout is not None
        said = process.stdout.readline().strip()
    assert process.returncode == 0, said
    return f"{said}, in {time.monotonic() - started:.0f} s"


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
