"""A harvest that is killed: what was kept stays, nothing is half kept, and the next one goes on."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from catalogs.configuration import CatalogEntry, CatalogKind, Configuration
from delta_logs import add, commit_info, metadata, protocol, write
from temporal_lineage.session import Session, wall_clock
from temporal_lineage.store.errors import LedgerMissingError
from temporal_lineage.store.ledger import Ledger
from temporal_lineage.workspace import Workspace

TABLES = 120
COMMITS = 5
WAIT_SECONDS_MAX = 60


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A project whose catalog `lake` holds many tables."""
    for number in range(TABLES):
        root = tmp_path / "lake" / f"t{number:02}"
        write(root, 0, commit_info("CREATE TABLE"), protocol(), metadata(table_id=root.name))
        for version in range(1, COMMITS):
            write(root, version, commit_info("WRITE"), add(f"{number}-{version}.parquet"))
    torn = write(tmp_path / "lake" / "broken", 0, commit_info("CREATE TABLE"))
    torn.write_text('{"commitInfo":{"ope')
    home = tmp_path / ".temporal-lineage"
    place = {"location": str(tmp_path / "lake")}
    Configuration(home).add(CatalogEntry("lake", CatalogKind.FOLDER, place, "test"))
    return home


def kept(session: Session) -> dict[str, int]:
    """Give the tables that are known, with how many snapshots."""
    try:
        return {one.dataset: one.snapshots for one in session.show_all().datasets}
    except LedgerMissingError:
        return {}


def killed_after(session: Session, count: int) -> None:
    """Harvest in a process of its own, and kill it once so many tables are kept."""
    command = [sys.executable, "-m", "temporal_lineage", "harvest", "--jobs", "3"]
    process = subprocess.Popen(
        command,
        cwd=session.workspace.folder.parent,
        env={**os.environ, "TEMPORAL_LINEAGE_LEDGER": session.workspace.ledger},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    deadline = time.monotonic() + WAIT_SECONDS_MAX
    while len(kept(session)) < count:
        assert time.monotonic() < deadline
        assert process.poll() is None, "it ended before it could be killed"
        time.sleep(0.005)
    process.send_signal(signal.SIGKILL)
    process.wait()


def test_a_killed_harvest_loses_nothing_and_the_next_one_ends_where_an_unbroken_one_does(
    home: Path, tmp_path: Path, ledger_url: str
) -> None:
    session = Session(Workspace(home, ledger_url), clock=wall_clock)
    found: dict[str, int] = {}
    for count in (1, 8, 20):
        killed_after(session, count)
        before, found = found, kept(session)
        # Every table that is there is there as a whole, and none of them is lost again.
        assert set(found.values()) == {COMMITS}
        assert before.items() <= found.items()
        assert len(found) < TABLES
        with Ledger.open(session.workspace.ledger, clock=wall_clock) as ledger:
            assert ledger.check() == []

    harvested = session.harvest().tables
    outcomes = {one.address: one.outcome for one in harvested}
    (failed,) = (one for one in harvested if one.outcome == "failed")

    assert failed.address == "lake.broken"
    assert "line 1 is no action" in (failed.error or "")
    assert {name for name, outcome in outcomes.items() if outcome == "unchanged"} == set(found)
    assert all(one.missing_since is None for one in session.show_all().datasets)
    unbroken = Session(Workspace(home, str(tmp_path / "other.db")), clock=wall_clock)
    unbroken.harvest()
    assert kept(session) == kept(unbroken)
    for name in kept(unbroken):
        assert session.log(name).lines == unbroken.log(name).lines
        assert session.table_log(name).changes == unbroken.table_log(name).changes
