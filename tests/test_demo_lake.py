"""The demo lake really holds, in real tables, everything its story is told with."""

import struct
import time
import uuid
import zlib
from hashlib import sha256
from pathlib import Path

import pytest
from deltalake import DeltaTable

from demo_reading import (
    DELTA,
    ICEBERG,
    Played,
    chain,
    commits,
    events_in,
    iceberg,
    log_files,
    played_lake,
    png_chunks,
)
from snapshots.instant import Instant
from temporal_lineage.demo.lake import (
    SECOND_HARVEST,
    DemoLake,
    NotADemoLakeError,
    build_lake,
    open_lake,
)
from temporal_lineage.demo.raw_scenes import WEEKS, play_week
from temporal_lineage.demo.stage import staged

FIRST_INSTANT = Instant.parse("2026-08-31T00:00Z")


@pytest.fixture
def played(tmp_path_factory: pytest.TempPathFactory) -> Played:
    return played_lake(tmp_path_factory.getbasetemp())


@pytest.fixture
def lake(played: Played) -> DemoLake:
    return played.lake


@pytest.fixture
def told(lake: DemoLake) -> dict[str, str]:
    return dict(lake.milestones)


def test_no_table_goes_back_in_time_or_leaves_the_two_months(lake: DemoLake) -> None:
    for address in ICEBERG:
        log = [entry.timestamp_ms for entry in iceberg(lake, address).metadata.snapshot_log]
        assert log == sorted(set(log)), address
    dates = [
        Instant(path.stat().st_mtime_ns // 1000)
        for part in ("warehouse", "delta", "receipts", "models", "events")
        for path in (lake.root / part).rglob("*")
        if path.is_file()
    ]
    assert FIRST_INSTANT < min(dates) < max(dates) < SECOND_HARVEST


def test_every_append_brings_rows(lake: DemoLake) -> None:
    for address in ICEBERG:
        for snapshot in iceberg(lake, address).snapshots():
            assert snapshot.summary is not None
            if snapshot.summary.operation.value == "append":
                assert int(snapshot.summary["added-records"] or 0) > 0, address


def test_an_expired_snapshot_is_gone_from_the_metadata_while_its_files_stay(
    lake: DemoLake, told: dict[str, str]
) -> None:
    for address, name in (
        ("raw.orders", "orders_middle_snapshot"),
        ("ml.training_set", "training_v2_snapshot"),
    ):
        table, gone = iceberg(lake, address), int(told[name])
        assert table.snapshot_by_id(gone) is None
        assert gone not in {entry.snapshot_id for entry in table.metadata.snapshot_log}
        before = [metadata for metadata in chain(table) if metadata.snapshot_by_id(gone)]
        assert before[-1].scan(snapshot_id=gone).to_arrow().num_rows > 0


def test_an_upsert_logs_snapshots_that_no_reader_ever_saw(lake: DemoLake) -> None:
    table = iceberg(lake, "raw.customers")
    logged = {entry.snapshot_id for entry in table.metadata.snapshot_log}
    seen = {metadata.metadata.current_snapshot_id for metadata in chain(table)}
    assert len(logged - seen) == 6  # two in each of three upserts


def test_the_late_correction_replaces_one_settlement(lake: DemoLake, told: dict[str, str]) -> None:
    commit = commits(lake, "raw/payments")[int(told["correction_version"])]
    (change,) = [action["commitInfo"] for action in commit if "commitInfo" in action]
    assert change["operationParameters"]["mode"] == "Overwrite"
    assert "2026-09-22" in change["operationParameters"]["predicate"]
    wrong, right = (
        DeltaTable(lake.delta / "raw/payments", version=version).to_pyarrow_table().to_pylist()
        for version in (int(told["correction_version"]) - 1, int(told["correction_version"]))
    )
    changed = {row["settled_on"].isoformat() for row in wrong if row not in right}
    assert changed == {"2026-09-22"}
    assert len(wrong) == len(right)


def test_the_bad_staging_snapshot_is_rolled_back_and_still_listed(
    lake: DemoLake, told: dict[str, str]
) -> None:
    table = iceberg(lake, "staging.orders_clean")
    log = table.metadata.snapshot_log
    good, bad = int(told["good_staging_snapshot"]), int(told["bad_staging_snapshot"])
    back = [entry for entry in log if entry.snapshot_id == good][-1]
    assert Instant.from_millis(back.timestamp_ms).isoformat() == told["rollback_at"]
    assert log[log.index(back) - 1].snapshot_id == bad
    assert table.snapshot_by_id(bad) is not None


def test_the_audit_branch_has_a_snapshot_that_was_never_current(
    lake: DemoLake, told: dict[str, str]
) -> None:
    table, own = iceberg(lake, "staging.orders_clean"), int(told["audit_snapshot"])
    assert table.metadata.refs["audit"].snapshot_id == own
    assert own not in {entry.snapshot_id for entry in table.metadata.snapshot_log}


def test_the_schema_of_order_features_took_every_kind_of_change(lake: DemoLake) -> None:
    schemas = iceberg(lake, "features.order_features").schemas()
    ids = [{field.name: field.field_id for field in schema.fields} for schema in schemas.values()]
    kinds = [
        {field.name: str(field.field_type) for field in schema.fields}
        for schema in schemas.values()
    ]
    assert len(schemas) == 6
    assert ids[0]["amt"] == ids[-1]["amount_eur"]
    assert (kinds[0]["items"], kinds[-1]["items"]) == ("int", "long")
    assert "receipt_words" not in kinds[0]
    assert "risk_hint" not in kinds[-2]
    assert ids[0]["risk_hint"] != ids[-1]["risk_hint"]


def test_customer_features_lived_through_merge_update_compaction_and_vacuum(
    lake: DemoLake, told: dict[str, str]
) -> None:
    history = [
        action["commitInfo"]["operation"]
        for commit in commits(lake, "features/customer_features")
        for action in commit
        if "commitInfo" in action
    ]
    assert history == [
        *("WRITE", "WRITE", "MERGE", "UPDATE", "WRITE", "OPTIMIZE", "MERGE"),
        *("VACUUM START", "VACUUM END", "MERGE"),
    ]
    assert history[int(told["vacuum_start_version"])] == "VACUUM START"
    start = log_files(lake, "features/customer_features")[int(told["vacuum_start_version"])]
    assert Instant(start.stat().st_mtime_ns // 1000).isoformat() == told["vacuum_at"]


def test_the_files_v1_was_trained_on_are_gone_since_the_vacuum(played: Played) -> None:
    version = int(played.lake.milestones["training_v1_version"])
    table = DeltaTable(played.lake.delta / "features/customer_features", version=version)
    assert played.first_training_rows == 44
    files = [Path(uri.removeprefix("file://")) for uri in table.file_uris()]
    assert files
    assert not any(path.exists() for path in files)
    with pytest.raises(FileNotFoundError):
        table.to_pyarrow_table()


def test_delta_times_agree_wherever_they_are_written(lake: DemoLake) -> None:
    for name in DELTA:
        for path, actions in zip(log_files(lake, name), commits(lake, name), strict=True):
            millis = path.stat().st_mtime_ns // 1_000_000
            for action in actions:
                for kind, key in (("commitInfo", "timestamp"), ("remove", "deletionTimestamp")):
                    assert action.get(kind, {}).get(key, millis) == millis


def test_a_tag_protects_what_v3_was_trained_on(lake: DemoLake, told: dict[str, str]) -> None:
    table = iceberg(lake, "ml.training_set")
    assert str(table.metadata.refs["fraud-v3"].snapshot_id) == told["training_v3_snapshot"]
    assert str(table.metadata.current_snapshot_id) != told["training_v3_snapshot"]


def test_v3_was_trained_on_rows_of_the_bad_deploy(lake: DemoLake, told: dict[str, str]) -> None:
    bad = int(told["bad_staging_snapshot"])
    cents = {
        row["order_id"]: row["amount_eur"]
        for row in iceberg(lake, "staging.orders_clean")
        .scan(snapshot_id=bad)
        .to_arrow()
        .to_pylist()
    }
    right = {
        row["order_id"]: row["amount_eur"]
        for row in iceberg(lake, "staging.orders_clean").scan().to_arrow().to_pylist()
    }
    wrong = {order for order, amount in cents.items() if amount != right[order]}
    trained = iceberg(lake, "ml.training_set").scan(snapshot_id=int(told["training_v3_snapshot"]))
    contaminated = [
        row
        for row in trained.to_arrow().to_pylist()
        if row["order_id"] in wrong and row["amount_eur"] == cents[row["order_id"]]
    ]
    assert contaminated


def test_receipts_are_images_whose_text_and_digest_are_in_the_table(lake: DemoLake) -> None:
    rows = iceberg(lake, "docs.receipt_text").scan().to_arrow().to_pylist()
    assert len(rows) == 36
    for row in rows:
        image = (lake.root / row["image_path"]).read_bytes()
        assert sha256(image).hexdigest() == row["sha256"]
        assert str(row["order_id"]) in row["text"]
        chunks = dict(png_chunks(image))
        width, height = struct.unpack(">II", chunks[b"IHDR"][:8])
        assert len(zlib.decompress(chunks[b"IDAT"])) == (width + 1) * height


def test_the_one_to_be_forgotten_is_in_every_table(lake: DemoLake, told: dict[str, str]) -> None:
    customer = int(told["erasure_customer_id"])
    holders = [
        address
        for address in ICEBERG
        if "customer_id" in iceberg(lake, address).schema().column_names
        and iceberg(lake, address).scan(f"customer_id = {customer}").to_arrow().num_rows
    ]
    assert len(holders) == 5
    texts = iceberg(lake, "docs.receipt_text").scan().to_arrow().to_pylist()
    people = iceberg(lake, "raw.customers").scan(f"customer_id = {customer}").to_arrow()
    assert any(people.to_pylist()[0]["name"] in row["text"] for row in texts)


def test_an_act_played_again_draws_the_same_ids(lake: DemoLake, tmp_path: Path) -> None:
    with staged(tmp_path, {}) as stage:
        play_week(stage, WEEKS[0], number=1)
        again = stage.orders.loaded().metadata
    first = iceberg(lake, "raw.orders").metadata
    assert again.table_uuid == first.table_uuid
    assert again.snapshot_log == first.snapshot_log[:1]
    names = [path.name for path in (tmp_path / "warehouse/raw/orders").rglob("*.*")]
    assert all(list((lake.root / "warehouse/raw/orders").rglob(name)) for name in names)
    events, others = (
        [(event["run"]["runId"], event["eventTime"]) for event in events_in(folder)]
        for folder in (tmp_path / "events/daily", lake.daily_events)
    )
    assert events == others[: len(events)]


def test_the_process_has_its_own_clock_and_ids_back(lake: DemoLake) -> None:
    assert uuid.uuid4.__module__ == "uuid"
    stamp = lake.root / "now"
    stamp.touch()
    assert abs(time.time() - stamp.stat().st_mtime) < 60
    stamp.unlink()


def test_a_folder_with_other_things_in_it_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "thesis.tex").touch()
    with pytest.raises(NotADemoLakeError, match="name an empty or a new folder"):
        build_lake(tmp_path)
    with pytest.raises(NotADemoLakeError):
        open_lake(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.tex"]


def test_a_lake_that_was_built_can_be_opened_again(played: Played) -> None:
    assert open_lake(played.lake.root) == played.lake
    assert played.first_milestones.items() < played.lake.milestones.items()
