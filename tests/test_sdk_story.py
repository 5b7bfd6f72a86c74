"""The whole story of a training run: exact from its reads to its model, and told the same later."""

import json
import os
from pathlib import Path

import polars as pl
import pyarrow as pa
import pytest
from openlineage.client.transport.file import FileConfig, FileTransport
from pyarrow import parquet

import temporal_lineage
from reproduce_lake import Lake
from snapshots.row_counts import RowCountError
from temporal_lineage.session import Session, wall_clock
from temporal_lineage.workspace import Workspace


def _story(lake: Lake, session: Session) -> str:
    """Train on two tables; gives the run's id."""
    lake.append(lake.iceberg(), rows=6)
    lake.write_delta("payments", rows=6)
    lake.catalog.create_table("raw.features", schema=pa.schema([("id", pa.int64())]))
    with temporal_lineage.run("train-fraud", to=session, params={"depth": 6}) as run:
        told = run.read_iceberg("lake.raw.orders", columns=["id"], where="id >= 2")
        paid = run.scan_delta("delta.payments", where="id < 5")
        lake.append(lake.catalog.load_table("raw.orders"), rows=9)
        features = told.lazy().join(paid.select("id"), on="id").sort("id").collect()
        assert features["id"].to_list() == [2, 3, 4]
        run.iceberg("lake.raw.features").append(features.to_arrow())
        weights = run.write_file(lake.root / "weights.bin", b"\0\1\2")
        run.log_model("fraud", "v1", path=weights)
    return run.run_id


def test_a_training_run_is_exact_end_to_end(tmp_path: Path, ledger_url: str) -> None:
    lake = Lake(tmp_path)
    session = Session(Workspace(lake.session.workspace.folder, ledger_url), clock=wall_clock)
    run_id = _story(lake, session)

    reads, writes = session.why(f"run:{run_id}"), session.why("lake.raw.features")
    assert {one.grade for one in reads.reasons} == {"exact"}
    assert run_id in str(writes)
    answer = session.upstream("model:fraud@v1")
    assert {edge.grade for edge in answer.edges} == {"exact"}
    told = str(answer)
    first = lake.catalog.load_table("raw.orders").snapshots()[0].snapshot_id
    assert f"lake.raw.orders@{first}" in told
    assert "delta.payments@0" in told


def test_the_default_ledger_is_the_one_the_command_line_would_use(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lake = Lake(tmp_path)
    lake.write_delta()
    (tmp_path / ".temporal-lineage").mkdir()
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("TEMPORAL_LINEAGE_LEDGER", raising=False)
    with temporal_lineage.run("train", namespace="shop") as run:
        frame = run.scan_delta(os.fspath(lake.delta / "orders")).select(pl.len()).collect()
        run.log_model("fraud", "v1")
    assert frame.item() == 3
    assert (tmp_path / ".temporal-lineage" / "ledger.db").exists()
    assert "shop/train" in str(temporal_lineage.open_session().upstream("model:fraud@v1"))


def test_what_the_code_saw_is_written_again_row_by_row(tmp_path: Path, ledger_url: str) -> None:
    lake = Lake(tmp_path)
    session = Session(Workspace(lake.session.workspace.folder, ledger_url), clock=wall_clock)
    _story(lake, session)
    out = tmp_path / "rebuilt"

    answer = session.reproduce("model:fraud@v1", out=out)

    assert answer.verdict == "reproducible"
    first = lake.catalog.load_table("raw.orders").snapshots()[0].snapshot_id
    rebuilt = parquet.read_table(out / f"lake.raw.orders@{first}.parquet")
    assert rebuilt.to_pydict() == {"id": [2, 3, 4, 5]}
    paid = parquet.read_table(out / "delta.payments@0.parquet")
    assert paid.to_pydict() == {"id": [0, 1, 2, 3, 4]}
    lock = json.loads((out / "reproduction.lock.json").read_text())
    taken = [portion for one in lock["inputs"] for portion in one["taken"]]
    assert [(one["columns"], one["where"], one["rows"]) for one in taken] == [
        (["id"], "id < 5", 5),
        (["id"], "id >= 2", 4),
    ]


def test_portions_of_one_state_are_written_one_by_one(tmp_path: Path) -> None:
    lake = Lake(tmp_path)
    lake.write_delta(rows=6)
    with temporal_lineage.run("split", to=lake.session) as run:
        train = run.read_delta("delta.orders", where="id < 4").to_arrow()
        test = run.read_delta("delta.orders", where="id >= 4").to_arrow()
        run.log_model("fraud", "v1")
    answer = lake.session.reproduce("model:fraud@v1", out=tmp_path / "out")
    assert answer.verdict == "reproducible"
    (one,) = answer.inputs
    assert [portion.rows for portion in one.portions] == [4, 2]
    files = [parquet.read_table(path) for path in sorted((tmp_path / "out").glob("*.parquet"))]
    assert sorted(files, key=len) == sorted([test, train], key=len)
    told = lake.tl("reproduce", "model:fraud@v1").output
    assert "all columns where id < 4: 4 rows" in told


def test_a_run_that_took_other_rows_than_it_says_is_found_out(tmp_path: Path) -> None:
    lake = Lake(tmp_path)
    lake.write_delta(rows=6)
    kept = tmp_path / "events.ndjson"
    transport = FileTransport(FileConfig(log_file_path=str(kept), append=True))
    with temporal_lineage.run("train", to=transport) as run:
        run.read_delta(lake.delta / "orders", where="id < 4").to_arrow()
        run.log_model("fraud", "v1")
    kept.write_text(kept.read_text().replace('"rows": 4', '"rows": 3'))
    lake.harvest()
    lake.session.ingest_openlineage([str(kept)])
    with pytest.raises(RowCountError, match="gave 4 rows where the run that read it counted 3"):
        lake.session.reproduce("model:fraud@v1", out=tmp_path / "out")


def test_files_are_inputs_that_are_checked_by_content_and_copied(tmp_path: Path) -> None:
    lake = Lake(tmp_path)
    lake.write_delta()
    labels, images = tmp_path / "labels.csv", tmp_path / "images"
    labels.write_text("id,label\n1,yes\n")
    (images / "a").mkdir(parents=True)
    (images / "a" / "1.png").write_bytes(b"\x89PNG")
    with temporal_lineage.run("train", to=lake.session) as run:
        run.read_delta("delta.orders").to_arrow()
        run.read_file(labels)
        run.use_file(images)
        run.log_model("fraud", "v1")
    answer = lake.session.reproduce("model:fraud@v1", out=tmp_path / "out")
    assert (answer.verdict, [one.verdict for one in answer.inputs]) == (
        "reproducible",
        ["live", "live", "live"],
    )
    written = {file.address: file for file in answer.outcome.written.files}  # type: ignore[union-attr]
    (folder,) = (file for address, file in written.items() if "images" in address)
    assert (tmp_path / "out" / folder.name / "a" / "1.png").read_bytes() == b"\x89PNG"
    (copied,) = (file for address, file in written.items() if "labels" in address)
    assert (tmp_path / "out" / copied.name).read_text() == "id,label\n1,yes\n"

    labels.write_text("id,label\n1,no\n")
    (images / "a" / "1.png").unlink()
    later = lake.session.reproduce("model:fraud@v1")
    assert later.verdict == "irreproducible"
    assert sorted(one.verdict for one in later.inputs) == ["gone", "gone", "live"]
    assert "it holds something else now" in lake.tl("reproduce", "model:fraud@v1").output
