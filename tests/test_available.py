"""Availability: the verdict on every state of a table, from its own files."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from iceberg_files import write_table
from snapshots.availability import Gone, Unverified
from snapshots.instant import Instant
from temporal_lineage.session import Session, open_session, wall_clock
from temporal_lineage.workspace import Workspace
from transcripts import Told, asked, at_home, told_lake


@pytest.fixture
def told(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Told]:
    told = told_lake(tmp_path_factory.getbasetemp())
    with at_home(told.lake.root):
        yield told


@pytest.fixture
def session(told: Told) -> Session:
    return open_session()


def test_each_state_has_its_own_verdict(told: Told, session: Session) -> None:
    verdicts = {
        str(one.version): one.verdict for one in session.available("lake.ml.training_set").states
    }

    assert verdicts[told.lake.milestones["training_v2_snapshot"]] == "recoverable"
    assert verdicts[told.lake.milestones["training_v3_snapshot"]] == "protected"


def test_a_vacuumed_state_is_gone_since_the_vacuum(told: Told, session: Session) -> None:
    version = told.lake.milestones["training_v1_version"]
    (state,) = session.available(f"delta.features.customer_features@{version}").states

    assert isinstance(state.availability, Gone)
    assert state.availability.since is not None
    assert state.availability.since >= Instant.parse(told.lake.milestones["vacuum_at"])
    assert "VACUUM" in (state.availability.act or "")


def test_the_verdict_on_one_state_is_the_one_among_all(session: Session) -> None:
    every = session.available("delta.features.customer_features").states

    for one in every:
        (alone,) = session.available(f"delta.features.customer_features@{one.version}").states
        assert alone == one


def test_a_state_that_cannot_be_read_ends_in_exit_status_3(told: Told) -> None:
    assert told.lake.root.is_dir()
    assert asked("available", "delta.features.customer_features@1").status == 3
    assert asked("available", "delta.features.customer_features").status == 0


def test_a_table_out_of_reach_is_said_not_to_have_been_looked_at(
    told: Told, session: Session, tmp_path: Path
) -> None:
    moved = tmp_path / "away"
    place = told.lake.delta / "raw" / "payments"
    place.rename(moved)
    try:
        answer = session.available("delta.raw.payments")
    finally:
        moved.rename(place)

    assert answer.states == ()
    assert any("not looked at" in doubt for doubt in answer.doubts)


def test_states_whose_files_lie_where_nobody_can_look_are_unverified(tmp_path: Path) -> None:
    data = {"file_path": "nowhere://bucket/a.parquet", "record_count": 1}
    location = write_table(tmp_path / "t", [data])
    workspace = Workspace(tmp_path / ".temporal-lineage", str(tmp_path / "ledger.db"))
    session = Session(workspace, clock=wall_clock)
    session.harvest([location])
    (state,) = session.available(str(tmp_path / "t")).states
    assert isinstance(state.availability, Unverified)
    assert "nowhere://bucket/a.parquet" in state.availability.reason
    assert state.files is None


def test_what_newer_spark_refuses_to_read_is_said_beside_the_verdict(session: Session) -> None:
    answer = session.available("delta.raw.payments")
    (doubt,) = answer.doubts
    assert doubt.startswith("Delta 4.1 for Spark and Databricks Runtime 18 refuse time travel to")
    assert {one.verdict for one in answer.states} == {"live", "at-risk"}
    assert session.available("lake.raw.orders").doubts == ()
    assert session.available("delta.raw.payments@11").doubts == ()


def test_states_that_were_not_committed_yet_are_left_out(session: Session) -> None:
    for table in ("lake.raw.orders", "delta.raw.payments"):
        every = session.available(table).states
        second = every[1].committed_at
        until = session.available(table, as_of=second).states
        assert until == every[:2]
        assert session.available(table, as_of=second.plus(micros=-1)).states == every[:1]
        lines = session.log(table, as_of=second).lines
        assert [one.snapshot_id for one in lines] == [one.version for one in until]


def test_where_there_was_no_state_yet_it_is_said_when_the_first_came(session: Session) -> None:
    answer = session.available("lake.raw.orders", as_of="2020-01-01")
    assert answer.states == ()
    assert any("its history starts at 2026-" in one for one in answer.doubts)
