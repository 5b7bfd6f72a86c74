"""What tables forget on purpose: known from before, dated, and named where nobody saw it."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from deltalake import DeltaTable, write_deltalake

import iceberg_lake
from iceberg_files import current, snapshot, write_commits
from lake_session import lake_session
from snapshots.instant import Instant
from snapshots.snapshot_log import Certainty
from temporal_lineage.session import Session


@pytest.fixture
def session(tmp_path: Path, ledger_url: str) -> Session:
    """A session on each database in turn, that knows a folder of tables as `lake`."""
    return lake_session(tmp_path, ledger_url)


def millis(number: int) -> Instant:
    return Instant.from_millis(number)


ONE = snapshot(1, 10)
TWO, THREE = snapshot(2, 20, parent=1), snapshot(3, 30, parent=2)
STEPS = (
    {"at": 10, **current(1, ONE)},
    {"at": 20, **current(2, ONE, TWO)},
    {"at": 30, **current(3, ONE, TWO, THREE)},
)


def test_snapshots_that_java_expired_stay_known_with_the_commit_that_took_them(
    session: Session, tmp_path: Path
) -> None:
    """Java cuts the log before the first kept one, and deletes older metadata files if told to."""
    root = tmp_path / "lake/t"
    write_commits(root, *STEPS)
    session.harvest()
    kept_log = [{"snapshot-id": 3, "timestamp-ms": 30}]
    shutil.rmtree(root / "metadata")
    expired = {"at": 40, **current(3, THREE, snapshot_log=kept_log)}
    paths = write_commits(root, *STEPS, expired)
    for path in paths[:2]:
        Path(path).unlink()
    session.harvest()

    lines = session.log("lake.t").lines
    assert [(one.snapshot_id, one.expired_at) for one in lines] == [
        (1, millis(40)),
        (2, millis(40)),
        (3, None),
    ]
    found = [session.at("lake.t", as_of=millis(number)) for number in (10, 25, 35, 45)]
    assert [one.snapshot_ids for one in found] == [(1,), (2,), (3,), (3,)]
    assert {one.certainty for one in found} == {Certainty.EXACT}


def test_what_expired_before_anyone_looked_is_named_and_never_made_up(
    session: Session, tmp_path: Path
) -> None:
    root = tmp_path / "lake/t"
    kept_log = [{"snapshot-id": 3, "timestamp-ms": 30}]
    paths = write_commits(root, *STEPS, {"at": 40, **current(3, THREE, snapshot_log=kept_log)})
    for path in paths[:3]:
        Path(path).unlink()
    session.harvest()

    answer = session.at("lake.t", as_of=millis(25))

    assert (answer.certainty, answer.snapshot_ids) == (Certainty.UNKNOWN, ())
    told = " ".join(answer.doubts)
    assert "00001-00000001.metadata.json is lost" in told
    assert "listed by no metadata that can be read: 2" in told


def test_a_branch_and_a_tag_that_were_removed_answer_for_their_own_time(
    session: Session, tmp_path: Path
) -> None:
    with iceberg_lake.lake(tmp_path / "lake") as catalog:
        table = iceberg_lake.orders(catalog)
        table.append(iceberg_lake.rows(1))
        first = iceberg_lake.newest(table)
        table.manage_snapshots().create_tag(first, "v1").create_branch(first, "audit").commit()
        made = millis(table.metadata.last_updated_ms)
        table.append(iceberg_lake.rows(2))
        session.harvest()
        table.manage_snapshots().remove_tag("v1").remove_branch("audit").commit()
        removed = millis(table.metadata.last_updated_ms)
        table.maintenance.expire_snapshots().by_id(first).commit()
        session.harvest()

    for ref in ("v1", "audit"):
        then = session.at(f"lake.shop.orders@{ref}", as_of=made)
        now = session.at(f"lake.shop.orders@{ref}", as_of=removed)
        assert (then.snapshot_ids, then.held.end) == ((first,), removed)
        assert now.snapshot_ids == ()
        assert f"the table existed, but {ref} did not" in now.doubts
    told = [one.what for one in session.table_log("lake.shop.orders", parts=["refs"]).changes]
    assert sorted(told) == ["made audit", "made v1", "removed audit", "removed v1"]


def test_a_restored_delta_table_answers_for_what_it_was_before(
    session: Session, tmp_path: Path
) -> None:
    root = str(tmp_path / "lake/t")
    write_deltalake(root, iceberg_lake.rows(1))
    write_deltalake(root, iceberg_lake.rows(2, 3), mode="overwrite")
    session.harvest()
    DeltaTable(root).restore(0)
    session.harvest()

    lines = session.log("lake.t").lines
    assert [one.operation for one in lines][-1] == "RESTORE"
    assert [one.expired_at for one in lines] == [None, None, None]
    assert session.at("lake.t", as_of=lines[1].committed_at).snapshot_ids == (1,)
    assert session.at("lake.t").snapshot_ids == (2,)
