"""dbt's tests and source freshness: assertions about tables, told as runs."""

from pathlib import Path

from dbt_files import (
    INVOCATION,
    check_node,
    events_of,
    facet_of,
    kinds_of,
    manifest,
    metadata,
    node,
    project,
    result,
    run_results,
    sides,
    source,
    written,
)
from temporal_lineage.capture.dbt_run_ids import checks_run_id
from temporal_lineage.session import Session, wall_clock
from temporal_lineage.workspace import Workspace

RAW = "source.shop.shop.orders"
ORDERS = "model.shop.orders"


def test_generic_tests_of_a_table_are_one_run_with_an_assertion_each(tmp_path: Path) -> None:
    body = manifest(
        node(ORDERS, config={"materialized": "table"}),
        check_node("not_null_id", ORDERS),
        check_node("not_null_name", ORDERS, "name", config={"severity": "WARN"}),
    )
    results = run_results(
        result("test.shop.not_null_id", "fail", failures=3),
        result("test.shop.not_null_name", "warn", failures=1),
        command="test",
    )
    events = events_of(project(written(tmp_path, manifest=body, run_results=results)))
    job = "db.main.shop.orders.test"
    assert kinds_of(events, job) == ["START", "FAIL"]
    mine = [one for one in events if one["job"]["name"] == job]
    assert {one["run"]["runId"] for one in mine} == {checks_run_id(INVOCATION, ORDERS)}
    (tested,) = mine[-1]["inputs"]
    assert tested["name"] == "db.main.orders"
    assert tested["inputFacets"]["dataQualityAssertions"]["assertions"] == [
        {
            "assertion": "not_null",
            "success": False,
            "column": "id",
            "name": "not_null_id",
            "severity": "error",
            "actual": "3",
            "expected": "0",
        },
        {
            "assertion": "not_null",
            "success": False,
            "column": "name",
            "name": "not_null_name",
            "severity": "warn",
            "actual": "1",
            "expected": "0",
        },
    ]


def test_a_test_that_only_warns_does_not_fail_its_run(tmp_path: Path) -> None:
    body = manifest(node(ORDERS), check_node("not_null_id", ORDERS))
    results = run_results(result("test.shop.not_null_id", "warn", failures=1), command="test")
    events = events_of(project(written(tmp_path, manifest=body, run_results=results)))
    assert kinds_of(events, "db.main.shop.orders.test") == ["START", "COMPLETE"]


def test_a_test_written_as_a_query_is_a_run_of_its_own(tmp_path: Path) -> None:
    body = manifest(node(ORDERS), check_node("totals_agree", ORDERS, None))
    results = run_results(result("test.shop.totals_agree", "fail", failures=2), command="test")
    events = events_of(project(written(tmp_path, manifest=body, run_results=results)))
    assert kinds_of(events, "test.shop.totals_agree") == ["START", "FAIL"]
    (tested,) = facet_of(events, "test.shop.totals_agree", "test")["tests"]
    assert (tested["status"], tested["actual"]) == ("fail", "2")
    assert sides(events, "test.shop.totals_agree") == ({"db.main.orders"}, set())


def test_source_freshness_is_an_assertion_about_the_source(tmp_path: Path) -> None:
    freshness = {
        "metadata": metadata("sources", 3),
        "results": [
            {
                "unique_id": RAW,
                "status": "error",
                "max_loaded_at": "2026-11-01T00:00:00Z",
                "snapshotted_at": "2026-11-09T06:00:00Z",
                "max_loaded_at_time_ago_in_s": 712800.0,
                "criteria": {},
            }
        ],
        "elapsed_time": 1.0,
    }
    folder = written(tmp_path, manifest=manifest(source(RAW)), sources=freshness)
    events = events_of(project(folder))
    (tested,) = events[-1]["inputs"]
    assert tested["name"] == "db.raw.orders"
    (told,) = tested["inputFacets"]["dataQualityAssertions"]["assertions"]
    assert (told["assertion"], told["success"]) == ("freshness", False)
    updated = tested["inputFacets"]["dataQualityMetrics"]["lastUpdated"]
    assert updated == "2026-11-01T00:00:00Z"


def test_the_last_result_of_each_test_is_shown_with_the_tested_model(tmp_path: Path) -> None:
    body = manifest(
        node(ORDERS, config={"materialized": "table"}),
        check_node("not_null_id", ORDERS),
        check_node("not_null_name", ORDERS, "name"),
    )
    results = run_results(
        result("test.shop.not_null_id", "fail", failures=3),
        result("test.shop.not_null_name", "pass", failures=0),
        command="test",
    )
    folder = written(tmp_path / "target", manifest=body, run_results=results)
    session = Session(Workspace(tmp_path, str(tmp_path / "ledger.db")), clock=wall_clock)
    session.ingest_dbt([str(folder)], namespace="duckdb://shop.duckdb")
    checks = session.show("dataset:duckdb://shop.duckdb/db.main.orders").described.checks
    assert [(one.label, one.column, one.success, one.actual) for one in checks] == [
        ("not_null_id", "id", False, "3"),
        ("not_null_name", "name", True, "0"),
    ]
