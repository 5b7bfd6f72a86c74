"""The SDK and the sink together: what is told over HTTP is as exact as what the ledger is told."""

from pathlib import Path

import pytest

import temporal_lineage
from reproduce_lake import Lake, orders
from sink_server import sink_server
from temporal_lineage.sdk.delivery import SPOOL
from temporal_lineage.session import Session, wall_clock
from temporal_lineage.workspace import Workspace

TOKEN = "a-token-of-the-tests"  # noqa: S105 - of a server that lives for seconds


def test_a_run_told_over_http_is_exact_once_its_tables_are_harvested(
    tmp_path: Path, ledger_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    lake = Lake(tmp_path)
    lake.write_delta()
    monkeypatch.setenv("OPENLINEAGE_API_KEY", TOKEN)
    with (
        sink_server(ledger_url, "--token", TOKEN) as sink,
        temporal_lineage.run("train", to=sink.url, strict=True) as run,
    ):
        run.read_delta(lake.delta / "orders", where="id > 0").to_arrow()
        run.write_delta(lake.delta / "features", orders(2))
        run.log_model("fraud", "v1")
    session = Session(Workspace(lake.session.workspace.folder, ledger_url), clock=wall_clock)
    session.harvest()

    (edge,) = session.upstream("model:fraud@v1").edges

    assert (edge.source, edge.grade, edge.job) == ("delta.orders@0", "exact", "default/train")
    assert {one.grade for one in session.why(f"run:{run.run_id}").reasons} == {"exact"}
    assert session.reproduce("model:fraud@v1").verdict == "reproducible"


def test_a_sink_that_wants_another_token_gets_the_events_later(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    lake = Lake(tmp_path)
    ledger = str(tmp_path / "ledger.db")
    session = Session(Workspace(lake.session.workspace.folder, ledger), clock=wall_clock)
    monkeypatch.setenv("OPENLINEAGE_API_KEY", "another")
    with (
        sink_server(str(tmp_path / "sink.db"), "--token", TOKEN) as sink,
        temporal_lineage.run("train", to=[sink.url, session]) as run,
    ):
        run.log_model("fraud", "v1")
    assert "HTTP 401" in caplog.text
    assert (session.workspace.folder / SPOOL / f"{run.run_id}.ndjson").is_file()
