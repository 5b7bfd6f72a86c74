"""Ledgers as a whole: `python -m benchmarks.portable [--datasets N] [--write]`.

A catalogue's flow history is told to a SQLite ledger; then `tl ledger copy`, `check`, `export` and
`import` run on it, each in a process of its own, and on PostgreSQL too. What a process used is what
the kernel says of it; the server's share is not in it.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from multiprocessing import get_context
from pathlib import Path
from typing import NamedTuple

from benchmarks import machine
from benchmarks.flow_histories import FlowHistory
from benchmarks.flow_ledger import tell_flows
from benchmarks.postgresql_server import running_server

DATASETS = 10_000
"""Their history has about a million facts."""

PAGE = Path(__file__).with_name("portable.md")


class Used(NamedTuple):
    """What a process used."""

    what: str
    seconds: float
    cpu_seconds: float
    mib_max: int


def main() -> None:
    """Make the ledger, run each command once, print the table, and write the page if asked to."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.portable", description=__doc__)
    parser.add_argument("--datasets", type=int, default=DATASETS, metavar="N")
    parser.add_argument("--write", action="store_true", help=f"keep the figures in {PAGE.name}")
    arguments = parser.parse_args()
    before = machine.load() or 0
    with tempfile.TemporaryDirectory() as folder, running_server() as server:
        ledger = Path(folder) / "ledger.db"
        # Whoever is started by a large process is said to have been as large.
        telling = get_context("spawn").Process(target=tell, args=(ledger, arguments.datasets))
        telling.start()
        telling.join()
        rows = list(measured(Path(folder), str(ledger), server))
        facts, assertions = told(Path(folder))
    text = as_text(rows)
    print(text)
    if arguments.write:
        head = (
            "# Ledgers as a whole\n\n"
            f"What `python -m benchmarks.portable` measured once, on {machine.today()}: a ledger of"
            f" {assertions:,} assertions, which are {facts:,} facts.\n"
            f"{machine.described()}.\n"
            f"Load average before: {before:.1f}, after: {machine.load() or 0:.1f}; so the processor"
            " time says more than the seconds. That of PostgreSQL's server is not in it.\n\n"
        )
        PAGE.write_text(head + text, encoding="utf-8")


def tell(ledger: Path, datasets: int) -> None:
    """Make the ledger."""
    tell_flows(ledger, FlowHistory(datasets))


def measured(folder: Path, ledger: str, server: str) -> Iterator[Used]:
    """Run every command, from and to both databases."""
    yield run("check, SQLite", ledger, "check")
    yield run("copy, SQLite to SQLite", ledger, "copy", f"{folder}/copy.db")
    yield run("export, SQLite", ledger, "export", f"{folder}/out")
    yield run("import, SQLite", f"{folder}/again.db", "import", f"{folder}/out")
    yield run("copy, SQLite to PostgreSQL", ledger, "copy", server)
    yield run("check, PostgreSQL", server, "check")
    yield run("export, PostgreSQL", server, "export", f"{folder}/more")
    yield run("copy, PostgreSQL to SQLite", server, "copy", f"{folder}/back.db")
    dropped(server)
    yield run("import, PostgreSQL", server, "import", f"{folder}/out")


def run(what: str, ledger: str, *words: str) -> Used:
    """Run `tl ledger` in a process of its own, and see what it used."""
    command = [sys.executable, "-m", "temporal_lineage", "--ledger", ledger, "ledger", *words]
    started = time.monotonic()
    with subprocess.Popen(command, stdout=subprocess.DEVNULL) as process:  # noqa: S603 - our own
        _, status, used = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    assert process.returncode == 0, what
    cpu = used.ru_utime + used.ru_stime
    one = Used(what, time.monotonic() - started, cpu, used.ru_maxrss >> 10)
    print(one, flush=True)
    return one


def dropped(server: str) -> None:
    """Take the ledger out of a database."""
    import psycopg

    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute("DROP SCHEMA temporal_lineage CASCADE")


def told(folder: Path) -> tuple[int, int]:
    """Count the facts and the assertions of edges, where they were exported and where they are."""
    from pyarrow import dataset

    facts = dataset.dataset(folder / "out" / "edges").count_rows()
    kept = dataset.dataset(folder / "out" / "ledger_edge_assertion").count_rows()
    return facts, kept


def as_text(rows: list[Used]) -> str:
    """Write the table."""
    lines = ["| command | seconds | processor seconds | MiB at most |", "|---|---|---|---|"]
    lines += [
        f"| {one.what} | {one.seconds:.0f} | {one.cpu_seconds:.1f} | {one.mib_max} |"
        for one in rows
    ]
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    main()
