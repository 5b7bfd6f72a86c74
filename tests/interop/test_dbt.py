"""dbt for real, on DuckDB: its artifacts, the OpenLineage wrapper's events, Delta states."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path

import pytest
from deltalake import DeltaTable

from interop.dbt_shop import Shop
from interop.project import Project
from temporal_lineage.capture.dbt_run_ids import node_run_id
from temporal_lineage.capture.openlineage import read_events
from temporal_lineage.capture.openlineage_events import CapturedEvent, RunEvent
from temporal_lineage.evidence.runs import RunRecord, RunState, gather
from temporal_lineage.keys import NodeKind
from temporal_lineage.store.reader import open_reader

pytestmark = pytest.mark.interop

EPHEMERAL = "shop.main.paid"
"""The wrapper names it as if it were a table."""

Sides = tuple[frozenset[str], frozenset[str]]


def _records(project: Project) -> dict[str, RunRecord]:
    """Give all runs of a ledger by the name of their job."""
    ledger = project.session.workspace.ledger
    with open_reader(ledger) as reader:
        events = [
            one.event
            for node in reader.nodes(kind=NodeKind.RUN)
            for kept in reader.events(run_id=node.name)
            for one in read_events(kept.body.encode(), source=kept.source)
            if isinstance(one, CapturedEvent) and isinstance(one.event, RunEvent)
        ]
    found: dict[str, list[RunRecord]] = defaultdict(list)
    for record in gather(events).values():
        found[record.job.name].append(record)
    twice = {name: len(runs) for name, runs in found.items() if len(runs) > 1}
    assert twice == {}, "a run that both tell of is one run"
    return {name: runs[0] for name, runs in found.items()}


def _sides(records: Iterable[RunRecord]) -> dict[str, Sides]:
    return {
        record.job.name: (
            frozenset(one.dataset.name for one in record.inputs),
            frozenset(one.dataset.name for one in record.outputs),
        )
        for record in records
    }


def _built(folder: Path, *, wrapped: str | None = "artifacts") -> Shop:
    shop = Shop.begun(folder)
    done = shop.dbt("build", wrapped=wrapped)
    assert done.returncode == 1, f"one model is broken: {done.stdout}{done.stderr}"
    assert 'Referenced column "nothing_like_it" not found' in done.stdout
    return shop


def _project(folder: Path, shop: Shop) -> Project:
    return Project.begun(
        folder,
        SHOP_DATABASE=str(shop.database),
        SHOP_LAKE=str(shop.lake),
        DBT_PROFILES_DIR=str(shop.folder),
    )


def test_the_artifacts_tell_what_the_wrapper_tells_and_no_run_is_doubled(tmp_path: Path) -> None:
    shop = _built(tmp_path / "shop")
    ours, theirs = _project(tmp_path / "ours", shop), _project(tmp_path / "theirs", shop)
    ours.tl("ingest", "dbt", str(shop.target))
    theirs.tl("ingest", "openlineage", str(shop.events))
    told, own = _sides(_records(theirs).values()), _sides(_records(ours).values())
    assert own.keys() - told.keys() == {"shop.main.shop.countries.build.seed"}
    assert told.keys() <= own.keys()
    seeds = {"shop.main.countries"}
    for job, (read, wrote) in told.items():
        mine_read, mine_wrote = own[job]
        assert mine_wrote == wrote, job
        through = {"shop.main.stg_orders"} if EPHEMERAL in read else set()
        assert mine_read - seeds == (read - {EPHEMERAL}) | through, job
    ids = {name: run.run_id for name, run in _records(ours).items()}
    ours.tl("ingest", "openlineage", str(shop.events))
    theirs.tl("ingest", "dbt", str(shop.target))
    for one in (ours, theirs):
        assert {name: run.run_id for name, run in _records(one).items()} == ids


def test_the_wrappers_events_of_running_nodes_are_of_the_same_runs_too(tmp_path: Path) -> None:
    shop = _built(tmp_path / "shop", wrapped="structured-logs")
    project = _project(tmp_path / "project", shop)
    project.tl("ingest", "dbt", str(shop.target))
    own = {record.run_id for record in _records(project).values()}
    told = [
        one.event
        for one in read_events(shop.events.read_bytes(), source="")
        if isinstance(one, CapturedEvent) and isinstance(one.event, RunEvent)
    ]
    built = {
        event.run_id: event.job.name
        for event in told
        if event.job.name.startswith(("model.", "seed.", "snapshot.", "dbt-run-"))
        and ".sql." not in event.job.name
        and event.job.name != "model.shop.paid"  # an ephemeral model: nothing is run for it
    }
    skipped = {run_id for run_id, job in built.items() if job == "model.shop.after_broken"}
    assert len(skipped) == 1
    assert {built[one] for one in built.keys() - skipped - own} == set()
    statements = [event for event in told if ".sql." in event.job.name]
    assert statements
    assert {one.parent.run_id for one in statements if one.parent} <= own | {
        event.run_id for event in told
    }


def test_failures_and_tests_are_told_as_dbt_tells_them(tmp_path: Path) -> None:
    shop = _built(tmp_path / "shop", wrapped=None)
    project = _project(tmp_path / "project", shop)
    said = project.tl("ingest", "dbt", str(shop.target))
    assert f"shop on duckdb://{shop.database}: dbt build ran 12 nodes" in said
    records = _records(project)
    broken = records["shop.main.shop.broken.build.run"]
    assert broken.state is RunState.FAIL
    assert "nothing_like_it" in (broken.error or "")
    assert records["shop.main.shop.revenue.build.test"].state is RunState.COMPLETE
    assert records["dbt-run-shop"].state is RunState.FAIL
    assert records["dbt-run-shop"].started_at == min(
        one.started_at for one in records.values() if one.started_at
    )
    again = project.tl("ingest", "dbt", str(shop.target))
    assert " 0 new of 0 runs" in again


def test_columns_come_from_the_catalog_that_dbt_writes(tmp_path: Path) -> None:
    shop = _built(tmp_path / "shop", wrapped=None)
    kept = shop.kept_target("kept")
    documented = shop.dbt("docs", "generate")
    catalog = shop.target / "catalog.json"
    assert catalog.is_file(), documented.stdout
    (kept / "catalog.json").write_bytes(catalog.read_bytes())
    project = _project(tmp_path / "project", shop)
    project.tl("ingest", "dbt", str(kept))
    (revenue,) = _records(project)["shop.main.shop.revenue.build.run"].outputs
    assert revenue.terminal is not None
    assert revenue.terminal.fields == (("country", "VARCHAR"), ("revenue", "DOUBLE"))
    # What was only compiled for the documents is no second build.
    before = _records(project)
    assert "nothing was executed" in project.tl("ingest", "dbt", str(shop.target))
    assert _records(project) == before


def test_states_of_delta_tables_are_linked_to_the_runs_that_read_and_wrote_them(
    tmp_path: Path,
) -> None:
    shop = Shop.begun(tmp_path / "shop")
    project = _project(tmp_path / "project", shop)
    project.tl("catalog", "add", "delta", str(shop.lake))
    staged: set[str] = set()
    for number in range(2):
        if number:
            shop.add_orders(5, 6)
        head = number + 1
        done = shop.dbt("build", "--exclude", "broken", "after_broken")
        assert done.returncode == 0, done.stdout
        invocation = json.loads((shop.target / "run_results.json").read_text())["metadata"]
        project.tl("ingest", "dbt", str(shop.target))
        project.tl("harvest")
        run_id = node_run_id(invocation["invocation_id"], "model.shop.stg_orders")
        assert DeltaTable(str(shop.lake / "published")).version() == number
        read = project.tl("why", f"run:{run_id}")
        assert f"the run read delta.orders@{head}\n" in read
        early = node_run_id(invocation["invocation_id"], "model.shop.early")
        pinned = project.tl("why", f"run:{early}")
        assert "exact: the run read delta.orders@1\n" in pinned
        assert "as_of_version=1" in pinned
        wrote = project.tl("why", f"delta.published@{number}")
        assert "shop.main.shop.published.build.run" in wrote
        staged.add(run_id)
    assert len(staged) == 2
    above = project.tl("upstream", "delta.published@1")
    assert "shop.main.revenue@run:" in above
    assert "delta.orders@2" in above
