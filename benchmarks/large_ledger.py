"""A large ledger in PostgreSQL: `python -m benchmarks.large_ledger [--catalogues N] [--write]`.

One catalogue after another of 100,000 datasets and ten million facts is loaded into one ledger, and
the same questions are asked after each step, so that how they grow is seen.
"""

from __future__ import annotations

import argparse
import math
import time
from functools import partial
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING, NamedTuple

from benchmarks import machine
from benchmarks.binary_copy import Column, packed
from benchmarks.flow_histories import CLAIMS, FlowHistory, name
from benchmarks.flow_ledger import flow_claim
from benchmarks.flow_log import Log
from benchmarks.measuring import take_turns, timed
from benchmarks.postgresql_server import running_server
from benchmarks.report import as_page, as_text
from benchmarks.rows import Row, duration, size, within
from temporal_lineage.claims import encode
from temporal_lineage.facts import AsOf
from temporal_lineage.keys import EdgeKind, NodeKind
from temporal_lineage.naming import unharvested_identity
from temporal_lineage.store.ledger import Ledger

if TYPE_CHECKING:
    from collections.abc import Iterator

    import psycopg

    from snapshots.instant import Instant

NOTES = """\
Each catalogue is that of [closure](closure.md): four edges a dataset, told fourteen times each in
two years, which leaves twenty-five rectangles of valid and system time an edge, ten million facts.
All of it lies in the ledger's own tables with the ledger's own indexes, loaded by binary COPY as
packed by numpy, vacuumed and analysed before it is asked; then the state kept of every edge of the
first catalogue is compared with what its log leads to.
*Walk* is our one statement, which gives every dataset that one is made from at any distance, now,
and a year ago as known a year ago; it is asked of the last catalogue that was loaded.
The database runs on the same two cores, without fsync."""

STEPS = (1, 2, 5, 10)
"""After how many catalogues questions are asked."""

DATASETS = 100_000
FACTS = 10_000_000
ROUNDS = 7
_LIMIT = 10**6

PAGE = Path(__file__).with_name("large_ledger.md")


def main() -> None:
    """Load and ask, print the table, and write the page if that was asked for."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.large_ledger", description=__doc__)
    parser.add_argument("--catalogues", type=int, default=STEPS[-1], metavar="N")
    parser.add_argument("--datasets", type=int, default=DATASETS, metavar="N")
    parser.add_argument("--write", action="store_true", help=f"keep the figures in {PAGE.name}")
    arguments = parser.parse_args()
    started, before = time.perf_counter(), machine.load()
    history = FlowHistory(arguments.datasets)
    with running_server() as url:
        rows = list(measured(url, history, catalogues=arguments.catalogues))
    print(as_text(rows))
    if arguments.write:
        minutes = (time.perf_counter() - started) / 60
        told = (
            f"Measured on {machine.today()} by `make bench-large`, {ROUNDS} rounds,"
            f" in {minutes:.0f} minutes.\n{machine.described()}.\n"
            f"Load average before: {before or 0:.1f}, after: {machine.load() or 0:.1f}."
        )
        PAGE.write_text(
            as_page({"large_ledger": rows}, {"large_ledger": NOTES}, circumstances=told)
        )


def measured(url: str, history: FlowHistory, *, catalogues: int) -> Iterator[Row]:
    """Load so many catalogues, and measure at each step."""
    import psycopg

    Ledger.open(url, clock=lambda: history.now).close()
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("SET search_path TO temporal_lineage")
        _load_transactions(connection, history)
        assertions = len(history.told.edge)
        seconds: list[float] = []
        walks: list[_Walk] = []
        for catalogue in range(catalogues):
            start = time.perf_counter()
            _load_catalogue(connection, history, catalogue)
            seconds.append(time.perf_counter() - start)
            if catalogue + 1 in STEPS or catalogue + 1 == catalogues:
                connection.execute("VACUUM ANALYZE")
                if not catalogue:
                    _check(url, history)
                facts = FACTS * history.datasets // DATASETS * (catalogue + 1)
                yield _loaded(connection, facts, assertions, seconds)
                asked = _asked(url, history, catalogue, facts)
                yield from (one.row() for one in asked)
                walks += asked
    yield from _growth(walks)


def _loaded(
    connection: psycopg.Connection, facts: int, assertions: int, seconds: list[float]
) -> Row:
    """Tell how quickly the last catalogue was loaded, and how large all of them lie."""
    ((octets,),) = connection.execute("SELECT pg_database_size(current_database())").fetchall()
    pace = f"{assertions / seconds[-1]:,.0f} assertions/s"
    told = f"{pace}, {size([octets])}, {octets / facts:.0f} bytes a fact"
    return Row(f"load the last of {facts:,} facts", told, None, None)


class _Walk(NamedTuple):
    """One question, among how many facts it was asked, and how long its answers took."""

    what: str
    facts: int
    seconds: tuple[float, ...]

    def row(self) -> Row:
        """Give it as a line of the table."""
        return within(f"{self.what}, {self.facts:,} facts", ours=self.seconds, seconds_max=None)


def _growth(walks: list[_Walk]) -> Iterator[Row]:
    """Say how each question grows with the facts, and what that means for ten times as many."""
    for what in dict.fromkeys(one.what for one in walks):
        asked = [one for one in walks if one.what == what]
        first, last = asked[0], asked[-1]
        if first.facts == last.facts:
            continue
        times = median(last.seconds) / median(first.seconds)
        slope = math.log(times) / math.log(last.facts / first.facts)
        beyond = [one * 10**slope for one in last.seconds]
        told = f"{times:.2f}x from {first.facts:,} to {last.facts:,}, as facts^{slope:.2f}"
        far = f"{last.facts * 10:,} would take {duration(beyond)}"
        yield Row(f"{what}, growth", f"{told}; {far}", None, None)


def _asked(url: str, history: FlowHistory, catalogue: int, facts: int) -> list[_Walk]:
    walks = []
    with (
        Ledger.open(url, clock=lambda: history.now) as ledger,
        ledger.reading() as reader,
    ):
        for when, at in (("now", history.now), ("a year ago", history.middle)):
            for root in history.roots:
                node_id = catalogue * history.datasets + root + 1
                walk = partial(
                    reader.reached_into,
                    node_ids=[node_id],
                    kind=EdgeKind.FLOW,
                    as_of=AsOf(valid=at, system=at),
                    limit=_LIMIT,
                )
                what = f"walk to {len(walk()):,} datasets, {when}"
                (times,) = take_turns(timed(walk), rounds=ROUNDS)
                walks.append(_Walk(what, facts, times))
    return walks


def _check(url: str, history: FlowHistory) -> None:
    """Find that what was loaded is a ledger: every edge's state is what its log leads to."""
    with Ledger.open(url, clock=lambda: history.now) as ledger:
        assert not ledger.check()


def _load_transactions(connection: psycopg.Connection, history: FlowHistory) -> None:
    batches = int(history.told.batch[-1]) + 1
    first: Instant = history.recorded(-1)
    instants = [first.micros, *(history.recorded(one).micros for one in range(batches))]
    with connection.cursor() as cursor:
        with cursor.copy("COPY tx FROM STDIN") as copy:
            for number, instant in enumerate(instants, start=1):
                copy.write_row((number, instant, "benchmark", ""))
        with cursor.copy("COPY claim (claim_id, digest, body) FROM STDIN") as copy:
            for number in range(1, CLAIMS + 1):
                copy.write_row((number, f"{number:064x}", encode(flow_claim(number))))


def _load_catalogue(connection: psycopg.Connection, history: FlowHistory, number: int) -> None:
    """Load one more catalogue: its datasets, its edges with their states, and their logs."""
    import numpy as np

    nodes, edges = number * history.datasets, number * len(history.edges[0])
    with connection.cursor() as cursor, cursor.copy("COPY node FROM STDIN") as copy:
        for dataset in range(history.datasets):
            identity = unharvested_identity(name(nodes + dataset))
            copy.write_row((nodes + dataset + 1, NodeKind.DATASET, 0, identity))
    log = Log.of(history)
    sources, targets = history.edges
    count = len(sources)
    state = log.states(count)
    _copy(
        connection,
        "edge",
        [
            *((sources + nodes + 1, 4), EdgeKind.FLOW.value.encode(), (targets + nodes + 1, 4)),
            (np.arange(count) + edges + 1, 4),
            *((state.last_tx, 4), (state.since, 8), (state.open_tx, 4), (state.claim_id, 4)),
        ],
        rows=count,
    )
    _copy(
        connection,
        "edge_assertion",
        [
            *((log.edge + edges + 1, 4), (log.rank, 8)),
            *((log.start, 8), (log.end, 8), (log.claim, 4)),
        ],
        rows=len(log.edge),
    )


def _copy(connection: psycopg.Connection, table: str, columns: list[Column], *, rows: int) -> None:
    statement = f"COPY {table} FROM STDIN (FORMAT BINARY)"
    with connection.cursor() as cursor, cursor.copy(statement) as copy:
        for piece in packed(columns, rows=rows):
            copy.write(piece)


if __name__ == "__main__":
    main()
