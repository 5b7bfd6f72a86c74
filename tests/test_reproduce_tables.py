"""Verdicts on the states of real tables: what is there, what is lost, since when, by whom."""

import json
import shutil
from pathlib import Path

import pytest
from pyarrow import parquet

from reproduce_lake import Lake, local, only, orders
from snapshots.availability import (
    AtRisk,
    Gone,
    Live,
    LogTruncated,
    Partial,
    Protected,
    Recoverable,
    Unverified,
)
from snapshots.errors import BadTargetError
from snapshots.instant import FOREVER, Instant
from temporal_lineage.reproduce.answer import Irreproducible, RecoveryNeeded, Reproducible


@pytest.fixture
def lake(tmp_path: Path) -> Lake:
    return Lake(tmp_path)


def test_the_current_state_of_a_table_is_live(lake: Lake) -> None:
    table = lake.iceberg()
    snapshot = lake.append(table)
    lake.harvest()

    answer = lake.session.reproduce("lake.raw.orders")

    assert answer.target == f"lake.raw.orders@{snapshot}"
    assert answer.outcome == Reproducible(None, ())
    one = only(answer)
    assert one.availability == Live()
    assert (one.verdict, one.version, one.rows, one.files) == ("live", snapshot, 3, 1)
    assert one.columns == ("id", "name")
    assert (one.known.grade, one.known.method) == ("exact", "commit-point")


def test_a_tagged_snapshot_is_protected_for_as_long_as_its_tag_lives(lake: Lake) -> None:
    table = lake.iceberg()
    snapshot = lake.append(table)
    lake.append(table)
    table.manage_snapshots().create_tag(int(snapshot), "v1").commit()
    lake.harvest()
    one = only(lake.session.reproduce(f"lake.raw.orders@{snapshot}"))
    assert one.availability == Protected("v1", FOREVER)
    assert one.known.method == "named"


@pytest.mark.parametrize("harvests_after", [0, 1])
def test_a_snapshot_is_at_risk_by_the_policy_the_table_has_now(
    lake: Lake, harvests_after: int
) -> None:
    table = lake.iceberg()
    snapshot = lake.append(table)
    lake.append(table)
    lake.harvest()
    with table.transaction() as transaction:
        transaction.set_properties({"history.expire.max-snapshot-age-ms": "60000"})
    for _ in range(harvests_after):
        lake.harvest()

    one = only(lake.session.reproduce(f"lake.raw.orders@{snapshot}"))

    committed = Instant.from_millis(table.snapshots()[0].timestamp_ms)
    assert one.availability == AtRisk(
        "history.expire.max-snapshot-age-ms=60000", committed.plus(micros=60_001_000)
    )
    shown = lake.tl("reproduce", f"lake.raw.orders@{snapshot}").output
    assert f"takes it  from {committed.plus(micros=60_001_000)} on" in shown


def test_what_a_table_holds_is_asked_of_the_table_and_not_of_the_ledger(lake: Lake) -> None:
    table = lake.iceberg()
    snapshot = lake.append(table)
    lake.append(table)
    lake.harvest()
    table.manage_snapshots().create_tag(int(snapshot), "since the harvest").commit()
    one = only(lake.session.reproduce(f"lake.raw.orders@{snapshot}"))
    assert one.availability == Protected("since the harvest", FOREVER)


def test_an_expired_snapshot_whose_files_lie_there_is_recoverable(lake: Lake) -> None:
    table = lake.iceberg()
    snapshot = lake.append(table)
    lake.append(table, rows=2)
    lake.harvest()
    table.maintenance.expire_snapshots().by_id(int(snapshot)).commit()
    out = lake.root / "out"

    answer = lake.session.reproduce(f"lake.raw.orders@{snapshot}", out=out)
    assert isinstance(only(answer).availability, Recoverable)
    assert answer.outcome == RecoveryNeeded((f"lake.raw.orders@{snapshot}",))
    assert not out.exists()

    answer = lake.session.reproduce(f"lake.raw.orders@{snapshot}", out=out, recover=True)
    assert isinstance(answer.outcome, Reproducible)
    assert parquet.read_table(out / f"lake.raw.orders@{snapshot}.parquet").num_rows == 3


def test_a_snapshot_is_recovered_from_what_the_ledger_kept_of_its_metadata(lake: Lake) -> None:
    table = lake.iceberg()
    snapshot = lake.append(table)
    lake.append(table, rows=2)
    lake.harvest()
    table.maintenance.expire_snapshots().by_id(int(snapshot)).commit()
    for old in local(table.location()).glob("metadata/*.metadata.json"):
        if old != local(table.metadata_location):
            old.unlink()
    before = _listing(local(table.location()))

    answer = lake.session.reproduce(
        f"lake.raw.orders@{snapshot}", out=lake.root / "out", recover=True
    )

    verdict = only(answer).availability
    assert isinstance(verdict, Recoverable)
    assert verdict.how == "from the file lists that the ledger kept"
    copy = parquet.read_table(lake.root / "out" / f"lake.raw.orders@{snapshot}.parquet")
    assert copy.to_pylist() == orders(3).to_pylist()
    assert _listing(local(table.location())) == before


def test_what_only_an_expired_snapshot_held_is_gone_with_its_files(lake: Lake) -> None:
    table = lake.iceberg()
    snapshot = lake.append(table)
    table.overwrite(orders(2))
    lake.harvest()
    (lost,) = [
        local(task.file.file_path) for task in table.scan(snapshot_id=int(snapshot)).plan_files()
    ]
    table.maintenance.expire_snapshots().by_id(int(snapshot)).commit()
    lost.unlink()

    answer = lake.session.reproduce(f"lake.raw.orders@{snapshot}")

    assert answer.outcome == Irreproducible((f"lake.raw.orders@{snapshot}",), ())
    verdict = only(answer).availability
    assert isinstance(verdict, Gone)
    assert [Path(path).name for path in verdict.missing] == [lost.name]
    assert verdict.since is not None
    assert verdict.act is not None
    assert verdict.act.startswith("expired by metadata file ")


def test_a_file_of_another_size_is_not_the_file_that_was_committed(lake: Lake) -> None:
    table = lake.iceberg()
    snapshot = lake.append(table)
    lake.append(table)
    lake.harvest()
    first = next(iter(table.scan(snapshot_id=int(snapshot)).plan_files())).file.file_path
    local(first).write_bytes(b"something else")
    answer = lake.session.reproduce("lake.raw.orders")
    verdict = only(answer).availability
    assert isinstance(verdict, Unverified)
    assert verdict.reason.startswith("1 of 2 files have another size than was recorded; ")
    assert verdict.reason.endswith(local(first).name)
    (lost,) = only(answer).lost
    assert Path(lost.path).name == local(first).name
    found = lake.session.available("lake.raw.orders").states
    assert {one.verdict for one in found} == {"unverified"}


def test_a_vacuumed_version_is_gone_since_the_vacuum(lake: Lake) -> None:
    lake.write_delta()
    lake.write_delta(mode="overwrite")
    lake.harvest()
    assert only(lake.session.reproduce("delta.orders@0")).verdict != "gone"
    lake.vacuum()

    answer = lake.session.reproduce("delta.orders@0")

    verdict = only(answer).availability
    assert isinstance(verdict, Gone)
    assert verdict.act is not None
    assert verdict.act.startswith("VACUUM END in version 3")
    log = json.loads((lake.delta / "orders/_delta_log/00000000000000000003.json").read_text())
    assert verdict.since is not None
    assert verdict.since.micros // 1000 == pytest.approx(log["commitInfo"]["timestamp"], abs=2000)


def test_a_version_that_shares_files_with_the_newest_is_partly_lost(lake: Lake) -> None:
    lake.write_delta()
    lake.write_delta(rows=2)
    lake.delta_table().delete("id = 2")
    lake.harvest()
    lake.vacuum()
    verdict = only(lake.session.reproduce("delta.orders@1")).availability
    assert isinstance(verdict, Partial)
    assert (len(verdict.missing), verdict.of) == (1, 2)
    assert verdict.act is not None


def test_a_version_whose_log_was_cleaned_is_recovered_from_kept_commits(lake: Lake) -> None:
    for _ in range(4):
        lake.write_delta()
    lake.harvest()
    lake.delta_table().create_checkpoint()
    _clean_log(lake.delta / "orders", before=3)

    answer = lake.session.reproduce("delta.orders@1", out=lake.root / "out", recover=True)

    assert isinstance(only(answer).availability, Recoverable)
    assert parquet.read_table(lake.root / "out" / "delta.orders@1.parquet").num_rows == 6


def test_a_version_whose_log_was_cleaned_before_anybody_kept_it_is_log_truncated(
    lake: Lake,
) -> None:
    for _ in range(4):
        lake.write_delta()
    lake.delta_table().create_checkpoint()
    _clean_log(lake.delta / "orders", before=1)
    lake.harvest()
    answer = lake.session.reproduce("delta.orders@1", out=lake.root / "out", recover=True)
    assert only(answer).availability == LogTruncated(3)
    assert answer.outcome == Irreproducible(("delta.orders@1",), ())
    assert not (lake.root / "out").exists()


def test_a_table_that_was_moved_away_is_unverified_and_not_gone(lake: Lake) -> None:
    table = lake.iceberg()
    lake.append(table)
    lake.write_delta()
    lake.harvest()
    shutil.move(local(table.location()), lake.root / "elsewhere")
    shutil.move(lake.delta / "orders", lake.root / "elsewhere too")
    for name in ("lake.raw.orders", "delta.orders"):
        answer = lake.session.reproduce(name)
        verdict = only(answer).availability
        assert isinstance(verdict, Unverified)
        assert verdict.reason
        assert answer.outcome == Irreproducible((), (answer.target,))


def test_a_table_dropped_from_its_catalog_is_looked_for_where_it_lay(lake: Lake) -> None:
    table = lake.iceberg()
    snapshot = lake.append(table)
    lake.harvest()
    lake.catalog.drop_table("raw.orders")
    answer = lake.session.reproduce(f"lake.raw.orders@{snapshot}")
    assert only(answer).availability == Live()
    assert any("opened by its place" in doubt for doubt in answer.doubts)


def test_another_table_of_the_same_name_is_never_taken_for_the_one_meant(lake: Lake) -> None:
    table = lake.iceberg()
    snapshot = lake.append(table)
    lake.harvest()
    shutil.rmtree(local(table.location()))
    lake.catalog.drop_table("raw.orders")
    lake.append(lake.iceberg())
    verdict = only(lake.session.reproduce(f"lake.raw.orders@{snapshot}")).availability
    assert isinstance(verdict, Unverified)
    assert "holds another table now" in verdict.reason


def test_a_catalog_that_is_no_longer_configured_is_said_to_be_so(lake: Lake) -> None:
    lake.append(lake.iceberg())
    lake.harvest()
    lake.configuration.remove("lake")
    answer = lake.session.reproduce("lake.raw.orders")
    assert only(answer).availability == Live()
    assert any("catalog lake is not configured here" in doubt for doubt in answer.doubts)


def test_an_address_of_a_column_a_job_or_an_edge_is_refused(lake: Lake) -> None:
    lake.append(lake.iceberg())
    lake.harvest()
    for address in ("lake.raw.orders#id", "job:train/fraud", "edge:1"):
        with pytest.raises(BadTargetError):
            lake.session.reproduce(address)


def test_an_occupied_folder_is_refused_before_anything_is_read(lake: Lake) -> None:
    (lake.root / "out").mkdir()
    (lake.root / "out" / "mine").write_text("mine")
    assert lake.tl_status("reproduce", "never.heard.of", "--out", str(lake.root / "out")) == 1


def _clean_log(table: Path, *, before: int) -> None:
    for version in range(before):
        (table / "_delta_log" / f"{version:020d}.json").unlink()


def _listing(folder: Path) -> list[tuple[str, int, int]]:
    return sorted(
        (str(path), path.stat().st_size, path.stat().st_mtime_ns) for path in folder.rglob("*")
    )
