"""Designs: what job events say is moved counts as flow, whatever came first."""

import json
from itertools import permutations
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from deltalake import write_deltalake

from temporal_lineage.session import Session, wall_clock
from temporal_lineage.workspace import Workspace

Body = dict[str, Any]

DASHBOARD = "dataset:bi/weekly"


def _session(folder: Path) -> Session:
    folder.mkdir(exist_ok=True)
    return Session(Workspace(folder, str(folder / "ledger.db")), clock=wall_clock)


def _dataset(name: str, namespace: str = "bi", place: Path | None = None) -> Body:
    facets: Body = {}
    if place is not None:
        one = {"namespace": "file", "name": str(place), "type": "TABLE"}
        facets["symlinks"] = {"identifiers": [one]}
    return {"namespace": namespace, "name": name, "facets": facets}


def _design(day: int, *inputs: Body, output: str = "weekly") -> Body:
    return {
        "eventTime": f"2026-11-{day:02}T00:00:00Z",
        "producer": "test",
        "job": {"namespace": "bi", "name": "refresh"},
        "inputs": list(inputs),
        "outputs": [_dataset(output)],
    }


def _ingest(session: Session, folder: Path, *events: Body) -> None:
    file = folder / "events.ndjson"
    file.write_text("\n".join(map(json.dumps, events)))
    session.ingest_openlineage([str(file)])


def _above(session: Session, target: str = DASHBOARD, as_of: str | None = None) -> set[str]:
    answer = session.upstream(target, by_flow=True, as_of=as_of)
    return {edge.source for edge in answer.edges}


def test_what_a_job_is_said_to_move_is_a_flow(tmp_path: Path) -> None:
    session = _session(tmp_path)
    _ingest(session, tmp_path, _design(1, _dataset("orders"), _dataset("rates")))
    assert _above(session) == {"dataset:bi/orders", "dataset:bi/rates"}


def test_a_later_design_ends_what_it_no_more_names(tmp_path: Path) -> None:
    session = _session(tmp_path)
    first, later = _design(1, _dataset("orders"), _dataset("rates")), _design(5, _dataset("orders"))
    _ingest(session, tmp_path, later)
    _ingest(session, tmp_path, first)
    assert _above(session) == {"dataset:bi/orders"}
    assert _above(session, as_of="2026-11-03") == {"dataset:bi/orders", "dataset:bi/rates"}


@pytest.mark.parametrize("order", list(permutations(range(3))))
def test_designs_and_runs_of_one_output_add_up_in_any_order(
    tmp_path: Path, order: tuple[int, ...]
) -> None:
    run = {
        **_design(3, _dataset("events")),
        "eventType": "COMPLETE",
        "run": {"runId": "01900000-0000-7000-8000-000000000001"},
        "job": {"namespace": "bi", "name": "stream"},
    }
    told = [_design(1, _dataset("orders")), run, _design(5, _dataset("rates"))]
    session = _session(tmp_path)
    for number in order:
        _ingest(session, tmp_path, told[number])
    assert _above(session) == {"dataset:bi/events", "dataset:bi/rates"}
    assert _above(session, as_of="2026-11-04") == {"dataset:bi/events", "dataset:bi/orders"}


@pytest.mark.parametrize("harvested_first", [True, False])
def test_a_design_speaks_of_the_harvested_table_whenever_that_is_harvested(
    tmp_path: Path, *, harvested_first: bool
) -> None:
    place = tmp_path / "lake" / "orders"
    write_deltalake(str(place), pa.table({"id": [1]}))
    session = _session(tmp_path / "home")
    design = _design(1, _dataset("orders", "duckdb://x", place))
    if harvested_first:
        session.harvest([str(place)])
    _ingest(session, tmp_path, design)
    if not harvested_first:
        session.harvest([str(place)])
    (above,) = _above(session)
    assert above == f"dataset:file/{place}"


def test_a_design_is_counted_as_an_event_and_not_as_a_run(tmp_path: Path) -> None:
    session = _session(tmp_path)
    file = tmp_path / "events.json"
    file.write_text(json.dumps(_design(1, _dataset("orders"))))
    report = session.ingest_openlineage([str(file)])
    assert (report.events, report.new, report.runs) == (1, 1, 0)


def _columns(session: Session, column: str, as_of: str | None = None) -> set[str]:
    answer = session.upstream(f"{DASHBOARD}#{column}", as_of=as_of)
    return {edge.source.rsplit("/", 1)[1] for edge in answer.edges}


def test_the_sql_of_a_design_tells_which_columns_feed_which(tmp_path: Path) -> None:
    session = _session(tmp_path)
    design = _design(2, _dataset("orders"))
    query = "INSERT INTO weekly SELECT country, sum(amount) AS revenue FROM orders GROUP BY country"
    design["job"]["facets"] = {"sql": {"query": query, "dialect": "postgres"}}
    fields = [{"name": "country"}, {"name": "amount"}]
    design["inputs"][0]["facets"]["schema"] = {"fields": fields}
    design["outputs"][0]["facets"]["schema"] = {
        "fields": [{"name": "country"}, {"name": "revenue"}]
    }
    _ingest(session, tmp_path, design)
    assert _columns(session, "revenue") == {"orders#amount", "orders#country"}
    (edge, *_) = session.upstream(f"{DASHBOARD}#revenue").edges
    assert edge.job == "bi/refresh"


def test_the_column_facet_of_a_design_counts_until_a_run_of_the_job_shows_others(
    tmp_path: Path,
) -> None:
    def fed_by(column: str) -> Body:
        source = {"namespace": "bi", "name": "orders", "field": column}
        return {"columnLineage": {"fields": {"revenue": {"inputFields": [source]}}}}

    design, run = _design(2, _dataset("orders")), _design(4, _dataset("orders"))
    design["outputs"][0]["facets"] = fed_by("gross")
    run["outputs"][0]["facets"] = fed_by("net")
    run["run"] = {"runId": "01900000-0000-7000-8000-000000000002"}
    begun = {**run, "eventType": "START", "eventTime": "2026-11-04T00:00:00Z"}
    ended = {**run, "eventType": "COMPLETE", "eventTime": "2026-11-04T00:01:00Z"}
    for number, order in enumerate(permutations([design, begun, ended])):
        folder = tmp_path / str(number)
        session = _session(folder)
        for one in order:
            _ingest(session, folder, one)
        assert _columns(session, "revenue", as_of="2026-11-03") == {"orders#gross"}
        assert _columns(session, "revenue") == {"orders#net"}
