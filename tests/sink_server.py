"""A sink for tests: `tl serve` as a process of its own on a free port, and what it kept."""

from __future__ import annotations

import gzip
import json
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

import requests

from temporal_lineage.store.reader import Reader, open_reader

WAIT_SECONDS = 120


@dataclass(frozen=True, slots=True)
class SinkServer:
    """A running `tl serve`: where it listens, what it keeps events in, and its process."""

    url: str
    ledger: str
    process: subprocess.Popen[str]

    def post(self, path: str, body: object, **headers: str) -> requests.Response:
        """Post JSON, or bytes as they are."""
        sent = body if isinstance(body, bytes) else json.dumps(body).encode()
        told = {name.replace("_", "-"): value for name, value in headers.items()}
        return requests.post(f"{self.url}{path}", data=sent, headers=told, timeout=WAIT_SECONDS)

    def get(self, path: str) -> requests.Response:
        return requests.get(f"{self.url}{path}", timeout=WAIT_SECONDS)

    def stop(self) -> str:
        """Stop it as systemd does; gives what it printed last."""
        self.process.send_signal(signal.SIGTERM)
        printed, _ = self.process.communicate(timeout=WAIT_SECONDS)
        return printed

    def kill(self) -> None:
        """End it without a chance to do anything more."""
        self.process.kill()
        self.process.communicate(timeout=WAIT_SECONDS)


@contextmanager
def sink_server(
    ledger: str, *words: str, environ: Mapping[str, str] | None = None
) -> Iterator[SinkServer]:
    """Start `tl serve` on a free port; it is ended with the block, if it has not ended before."""
    process = subprocess.Popen(
        [
            *(sys.executable, "-m", "temporal_lineage", "--ledger", ledger),
            *("serve", "--port", "0", *words),
        ],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=None if environ is None else dict(environ),
    )
    try:
        assert process.stderr is not None
        line = process.stderr.readline()
        found = re.match(r"listening on (http://\S+)/api/v1/lineage, ledger", line)
        assert found, line + process.stderr.read()
        process.stderr.readline()
        yield SinkServer(found[1], ledger, process)
    finally:
        if process.poll() is None:
            process.kill()
            process.communicate(timeout=WAIT_SECONDS)
        for pipe in (process.stdout, process.stderr):
            if pipe is not None:
                pipe.close()


def run_event(name: str, kind: str = "COMPLETE", *, run_id: str | None = None) -> dict[str, Any]:
    """Make a run event that reads one dataset and writes another."""
    return {
        "eventType": kind,
        "eventTime": "2026-11-17T09:00:00Z",
        "run": {"runId": run_id or str(uuid4())},
        "job": {"namespace": "test", "name": name},
        "inputs": [{"namespace": "file", "name": "/lake/in"}],
        "outputs": [{"namespace": "file", "name": "/lake/out"}],
        "producer": "https://example.com/tests",
        "schemaURL": "https://openlineage.io/spec/2-0-2/OpenLineage.json#/$defs/RunEvent",
    }


def packed(body: object) -> bytes:
    """Give JSON as gzip."""
    return gzip.compress(json.dumps(body).encode())


def asked(ledger: str, question: Callable[[Reader], Any]) -> Any:  # noqa: ANN401 - the answer's
    """Ask a ledger one thing."""
    with open_reader(ledger) as reader:
        return question(reader)


def kept_run_ids(ledger: str) -> list[str]:
    """Give the runs that events were kept of."""
    found: list[str] = asked(ledger, lambda reader: reader.event_run_ids())
    return found


def kept_bodies(ledger: str, run_id: str) -> list[str]:
    """Give the events kept of a run, word by word."""
    with open_reader(ledger) as reader:
        return [one.body for one in reader.events(run_id=run_id)]


def await_true(condition: Callable[[], bool]) -> None:
    """Return when something has come true; fail where it does not."""
    until = time.monotonic() + WAIT_SECONDS
    while not condition():
        assert time.monotonic() < until, "it did not come true"
        time.sleep(0.05)
