"""Run the benchmarks: `python -m benchmarks [--size SIZE] [--only NAME]... [--write]`."""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from benchmarks import (
    applying,
    closure,
    delta_history,
    erasing,
    harvesting,
    ingesting,
    large_tables,
    linking,
    machine,
    metadata_parsing,
    posting,
    provenance,
    reproducing,
    reproducing_memory,
    sql_reading,
    starting,
)
from benchmarks.report import as_page, as_text
from benchmarks.rows import Row
from benchmarks.sizes import SIZES, Size

Benchmark = Callable[[Size, Path], Iterator[Row]]

BENCHMARKS: dict[str, tuple[Benchmark, str]] = {
    "metadata": (metadata_parsing.run, metadata_parsing.NOTES),
    "delta": (delta_history.run, delta_history.NOTES),
    "harvest": (harvesting.run, harvesting.NOTES),
    "large": (large_tables.run, large_tables.NOTES),
    "commands": (starting.run, starting.NOTES),
    "provenance": (provenance.run, provenance.NOTES),
    "closure": (closure.run, closure.NOTES),
    "writing": (applying.run, applying.NOTES),
    "sql": (sql_reading.run, sql_reading.NOTES),
    "events": (ingesting.run, ingesting.NOTES),
    "linking": (linking.run, linking.NOTES),
    "posts": (posting.run, posting.NOTES),
    "erasure": (erasing.run, erasing.NOTES),
    "reproduce": (reproducing.run, reproducing.NOTES),
    "memory": (reproducing_memory.run, reproducing_memory.NOTES),
}

ALONE = ("large", "memory")
"""Those that are measured by name only: they take as long as all others, and have own pages."""

PAGE = Path(__file__).with_name("README.md")


def main() -> None:
    """Measure what was asked for, print the table, and write the page if that was asked too."""
    arguments = _parser().parse_args()
    names = arguments.only or [one for one in BENCHMARKS if one not in ALONE]
    size = SIZES[arguments.size]
    started, loads = time.perf_counter(), [machine.load()]
    rows: dict[str, list[Row]] = {}
    for name in names:
        print(f"{name} ...", file=sys.stderr, flush=True)
        rows[name] = measure(name, size)
        loads.append(machine.load())
    print(as_text([row for many in rows.values() for row in many]))
    if arguments.write:
        told = _circumstances(size, loads, time.perf_counter() - started)
        notes = {name: notes for name, (_, notes) in BENCHMARKS.items()}
        # What was measured alone stands on a page of its own.
        page = PAGE if arguments.only is None else PAGE.with_name(f"{'-'.join(names)}.md")
        page.write_text(as_page(rows, notes, circumstances=told))


def measure(name: str, size: Size) -> list[Row]:
    """Run one benchmark in a folder that is gone afterwards; tells each row when it is there."""
    run, _ = BENCHMARKS[name]
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        for row in run(size, Path(folder)):
            print("  ".join(filter(None, row.cells())), file=sys.stderr, flush=True)
            rows.append(row)
    return rows


def _circumstances(size: Size, loads: list[float | None], seconds: float) -> str:
    known = [load for load in loads if load is not None]
    busy = f"{min(known):.1f} to {max(known):.1f}" if known else "unknown"
    return (
        f"Measured on {machine.today()}, size `{size.name}`, {size.rounds} rounds"
        f" ({size.process_rounds} of commands), in {seconds / 60:.0f} minutes.\n"
        f"{machine.described()}.\n"
        f"Load average while measuring, the benchmarks themselves included: {busy}."
    )


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description="Measure, and print.")
    sizes = [name for name in SIZES if name != "tiny"]
    parser.add_argument("--size", choices=[*sizes, "tiny"], default="small")
    parser.add_argument("--only", action="append", choices=list(BENCHMARKS), metavar="NAME")
    parser.add_argument(
        "--write",
        action="store_true",
        help="keep the figures in README.md, those of --only in a page of their own",
    )
    return parser


if __name__ == "__main__":
    main()
