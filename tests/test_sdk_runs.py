"""Runs: nested, failed, killed, undelivered; whatever happens, the story is told and kept."""

import asyncio
import json
import signal
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from pathlib import Path
from typing import Any

import pytest

import temporal_lineage
from reproduce_lake import Lake, orders
from snapshots.errors import BadTargetError
from temporal_lineage.sdk.parents import VARIABLE


@pytest.fixture
def lake(tmp_path: Path) -> Lake:
    return Lake(tmp_path)


class Events:
    """A transport that keeps what it gets, as OpenLineage's own classes."""

    def __init__(self) -> None:
        """Start with nothing."""
        self.told: list[Any] = []

    def emit(self, event: Any) -> None:  # noqa: ANN401
        """Keep one."""
        self.told.append(event)

    def kinds(self) -> list[str]:
        """Give the transitions."""
        return [one.eventType.value for one in self.told]


@pytest.fixture
def events() -> Events:
    return Events()


def test_a_run_inside_a_run_names_its_parent_and_the_root(events: Events) -> None:
    with (
        temporal_lineage.run("outer", to=events) as outer,
        temporal_lineage.run("middle", to=events) as middle,
    ):
        assert temporal_lineage.current_run() is middle
        with temporal_lineage.run("inner", to=events, namespace="other") as inner:
            pass
    assert temporal_lineage.current_run() is None
    parents = {one.job.name: one.run.facets.get("parent") for one in events.told}
    assert parents["outer"] is None
    assert parents["middle"]["run"]["runId"] == outer.run_id
    assert parents["inner"]["run"]["runId"] == middle.run_id
    assert parents["inner"]["job"] == {"namespace": "default", "name": "middle"}
    assert parents["inner"]["root"]["run"]["runId"] == outer.run_id
    assert inner.namespace == "other"


def test_tasks_and_threads_have_the_parent_of_who_started_them(events: Events) -> None:
    async def task(name: str) -> str | None:
        with temporal_lineage.run(name, to=events) as run:
            await asyncio.sleep(0)
            assert temporal_lineage.current_run() is run
            return run.parent.job if run.parent else None

    async def both() -> list[str | None]:
        with temporal_lineage.run("first", to=events):
            one = asyncio.create_task(task("a"))
        with temporal_lineage.run("second", to=events):
            two = asyncio.create_task(task("b"))
        return [await one, await two]

    def work() -> str | None:
        with temporal_lineage.run("work", to=events) as run:
            return run.parent.job if run.parent else None

    assert asyncio.run(both()) == ["first", "second"]
    with temporal_lineage.run("third", to=events) as third, ThreadPoolExecutor(1) as pool:
        assert pool.submit(copy_context().run, work).result() == "third"
        assert pool.submit(work).result() is None
        with temporal_lineage.run("told", to=events, parent=third) as told:
            assert told.parent is not None
            assert told.parent.run_id == third.run_id


def test_a_scheduler_names_the_parent_by_a_variable(
    events: Events, monkeypatch: pytest.MonkeyPatch
) -> None:
    run_id = "01a18b65-b160-7950-98de-46e7f60dc350"
    monkeypatch.setenv(VARIABLE, f"airflow/dag/{run_id}")
    with temporal_lineage.run("task", to=events):
        pass
    assert events.told[0].run.facets["parent"]["run"] == {"runId": run_id}


def test_an_error_is_told_and_raised_again(events: Events) -> None:
    with pytest.raises(ZeroDivisionError), temporal_lineage.run("train", to=events):
        _ = 1 / 0
    assert events.kinds() == ["START", "FAIL"]
    error = events.told[-1].run.facets["errorMessage"]
    assert error["message"] == "ZeroDivisionError: division by zero"
    assert "test_sdk_runs.py" in error["stackTrace"]


def test_an_interrupt_is_an_abort_and_a_clean_exit_a_completion(events: Events) -> None:
    with pytest.raises(KeyboardInterrupt), temporal_lineage.run("train", to=events):
        raise KeyboardInterrupt
    with pytest.raises(SystemExit), temporal_lineage.run("train", to=events):
        sys.exit(0)
    with pytest.raises(SystemExit), temporal_lineage.run("train", to=events):
        sys.exit(3)
    assert events.kinds() == ["START", "ABORT", "START", "COMPLETE", "START", "FAIL"]


def test_a_decorated_function_is_a_run_at_each_call(events: Events) -> None:
    @temporal_lineage.run("train", to=events, params={"depth": 6})
    def train(rows: int) -> str:
        run = temporal_lineage.current_run()
        assert run is not None
        run.params(rows=rows)
        return run.run_id

    @temporal_lineage.run("score", to=events)
    async def score() -> str:
        await asyncio.sleep(0)
        run = temporal_lineage.current_run()
        assert run is not None
        return run.job

    assert train(1) != train(2)
    assert asyncio.run(score()) == "score"
    assert train.__name__ == "train"
    assert events.kinds() == ["START", "COMPLETE"] * 3
    told = events.told[3].run.facets["executionParameters"]["parameters"]
    assert told == [{"key": "depth", "value": "6"}, {"key": "rows", "value": "2"}]


def test_only_variables_that_were_named_are_recorded(
    events: Events, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SEED", "42")
    monkeypatch.setenv("SECRET_TOKEN", "hush")
    with temporal_lineage.run("train", to=events, variables=["SEED", "NOT_SET"]):
        pass
    facets = events.told[-1].run.facets
    assert facets["environmentVariables"]["environmentVariables"] == [
        {"name": "SEED", "value": "42"}
    ]
    assert "hush" not in json.dumps([str(one) for one in events.told])
    environment = facets["temporalLineage_environment"]
    assert environment["python"] == sys.version.split()[0]
    assert environment["packages"]["pytest"] == pytest.__version__


def test_a_killed_run_is_known_to_have_started_and_owns_what_it_committed(lake: Lake) -> None:
    lake.iceberg()
    program = f"""
import os, signal
import pyarrow as pa
import temporal_lineage
from temporal_lineage.session import Session, wall_clock
from temporal_lineage.workspace import Workspace
from pathlib import Path
session = Session(
    Workspace(Path({str(lake.session.workspace.folder)!r}), {lake.session.workspace.ledger!r}),
    clock=wall_clock,
)
with temporal_lineage.run("doomed", to=session) as run:
    print(run.run_id, flush=True)
    run.iceberg("lake.raw.orders").append(pa.table({{"id": [1], "name": ["a"]}}))
    os.kill(os.getpid(), signal.SIGKILL)
"""
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=False
    )
    assert done.returncode == -signal.SIGKILL, done.stderr
    run_id = done.stdout.strip()
    lake.harvest()
    (snapshot,) = lake.catalog.load_table("raw.orders").snapshots()
    told = lake.session.why(f"lake.raw.orders@{snapshot.snapshot_id}")
    assert run_id in str(told)
    assert "output-stamp" in str(told)


def test_rows_written_in_a_loop_do_not_flood_the_backend(lake: Lake, events: Events) -> None:
    lake.iceberg()
    with temporal_lineage.run("load", to=events) as run:
        table = run.iceberg(lake.catalog.load_table("raw.orders"))
        for _ in range(5):
            table.append(orders(1))
    assert events.kinds()[0] == "START"
    assert events.kinds().count("RUNNING") < 5
    (output,) = events.told[-1].outputs
    assert len(output.outputFacets["temporalLineage_write"]["versions"]) == 5
    assert output.outputFacets["outputStatistics"]["rowCount"] == 5


def test_a_run_of_no_job_is_refused_before_its_block_begins() -> None:
    with pytest.raises(BadTargetError, match="a job that has a name"):
        temporal_lineage.run(" ")
