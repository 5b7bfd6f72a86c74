"""The short form of `make torture`: some kills of every work, and proof that a fault is found."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

TESTS = Path(__file__).resolve().parent
SEED = "7"

DOUBLING = """
from temporal_lineage.store.ledger import Ledger
from temporal_lineage.store.transaction import NodeKey
from torture.kills import torture
from torture.works import Work

def run(place):
    with Ledger.open(place.ledger, clock=place.clock()) as ledger:
        for number in range(20):
            with ledger.transaction(source="t", note="") as transaction:
                transaction.nodes([NodeKey("thing", 0, f"{place.since} {number}")])

work = Work("doubling", "harvested", run)
(tally,) = torture(databases=["sqlite"], works=[work], kills=3, seed=1, seconds_max=60)
print(tally.faults)
"""


def python(*words: str) -> subprocess.CompletedProcess[str]:
    """Run it in a process of its own: children are forked from one that has no threads."""
    return subprocess.run(
        [sys.executable, *words],
        cwd=TESTS,
        capture_output=True,
        text=True,
        check=False,
        timeout=900,
    )


def tortured(database: str, *words: str) -> subprocess.CompletedProcess[str]:
    return python("-m", "torture", "kills", "--database", database, *words)


def test_every_work_on_sqlite_survives_kills() -> None:
    done = tortured("sqlite", "--kills", "3", "--seed", SEED)
    assert (done.returncode, done.stderr) == (0, ""), done.stdout
    lines = done.stdout.splitlines()[1:6]
    works = {"harvest", "ingest", "link", "migrate", "reproduce"}
    assert {line.split()[0] for line in lines} == works
    assert all(" 3 kills" in line and " 0 faults" in line for line in lines)


def test_what_is_written_to_postgresql_survives_kills(postgresql_server: str) -> None:
    works = ["--work", "harvest", "--work", "ingest"]
    done = tortured("postgresql", "--kills", "2", *works)
    assert (done.returncode, done.stderr) == (0, ""), done.stdout
    assert done.stdout.count(" 2 kills") == 2


def test_a_work_that_starts_anew_instead_of_going_on_is_found_out() -> None:
    done = python("-c", DOUBLING)
    assert done.returncode == 0, done.stderr
    assert "lost: ('node', 'thing'" in done.stdout
    assert "not there without kills: ('node', 'thing'" in done.stdout
