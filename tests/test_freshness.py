"""When tables change, how much each commit moves, and which chain of runs took longest."""

from __future__ import annotations

from pathlib import Path

import pytest

import delta_logs
from reproduce_lake import Lake
from snapshots.errors import BadTargetError, UnknownNameError
from snapshots.instant import Instant
from temporal_lineage.cli.entry import run
from temporal_lineage.questions.use.critical_path import CriticalPathAnswer
from temporal_lineage.questions.use.freshness import DatasetFreshness
from told_tables import event, run_id
from use_stories import UseShop

DAY = 86_400


@pytest.fixture
def shop(tmp_path: Path) -> UseShop:
    """Orders come daily, six times; the harvest of the tenth finds nothing newer."""
    shop = UseShop(tmp_path)
    daily(shop, "orders", [100, 104, 98, 101, 103, 10])
    shop.harvest(at="2026-09-10")
    return shop


def daily(shop: UseShop, name: str, rows: list[int]) -> None:
    """Write a table with a commit each day at nine, of so many rows."""
    for version, count in enumerate(rows):
        actions = [{"commitInfo": {"operation": "WRITE"}}]
        if version == 0:
            column = delta_logs.column("a", "long")
            actions += [delta_logs.protocol(), delta_logs.metadata(column, table_id=name)]
        added = delta_logs.add(f"{name}-{version}.parquet", stats=f'{{"numRecords": {count}}}')
        millis = Instant.parse(f"2026-09-{version + 1:02}T09:00Z").micros // 1000
        delta_logs.write(shop.path(name), version, *actions, added, millis=millis)


def freshness(shop: UseShop, name: str = "lake.s.orders", **more: str) -> DatasetFreshness:
    answer = shop.session.freshness(name, **more)
    return next(one for one in answer.datasets if one.dataset == name)


def test_a_table_is_as_fresh_as_the_last_change_of_its_rows(shop: UseShop) -> None:
    found = freshness(shop, as_of="2026-09-06T21:00Z")
    assert (found.commit, found.changed_at) == (
        "lake.s.orders@5",
        Instant.parse("2026-09-06T09:00Z"),
    )
    assert (found.age_seconds, found.changes) == (DAY // 2, 6)
    assert (found.usual_pause_seconds, found.longest_pause_seconds) == (DAY, DAY)
    assert (found.rows, found.size_bytes, found.files) == (516, 600, 6)
    assert not found.overdue


def test_a_compaction_is_no_change_and_a_rollback_brings_back_an_old_one(tmp_path: Path) -> None:
    lake = Lake(tmp_path)
    lake.write_delta(rows=3)
    lake.write_delta(rows=3)
    lake.delta_table().optimize.compact()
    table = lake.iceberg()
    first = lake.append(table)
    lake.append(table)
    table.manage_snapshots().rollback_to_snapshot(int(first)).commit()
    lake.harvest()
    changed = {one.dataset: one for one in lake.session.freshness().datasets}
    committed = {
        one.snapshot_id: one.committed_at for one in lake.session.log("delta.orders").lines
    }
    assert changed["delta.orders"].commit == "delta.orders@2"
    assert changed["delta.orders"].changed_at == committed[1]
    assert (changed["delta.orders"].changes, changed["delta.orders"].files) == (2, 1)
    orders = changed["lake.raw.orders"]
    made = {str(one.snapshot_id): one for one in lake.session.log("lake.raw.orders").lines}
    assert orders.commit == f"lake.raw.orders@{first}"
    assert orders.changed_at == made[first].committed_at
    assert orders.rows == 3


def test_overdue_is_judged_up_to_the_last_harvest_and_not_beyond(shop: UseShop) -> None:
    assert freshness(shop, as_of="2026-09-09T10:00Z").overdue
    assert not freshness(shop, as_of="2026-09-08T08:00Z").overdue
    other = UseShop(shop.home / "other")
    daily(other, "orders", [1, 1, 1, 1, 1, 1])
    other.harvest(at="2026-09-06T10:00Z")
    answer = other.session.freshness(as_of="2026-09-30")
    assert [one.overdue for one in answer.datasets] == [False]
    assert "what was committed since is not known" in answer.doubts[0]


def test_what_has_no_snapshots_is_as_fresh_as_the_last_run_that_completed(shop: UseShop) -> None:
    shop.ran(1, "train", "03T10:00", "03T12:00", reads=["orders"], writes=["model:m@v1"])
    shop.ran(2, "train", "04T10:00", "04T12:00", writes=["model:m@v2"], kind="FAIL")
    answer = shop.session.freshness(as_of="2026-09-05")
    model = next(one for one in answer.datasets if one.dataset == "model:m")
    assert (model.changed_at, model.rows) == (Instant.parse("2026-09-03T12:00Z"), None)


def test_volumes_are_told_with_what_is_odd_in_them(shop: UseShop) -> None:
    answer = shop.session.volume("lake.s.orders", as_of="2026-09-30")
    assert [(one.added_rows, one.rows, one.files) for one in answer.lines][:2] == [
        (100, 100, 1),
        (104, 204, 2),
    ]
    odd = {one.snapshot_id: one.odd for one in answer.lines if one.odd}
    assert odd == {5: ("added rows: 10, where 98 to 104 were usual",)}
    later = shop.session.volume("lake.s.orders", since="2026-09-06", as_of="2026-09-30")
    assert ([one.snapshot_id for one in later.lines], later.earlier) == ([5], 5)
    assert later.lines[0].odd == odd[5]


def test_rows_deleted_inside_of_files_leave_the_number_of_rows_open(tmp_path: Path) -> None:
    lake = Lake(tmp_path)
    lake.write_delta(rows=9)
    lake.delta_table().delete("id < 3")
    lake.harvest()
    lines = lake.session.volume("delta.orders").lines
    assert [(one.rows, one.files) for one in lines] == [(9, 1), (6, 1)]
    assert lines[1].removed_rows == 9


def test_a_dataset_without_snapshots_has_no_volume(shop: UseShop) -> None:
    shop.ran(1, "train", "03T10:00", "03T12:00", reads=["orders"], writes=["model:m@v1"])
    with pytest.raises(BadTargetError):
        shop.session.volume("model:m")
    with pytest.raises(UnknownNameError):
        shop.session.volume("lake.s.nosuch")


@pytest.fixture
def pipeline(tmp_path: Path) -> UseShop:
    """Two raw tables, one of them slow, make clean; clean makes the report."""
    shop = UseShop(tmp_path)
    for name, at in (("slow", "10"), ("quick", "10"), ("clean", "12"), ("report", "14")):
        shop.commit(name, 0, f"2026-09-02T{at}:30Z")
    shop.harvest(at="2026-09-20")
    shop.ran(1, "slow", "02T09:00", "02T11:00", writes=["slow"])
    shop.ran(2, "quick", "02T10:00", "02T10:40", writes=["quick"])
    shop.ran(3, "clean", "02T12:00", "02T12:50", reads=["slow", "quick"], writes=["clean"])
    shop.ran(4, "report", "02T14:00", "02T14:40", reads=["clean"], writes=["report"])
    return shop


INFERRED = "3 edges inferred: what is named is only the one that fits"


def path(shop: UseShop, *, since: str | None = None, depth_max: int = 20) -> CriticalPathAnswer:
    return shop.session.critical_path(
        "lake.s.report", since=since, as_of="2026-09-20", depth_max=depth_max
    )


def test_the_critical_path_is_the_chain_whose_runs_took_longest(pipeline: UseShop) -> None:
    answer = path(pipeline)
    assert [(one.state, one.seconds, one.waited, one.slack) for one in answer.steps] == [
        ("lake.s.slow@0", 7200.0, None, None),
        ("lake.s.clean@0", 3000.0, 3600.0, 4800.0),
        ("lake.s.report@0", 2400.0, 4200.0, None),
    ]
    assert (answer.seconds, answer.elapsed) == (12600.0, 5 * 3600 + 2400.0)
    assert answer.doubts == (INFERRED,)


def test_what_was_ready_before_is_not_on_the_path(pipeline: UseShop) -> None:
    answer = path(pipeline, since="2026-09-02T11:30Z")
    assert [one.state for one in answer.steps] == ["lake.s.clean@0", "lake.s.report@0"]
    assert answer.doubts[0] == "2 inputs ready before 2026-09-02T11:30:00Z: not followed"


def test_a_run_without_a_start_counts_as_nothing_and_is_named(pipeline: UseShop) -> None:
    pipeline.commit("report", 1, "2026-09-03T14:30Z")
    pipeline.harvest(at="2026-09-21")
    made = [pipeline.told("report", "1")]
    read = [pipeline.told("clean", "0")]
    pipeline.tell(
        event("COMPLETE", "2026-09-03T14:31Z", 5, "report", reads=read, writes=made),
    )
    answer = path(pipeline)
    assert (answer.steps[-1].state, answer.steps[-1].run) == ("lake.s.report@1", run_id(5))
    assert answer.steps[-1].seconds is None
    told = "how long the run took is not known of lake.s.report@1: it counts as nothing"
    assert told in answer.doubts


def test_a_state_that_no_run_claims_ends_the_path_and_is_named(pipeline: UseShop) -> None:
    pipeline.commit("report", 1, "2026-09-03T14:30Z")
    pipeline.harvest(at="2026-09-21")
    answer = path(pipeline)
    assert [(one.state, one.run) for one in answer.steps] == [("lake.s.report@1", None)]
    assert answer.doubts == ("no run claims lake.s.report@1: what was read for it is not known",)


def test_a_compaction_waits_for_nothing_and_is_passed_through(pipeline: UseShop) -> None:
    actions = [
        {"commitInfo": {"operation": "OPTIMIZE"}},
        delta_logs.add("report-1.parquet", dataChange=False),
        delta_logs.remove("report-0.parquet", dataChange=False),
    ]
    millis = Instant.parse("2026-09-03T14:30Z").micros // 1000
    delta_logs.write(pipeline.path("report"), 1, *actions, millis=millis)
    pipeline.harvest(at="2026-09-21")
    answer = path(pipeline)
    assert (answer.steps[-1].state, answer.steps[-1].run) == ("lake.s.report@1", run_id(4))
    assert len(answer.steps) == 3


def test_the_depth_is_bounded_and_said(pipeline: UseShop) -> None:
    answer = path(pipeline, depth_max=1)
    assert [one.state for one in answer.steps] == ["lake.s.clean@0", "lake.s.report@0"]
    assert answer.doubts[0] == "not followed further, too deep: lake.s.clean@0"


def test_a_model_has_a_path_too(pipeline: UseShop) -> None:
    pipeline.ran(6, "train", "03T10:00", "03T11:00", reads=["report"], writes=["model:m@v1"])
    answer = pipeline.session.critical_path("model:m@v1", as_of="2026-09-20")
    assert [one.state for one in answer.steps][-2:] == ["lake.s.report@0", "model:m@v1"]
    for target in ("job:n/train", "lake.s.report#a"):
        with pytest.raises(BadTargetError):
            pipeline.session.critical_path(target)


def test_by_flow_the_jobs_count_by_what_their_runs_usually_take(pipeline: UseShop) -> None:
    for number, day, end in ((11, "03", "09:20"), (12, "04", "09:30"), (13, "05", "09:10")):
        pipeline.ran(number, "slow", f"{day}T09:00", f"{day}T{end}", writes=["slow"])
    answer = pipeline.session.critical_path("lake.s.report", as_of="2026-09-20", by_flow=True)
    assert [(one.state, one.job, one.seconds) for one in answer.steps] == [
        ("lake.s.quick", "n/quick", 2400.0),
        ("lake.s.clean", "n/clean", 3000.0),
        ("lake.s.report", "n/report", 2400.0),
    ]
    assert answer.steps[1].slack == 2400.0 - 1500.0
    assert (answer.seconds, answer.elapsed, answer.doubts) == (7800.0, None, ())
    early = pipeline.session.critical_path(
        "lake.s.report", since="2026-09-03", as_of="2026-09-20", by_flow=True
    )
    assert early.seconds == 1200.0
    assert early.doubts == (
        "how long runs of n/clean, n/report took in the period is not known: they count as nothing",
    )
    with pytest.raises(BadTargetError):
        pipeline.session.critical_path("lake.s.report@0", by_flow=True)


def test_a_scope_may_be_asked_to_fail_where_a_table_is_overdue(shop: UseShop) -> None:
    words = ["freshness", "lake", "--fail-on", "overdue"]
    assert run([*words, "--as-of", "2026-09-09T10:00Z"], session=shop.session) == 3
    assert run([*words, "--as-of", "2026-09-07"], session=shop.session) == 0
    assert run(["volume", "lake.s.orders", "--since", "2026-09-05"], session=shop.session) == 0
