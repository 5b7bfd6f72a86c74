"""Posting events to a sink that runs as a process of its own, until all of them are safe."""

from __future__ import annotations

import http.client
import json
import re
import sqlite3
import subprocess
import sys
import time
import zlib
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from benchmarks.lakes import write_lake
from benchmarks.measuring import Contender, take_turns, timed
from benchmarks.rows import Row, faster

if TYPE_CHECKING:
    from benchmarks.sizes import Size

NOTES = """\
The events of the pipeline, posted over loopback to `tl serve`, a process of its own with an empty
ledger in SQLite that waits for the disk at each commit; one by one from sixteen connections, and a
hundred a request from four. Time is from the first post to the last answer with 2xx: parsed,
checked, and committed; linking follows behind the answers and is not waited for, though it takes
its share of the machine meanwhile.
The first peer writes the same packed bodies with their digests into one table with an index, in
the same SQLite settings, and commits as often as posters do: each event, or each hundred. It
parses nothing, and there is no network.
The second peer is what a client does before it posts: openlineage-python's own `Serde.to_json`.
Marquez publishes no figure: its load test (docs/load-testing.md there) names none."""

_POSTERS, _BATCHERS, _BATCH = 16, 4, 100


def run(size: Size, folder: Path) -> Iterator[Row]:
    """Post all events, one by one and in batches."""
    lake = write_lake(folder / "lake", size.lake)
    events = [line for line in lake.events.read_bytes().splitlines() if line.strip()]
    batches = [events[start : start + _BATCH] for start in range(0, len(events), _BATCH)]
    bodies = [b"[" + b",".join(batch) + b"]" for batch in batches]
    place = _Places(folder)
    singles, rows, packs, many, said = take_turns(
        lambda: _posting(place.ledger(), "/api/v1/lineage", events, _POSTERS, len(events)),
        timed(lambda: _written(place.ledger(), [[event] for event in events])),
        lambda: _posting(place.ledger(), "/api/v1/lineage/batch", bodies, _BATCHERS, len(events)),
        timed(lambda: _written(place.ledger(), batches)),
        _serialised(events),
        rounds=max(1, size.rounds // 2),
    )
    count = len(events)
    what = f"post {count:,} events one by one, until each is safe"
    commit = "sqlite3, a commit each, nothing parsed"
    yield faster(what, ours=singles, peer=rows, peer_name=commit, each=count)
    what = f"post {count:,} events, {_BATCH} a request, until each is safe"
    commit = f"sqlite3, a commit each {_BATCH}, nothing parsed"
    yield faster(what, ours=packs, peer=many, peer_name=commit, each=count)
    client = "openlineage-python `Serde.to_json` of the same events"
    yield faster("the same", ours=packs, peer=said, peer_name=client, each=count)


@dataclass(slots=True)
class _Places:
    folder: Path
    number: int = 0

    def ledger(self) -> Path:
        """Give a file that is not there yet."""
        self.number += 1
        return self.folder / f"posted-{self.number}.db"


def _posting(ledger: Path, path: str, bodies: Sequence[bytes], posters: int, count: int) -> float:
    """Post all bodies from so many connections; starting and stopping the server is not counted."""
    with _serving(ledger) as address:
        shares = [bodies[place::posters] for place in range(posters)]
        start = time.perf_counter()
        with ThreadPoolExecutor(posters) as pool:
            list(pool.map(lambda share: _post(address, path, share), shares))
        seconds = time.perf_counter() - start
    with closing(sqlite3.connect(ledger)) as connection:
        assert connection.execute("SELECT count(*) FROM event").fetchone() == (count,)
    return seconds


def _post(address: tuple[str, int], path: str, bodies: Sequence[bytes]) -> None:
    with closing(http.client.HTTPConnection(*address, timeout=60)) as connection:
        for body in bodies:
            connection.request("POST", path, body)
            answer = connection.getresponse()
            answer.read()
            assert answer.status in (200, 201), answer.status


@contextmanager
def _serving(ledger: Path) -> Iterator[tuple[str, int]]:
    command = [sys.executable, "-m", "temporal_lineage", "--ledger", str(ledger)]
    with subprocess.Popen(  # noqa: S603 - our own program
        [*command, "serve", "--port", "0"],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    ) as server:
        assert server.stderr is not None
        found = re.match(r"listening on (http://\S+?)/api", server.stderr.readline())
        assert found
        url = urlsplit(found[1])
        yield str(url.hostname), int(url.port or 0)
        server.terminate()


def _written(ledger: Path, batches: Sequence[Sequence[bytes]]) -> None:
    with closing(sqlite3.connect(ledger, isolation_level=None)) as connection:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = FULL")
        connection.execute("CREATE TABLE event (digest TEXT UNIQUE, body BLOB)")
        for batch in batches:
            rows = [(sha256(body).hexdigest(), zlib.compress(body)) for body in batch]
            connection.execute("BEGIN IMMEDIATE")
            connection.executemany("INSERT INTO event VALUES (?, ?)", rows)
            connection.execute("COMMIT")


def _serialised(events: Sequence[bytes]) -> Contender:
    """Make the client's objects of the events, and a contender that writes them as JSON."""
    from openlineage.client.event_v2 import InputDataset, Job, OutputDataset, Run, RunEvent
    from openlineage.client.event_v2 import RunState as State
    from openlineage.client.serde import Serde

    made = []
    for line in events:
        told = json.loads(line)
        made.append(
            RunEvent(
                eventType=State(told["eventType"]),
                eventTime=told["eventTime"],
                run=Run(told["run"]["runId"]),
                job=Job(told["job"]["namespace"], told["job"]["name"]),
                producer=told["producer"],
                inputs=[
                    InputDataset(one["namespace"], one["name"]) for one in told.get("inputs", [])
                ],
                outputs=[
                    OutputDataset(one["namespace"], one["name"]) for one in told.get("outputs", [])
                ],
            )
        )
    return timed(lambda: [Serde.to_json(one) for one in made])
