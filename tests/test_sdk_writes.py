"""Writes of a run: every commit carries its id, whatever library made it."""

import hashlib
from pathlib import Path

import pyarrow as pa
import pytest
from deltalake import CommitProperties, DeltaTable

import temporal_lineage
from reproduce_lake import Lake, orders
from temporal_lineage.evidence.commit_signs import STAMP
from temporal_lineage.sdk import Run


@pytest.fixture
def lake(tmp_path: Path) -> Lake:
    return Lake(tmp_path)


def _stamped(lake: Lake, run: Run, name: str = "orders") -> list[str]:
    table = lake.catalog.load_table(f"raw.{name}")
    return [
        str(one.snapshot_id)
        for one in table.metadata.snapshots
        if one.summary is not None and one.summary.additional_properties.get(STAMP) == run.run_id
    ]


def _written(run: Run) -> list[list[str]]:
    return [one.versions for one in run.records.outputs]


def test_every_write_of_pyiceberg_is_stamped_and_recorded(lake: Lake) -> None:
    lake.append(lake.iceberg(), rows=3)
    with temporal_lineage.run("load", to=lake.session) as run:
        table = run.iceberg("lake.raw.orders")
        table.append(orders(2), {"mine": "kept"})
        table.overwrite(orders(4), overwrite_filter="id = 1")
        table.upsert(orders(6), join_cols=["id"])
        table.delete("id = 5")
        with table.transaction() as transaction:
            transaction.append(orders(1))
            transaction.append(orders(2))
    every = [str(one.snapshot_id) for one in lake.catalog.load_table("raw.orders").snapshots()]
    assert _stamped(lake, run) == every[1:]
    assert _written(run) == [every[1:]]
    appended = lake.catalog.load_table("raw.orders").snapshot_by_id(int(every[1]))
    assert appended is not None
    assert appended.summary is not None
    assert appended.summary.additional_properties["mine"] == "kept"
    told = str(lake.session.why(f"run:{run.run_id}"))
    assert "output-stamp" in told
    assert all(version in told for version in every[1:])


def test_every_write_of_deltalake_is_stamped_and_recorded(lake: Lake) -> None:
    lake.write_delta(rows=3)
    place = lake.delta / "orders"
    with temporal_lineage.run("load", to=lake.session) as run:
        run.write_delta(place, orders(2), mode="append")
        mine = CommitProperties(custom_metadata={"mine": "kept"})
        run.write_delta(DeltaTable(place), orders(4), mode="overwrite", commit_properties=mine)
        table = run.delta(place)
        table.delete("id = 1")
        table.update(updates={"name": "'x'"}, predicate="id = 2")
        merger = table.merge(orders(6), predicate="s.id = t.id", source_alias="s", target_alias="t")
        merger.when_not_matched_insert_all().execute()
        table.optimize.compact()
        table.restore(1)
    commits = sorted((place / "_delta_log").glob("*.json"))
    stamped = [n for n, path in enumerate(commits) if run.run_id in path.read_text()]
    assert stamped == list(range(1, len(commits)))
    assert _written(run) == [[str(n) for n in stamped]]
    assert '"mine":"kept"' in commits[2].read_text()


def test_a_commit_of_somebody_else_in_between_is_not_claimed(lake: Lake) -> None:
    lake.write_delta(rows=3)
    place = lake.delta / "orders"
    table = lake.iceberg()
    with temporal_lineage.run("load", to=lake.session) as run:
        ours = run.iceberg(lake.catalog.load_table("raw.orders"))
        theirs = lake.append(table)
        ours.append(orders(1))
        delta = run.delta(place)
        delta.delete("id = 1")
        lake.write_delta()
        run.write_delta(delta.native, orders(1), mode="append")
    assert theirs not in _stamped(lake, run)
    iceberg, deltas = _written(run)
    assert iceberg == _stamped(lake, run)
    assert deltas == ["1", "3"]


def test_a_table_that_was_not_there_is_made_with_the_stamp(lake: Lake) -> None:
    with temporal_lineage.run("load", to=lake.session) as run:
        run.write_delta(lake.delta / "fresh", orders(2))
    assert _written(run) == [["0"]]
    assert "exact" in str(lake.session.why("delta.fresh@0"))


def test_a_write_that_failed_is_told_of_without_a_version(lake: Lake) -> None:
    lake.iceberg()
    with temporal_lineage.run("load", to=lake.session) as run:
        table = run.iceberg("lake.raw.orders")
        with pytest.raises(ValueError, match="contains more columns"):
            table.append(pa.table({"wrong": [1]}))
    assert _written(run) == [[]]
    assert lake.session.why(f"run:{run.run_id}").doubts != ()


def test_a_read_can_be_written_as_it_streams(lake: Lake) -> None:
    lake.append(lake.iceberg(), rows=4)
    with temporal_lineage.run("copy", to=lake.session) as run:
        run.write_delta(lake.delta / "copy", run.read_iceberg("lake.raw.orders", where="id < 2"))
    assert DeltaTable(lake.delta / "copy").to_pyarrow_table().num_rows == 2


def test_files_and_models_have_their_content_for_a_version(lake: Lake, tmp_path: Path) -> None:
    labels = tmp_path / "labels.csv"
    labels.write_text("id,label\n1,yes\n")
    weights = tmp_path / "weights"
    weights.mkdir()
    (weights / "layer.bin").write_bytes(b"\0\1")
    with temporal_lineage.run("train", to=lake.session) as run:
        assert run.read_file(labels) == b"id,label\n1,yes\n"
        assert run.use_file(weights) == weights
        run.write_file(tmp_path / "report.txt", "fine")
        run.log_model("fraud", 3, path=weights)
    assert (tmp_path / "report.txt").read_text() == "fine"
    assert [path.name for path in tmp_path.glob(".*.partial")] == []
    file, folder = run.records.inputs
    assert file.version == f"sha256:{hashlib.sha256(labels.read_bytes()).hexdigest()}"
    assert folder.version != file.version
    answer = str(lake.session.upstream("model:fraud@3"))
    assert file.version in answer
    assert "exact" in answer
    with temporal_lineage.run("score", to=lake.session) as scored:
        scored.use_model("fraud", 3)
        scored.write_file(tmp_path / "scores.txt", "1")
    assert "scores.txt" in str(lake.session.downstream("model:fraud@3"))


def test_a_log_that_breaks_behind_our_back_does_not_fail_the_run(
    lake: Lake, caplog: pytest.LogCaptureFixture
) -> None:
    lake.write_delta(rows=3)
    log = lake.delta / "orders" / "_delta_log"
    with temporal_lineage.run("load", to=lake.session) as run:
        run.delta(lake.delta / "orders").delete("id = 1")
        (log / f"{2:020}.json").write_text("{broken")
    assert _written(run) == [["1"]]
    assert "could not be looked up" in caplog.text
