"""Guard: what it says would break is what really breaks, for promises, models and runs."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from reproduce_lake import Lake
from snapshots.errors import UnknownNameError
from snapshots.instant import Instant
from snapshots.maintenance import (
    CleanLog,
    Expirer,
    ExpireSnapshots,
    Extent,
    RemoveOrphans,
    Vacuum,
    Vacuumer,
)
from temporal_lineage.guard.answer import GuardAnswer, GuardedTable
from temporal_lineage.session import wall_clock

DAY = 86_400_000_000
READABLE = {"live", "protected", "at-risk", "recoverable"}
LITE = Vacuum(Vacuumer.DELTA_RS, Extent.LITE, 0, ())
EXPIRE = ExpireSnapshots(Expirer.JAVA, None, None, (), (), schemas_too=False)


@pytest.fixture
def lake(tmp_path: Path) -> Lake:
    return Lake(tmp_path)


def only(answer: GuardAnswer) -> GuardedTable:
    (one,) = answer.tables
    return one


def verdicts(lake: Lake, table: str) -> dict[int, str]:
    return {one.version: one.verdict for one in lake.session.available(table).states}


def overwritten(lake: Lake) -> None:
    """Four versions; the second adds to the first, and the others replace all."""
    lake.write_delta()
    lake.write_delta(rows=5)
    lake.write_delta(rows=2, mode="overwrite")
    lake.write_delta(rows=4, mode="overwrite")
    time.sleep(0.002)


def test_the_states_that_a_vacuum_breaks_are_those_that_were_foreseen(lake: Lake) -> None:
    overwritten(lake)
    lake.harvest()
    before = verdicts(lake, "delta.orders")
    found = only(lake.session.guard(["delta.orders"], act=LITE))
    lake.vacuum()
    after = verdicts(lake, "delta.orders")
    assert {one.version: one.after for one in found.states} == {
        version: after[version]
        for version, verdict in before.items()
        if verdict in READABLE and after[version] not in READABLE
    }
    assert [one.version for one in found.states] == [0, 1, 2]
    assert found.deleted_files == 3


def test_what_was_never_harvested_breaks_all_the_same(lake: Lake) -> None:
    lake.write_delta()
    lake.harvest()
    lake.write_delta(rows=2, mode="overwrite")
    lake.write_delta(rows=4, mode="overwrite")
    time.sleep(0.002)
    found = only(lake.session.guard(["delta.orders"], act=LITE))
    assert [(one.version, one.lost) for one in found.states] == [(0, 1), (1, 1)]


def test_a_state_that_is_broken_already_does_not_break_again(lake: Lake) -> None:
    overwritten(lake)
    lake.harvest()
    (place,) = (one for one in Path(lake.delta / "orders").glob("*.parquet") if _is_of(lake, one))
    place.unlink()
    found = only(lake.session.guard(["delta.orders"], act=LITE))
    assert [one.version for one in found.states] == [2]


def _is_of(lake: Lake, path: Path) -> bool:
    from deltalake import DeltaTable

    uris = DeltaTable(lake.delta / "orders", version=0).file_uris()
    return path.name in {Path(one).name for one in uris}


def test_a_state_that_its_table_has_forgotten_breaks_when_its_files_go(lake: Lake) -> None:
    table = lake.iceberg()
    first = lake.append(table)
    table.delete("id >= 0")
    last = lake.append(table)
    lake.harvest()
    lake.catalog.load_table("raw.orders").maintenance.expire_snapshots().by_id(int(first)).commit()
    assert verdicts(lake, "lake.raw.orders")[int(first)] == "recoverable"
    late = wall_clock().plus(micros=4 * DAY)
    found = only(lake.session.guard(["lake.raw.orders"], act=RemoveOrphans(None), at=late))
    assert [(one.version, one.after) for one in found.states] == [(int(first), "gone")]
    assert int(last) not in {one.version for one in found.states}


def test_expiry_without_deleting_leaves_states_that_can_be_recovered(lake: Lake) -> None:
    table = lake.iceberg()
    first = lake.append(table)
    lake.append(table)
    lake.harvest()
    act = ExpireSnapshots(Expirer.PYICEBERG, wall_clock(), None, (), (), schemas_too=False)
    found = only(lake.session.guard(["lake.raw.orders"], act=act))
    assert [(one.version, one.after, one.lost) for one in found.states] == [
        (int(first), "recoverable", 0)
    ]
    lake.catalog.load_table("raw.orders").maintenance.expire_snapshots().by_id(int(first)).commit()
    assert verdicts(lake, "lake.raw.orders")[int(first)] == "recoverable"


def test_a_model_and_the_run_that_trained_it_break_with_their_state(lake: Lake) -> None:
    read = lake.write_delta()
    lake.write_delta(rows=2, mode="overwrite")
    lake.harvest()
    run = lake.trained("v1", (str(lake.delta / "orders"), read))
    time.sleep(0.002)
    answer = lake.session.guard(["delta.orders"], act=LITE)
    found = only(answer)
    state = f"delta.orders@{read}"
    assert [(one.address, one.state) for one in found.models] == [("model:fraud@v1", state)]
    assert [(one.address, one.state) for one in found.runs] == [(f"run:{run}", state)]
    assert answer.breaks == 1


def test_a_promise_breaks_unless_its_version_is_kept(lake: Lake) -> None:
    overwritten(lake)
    lake.harvest()
    lake.session.pin("delta.orders@1", until="2999-01-01", reason="audit", who="ada")
    answer = lake.session.guard(["delta.orders"], act=LITE)
    (broken,) = only(answer).promises
    assert (broken.promise, broken.after, answer.breaks) == ("pin:1", "gone", 1)
    kept = Vacuum(
        Vacuumer.DELTA_RS, Extent.LITE, 0, tuple(lake.session.keep_versions("delta.orders"))
    )
    answer = lake.session.guard(["delta.orders"], act=kept)
    (one,) = only(answer).promises
    assert (one.after, one.held_files, answer.breaks) == (None, 2, 0)
    assert [one.version for one in only(answer).states] == [2]


def test_the_bytes_that_a_promise_holds_are_those_that_would_go_without_it_alone(
    lake: Lake,
) -> None:
    overwritten(lake)
    lake.harvest()
    sizes = {
        version: lake.session.reproduce(f"delta.orders@{version}").inputs[0].size_bytes or 0
        for version in range(3)
    }
    for version in range(3):
        target = f"delta.orders@{version}"
        lake.session.pin(target, until="2999-01-01", reason="audit", who="ada")
    held = only(lake.session.guard(["delta.orders"], act=LITE)).promises
    # The file of version 0 is part of version 1, so nobody holds it alone.
    assert [(one.held_files, one.held_bytes) for one in held] == [
        (0, 0),
        (1, sizes[1] - sizes[0]),
        (1, sizes[2]),
    ]
    lake.session.unpin("pin:1", who="ada")
    first, _ = only(lake.session.guard(["delta.orders"], act=LITE)).promises
    assert (first.promise, first.held_files, first.held_bytes) == ("pin:2", 2, sizes[1])


def test_an_enforced_promise_is_kept_up_to_its_end(lake: Lake) -> None:
    table = lake.iceberg()
    first = lake.append(table)
    table.overwrite(table.scan().to_arrow())
    lake.harvest()
    until = wall_clock().plus(micros=20 * DAY)
    target = f"lake.raw.orders@{first}"
    lake.session.pin(target, until=until, reason="audit", who="ada", enforce=True)
    before = until.plus(micros=-DAY)
    (promise,) = only(lake.session.guard(["lake.raw.orders"], at=before)).promises
    assert (promise.after, promise.held_files > 0) == (None, True)
    found = only(lake.session.guard(["lake.raw.orders"], at=until.plus(micros=DAY)))
    assert found.promises == ()
    assert int(first) in {one.version for one in found.states}
    assert found.refs == (promise.tag,)


def test_a_promise_that_is_over_cannot_break(lake: Lake) -> None:
    overwritten(lake)
    lake.harvest()
    until = wall_clock().plus(micros=DAY)
    lake.session.pin("delta.orders@1", until=until, reason="audit", who="ada")
    late = until.plus(micros=DAY)
    assert lake.session.guard(["delta.orders"], act=LITE, at=late).breaks == 0


def test_a_log_that_is_cleaned_up_takes_the_versions_before_its_checkpoint(lake: Lake) -> None:
    for _ in range(3):
        lake.write_delta()
    lake.delta_table().create_checkpoint()
    lake.write_delta()
    lake.harvest()
    late = wall_clock().plus(micros=40 * DAY)
    act = CleanLog(Vacuumer.DELTA_RS)
    found = only(lake.session.guard(["delta.orders"], act=act, at=late))
    assert [(one.version, one.after) for one in found.states] == [
        (0, "recoverable"),
        (1, "recoverable"),
    ]


def test_all_tables_of_a_catalog_are_guarded_by_their_own_rules(lake: Lake) -> None:
    lake.append(lake.iceberg())
    lake.write_delta()
    lake.write_delta("customers")
    lake.harvest()
    acts = [(one.dataset, one.act) for one in lake.session.guard().tables]
    assert acts == [
        ("delta.customers", "VACUUM FULL by Spark"),
        ("delta.customers", "log clean-up by Spark"),
        ("delta.orders", "VACUUM FULL by Spark"),
        ("delta.orders", "log clean-up by Spark"),
        ("lake.raw.orders", "expire_snapshots by java"),
    ]
    assert {one.dataset for one in lake.session.guard(["lake.raw"]).tables} == {"lake.raw.orders"}
    with pytest.raises(UnknownNameError, match="nearest: delta"):
        lake.session.guard(["delta.order"])
    vacuumed = lake.session.guard(act=LITE).tables
    assert [one.dataset for one in vacuumed] == ["delta.customers", "delta.orders"]
    refused = lake.session.guard(["lake.raw.orders"], act=LITE).tables[0].refused
    assert "it is an Iceberg table" in (refused or "")


def test_a_scheduler_stops_where_something_breaks_or_nobody_could_look(lake: Lake) -> None:
    overwritten(lake)
    lake.harvest()
    words = ("guard", "vacuum", "delta.orders", "--by", "delta-rs", "--hours", "0", "--lite")
    assert lake.tl_status(*words, "--fail") == 0
    lake.session.pin("delta.orders@1", until="2999-01-01", reason="audit", who="ada")
    assert lake.tl_status(*words) == 0
    assert lake.tl_status(*words, "--fail") == 3
    lake.session.unpin("pin:1", who="ada")
    assert lake.tl_status("guard", "drop-ref", "delta.orders", "nosuch", "--fail") == 3
    (lake.delta / "orders").rename(lake.root / "away")
    assert lake.session.guard(["delta.orders"]).unseen == ("delta.orders",)
    assert lake.tl_status(*words, "--fail") == 3


def test_a_guard_of_the_future_says_what_it_assumes(lake: Lake) -> None:
    lake.write_delta()
    lake.harvest()
    answer = lake.session.guard(at=wall_clock().plus(micros=DAY))
    assert "as if nothing were committed until then" in answer.doubts[0]
    assert answer.at > answer.checked_at
    assert lake.session.guard(act=EXPIRE, at=Instant(0)).tables[0].refused is not None


def test_a_guard_writes_nothing(lake: Lake) -> None:
    overwritten(lake)
    lake.append(lake.iceberg())
    lake.harvest()
    before = sorted(
        (str(one), one.stat().st_mtime_ns) for one in lake.root.rglob("*") if one.is_file()
    )
    late = wall_clock().plus(micros=99 * DAY)
    assert lake.session.guard(at=late).tables
    after = sorted(
        (str(one), one.stat().st_mtime_ns) for one in lake.root.rglob("*") if one.is_file()
    )
    assert [one for one in after if "workspace" not in one[0]] == [
        one for one in before if "workspace" not in one[0]
    ]
