"""`tl ledger`: the commands say what they found, in every shape, and how it ended."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from temporal_lineage.store.engines import make_engine
from temporal_lineage.store.location import sqlite_path
from transcripts import Told, asked, at_home, project, told_lake


@pytest.fixture
def own(tmp_path: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A project with a copy of the demo's ledger."""
    told: Told = told_lake(tmp_path_factory.getbasetemp())
    folder = project(told, tmp_path)
    with at_home(folder):
        yield folder / ".temporal-lineage" / "ledger.db"


@pytest.fixture
def place(own: Path, ledger_url: str, monkeypatch: pytest.MonkeyPatch) -> str:
    """Where the project's ledger lies, on each database in turn."""
    if sqlite_path(ledger_url) is not None:
        return str(own)
    assert asked("ledger", "copy", ledger_url).status == 0
    monkeypatch.setenv("TEMPORAL_LINEAGE_LEDGER", ledger_url)
    return ledger_url


def run(place: str, statement: str) -> list[tuple[object, ...]]:
    """Go past the program."""
    engine = make_engine(place, wait_ms_max=1_000)
    try:
        with engine.begin() as connection:
            found = connection.exec_driver_sql(statement)
            return [tuple(row) for row in found] if found.returns_rows else []
    finally:
        engine.dispose()


def report(*words: str) -> dict[str, object]:
    body: dict[str, object] = json.loads(asked("ledger", *words, "--output", "json").out)["report"]
    return body


def test_the_description_counts_what_is_there(place: str) -> None:
    told = report("info")
    ((nodes,),) = run(place, "SELECT count(*) FROM node")
    tables = {one["table"]: one for one in told["tables"]}  # type: ignore[attr-defined]
    assert tables["node"]["rows"] == nodes
    assert told["transactions"] == tables["tx"]["rows"]
    assert told["may_write"] is True
    assert told["location"] == place
    assert str(told["database"]).startswith(("SQLite 3", "PostgreSQL "))
    lines = asked("ledger", "info", "--output", "ndjson").out.splitlines()
    assert [json.loads(line)["table"] for line in lines] == list(tables)


def test_a_sound_ledger_ends_with_0_and_a_broken_one_with_3(place: str) -> None:
    assert asked("ledger", "check").status == 0
    run(place, "UPDATE edge SET since = 5 WHERE edge_id IN (1, 2)")
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


@pytest.mark.parametrize("words", [("info",), ("check",), ("backup", "b.db"), ("copy", "b.db")])
def test_where_there_is_no_ledger_one_line_says_so(
    words: tuple[str, ...], ledger_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    done = asked("--ledger", ledger_url, "ledger", *words)
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


def test_a_ledger_in_postgresql_has_no_adjacency_and_says_so(postgresql_url: str) -> None:
    done = asked("--ledger", postgresql_url, "ledger", "adjacency")
    assert (done.status, done.out, done.err.count("\n")) == (1, "", 1)


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
