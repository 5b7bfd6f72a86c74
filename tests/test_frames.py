"""Answers as frames: what a notebook gets."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import polars as pl
import pyarrow as pa
import pytest
from deltalake import write_deltalake

import temporal_lineage as tl

ROWS = pa.table({"id": pa.array([1, 2, 3], pa.int64())})


@pytest.fixture
def session(tmp_path: Path) -> tl.Session:
    for _ in range(2):
        write_deltalake(str(tmp_path / "t"), ROWS, mode="append")
    session = tl.open_session(tmp_path / "ledger.db")
    session.harvest([str(tmp_path / "t")])
    return session


def test_the_rows_of_an_answer_are_a_frame_with_instants_as_datetimes(
    session: tl.Session, tmp_path: Path
) -> None:
    frame = tl.as_polars(session.log(str(tmp_path / "t")))

    assert frame["snapshot_id"].to_list() == [0, 1]
    assert frame["added_rows"].sum() == 6
    assert frame.schema["committed_at"] == pl.Datetime("us", "UTC")
    assert frame["committed_at"][0] < datetime.now(UTC)


def test_an_open_end_is_null(session: tl.Session, tmp_path: Path) -> None:
    frame = tl.as_polars(session.log(str(tmp_path / "t")))

    assert frame["current"].to_list()[1][0]["until"] is None


def test_an_answer_without_rows_is_a_frame_of_one_row(session: tl.Session, tmp_path: Path) -> None:
    table = tl.as_arrow(session.at(str(tmp_path / "t")))

    assert table.num_rows == 1
    assert table.column("certainty").to_pylist() == ["exact"]
