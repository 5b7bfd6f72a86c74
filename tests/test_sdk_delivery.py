"""Delivery: the events of a run reach their targets, or wait where they can be taken in later."""

import http.server
import json
import logging
import threading
from base64 import b64encode
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from openlineage.client.transport.file import FileConfig, FileTransport

import temporal_lineage
from reproduce_lake import Lake
from temporal_lineage.sdk.delivery import SPOOL
from temporal_lineage.sdk.targets import BadTargetError, UndeliveredError


@pytest.fixture
def lake(tmp_path: Path) -> Lake:
    return Lake(tmp_path)


class Sink(http.server.HTTPServer):
    """A server that keeps what is posted to it."""

    status = 201

    def __init__(self, *arguments: Any) -> None:  # noqa: ANN401
        """Start with nothing."""
        super().__init__(*arguments)
        self.told: list[tuple[str, str | None, Any]] = []


class _Answer(http.server.BaseHTTPRequestHandler):
    server: Sink

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.told.append((self.path, self.headers["Authorization"], json.loads(body)))
        self.send_response(self.server.status)
        self.end_headers()
        self.wfile.write(b"told")

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def sink() -> Iterator[Sink]:
    with Sink(("127.0.0.1", 0), _Answer) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield server
        server.shutdown()
        thread.join()


def _url(sink: Sink) -> str:
    return f"http://someone:secret@127.0.0.1:{sink.server_port}"


def test_an_http_sink_gets_the_events_with_the_token(
    sink: Sink, lake: Lake, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENLINEAGE_API_KEY", "token")
    with temporal_lineage.run(
        "train", to=[_url(sink).replace("someone:secret@", ""), lake.session]
    ):
        pass
    monkeypatch.delenv("OPENLINEAGE_API_KEY")
    with temporal_lineage.run("train", to=[_url(sink), lake.session]):
        pass
    basic = f"Basic {b64encode(b'someone:secret').decode()}"
    assert [(path, key, event["eventType"]) for path, key, event in sink.told] == [
        ("/api/v1/lineage", "Bearer token", "START"),
        ("/api/v1/lineage", "Bearer token", "COMPLETE"),
        ("/api/v1/lineage", basic, "START"),
        ("/api/v1/lineage", basic, "COMPLETE"),
    ]


def test_a_backend_that_is_down_stops_nothing_and_the_events_can_be_taken_in_later(
    lake: Lake, caplog: pytest.LogCaptureFixture
) -> None:
    lake.write_delta()
    down = "http://someone:secret@127.0.0.1:1"
    with temporal_lineage.run("train", to=[down, lake.session], harvest=False) as run:
        run.read_delta("delta.orders")
        run.log_model("fraud", "v1")
    (message,) = [one.getMessage() for one in caplog.records if one.levelno >= logging.WARNING]
    kept = lake.session.workspace.folder / SPOOL / f"{run.run_id}.ndjson"
    assert f"tl ingest openlineage {kept}" in message
    assert "http://127.0.0.1:1/api/v1/lineage" in message
    assert "secret" not in message
    kinds = [json.loads(line)["eventType"] for line in kept.read_text().splitlines()]
    assert (kinds[0], kinds[-1]) == ("START", "COMPLETE")
    report = lake.session.ingest_openlineage([str(kept)])
    assert (report.new, report.rejected) == (0, ())


def test_a_ledger_that_cannot_be_written_stops_nothing(
    lake: Lake, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    folder = tmp_path / "no-ledger"
    folder.mkdir()
    with temporal_lineage.run("train", to=[str(folder), lake.session]) as run:
        pass
    assert "did not reach the ledger" in caplog.text
    assert run.run_id in str(lake.session.why(f"run:{run.run_id}"))


def test_who_is_strict_is_told_at_once(sink: Sink, lake: Lake) -> None:
    sink.status = 503
    context = temporal_lineage.run("train", to=[_url(sink), lake.session], strict=True)
    with pytest.raises(UndeliveredError, match="HTTP 503 told"), context:
        pytest.fail("the block of a strict run does not begin without its START")


def test_the_transports_of_openlineage_take_the_events(lake: Lake, tmp_path: Path) -> None:
    path = tmp_path / "events.ndjson"
    transport = FileTransport(FileConfig(log_file_path=str(path), append=True))
    lake.write_delta()
    with temporal_lineage.run("train", to=transport) as run:
        run.read_delta(lake.delta / "orders").to_arrow()
        run.log_model("fraud", "v9")
    lake.harvest()
    report = lake.session.ingest_openlineage([str(path)])
    assert report.rejected == ()
    told = str(lake.session.upstream("model:fraud@v9"))
    assert "delta.orders@0" in told
    assert "exact" in told


def test_what_is_no_target_is_refused() -> None:
    with pytest.raises(BadTargetError, match="a Session or an OpenLineage transport"):
        temporal_lineage.run("train", to=42).__enter__()
