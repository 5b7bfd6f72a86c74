"""Hostile tables: links, pipes, cycles and paths that lead away are named, and harm nobody else."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from delta_logs import add, commit_info, metadata, new_table, protocol, vector, write
from iceberg_files import current, snapshot
from iceberg_files import metadata as iceberg_metadata
from lake_session import lake_session
from temporal_lineage.reproduce.answer import Irreproducible
from temporal_lineage.session import Session

WAIT_SECONDS_MAX = 120


@pytest.fixture
def session(tmp_path: Path) -> Session:
    """A session over a folder in which one table is sound."""
    made = lake_session(tmp_path, str(tmp_path / "ledger.db"))
    new_table(tmp_path / "lake" / "sound")
    return made


def harvested(session: Session) -> dict[str, str]:
    """Harvest; give what is said of each table that failed, and expect the sound one to be kept."""
    tables = session.harvest(jobs=1).tables
    assert "lake.sound" in {one.address for one in tables if one.error is None}
    return {one.address: one.error for one in tables if one.error is not None}


@pytest.mark.parametrize("kind", ["a pipe", "a device"])
def test_a_commit_that_is_a_pipe_or_a_device_is_refused_and_not_waited_for(
    tmp_path: Path, kind: str
) -> None:
    session = lake_session(tmp_path, str(tmp_path / "ledger.db"))
    new_table(tmp_path / "lake" / "sound")
    new_table(tmp_path / "lake" / "odd")
    commit = tmp_path / "lake" / "odd" / "_delta_log" / f"{1:020}.json"
    if kind == "a pipe":
        os.mkfifo(commit)
    else:
        commit.symlink_to("/dev/zero")
    home = session.workspace.folder.rename(tmp_path / ".temporal-lineage")
    # In a process of its own: one that waits can be ended.
    done = subprocess.run(
        [sys.executable, "-m", "temporal_lineage", "--ledger", f"{home}/ledger.db", "harvest"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
        timeout=WAIT_SECONDS_MAX,
    )
    assert done.returncode == 1, done
    assert f"{commit}: it is a pipe or a device, no file" in done.stdout
    assert "lake.sound" in done.stdout


def test_links_that_lead_in_circles_or_nowhere_end(tmp_path: Path, session: Session) -> None:
    lake = tmp_path / "lake"
    (lake / "ring").mkdir()
    (lake / "ring" / "again").symlink_to(lake)
    (lake / "self").symlink_to(lake / "self")
    (lake / "sound" / "_delta_log" / f"{1:020}.json").symlink_to(lake / "nothing")
    assert harvested(session) == {}


def test_a_log_that_is_a_link_to_another_tables_is_that_tables(
    tmp_path: Path, session: Session
) -> None:
    other = tmp_path / "elsewhere"
    new_table(other)
    (tmp_path / "lake" / "linked").mkdir()
    (tmp_path / "lake" / "linked" / "_delta_log").symlink_to(other / "_delta_log")
    assert harvested(session) == {}


def test_a_path_that_leads_out_of_the_table_is_read_as_no_table_and_written_nowhere(
    tmp_path: Path, session: Session
) -> None:
    secret = tmp_path / "secret.txt"
    secret.write_text("not for lakes")
    root = tmp_path / "lake" / "leading"
    paths = ("../../secret.txt", str(secret), "%2e%2e/%2e%2e/secret.txt")
    adds = [add(path, size=len("not for lakes")) for path in paths]
    write(root, 0, commit_info("WRITE"), protocol(), metadata(), *adds)
    assert harvested(session) == {}
    out = tmp_path / "out"
    before = {path for path in tmp_path.rglob("*") if "home" not in path.parts}
    with pytest.raises(Exception, match=r"secret\.txt") as caught:
        session.reproduce("lake.leading", out=out)
    assert type(caught.value).__module__.split(".")[0] in {"snapshots", "temporal_lineage"}
    assert "not for lakes" not in str(caught.value)
    after = {path for path in tmp_path.rglob("*") if "home" not in path.parts}
    assert {path.name for path in after - before} <= {"ledger.db-shm", "ledger.db-wal"}


def test_a_vector_of_more_rows_than_a_file_can_have_is_refused(
    tmp_path: Path, session: Session
) -> None:
    root = tmp_path / "lake" / "wide"
    named = protocol("deletionVectors")
    wide = add("a.parquet", rows=2**62, **vector("0" * 10))
    write(root, 0, commit_info("WRITE"), named, metadata(), wide)
    assert harvested(session) == {}
    outcome = session.reproduce("lake.wide").outcome
    assert isinstance(outcome, Irreproducible)


def test_snapshots_that_are_each_others_parents_end(tmp_path: Path, session: Session) -> None:
    folder = tmp_path / "lake" / "ring" / "metadata"
    folder.mkdir(parents=True)
    ring = (snapshot(1, 4, parent=3), snapshot(2, 5, parent=1), snapshot(3, 6, parent=2))
    told = iceberg_metadata(6, **current(3, *ring, snapshot(9, 6, parent=9)))
    told["location"] = str(folder.parent)
    (folder / "v1.metadata.json").write_text(json.dumps(told))
    (folder / "version-hint.text").write_text("1")
    failed = harvested(session)
    assert set(failed) <= {"lake.ring"}
    if not failed:
        assert len(session.log("lake.ring").lines) == 4
        session.upstream("lake.ring")


@pytest.mark.parametrize("version", [10**19, 2**63, 2**63 - 1])
def test_a_version_beyond_all_numbers_is_no_version_or_named(
    tmp_path: Path, session: Session, version: int
) -> None:
    root = tmp_path / "lake" / "late"
    new_table(root)
    write(root, version, commit_info("WRITE"))
    failed = harvested(session)
    assert set(failed) <= {"lake.late"}
