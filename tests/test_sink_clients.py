"""The sink takes in what the stock OpenLineage clients send, unchanged and none of it lost."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

import pytest
import requests
from openlineage.client import OpenLineageClient
from openlineage.client.event_v2 import InputDataset, Job, OutputDataset, Run, RunEvent, RunState
from openlineage.client.transport.async_http import AsyncHttpConfig, AsyncHttpTransport
from openlineage.client.transport.http import HttpConfig, HttpTransport

from sink_server import (
    WAIT_SECONDS,
    SinkServer,
    asked,
    await_true,
    kept_bodies,
    kept_run_ids,
    packed,
    run_event,
    sink_server,
)
from temporal_lineage.facts import LAST, AsOf
from temporal_lineage.keys import EdgeKind, NodeKind
from temporal_lineage.linking.pending import is_pending
from temporal_lineage.store.reader import open_reader

TOKEN = "a-token-of-the-tests"  # noqa: S105 - of a server that lives for seconds


@pytest.fixture
def sink(ledger_url: str) -> Iterator[SinkServer]:
    with sink_server(ledger_url, "--token", TOKEN) as server:
        yield server


def emitted(client: OpenLineageClient, count: int) -> list[str]:
    """Emit START and COMPLETE of so many runs as an integration does; gives their ids."""
    run_ids = [str(uuid4()) for _ in range(count)]
    for run_id in run_ids:
        for state in (RunState.START, RunState.COMPLETE):
            client.emit(
                RunEvent(
                    eventType=state,
                    eventTime=datetime.now(tz=UTC).isoformat(),
                    run=Run(run_id),
                    job=Job("test", "stock-client"),
                    producer="https://example.com/tests",
                    inputs=[InputDataset("file", "/lake/in")],
                    outputs=[OutputDataset("file", "/lake/out")],
                )
            )
    return run_ids


@pytest.mark.parametrize("compression", [None, "gzip"])
def test_the_stock_http_transport_is_understood(sink: SinkServer, compression: str | None) -> None:
    config = {"url": sink.url, "auth": {"type": "api_key", "apiKey": TOKEN}}
    if compression:
        config["compression"] = compression
    client = OpenLineageClient(transport=HttpTransport(HttpConfig.from_dict(config)))

    run_ids = emitted(client, 5)

    assert kept_run_ids(sink.ledger) == sorted(run_ids)
    for run_id in run_ids:
        assert len(kept_bodies(sink.ledger, run_id)) == 2


@pytest.mark.parametrize("compression", [None, "gzip"])
def test_the_stock_asynchronous_transport_is_understood(
    sink: SinkServer, compression: str | None
) -> None:
    config = {"url": sink.url, "auth": {"type": "api_key", "apiKey": TOKEN}}
    if compression:
        config["compression"] = compression
    transport = AsyncHttpTransport(AsyncHttpConfig.from_dict(config))
    client = OpenLineageClient(transport=transport)

    run_ids = emitted(client, 20)
    assert transport.wait_for_completion(timeout=WAIT_SECONDS)
    transport.close()

    assert kept_run_ids(sink.ledger) == sorted(run_ids)


def test_a_client_with_a_wrong_token_is_told_so(sink: SinkServer) -> None:
    config = {"url": sink.url, "auth": {"type": "api_key", "apiKey": "another"}}
    client = OpenLineageClient(transport=HttpTransport(HttpConfig.from_dict(config)))

    with pytest.raises(requests.HTTPError, match="401"):
        emitted(client, 1)

    assert kept_run_ids(sink.ledger) == []


def test_what_was_posted_is_linked_behind_the_answer(tmp_path: Path) -> None:
    with sink_server(str(tmp_path / "ledger.db")) as sink:
        assert sink.post("/api/v1/lineage", run_event("linked")).status_code == 201
        await_true(lambda: not asked(sink.ledger, is_pending))
        assert sink.get("/health").json()["is_linked"]

    (run_id,) = kept_run_ids(sink.ledger)
    with open_reader(sink.ledger) as reader:
        (node,) = reader.nodes(kind=NodeKind.RUN)
        as_of = AsOf(valid=LAST, system=LAST)
        edges = reader.edges_out_of(
            node_ids=[node.node_id], kinds=[EdgeKind.READS, EdgeKind.WRITES], as_of=as_of
        )
    assert node.name == run_id
    assert sorted(one.kind for one in edges) == [EdgeKind.READS, EdgeKind.WRITES]


def test_many_posters_at_once_lose_nothing_and_double_nothing(ledger_url: str) -> None:
    posters, each = 16, 25
    with sink_server(ledger_url) as sink:
        run_ids = [[str(uuid4()) for _ in range(each)] for _ in range(posters)]

        def post_all(mine: list[str]) -> list[int]:
            with requests.Session() as session:
                return [
                    session.post(
                        f"{sink.url}/api/v1/lineage",
                        data=packed(run_event("many", run_id=run_id)),
                        headers={"Content-Encoding": "gzip"},
                        timeout=WAIT_SECONDS,
                    ).status_code
                    for run_id in (*mine, mine[0])
                ]

        with ThreadPoolExecutor(posters) as pool:
            statuses = [one for many in pool.map(post_all, run_ids) for one in many]
        health = sink.get("/health").json()

    assert set(statuses) == {201}
    assert kept_run_ids(sink.ledger) == sorted(one for many in run_ids for one in many)
    assert (health["kept"], health["repeated"]) == (posters * each, posters)


def test_what_was_answered_outlives_a_kill_and_is_linked_by_the_next_sink(ledger_url: str) -> None:
    answered: list[str] = []
    with sink_server(ledger_url) as sink:

        def post_until_it_dies() -> None:
            while True:
                run_id = str(uuid4())
                try:
                    answer = sink.post("/api/v1/lineage", run_event("killed", run_id=run_id))
                except requests.RequestException:
                    return
                if answer.status_code == 201:
                    answered.append(run_id)

        posters = [threading.Thread(target=post_until_it_dies) for _ in range(4)]
        for poster in posters:
            poster.start()
        await_true(lambda: len(answered) > 100)
        sink.kill()
        for poster in posters:
            poster.join()

    kept = kept_run_ids(ledger_url)
    assert set(answered) <= set(kept)

    with sink_server(ledger_url) as again:
        await_true(lambda: not asked(ledger_url, is_pending))
        for run_id in answered[:10]:  # a client that heard no answer sends again
            told = again.post("/api/v1/lineage", run_event("killed", run_id=run_id))
            assert told.json()["summary"]["new"] == 0
        assert "0 events kept, 10 known already" in again.stop()

    runs = asked(ledger_url, lambda one: [node.name for node in one.nodes(kind=NodeKind.RUN)])
    assert sorted(runs) == kept_run_ids(ledger_url) == kept


def test_posters_are_answered_while_much_waits_to_be_linked(tmp_path: Path) -> None:
    with sink_server(str(tmp_path / "ledger.db")) as sink:
        batch = [run_event(f"job {number % 3}", run_id=str(uuid4())) for number in range(1_500)]
        assert sink.post("/api/v1/lineage/batch", batch).json()["summary"]["new"] == 1_500
        linked = []
        for _ in range(20):
            assert sink.post("/api/v1/lineage", run_event("between")).ok
            linked.append(sink.get("/health").json()["is_linked"])
        assert not linked[0], "the batch was linked before anybody else was answered"
        await_true(lambda: bool(sink.get("/health").json()["is_linked"]))
        assert len(kept_run_ids(sink.ledger)) == 1_520
