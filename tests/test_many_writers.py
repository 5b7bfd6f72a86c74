"""Many who write at once, each by a clock of its own: nothing is lost, doubled or out of order."""

from __future__ import annotations

import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import requests

from benchmarks.lakes import Lake, write_lake
from benchmarks.pipelines import Pipeline
from catalogs.configuration import CatalogEntry, CatalogKind, Configuration
from sink_server import await_true
from snapshots.instant import Instant
from snapshots.period import Period
from temporal_lineage.linking.pending import is_pending
from temporal_lineage.session import Session
from temporal_lineage.store.ledger import Ledger
from temporal_lineage.store.reader import open_reader
from temporal_lineage.store.transaction import AttributeAssertion, NodeKey
from temporal_lineage.workspace import FOLDER, Workspace
from torture.contents import NOW_FROM, Row, contents, faults
from transcripts import asked

PIPELINE = Pipeline(layers=2, width=3, versions=3, kept=3)
MINUTES, DAY = 60, 86_400
WAIT_SECONDS_MAX = 120

BY_ANOTHER_CLOCK = f"""
import sys, time_machine
from datetime import datetime, timezone
now = {NOW_FROM // 1_000_000 + DAY} + int(sys.argv.pop(1))
time_machine.travel(datetime.fromtimestamp(now, timezone.utc)).start()
from temporal_lineage.cli.entry import main
main()
"""


KEYS = {"edge", "attribute"}


class Project:
    """A lake with its events, and `tl` as processes that write to one ledger."""

    def __init__(self, folder: Path, lake: Lake, ledger: str) -> None:
        """Put the lake on the project's list of catalogs."""
        self.folder, self.lake, self.ledger = folder, lake, ledger
        place = {"location": str(lake.tables)}
        entry = CatalogEntry("lake", CatalogKind.FOLDER, place, "test")
        Configuration(folder / FOLDER).add(entry)

    def start(self, *words: str, skew: int) -> subprocess.Popen[str]:
        """Start `tl`, with a clock that is so many seconds off."""
        return subprocess.Popen(
            [sys.executable, "-c", BY_ANOTHER_CLOCK, str(skew), "--ledger", self.ledger, *words],
            cwd=self.folder,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def session(self) -> Session:
        """Do the same in this process, by a clock that is right."""
        now = Instant(NOW_FROM + DAY * 1_000_000)
        return Session(Workspace(self.folder / FOLDER, self.ledger), clock=lambda: now)

    @contextmanager
    def serving(self, *, skew: int) -> Iterator[str]:
        """Run `tl serve`; gives where it listens."""
        server = self.start("serve", "--port", "0", skew=skew)
        try:
            assert server.stderr is not None
            words = server.stderr.readline().split()
            assert words[:2] == ["listening", "on"], words
            yield words[2].rstrip(",")
            server.terminate()
            assert server.communicate(timeout=WAIT_SECONDS_MAX)[0].startswith("stopped")
        finally:
            server.kill()
            server.communicate()


def ended(process: subprocess.Popen[str]) -> None:
    out, err = process.communicate(timeout=WAIT_SECONDS_MAX)
    assert (process.returncode, err) == (0, ""), out + err


def test_harvests_an_ingest_and_a_sink_at_once_keep_what_one_after_another_does(
    ledger_url: str, tmp_path: Path
) -> None:
    lake = write_lake(tmp_path / "lake", PIPELINE)
    together = Project(tmp_path / "together", lake, ledger_url)
    serial = Project(tmp_path / "serial", lake, str(tmp_path / "serial.db"))
    with only_first_commits(lake):
        for project in (together, serial):
            project.session().harvest()
    events = lake.events.read_bytes().splitlines()
    with together.serving(skew=0) as url, ThreadPoolExecutor(3) as posters:
        writers = [
            together.start("harvest", skew=-7 * MINUTES),
            together.start("harvest", skew=7 * MINUTES),
            together.start("ingest", "openlineage", str(lake.events), skew=2 * MINUTES),
        ]
        answers = posters.map(lambda body: requests.post(url, data=body, timeout=60), events)
        assert {one.status_code for one in answers} == {201}
        for one in writers:
            ended(one)
        await_true(lambda: not waits(ledger_url))
    serial.session().harvest()
    serial.session().ingest_openlineage([str(lake.events)])
    assert believed(ledger_url) == believed(serial.ledger)
    assert faults(ledger_url) == []
    with open_reader(ledger_url) as reader:
        instants = [one.recorded_at for one in reader.transactions(limit=10_000)]
    assert instants == sorted(set(instants), reverse=True)
    # Everybody wrote after the one whose clock was ahead, and later than it.
    assert instants[0].micros > NOW_FROM + (DAY + 7 * MINUTES) * 1_000_000


def test_a_reader_answers_while_a_writer_holds_its_transaction_open(ledger_url: str) -> None:
    with Ledger.open(ledger_url, clock=lambda: Instant(1_000)) as ledger:
        for turn in range(3):
            with ledger.transaction(source="test", note="") as transaction:
                nodes = transaction.nodes([NodeKey("thing", 0, f"{turn}")])
                transaction.assert_attributes(
                    AttributeAssertion(one, "k", "", Period.since(Instant(5)), f"{turn}")
                    for one in nodes
                )
                # By another connection, with what was committed.
                with open_reader(ledger_url) as reader:
                    assert len(reader.transactions(limit=9)) == turn
                assert asked("--ledger", ledger_url, "ledger", "check").status == 0


def believed(ledger: str) -> Counter[Row]:
    """Give what a ledger holds, without the keys of which nothing is believed any more."""
    found = contents(ledger)
    return Counter({row: times for row, times in found.items() if row[0] not in KEYS or row[4:]})


@contextmanager
def only_first_commits(lake: Lake) -> Iterator[None]:
    """Hide all later commits of the tables: their names are known before their events come."""
    hidden = [one for one in lake.tables.rglob("_delta_log/*.json") if int(one.stem) > 0]
    for one in hidden:
        one.rename(one.with_suffix(".later"))
    yield
    for one in hidden:
        one.with_suffix(".later").rename(one)


def waits(ledger: str) -> bool:
    with open_reader(ledger) as reader:
        return is_pending(reader)
