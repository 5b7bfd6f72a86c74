"""What operators hear: logs, Prometheus' counts of the sink, and OpenTelemetry's spans."""

from __future__ import annotations

import gzip
import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.trace.v1.trace_pb2 import Span
from prometheus_client.parser import text_string_to_metric_families

from sink_server import SinkServer, await_true, run_event, sink_server
from small_lake import delta_table

WAIT_SECONDS = 60
TRACE = "0af7651916cd43dd8448eb211c80319c"
TRACEPARENT = f"00-{TRACE}-b7ad6b7169203331-01"


@pytest.fixture
def lake(tmp_path: Path) -> Path:
    """A project with one Delta table that was harvested."""
    delta_table(tmp_path / "orders", commits=2)
    (tmp_path / ".temporal-lineage").mkdir()
    _tl(tmp_path, "harvest", "orders")
    return tmp_path


def test_without_a_word_about_logs_a_command_is_quiet(lake: Path) -> None:
    assert _tl(lake, "harvest", "orders").stderr == ""


def test_a_log_of_json_has_one_object_a_line_and_names_each_table(lake: Path) -> None:
    lines = _json_log(_tl(lake, "--log-format", "json", "harvest", "orders"))
    assert [one["message"] for one in lines] == ["read table", "keep table", "command"]
    assert all(one["ms"] >= 0 and one["time"].endswith("+00:00") for one in lines)
    assert lines[1]["outcome"] == "unchanged"


def test_in_a_log_of_json_an_error_is_json_too_and_the_exit_status_stays(lake: Path) -> None:
    done = _tl(lake, "--log-format", "json", "at", "lake.nothing", status=1)
    failure, command = _json_log(done)
    assert failure["level"] == "ERROR"
    assert failure["message"].startswith("no dataset lake.nothing")
    assert (command["command"], command["exit_status"]) == ("at", 1)


def test_in_a_log_of_json_a_wrong_option_is_json_too(lake: Path) -> None:
    failure, _ = _json_log(_tl(lake, "--log-format", "json", "at", "--nix", status=2))
    assert (failure["exit_status"], "--nix" in failure["message"]) == (2, True)


def test_an_error_stays_one_line_for_people_where_the_log_is_text(lake: Path) -> None:
    done = _tl(lake, "--log-level", "error", "at", "lake.nothing", status=1)
    assert done.stderr.startswith("tl: no dataset lake.nothing")
    assert done.stderr.count("\n") == 1


def test_what_somebody_sent_cannot_begin_a_line_of_the_log(tmp_path: Path) -> None:
    events = tmp_path / "a\nb.json"
    events.write_text(json.dumps(run_event("one")))
    (tmp_path / ".temporal-lineage").mkdir()
    done = _tl(tmp_path, "--log-format", "text", "ingest", "openlineage", str(events))
    assert all(" INFO " in line for line in done.stderr.splitlines())
    assert r"a\nb.json" in done.stderr


def test_the_log_of_the_sink_tells_each_request(tmp_path: Path) -> None:
    log = tmp_path / "log"
    environ = {"TEMPORAL_LINEAGE_LOG_FORMAT": "json"}
    with _logging_sink(tmp_path, log, environ) as url:
        _post(url, run_event("one"))
        await_true(lambda: "link events" in log.read_text())
    lines = [json.loads(line) for line in log.read_text().splitlines()]
    told = {one["message"]: one for one in lines}
    assert told["request"]["status"] == 201
    assert told["keep events"]["new"] == 1
    assert told["link events"]["events"] == 1
    assert {"listening", "command"} <= set(told)


def test_prometheus_reads_what_the_sink_did(tmp_path: Path) -> None:
    with sink_server(str(tmp_path / "ledger.db")) as sink:
        sink.post("/api/v1/lineage", run_event("one"))
        sink.post("/api/v1/lineage/batch", [run_event("two"), {"eventTime": 5}])
        sink.get("/nowhere/in/particular")
        await_true(lambda: _samples(sink)["temporal_lineage_is_linked", "", ""] == 1)
        samples = _samples(sink)
    told = {name: value for (name, path, _), value in samples.items() if not path}
    assert told["temporal_lineage_events_kept_total"] == 2
    assert told["temporal_lineage_events_linked_total"] == 2
    assert told["temporal_lineage_events_refused_total"] == 1
    assert told["temporal_lineage_keeping_failed"] == 0
    assert told["temporal_lineage_commit_seconds_count"] >= 2
    count = "temporal_lineage_request_seconds_count"
    assert samples[count, "/api/v1/lineage", "201"] == 1
    assert samples[count, "/api/v1/lineage/batch", "200"] == 1
    assert samples[count, "other", "404"] == 1


def test_spans_go_where_the_variables_say_and_belong_to_the_callers_trace(lake: Path) -> None:
    with _collector() as (endpoint, spans):
        environ = {"OTEL_EXPORTER_OTLP_ENDPOINT": endpoint, "TRACEPARENT": TRACEPARENT}
        _tl(lake, "harvest", "orders", environ=environ)
    command = next(one for one in spans if one.name == "command")
    read = next(one for one in spans if one.name == "read table")
    assert {one.trace_id.hex() for one in spans} == {TRACE}
    assert read.parent_span_id == command.span_id


def test_a_posters_trace_goes_on_in_the_sink(tmp_path: Path) -> None:
    with _collector() as (endpoint, spans):
        environ = os.environ | {"OTEL_EXPORTER_OTLP_ENDPOINT": endpoint}
        with sink_server(str(tmp_path / "ledger.db"), environ=environ) as sink:
            sink.post("/api/v1/lineage", run_event("one"), traceparent=TRACEPARENT)
            sink.stop()
    request = next(one for one in spans if one.name == "request")
    assert request.trace_id.hex() == TRACE


def test_a_collector_that_is_away_costs_no_answer(lake: Path) -> None:
    environ = {
        "OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:9",
        "OTEL_EXPORTER_OTLP_TIMEOUT": "1",
    }
    assert "unchanged" in _tl(lake, "harvest", "orders", environ=environ).stdout


def test_an_exporter_that_is_not_installed_is_named_and_costs_no_answer(lake: Path) -> None:
    done = _tl(lake, "harvest", "orders", environ={"OTEL_TRACES_EXPORTER": "zipkin"})
    assert "no exporter of spans is installed as zipkin" in done.stderr
    assert "unchanged" in done.stdout


def _tl(
    folder: Path, *words: str, environ: dict[str, str] | None = None, status: int = 0
) -> subprocess.CompletedProcess[str]:
    done = subprocess.run(
        [sys.executable, "-m", "temporal_lineage", *words],
        cwd=folder,
        env=os.environ | (environ or {}),
        capture_output=True,
        text=True,
        check=False,
        timeout=WAIT_SECONDS,
    )
    assert done.returncode == status, done.stderr
    return done


def _json_log(done: subprocess.CompletedProcess[str]) -> list[dict[str, Any]]:
    return [json.loads(line) for line in done.stderr.splitlines()]


@contextmanager
def _logging_sink(folder: Path, log: Path, environ: dict[str, str]) -> Iterator[str]:
    """Serve with a log in a file, which says where it listens."""
    words = ["--ledger", str(folder / "ledger.db"), "serve", "--port", "0"]
    with (
        log.open("w") as stream,
        subprocess.Popen(
            [sys.executable, "-m", "temporal_lineage", *words],
            stdout=subprocess.DEVNULL,
            stderr=stream,
            env=os.environ | environ,
        ) as process,
    ):
        try:
            await_true(lambda: "listening" in log.read_text())
            yield json.loads(log.read_text().splitlines()[0])["url"]
        finally:
            process.terminate()
            process.wait(WAIT_SECONDS)


def _post(url: str, event: dict[str, Any]) -> None:
    import requests

    told = requests.post(f"{url}/api/v1/lineage", json=event, timeout=WAIT_SECONDS)
    assert told.status_code == 201


def _samples(sink: SinkServer) -> dict[tuple[str, str, str], float]:
    """Give each sample by name, path and status, read as Prometheus does."""
    return {
        (one.name, one.labels.get("path", ""), one.labels.get("status", "")): one.value
        for family in text_string_to_metric_families(sink.get("/metrics").text)
        for one in family.samples
        if "le" not in one.labels
    }


@contextmanager
def _collector() -> Iterator[tuple[str, list[Span]]]:
    """Take in spans as an OpenTelemetry collector does, over HTTP."""
    spans: list[Span] = []

    class Taking(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            if self.headers.get("Content-Encoding") == "gzip":
                body = gzip.decompress(body)
            told = ExportTraceServiceRequest.FromString(body)
            spans.extend(
                span
                for resource in told.resource_spans
                for scope in resource.scope_spans
                for span in scope.spans
            )
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Keep quiet."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Taking)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}", spans
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
