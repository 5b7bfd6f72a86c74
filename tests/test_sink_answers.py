"""What a sink answers: 2xx for what is safe, and for the rest the status and the reason."""

from __future__ import annotations

import json
import os
import signal
import sqlite3
import threading
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path

import pytest
import requests

from sink_server import (
    SinkServer,
    await_true,
    kept_bodies,
    kept_run_ids,
    packed,
    run_event,
    sink_server,
)
from temporal_lineage.session import Session, wall_clock
from temporal_lineage.sink.metrics_reports import REPORT_FACET, report_key
from temporal_lineage.workspace import Workspace

SCAN = {
    "report-type": "scan-report",
    "table-name": "lake.raw.orders",
    "snapshot-id": 8161053503517828040,
    "filter": {"type": "true"},
    "schema-id": 0,
    "projected-field-ids": [1],
    "projected-field-names": ["id"],
    "metrics": {"total-planning-duration": {"count": 1, "time-unit": "nanoseconds"}},
    "metadata": {"engine-name": "spark", "app-id": "local-1"},
}
COMMIT = {
    "report-type": "commit-report",
    "table-name": "lake.raw.orders",
    "snapshot-id": 5,
    "sequence-number": 5,
    "operation": "append",
    "metrics": {"added-records": {"unit": "count", "value": 3}},
}


@pytest.fixture(scope="module")
def sink(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SinkServer]:
    folder = tmp_path_factory.mktemp("sink")
    with sink_server(str(folder / "ledger.db"), "--body-mb-max", "1") as server:
        yield server


def test_an_array_is_a_batch_at_either_address(sink: SinkServer) -> None:
    events = [run_event("one"), run_event("two")]
    told = sink.post("/api/v1/lineage/batch", events)
    assert (told.status_code, told.json()["status"]) == (200, "success")
    again = sink.post("/api/v1/lineage", events)
    assert (again.status_code, again.json()["summary"]["new"]) == (201, 0)


def test_lines_of_json_are_a_batch_too(sink: SinkServer) -> None:
    lines = "\n".join(json.dumps(run_event(f"line {number}")) for number in range(3))
    told = sink.post("/api/v1/lineage/batch", lines.encode())
    assert told.json()["summary"]["successful"] == 3


def test_one_bad_event_costs_its_batch_nothing_else(sink: SinkServer) -> None:
    good = run_event("good")
    told = sink.post("/api/v1/lineage/batch", [good, {"eventTime": 5}, 7])
    assert told.status_code == 200
    assert told.json() == {
        "status": "partial_success",
        "summary": {
            "received": 3,
            "successful": 1,
            "failed": 2,
            "retriable": 0,
            "non_retriable": 2,
            "new": 1,
        },
        "failed_events": [
            {
                "index": 1,
                "reason": "element 1 of the array: 5 is not a point in time",
                "retriable": False,
                "quarantine": sha256(b'{"eventTime": 5}' + (16).to_bytes(8)).hexdigest()[:12],
            },
            {
                "index": 2,
                "reason": "element 2 of the array: an event is a JSON object, not int",
                "retriable": False,
                "quarantine": sha256(b"7" + (1).to_bytes(8)).hexdigest()[:12],
            },
        ],
    }
    assert good["run"]["runId"] in kept_run_ids(sink.ledger)


@pytest.mark.parametrize(
    ("body", "status", "reason"),
    [
        (b"", 400, "the body is empty"),
        (b"not JSON", 422, "no JSON"),
        (b'{"eventTime": "2026-11-17T09:00:00Z"}', 422, "neither run, job nor dataset"),
        (b"\xff\xfe\x00", 422, "no JSON"),
        (b"[" * 100_000, 422, "nested too deeply"),
        (b"null", 422, "an event is a JSON object"),
    ],
)
def test_what_is_no_event_is_refused_with_the_reason(
    sink: SinkServer, body: bytes, status: int, reason: str
) -> None:
    told = sink.post("/api/v1/lineage", body)
    assert told.status_code == status
    assert reason in told.text


def test_a_body_may_be_packed_and_must_be_what_it_says(sink: SinkServer) -> None:
    def post(body: bytes, encoding: str) -> requests.Response:
        return sink.post("/api/v1/lineage", body, Content_Encoding=encoding)

    event = packed(run_event("packed"))
    assert post(event, "gzip").status_code == 201
    assert post(event + packed(run_event("a second member")), "GZIP").status_code == 201
    assert post(event[:-9], "gzip").status_code == 400
    assert post(b"no gzip", "gzip").status_code == 400
    assert post(event, "br").status_code == 415


def test_a_body_over_the_limit_is_refused_however_it_is_packed(sink: SinkServer) -> None:
    event = run_event("long") | {"padding": "x" * 2**20}
    assert sink.post("/api/v1/lineage", event).status_code == 413
    assert sink.post("/api/v1/lineage", packed(event), Content_Encoding="gzip").status_code == 413
    bomb = packed("\0" * 2**26)
    assert sink.post("/api/v1/lineage", bomb, Content_Encoding="gzip").status_code == 413
    # Nobody says how long a body in chunks will be.
    chunks = (b"x" * 2**16 for _ in range(400))
    told = requests.post(f"{sink.url}/api/v1/lineage", data=chunks, timeout=30)
    assert told.status_code == 413


def test_what_is_refused_can_be_looked_at_in_quarantine(sink: SinkServer) -> None:
    told = sink.post("/api/v1/lineage", b'{"eventTime": "2026-11-17", "half')
    (failed,) = told.json()["failed_events"]
    sink.post("/v1/namespaces/raw/tables/orders/metrics", b"no report")
    ahead = run_event("ahead") | {"eventTime": "2999-01-01T00:00:00Z"}
    future = sink.post("/api/v1/lineage", ahead)
    assert future.status_code == 422
    assert "more than a day ahead" in future.json()["failed_events"][0]["reason"]

    session = Session(Workspace(Path(), sink.ledger), clock=wall_clock)
    assert session.quarantined_raw(failed["quarantine"]) == b'{"eventTime": "2026-11-17", "half'
    waiting = {one.reason: one for one in session.quarantine().lines}
    (report,) = (one for reason, one in waiting.items() if reason.startswith("no JSON: JSON is"))
    assert "/v1/namespaces/raw/tables/orders/metrics from 127.0.0.1" in report.source


def test_other_addresses_and_methods_do_not_exist(sink: SinkServer) -> None:
    assert sink.get("/api/v1/lineage").status_code == 405
    assert sink.post("/api/v1/nothing", {}).status_code == 404


def test_health_and_readiness_are_told_to_anybody(sink: SinkServer) -> None:
    assert sink.get("/health").json()["status"] == "up"
    assert sink.get("/ready").json() == {"status": "ready"}


@pytest.mark.parametrize("prefix", ["", "/some/warehouse"])
def test_an_iceberg_metrics_report_is_kept_word_by_word(sink: SinkServer, prefix: str) -> None:
    path = f"/v1{prefix}/namespaces/lake%1Fraw/tables/orders/metrics"
    for report in (SCAN, COMMIT, SCAN):
        told = sink.post(path, report)
        assert (told.status_code, told.content) == (204, b"")
    named = f"iceberg-rest://{prefix[1:]}"
    for report in (SCAN, COMMIT):
        key = report_key(int(str(report["snapshot-id"])))
        events = [json.loads(body) for body in kept_bodies(sink.ledger, key)]
        (mine,) = [one for one in events if one["dataset"]["namespace"] == named]
        assert mine["dataset"]["name"] == "lake.raw.orders"
        assert mine["dataset"]["facets"][REPORT_FACET]["report"] == report


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"report-type": "other"}, "report-type"),
        ({"snapshot-id": "5"}, "snapshot-id"),
        ({"table-name": None}, "table-name"),
    ],
)
def test_what_is_no_metrics_report_is_refused(
    sink: SinkServer, change: dict[str, object], reason: str
) -> None:
    told = sink.post("/v1/namespaces/raw/tables/orders/metrics", COMMIT | change)
    assert told.status_code == 400
    assert reason in told.json()["reason"]


def test_a_token_is_asked_for_everywhere_and_never_printed(tmp_path: Path) -> None:
    file = tmp_path / "tokens"
    file.write_text("old-secret\nnew-secret\n")
    ledger = str(tmp_path / "ledger.db")
    environ = {**os.environ, "TEMPORAL_LINEAGE_TOKEN": "third-secret"}
    with sink_server(ledger, "--token-file", str(file), environ=environ) as sink:

        def status(path: str, body: object, **headers: str) -> int:
            return sink.post(path, body, **headers).status_code

        event = run_event("guarded")
        for path in ("/api/v1/lineage", "/v1/namespaces/a/tables/b/metrics"):
            assert status(path, COMMIT) == 401
            assert status(path, COMMIT, Authorization="Basic old-secret") == 401
            assert status(path, COMMIT, Authorization="Bearer old-secre") == 401
        for word in ("old-secret", "new-secret", "third-secret"):
            assert status("/api/v1/lineage", event, Authorization=f"bearer {word}") == 201
        assert sink.get("/health").status_code == 200
        assert "secret" not in sink.stop()


def test_a_ledger_that_cannot_be_written_now_is_answered_with_503(tmp_path: Path) -> None:
    ledger = str(tmp_path / "ledger.db")
    with sink_server(ledger) as sink:
        assert sink.post("/api/v1/lineage", run_event("before")).status_code == 201
        await_true(lambda: bool(sink.get("/health").json()["is_linked"]))
        other = sqlite3.connect(ledger, isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        told = sink.post("/api/v1/lineage", run_event("during"))
        assert told.status_code == 503
        assert told.headers["Retry-After"]
        assert "locked by another process" in told.json()["reason"]
        assert sink.get("/ready").status_code == 503
        other.execute("ROLLBACK")
        other.close()
        assert sink.post("/api/v1/lineage", run_event("after")).status_code == 201
        assert sink.get("/ready").status_code == 200
    assert len(kept_run_ids(ledger)) == 2


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_sink_that_is_told_to_stop_answers_first_and_ends_well(
    tmp_path: Path, number: signal.Signals
) -> None:
    with sink_server(str(tmp_path / "ledger.db")) as sink:
        released, statuses = threading.Event(), list[int]()

        def slow_body() -> Iterator[bytes]:
            body = json.dumps(run_event("slow")).encode()
            yield body[:20]
            released.wait(20)
            yield body[20:]

        def post() -> None:
            told = requests.post(f"{sink.url}/api/v1/lineage", data=slow_body(), timeout=30)
            statuses.append(told.status_code)

        poster = threading.Thread(target=post)
        poster.start()
        await_true(lambda: sink.get("/health").status_code == 200)
        sink.process.send_signal(number)
        released.set()
        poster.join()
        printed, errors = sink.process.communicate(timeout=30)
    assert statuses == [201]
    assert (sink.process.returncode, errors) == (0, "")
    assert printed.startswith("stopped: 1 events kept, 0 known already")
    assert len(kept_run_ids(sink.ledger)) == 1
