"""`tl ledger`: the commands say what they found, in every shape, and how it ended."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from transcripts import Told, asked, at_home, project, told_lake


@pytest.fixture
def own(tmp_path: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A project with a copy of the demo's ledger."""
    told: Told = told_lake(tmp_path_factory.getbasetemp())
    folder = project(told, tmp_path)
    with at_home(folder):
        yield folder / ".temporal-lineage" / "ledger.db"


def report(*words: str) -> dict[str, object]:
    body: dict[str, object] = json.loads(asked("ledger", *words, "--output", "json").out)["report"]
    return body


def test_the_description_counts_what_is_there(own: Path) -> None:
    told = report("info")
    with closing(sqlite3.connect(own)) as connection:
        ((nodes,),) = connection.execute("SELECT count(*) FROM node")
    tables = {one["table"]: one for one in told["tables"]}  # type: ignore[attr-defined]
    assert tables["node"]["rows"] == nodes
    assert told["transactions"] == tables["tx"]["rows"]
    assert told["may_write"] is True
    assert str(told["location"]) == str(own)
    lines = asked("ledger", "info", "--output", "ndjson").out.splitlines()
    assert [json.loads(line)["table"] for line in lines] == list(tables)


def test_a_sound_ledger_ends_with_0_and_a_broken_one_with_3(own: Path) -> None:
    assert asked("ledger", "check").status == 0
    with closing(sqlite3.connect(own)) as connection:
        connection.execute("UPDATE edge SET since = 5 WHERE edge_id IN (1, 2)")
        connection.commit()
    found = asked("ledger", "check", "--limit", "1")
    assert found.status == 3
    assert found.out.startswith("! cache: edge 1, transaction ")
    assert "1 more are left out" in found.out
    assert found.out.splitlines()[-1].endswith("2 breaches; 22 transactions, 60 rules")
    rows = asked("ledger", "check", "--output", "ndjson").out.splitlines()
    assert [(one["rule"], one["table"], one["key"]) for one in map(json.loads, rows)] == [
        ("cache", "edge", "1"),
        ("cache", "edge", "2"),
    ]
    repaired = asked("ledger", "check", "--repair")
    assert (repaired.status, repaired.out.splitlines()[0]) == (
        0,
        "2 cached rows made anew from the log",
    )


@pytest.mark.parametrize("command", ["info", "check"])
def test_where_there_is_no_ledger_one_line_says_so(command: str, tmp_path: Path) -> None:
    done = asked("--ledger", str(tmp_path / "none.db"), "ledger", command)
    assert (done.status, done.out, done.err.count("\n")) == (1, "", 1)
    assert "does not exist yet" in done.err
    assert list(tmp_path.iterdir()) == []


def test_a_file_that_is_cut_short_is_told_in_one_line(own: Path) -> None:
    with closing(sqlite3.connect(own)) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    own.write_bytes(own.read_bytes()[:100_000])
    done = asked("ledger", "check")
    assert done.status in {1, 3}
    assert "Traceback" not in done.err
    assert done.err.count("\n") <= 1


def test_the_adjacency_is_made_looked_at_and_removed(own: Path) -> None:
    assert report("adjacency", "--check")["state"] == "absent"
    made = report("adjacency")
    assert (made["state"], made["behind"]) == ("used", 0)
    assert made["size_bytes"] == own.with_name("ledger.db.flows").stat().st_size
    assert report("adjacency", "--check") == made
    assert report("adjacency", "--remove")["state"] == "absent"
    assert not own.with_name("ledger.db.flows").exists()


def test_what_cannot_have_an_adjacency_says_so_in_one_line(own: Path) -> None:
    own.with_name("ledger.db.flows").mkdir()
    refused = asked("ledger", "adjacency")
    assert refused.status == 1
    assert refused.err.endswith("ledger.db: is a directory\n")
    assert report("adjacency", "--check")["state"] == "left aside: is a directory"
