"""Losses: what is gone of a state, by whose act, and whether its runs could make it again."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from pyiceberg.table import Table

from reproduce_lake import Lake, local
from snapshots.instant import Instant
from temporal_lineage.reproduce.lost import CanRebuild, Loss, all_of
from temporal_lineage.session import wall_clock


@pytest.fixture
def lake(tmp_path: Path) -> Lake:
    return Lake(tmp_path)


def test_a_vacuumed_state_could_be_made_again_from_the_state_its_run_read(lake: Lake) -> None:
    _raw(lake)
    run = _derived(lake, 1, reads=("raw", "0"), code="abc123")
    _take(lake, "features")

    loss = _loss(lake, "delta.features@0")

    assert (loss.files, loss.of, loss.rows) == (1, 1, 2)
    assert loss.size_bytes > 0
    assert loss.since is not None
    assert "VACUUM" in (loss.act or "")
    assert loss.can is CanRebuild.YES
    (one,) = loss.rebuilds
    assert (one.commits, one.run, one.job) == (("delta.features@0",), run, "etl/features")
    assert [(read.address, read.verdict) for read in one.inputs] == [("delta.raw@0", "live")]
    assert one.why is None


def test_what_is_lost_upstream_too_is_followed_to_the_runs_behind_it(lake: Lake) -> None:
    _raw(lake)
    first = _derived(lake, 1, reads=("raw", "0"), name="middle")
    second = _derived(lake, 2, reads=("middle", "0"))
    _take(lake, "middle")
    _take(lake, "features")

    loss = _loss(lake, "delta.features@0")

    assert loss.can is CanRebuild.YES
    (one,) = loss.rebuilds
    (middle,) = one.inputs
    assert (one.run, middle.address, middle.verdict) == (second, "delta.middle@0", "gone")
    (behind,) = middle.rebuilds
    assert (behind.run, behind.can) == (first, CanRebuild.YES)

    _take(lake, "raw")
    loss = _loss(lake, "delta.features@0")
    assert loss.can is CanRebuild.UNKNOWN
    (raw,) = loss.rebuilds[0].inputs[0].rebuilds[0].inputs
    assert (raw.verdict, raw.can) == ("gone", CanRebuild.UNKNOWN)
    assert [rebuild.why for rebuild in raw.rebuilds] == ["no run claims it"]


def test_a_run_that_read_a_file_which_is_gone_cannot_be_run_again(lake: Lake) -> None:
    from temporal_lineage.content import content_version

    source = lake.root / "prices.csv"
    source.write_text("a,b\n1,2\n")
    _derived(lake, 1, reads=("/" + str(source).lstrip("/"), content_version(source)))
    source.unlink()
    _take(lake, "features")

    loss = _loss(lake, "delta.features@0")

    assert loss.can is CanRebuild.NO
    assert "is gone" in (loss.rebuilds[0].why or "")


def test_without_a_run_or_without_its_reads_nobody_can_tell(lake: Lake) -> None:
    lake.write_delta("features", rows=2)
    lake.harvest()
    _take(lake, "features")
    loss = _loss(lake, "delta.features@0")
    assert (loss.can, [one.why for one in loss.rebuilds]) == (
        CanRebuild.UNKNOWN,
        ["no run claims it"],
    )

    _derived(lake, 1, reads=None, name="other")
    _take(lake, "other")
    loss = _loss(lake, "delta.other@0")
    assert [one.why for one in loss.rebuilds] == ["no event says what the run read"]


def test_of_a_partial_state_only_what_is_lost_has_to_be_made_again(lake: Lake) -> None:
    table = lake.iceberg()
    first, second = lake.append(table), lake.append(table, rows=2)
    lake.harvest()
    _data(table, first)[0].unlink()

    loss = _loss(lake, f"lake.raw.orders@{second}")

    assert (loss.files, loss.of, loss.rows) == (1, 2, 3)
    assert [one.commits for one in loss.rebuilds] == [(f"lake.raw.orders@{first}",)]
    assert (loss.since, loss.act, loss.user, loss.run) == (None, None, None, None)


def test_the_text_says_how_much_is_lost_and_what_could_make_it_again(lake: Lake) -> None:
    _raw(lake)
    run = _derived(lake, 1, reads=("raw", "0"), code="abc123")
    _take(lake, "features")

    printed = lake.tl("recover", "delta.features@0").output

    assert "1 of 1 files" in printed
    assert f"delta.features@0: run {run} of etl/features" in printed
    assert "delta.raw@0  live" in printed
    assert "again" in printed


def test_all_can_be_made_again_only_where_each_can() -> None:
    yes, no, unknown = CanRebuild.YES, CanRebuild.NO, CanRebuild.UNKNOWN
    assert all_of([yes, yes]) is yes
    assert all_of([yes, unknown, no]) is no
    assert all_of([yes, unknown]) is unknown
    assert all_of([]) is unknown


def _raw(lake: Lake) -> None:
    lake.write_delta("raw", rows=3)
    lake.harvest()


def _derived(
    lake: Lake,
    number: int,
    *,
    reads: tuple[str, str] | None,
    name: str = "features",
    code: str | None = None,
) -> str:
    """Let a run read a state and write version 0 of a table; gives the run's id."""
    run_id = str(UUID(int=number, version=4))
    inputs = []
    if reads is not None:
        place = reads[0] if reads[0].startswith("/") else str(lake.delta / reads[0])
        inputs = [{"namespace": "file", "name": place, "facets": _version(reads[1])}]
    output = {"namespace": "file", "name": str(lake.delta / name), "facets": _version("0")}
    started = wall_clock()
    lake.write_delta(name, rows=2)
    lake.harvest()
    events = [
        _event("START", run_id, started, inputs, [], code),
        _event("COMPLETE", run_id, wall_clock(), inputs, [output], code),
    ]
    path = lake.root / f"{run_id}.ndjson"
    path.write_text("".join(f"{json.dumps(event)}\n" for event in events), encoding="utf-8")
    lake.session.ingest_openlineage([str(path)])
    return run_id


def _take(lake: Lake, name: str) -> None:
    """Overwrite a table and delete what it was made of before."""
    lake.write_delta(name, rows=1, mode="overwrite")
    lake.vacuum(name)
    lake.harvest()


def _loss(lake: Lake, address: str) -> Loss:
    (one,) = lake.session.reproduce(address).inputs
    assert one.loss is not None
    assert lake.session.recover(address).state.loss == one.loss
    return one.loss


def _data(table: Table, snapshot_id: str) -> list[Path]:
    planned = table.scan(snapshot_id=int(snapshot_id)).plan_files()
    return [local(one.file.file_path) for one in planned]


def _version(version: str) -> dict[str, Any]:
    return {"version": {"_producer": "https://test", "_schemaURL": "", "datasetVersion": version}}


def _event(
    kind: str,
    run_id: str,
    at: Instant,
    inputs: list[Any],
    outputs: list[Any],
    code: str | None,
) -> dict[str, Any]:
    job = {"namespace": "etl", "name": "features", "facets": {}}
    if code is not None:
        place = {"_producer": "https://test", "_schemaURL": "", "type": "git", "url": "https://git"}
        job["facets"] = {"sourceCodeLocation": {**place, "version": code}}
    return {
        "eventType": kind,
        "eventTime": at.isoformat(),
        "producer": "https://test",
        "schemaURL": "https://openlineage.io/spec/2-0-2/OpenLineage.json#/$defs/RunEvent",
        "run": {"runId": run_id, "facets": {}},
        "job": job,
        "inputs": inputs,
        "outputs": outputs,
    }
