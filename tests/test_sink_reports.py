"""Iceberg's metrics reports over HTTP: joined with the events of the application's run."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from pyiceberg.table import Table

from catalogs.configuration import CatalogEntry, CatalogKind, Configuration
from sink_server import SinkServer, await_true, sink_server
from small_lake import ROWS, iceberg_table, sql_catalog
from temporal_lineage.session import Session, wall_clock
from temporal_lineage.workspace import Workspace

Body = dict[str, Any]

RUN = "01900000-0000-7000-8000-00000000000a"
APP = "local-1732600000000"


def _scan(snapshot_id: int) -> Body:
    """Make a scan report as the REST catalog's specification has it."""
    return {
        "report-type": "scan-report",
        "table-name": "lake.s.t",
        "snapshot-id": snapshot_id,
        "filter": {"type": "true"},
        "schema-id": 0,
        "projected-field-ids": [1, 2],
        "projected-field-names": ["id", "name"],
        "metrics": {
            "total-planning-duration": {
                "count": 1,
                "time-unit": "nanoseconds",
                "total-duration": 2644235116,
            },
            "result-data-files": {"unit": "count", "value": 1},
        },
        "metadata": {"engine-name": "spark", "engine-version": "3.5.9", "app-id": APP},
    }


def _commit(snapshot_id: int) -> Body:
    """Make a commit report as the REST catalog's specification has it."""
    return {
        "report-type": "commit-report",
        "table-name": "lake.s.t",
        "snapshot-id": snapshot_id,
        "sequence-number": 2,
        "operation": "append",
        "metrics": {
            "total-duration": {"count": 1, "time-unit": "nanoseconds", "total-duration": 9},
            "attempts": {"unit": "count", "value": 1},
            "added-records": {"unit": "count", "value": 3},
        },
        "metadata": {"engine-name": "spark", "engine-version": "3.5.9", "app-id": APP},
    }


def _events(source: Table, target: Table) -> list[Body]:
    """Make a run that goes on from before the commits until after the reports."""
    now = wall_clock()

    def event(kind: str, minutes: int) -> Body:
        at = now.plus(micros=minutes * 60_000_000)
        return {
            "eventType": kind,
            "eventTime": at.isoformat(),
            "producer": "https://github.com/OpenLineage/OpenLineage/tree/1.53.0/integration/spark",
            "run": {
                "runId": RUN,
                "facets": {"spark_applicationDetails": {"applicationId": APP}},
            },
            "job": {"namespace": "spark", "name": "load"},
            "inputs": [_named(source)],
            "outputs": [_named(target)],
        }

    return [event("START", -10), event("COMPLETE", 10)]


def _session(folder: Path) -> Session:
    place = folder / "lake"
    properties = {
        "type": "sql",
        "uri": f"sqlite:///{place / 'catalog.db'}",
        "warehouse": f"file://{place / 'wh'}",
    }
    entry = CatalogEntry("lake", CatalogKind.PYICEBERG, properties, "test")
    Configuration(folder).add(entry)
    return Session(Workspace(folder, str(folder / "ledger.db")), clock=wall_clock)


def _named(table: Table) -> Body:
    return {"namespace": "file", "name": table.location().removeprefix("file://")}


def _beliefs(session: Session) -> dict[str, tuple[tuple[str, ...], str, str]]:
    found = session.run_show(f"run:{RUN}").links
    return {one.side: (one.states, one.grade, one.method) for one in found}


@pytest.mark.parametrize("first", ["reports", "events", "harvest"])
def test_reports_and_events_of_an_application_make_exact_links_in_any_order(
    tmp_path: Path, first: str
) -> None:
    catalog = sql_catalog(tmp_path / "lake", name="lake")
    source = iceberg_table(catalog, "s", "src", commits=2)
    target = iceberg_table(catalog, "s", "t", commits=2)
    read, made = (table.metadata.snapshots[0].snapshot_id for table in (source, target))
    session = _session(tmp_path)
    with sink_server(session.workspace.ledger) as sink:

        def reports() -> None:
            for name, body in (("src", _scan(read)), ("t", _commit(made))):
                told = sink.post(f"/v1/lake/namespaces/s/tables/{name}/metrics", body)
                assert told.status_code == 204

        def events() -> None:
            for body in _events(source, target):
                assert sink.post("/api/v1/lineage", body).status_code == 201

        steps: dict[str, Callable[[], object]] = {
            "reports": reports,
            "events": events,
            "harvest": session.harvest,
        }
        for name in [first, *(one for one in steps if one != first)]:
            steps[name]()
            await_true(lambda: _is_linked(sink))
    assert _beliefs(session) == {
        "read": ((f"lake.s.src@{read}",), "exact", "input-metrics-report"),
        "wrote": ((f"lake.s.t@{made}",), "exact", "output-commit-report"),
    }


def _is_linked(sink: SinkServer) -> bool:
    return bool(sink.get("/health").json()["is_linked"])


def test_a_report_that_comes_last_links_its_run_anew(tmp_path: Path) -> None:
    catalog = sql_catalog(tmp_path / "lake", name="lake")
    source = iceberg_table(catalog, "s", "src", commits=1)
    target = iceberg_table(catalog, "s", "t", commits=1)
    target.append(ROWS)
    first, second = (one.snapshot_id for one in target.metadata.snapshots)
    session = _session(tmp_path)
    session.harvest()
    with sink_server(session.workspace.ledger) as sink:
        for body in _events(source, target):
            sink.post("/api/v1/lineage", body)
        await_true(lambda: _is_linked(sink) and bool(session.runs().runs))
        states, grade, _ = _beliefs(session)["wrote"]
        assert (set(states), grade) == (
            {f"lake.s.t@{first}", f"lake.s.t@{second}"},
            "candidates",
        )
        sink.post("/v1/lake/namespaces/s/tables/t/metrics", _commit(second))
        await_true(lambda: _beliefs(session)["wrote"][1] == "exact")
    (wrote,) = [one for one in session.run_show(f"run:{RUN}").links if one.side == "wrote"]
    assert wrote.states == (f"lake.s.t@{second}",)
    assert wrote.witness == f"Iceberg commit report of application {APP}: snapshot {second}"
