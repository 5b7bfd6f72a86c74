"""MLflow for real: its run, its registered versions and its logged data sets, linked to ours."""

from collections.abc import Iterator
from pathlib import Path

import pandas as pd
import pytest

import temporal_lineage
from reproduce_lake import Lake
from temporal_lineage.sdk.mlflow_links import TAG

mlflow = pytest.importorskip("mlflow")

pytestmark = pytest.mark.interop


@pytest.fixture
def lake(tmp_path: Path) -> Iterator[Lake]:
    before = mlflow.get_tracking_uri()
    mlflow.set_tracking_uri(f"sqlite:///{tmp_path}/mlflow.db")
    mlflow.create_experiment("fraud", artifact_location=f"file://{tmp_path}/artifacts")
    mlflow.set_experiment("fraud")
    yield Lake(tmp_path)
    mlflow.set_tracking_uri(before)


def _predict(model_input: list[str]) -> list[str]:
    return model_input


def test_a_registered_version_is_a_model_of_ours_made_from_exact_states(lake: Lake) -> None:
    lake.write_delta(rows=4)
    with temporal_lineage.run("train", to=lake.session) as run, mlflow.start_run() as tracked:
        run.read_delta("delta.orders", where="id < 3").to_pandas()
        made = mlflow.pyfunc.log_model(
            name="model", python_model=_predict, pip_requirements=[], registered_model_name="fraud"
        )
        mlflow.register_model(made.model_uri, "fraud")
    for version in ("1", "2"):
        (edge,) = lake.session.upstream(f"model:fraud@{version}").edges
        assert (edge.source, edge.grade, edge.job) == ("delta.orders@0", "exact", "default/train")
    assert lake.session.reproduce("model:fraud@2").verdict == "reproducible"
    assert mlflow.get_run(tracked.info.run_id).data.tags[TAG] == run.run_id


def test_a_logged_data_set_is_an_input_by_its_place(lake: Lake) -> None:
    place = lake.root / "labels.csv"
    frame = pd.DataFrame({"id": [1, 2]})
    frame.to_csv(place)
    with temporal_lineage.run("train", to=lake.session) as run:
        with mlflow.start_run():
            mlflow.log_input(mlflow.data.from_pandas(frame, source=str(place), name="labels"))
        run.log_model("fraud", "v1")
    (edge,) = lake.session.upstream("model:fraud@v1").edges
    assert edge.source.startswith(f"dataset:file/{place}@")
    # MLflow's digest is a hint that nobody can check, and no pin.
    assert edge.grade == "inferred"


def test_a_run_of_mlflow_that_was_over_before_is_not_ours(lake: Lake) -> None:
    with mlflow.start_run() as before:
        pass
    with temporal_lineage.run("train", to=lake.session):
        pass
    assert TAG not in mlflow.get_run(before.info.run_id).data.tags


def test_a_tracking_server_that_is_down_stops_nothing(
    lake: Lake, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    with temporal_lineage.run("train", to=lake.session) as run:
        with mlflow.start_run():
            pass
        monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "0")
        monkeypatch.setenv("MLFLOW_HTTP_REQUEST_TIMEOUT", "1")
        mlflow.set_tracking_uri("http://127.0.0.1:1")
    assert "the runs of MLflow could not be linked" in caplog.text
    assert run.run_id in str(lake.session.why(f"run:{run.run_id}"))
