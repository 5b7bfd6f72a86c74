"""The cases in which other readers answer with a wrong state, asked from harvest to answer.

What each of them gave was measured: pyiceberg 0.12, DuckDB 1.5.5, Sail 0.7.2 and chdb 4.4 for
Iceberg, delta-rs 1.6.6 for Delta. The comments say it where it was wrong.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from deltalake import DeltaTable, write_deltalake

import iceberg_lake
from delta_logs import add, commit_info, metadata, protocol, write
from iceberg_files import current, snapshot, write_commits
from lake_session import lake_session
from snapshots.errors import BeforeHistoryError
from snapshots.instant import Instant
from snapshots.snapshot_log import Certainty
from temporal_lineage.questions.states.current import StateAnswer
from temporal_lineage.session import Session

LATER = 4_000_000_000_000
"""A time after everything, in milliseconds: the year 2096."""


@pytest.fixture
def session(tmp_path: Path) -> Session:
    """A session that knows a folder of tables as `lake`, where `t` is the one that is asked."""
    return lake_session(tmp_path, str(tmp_path / "ledger.db"))


def at(session: Session, millis: int, target: str = "lake.t") -> StateAnswer:
    return session.at(target, as_of=Instant.from_millis(millis))


def states(session: Session, *asked: int, target: str = "lake.t") -> list[tuple[int, ...] | None]:
    """Ask for the state at several times; None where there was none yet."""
    found: list[tuple[int, ...] | None] = []
    for millis in asked:
        try:
            found.append(at(session, millis, target).snapshot_ids)
        except BeforeHistoryError:
            found.append(None)
    return found


def logged(*entries: tuple[int, int]) -> list[dict[str, Any]]:
    """Write a snapshot-log of (milliseconds, snapshot id)."""
    return [{"timestamp-ms": millis, "snapshot-id": number} for millis, number in entries]


FIRST, SECOND = snapshot(1001, 60), snapshot(1002, 120, parent=1001)


def test_a_log_out_of_order_ends_with_the_state_the_catalog_points_to(
    session: Session, tmp_path: Path
) -> None:
    """DuckDB, Sail, chdb, Trino and Java say 1002 at 130: the greatest instant of the log."""
    log = logged((120, 1002), (60, 1001))
    listed = (snapshot(1002, 120), snapshot(1001, 60, parent=1002))
    write_commits(tmp_path / "lake/t", {"at": 120, **current(1001, *listed, snapshot_log=log)})
    session.harvest()

    assert states(session, 130, LATER) == [(1001,), (1001,)]
    assert at(session, 130).certainty is Certainty.EXACT


def test_a_metadata_file_dated_before_its_predecessor_is_still_the_newest(
    session: Session, tmp_path: Path
) -> None:
    write_commits(
        tmp_path / "lake/t",
        {"at": 120, **current(1001, FIRST)},
        {"at": 60, **current(1002, FIRST, SECOND)},
    )
    session.harvest()

    assert states(session, 130) == [(1002,)]
    doubtful = at(session, 100)
    assert doubtful.certainty is Certainty.AMBIGUOUS
    assert set(doubtful.snapshot_ids) == {1001, 1002}
    assert any("a clock stepped back" in doubt for doubt in doubtful.doubts)


def test_two_entries_of_one_millisecond_are_ambiguous_and_not_one_of_them(
    session: Session, tmp_path: Path
) -> None:
    """pyiceberg, DuckDB and Sail say 1002; chdb and Java say 1001."""
    log = logged((60, 1001), (60, 1002))
    first = snapshot(1001, 60, **{"sequence-number": 1})
    listed = (first, snapshot(1002, 60, parent=1001, **{"sequence-number": 2}))
    write_commits(tmp_path / "lake/t", {"at": 90, **current(1002, *listed, snapshot_log=log)})
    session.harvest()

    tied = at(session, 70)
    assert (tied.certainty, set(tied.snapshot_ids)) == (Certainty.AMBIGUOUS, {1001, 1002})
    assert states(session, 90) == [(1002,)]


def test_a_rollback_is_seen_in_the_answers_before_and_after_it(
    session: Session, tmp_path: Path
) -> None:
    both = (FIRST, SECOND)
    write_commits(
        tmp_path / "lake/t",
        {"at": 60, **current(1001, FIRST)},
        {"at": 120, **current(1002, *both)},
        {"at": 180, **current(1001, *both)},
    )
    session.harvest()

    assert states(session, 100, 150, 200) == [(1001,), (1002,), (1001,)]


def test_a_millisecond_before_the_first_state_is_an_error_that_names_it(
    session: Session, tmp_path: Path
) -> None:
    """DuckDB gives no rows and no error."""
    write_commits(tmp_path / "lake/t", {"at": 60, **current(1001, FIRST)})
    session.harvest()

    with pytest.raises(BeforeHistoryError, match=r"starts at 1970-01-01T00:00:00\.060Z"):
        at(session, 59)
    assert states(session, 60) == [(1001,)]


def test_a_hole_that_an_expiry_left_in_the_log_is_unknown(session: Session, tmp_path: Path) -> None:
    """By pyiceberg, out of the log's middle; and all readers answer with the neighbour."""
    with iceberg_lake.lake(tmp_path / "lake") as catalog:
        table = iceberg_lake.orders(catalog)
        for number in range(3):
            table.append(iceberg_lake.rows(number))
        expired, last = table.history()[1], table.history()[2]
        table.maintenance.expire_snapshots().by_id(expired.snapshot_id).commit()
        newest = Path(table.metadata_location.removeprefix("file://"))
    for path in newest.parent.glob("*.metadata.json"):
        if path != newest:
            path.unlink()
    session.harvest()

    answer = at(session, (expired.timestamp_ms + last.timestamp_ms) // 2, "lake.shop.orders")

    assert (answer.certainty, answer.snapshot_ids) == (Certainty.UNKNOWN, ())
    assert any(doubt.startswith("unknown: ") for doubt in answer.doubts)


def test_a_snapshot_inside_a_commit_was_never_a_state(session: Session, tmp_path: Path) -> None:
    """An upsert logs snapshots that no reader saw; all but Java answer with one of them."""
    with iceberg_lake.lake(tmp_path / "lake") as catalog:
        table = iceberg_lake.orders(catalog)
        table.append(iceberg_lake.rows(1, 2, 3))
        before = iceberg_lake.newest(table)
        table.upsert(iceberg_lake.rows(2, 9, name="y"), join_cols=["id"])
        entries = [(one.timestamp_ms, one.snapshot_id) for one in table.history()]
        after = iceberg_lake.newest(table)
    session.harvest()

    assert len(entries) > 2
    inside = [millis for millis, number in entries if number not in {before, after}]
    shown = {one.snapshot_id: one for one in session.log("lake.shop.orders").lines}
    for number in {number for _, number in entries} - {before, after}:
        assert shown[number].current == ()
        assert not shown[number].on_main
    final = max(millis for millis, _ in entries)
    asked = [millis for millis in inside if millis < final]
    assert states(session, *asked, target="lake.shop.orders") == [(before,)] * len(asked)
    assert states(session, LATER, target="lake.shop.orders") == [(after,)]


def delta(root: Path, times: Sequence[int], *, told: Sequence[int] | None = None) -> None:
    """Write a version for each file time in seconds; `told` are in-commit instants in millis."""
    enabled = {"delta_enableInCommitTimestamps": "true"} if told is not None else {}
    for version, seconds in enumerate(times):
        stamp = {} if told is None else {"inCommitTimestamp": told[version]}
        actions = [commit_info("WRITE", **stamp), add(f"f{version}")]
        if version == 0:
            actions[1:1] = [protocol(), metadata(**enabled)]
        write(root, version, *actions, millis=seconds * 1000)


def test_file_times_that_run_backwards_do_not_reorder_versions(
    session: Session, tmp_path: Path
) -> None:
    """delta-rs and Sail say 2 at 60 s; delta-rs says 2 at 100 s too, where 1 is right."""
    delta(tmp_path / "lake/t", [0, 100, 50, 300, 200])
    session.harvest()

    asked = [seconds * 1000 for seconds in (-10, 0, 60, 100, 150, 300, 301)]
    expected = [None, (0,), (0,), (1,), (2,), (3,), (4,)]
    assert states(session, *asked) == expected


def test_in_commit_instants_decide_and_file_times_do_not(session: Session, tmp_path: Path) -> None:
    """delta-rs says 3 at every time: all files were written at once."""
    delta(tmp_path / "lake/t", [900] * 4, told=[1000, 2000, 3000, 4000])
    session.harvest()

    assert states(session, 999, 1000, 2500, 3000, LATER) == [None, (0,), (1,), (2,), (3,)]


def test_before_the_first_commit_no_version_is_the_answer(session: Session, tmp_path: Path) -> None:
    """delta-rs silently gives the earliest version."""
    delta(tmp_path / "lake/t", [100])
    session.harvest()

    with pytest.raises(BeforeHistoryError, match="its history starts at"):
        at(session, 99_999)


def test_versions_are_numbered_by_their_files_and_not_by_counting_down(
    session: Session, tmp_path: Path
) -> None:
    """A commit without commitInfo shifts the numbers that delta-rs gives all older ones."""
    root = tmp_path / "lake/t"
    write(root, 0, commit_info("CREATE TABLE"), protocol(), metadata(), millis=1000)
    write(root, 1, add("f1"), millis=2000)
    write(root, 2, commit_info("DELETE"), millis=3000)
    session.harvest()

    lines = session.log("lake.t").lines
    assert [(one.snapshot_id, one.operation) for one in lines] == [
        (0, "CREATE TABLE"),
        (1, "unknown"),
        (2, "DELETE"),
    ]


def test_a_copied_log_keeps_the_times_that_were_seen_before_the_copy(
    session: Session, tmp_path: Path
) -> None:
    """Every reader goes by the copies' own file times."""
    root = tmp_path / "lake/t"
    for number in range(2):
        write_deltalake(str(root), iceberg_lake.rows(number), mode="append")
    for version, seconds in enumerate((100, 200)):
        path = root / "_delta_log" / f"{version:020d}.json"
        os.utime(path, (seconds, seconds))
    session.harvest()
    for path in (root / "_delta_log").glob("*.json"):
        os.utime(path, (500, 500))
    DeltaTable(str(root)).delete("id = 0")
    session.harvest()

    assert states(session, 150_000, 250_000) == [(0,), (1,)]
