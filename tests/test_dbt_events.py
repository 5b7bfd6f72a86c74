"""dbt's runs, tests and designs: each told as OpenLineage events that say what happened."""

from pathlib import Path

from dbt_files import (
    INVOCATION,
    Body,
    catalog,
    check_node,
    events_of,
    facet_of,
    kinds_of,
    manifest,
    node,
    project,
    result,
    run_results,
    sides,
    source,
    written,
)
from temporal_lineage.capture.dbt import translate
from temporal_lineage.capture.dbt_run_ids import invocation_run_id, node_run_id
from temporal_lineage.capture.openlineage_events import (
    EngineKey,
    JobEvent,
    KeyKind,
    ReadOption,
    RunEvent,
    RunEventKind,
)

RAW = "source.shop.shop.orders"
STAGED, ORDERS, SPENT = "model.shop.staged", "model.shop.orders", "model.shop.spent"

EPHEMERAL = {"materialized": "ephemeral"}


def _shop(**more: object) -> Body:
    return manifest(
        source(RAW),
        node(STAGED, [RAW], config=EPHEMERAL),
        node(ORDERS, [STAGED], compiled_code="select * from db.raw.orders", **more),
        node(SPENT, [ORDERS, "seed.shop.rates"]),
        node("seed.shop.rates", original_file_path="seeds/rates.csv"),
    )


def test_an_ephemeral_model_is_read_through_to_the_tables_below_it(tmp_path: Path) -> None:
    folder = written(tmp_path, manifest=_shop(), run_results=run_results(result(ORDERS)))
    events = events_of(project(folder))
    assert sides(events, "db.main.shop.orders.build.run") == (
        {"db.raw.orders"},
        {"db.main.orders"},
    )
    assert not any("staged" in one["job"]["name"] for one in events)


def test_a_run_has_the_times_of_its_execution_and_hangs_below_its_invocation(
    tmp_path: Path,
) -> None:
    folder = written(tmp_path, manifest=_shop(), run_results=run_results(result(ORDERS)))
    told = [one.event for one in translate(project(folder)).events]
    runs = [one for one in told if isinstance(one, RunEvent)]
    mine = [one for one in runs if one.job.name.endswith("orders.build.run")]
    assert [(one.kind, one.at.isoformat()) for one in mine] == [
        (RunEventKind.START, "2026-11-09T06:00:10Z"),
        (RunEventKind.COMPLETE, "2026-11-09T06:00:15Z"),
    ]
    assert {one.run_id for one in mine} == {node_run_id(INVOCATION, ORDERS)}
    parents = {one.parent.run_id for one in mine if one.parent}
    assert parents == {invocation_run_id(INVOCATION)}
    whole = [one for one in runs if one.job.name == "dbt-run-shop"]
    assert {one.run_id for one in whole} == parents
    assert [one.kind for one in whole] == [RunEventKind.START, RunEventKind.COMPLETE]


def test_what_the_same_invocation_built_is_read_as_that_run_left_it(tmp_path: Path) -> None:
    later = {
        "name": "execute",
        "started_at": "2026-11-09T06:00:20Z",
        "completed_at": "2026-11-09T06:00:25Z",
    }
    body = manifest(node(ORDERS), node(SPENT, [ORDERS]), check_node("not_null_id", ORDERS))
    results = run_results(
        result(ORDERS),
        result(SPENT, timing=[later]),
        result("test.shop.not_null_id", "pass", timing=[later]),
    )
    told = translate(project(written(tmp_path, manifest=body, run_results=results)))
    versions = {
        (one.event.job.name, mention.version)
        for one in told.events
        if isinstance(one.event, RunEvent)
        for mention in one.event.inputs
    }
    run = f"run:{node_run_id(INVOCATION, ORDERS)}"
    assert versions == {
        ("db.main.shop.spent.build.run", run),
        ("db.main.shop.orders.build.test", run),
    }


def test_a_failed_model_fails_its_run_and_its_invocation_with_the_message(tmp_path: Path) -> None:
    broken = result(ORDERS, "error", message="Catalog Error: no table orders")
    folder = written(tmp_path, manifest=_shop(), run_results=run_results(broken))
    events = events_of(project(folder))
    job = "db.main.shop.orders.build.run"
    assert kinds_of(events, job) == ["START", "FAIL"]
    assert facet_of(events, job, "errorMessage")["message"] == "Catalog Error: no table orders"
    assert kinds_of(events, "dbt-run-shop") == ["START", "FAIL"]
    assert facet_of(events, "dbt-run-shop", "errorMessage")["message"] == "1 of 1 nodes failed"


def test_what_was_skipped_is_told_by_its_design_and_not_as_a_run(tmp_path: Path) -> None:
    results = run_results(result(ORDERS), result(SPENT, "skipped"))
    told = translate(project(written(tmp_path, manifest=_shop(), run_results=results)))
    designed = {one.event.job.name for one in told.events if isinstance(one.event, JobEvent)}
    assert designed == {"db.main.shop.spent", "db.main.shop.rates.seed"}
    assert (told.ran, told.passed_over) == (1, 1)


def test_what_was_only_compiled_is_no_run(tmp_path: Path) -> None:
    compiled = run_results(result(ORDERS), result(SPENT), command="generate")
    told = translate(project(written(tmp_path, manifest=_shop(), run_results=compiled)))
    assert told.ran == 0
    assert all(isinstance(one.event, JobEvent) for one in told.events)
    assert told.designed == 3


def test_columns_come_from_the_catalog_and_their_words_from_the_project(tmp_path: Path) -> None:
    documented = {"id": {"name": "id", "description": "the order's number"}}
    folder = written(
        tmp_path,
        manifest=_shop(columns=documented),
        catalog=catalog({ORDERS: {"ID": "BIGINT", "amount": "DOUBLE"}}),
    )
    (event,) = [one for one in events_of(project(folder)) if "orders" in one["job"]["name"]]
    fields = event["outputs"][0]["facets"]["schema"]["fields"]
    assert fields == [
        {"name": "ID", "type": "BIGINT", "description": "the order's number"},
        {"name": "amount", "type": "DOUBLE"},
    ]


def test_exposures_metrics_and_saved_queries_are_datasets_made_from_tables(tmp_path: Path) -> None:
    model, metric, query = "semantic_model.shop.s", "metric.shop.m", "saved_query.shop.q"
    exports = [{"name": "out", "config": {"schema_name": "bi", "database": "db", "alias": "out"}}]
    body = manifest(
        node(ORDERS),
        node(model, [ORDERS]),
        node(metric, [model]),
        node(query, [metric], exports=exports),
        node("exposure.shop.weekly", [ORDERS], type="dashboard", owner={"email": "a@b.c"}),
    )
    events = events_of(project(written(tmp_path, manifest=body)))
    assert sides(events, model) == ({"db.main.orders"}, {model})
    assert sides(events, metric) == ({model}, {metric})
    assert sides(events, query) == ({metric}, {query, "db.bi.out"})
    assert sides(events, "exposure.shop.weekly") == (
        {"db.main.orders"},
        {"exposure.shop.weekly"},
    )
    (shown,) = [one for one in events if one["job"]["name"] == "exposure.shop.weekly"]
    facets = shown["outputs"][0]["facets"]
    assert facets["ownership"]["owners"] == [{"name": "a@b.c"}]
    assert facets["datasetType"]["datasetType"] == "DASHBOARD"


def test_a_deferred_reference_reads_the_table_that_the_query_names(tmp_path: Path) -> None:
    prod = {"database": "prod", "schema": "main", "alias": "orders"}
    deferred = {**prod, "relation_name": '"prod"."main"."orders"'}
    upstream = node(ORDERS, defer_relation=deferred, relation_name='"db"."main"."orders"')
    for query, read in (
        ('select * from "prod"."main"."orders"', "prod.main.orders"),
        ('select * from "db"."main"."orders"', "db.main.orders"),
    ):
        body = manifest(upstream, node(SPENT, [ORDERS], compiled_code=query))
        results = run_results(result(SPENT), command="run", defer=True)
        folder = written(tmp_path, manifest=body, run_results=results)
        assert sides(events_of(project(folder)), "db.main.shop.spent")[0] == {read}


def test_a_clone_is_made_from_the_other_environments_table(tmp_path: Path) -> None:
    prod = {"database": "prod", "schema": "main", "alias": "orders", "relation_name": "p"}
    body = manifest(source(RAW), node(ORDERS, [RAW], defer_relation=prod))
    results = run_results(result(ORDERS), command="clone")
    folder = written(tmp_path, manifest=body, run_results=results)
    assert sides(events_of(project(folder)), "db.main.shop.orders") == (
        {"prod.main.orders"},
        {"db.main.orders"},
    )


def test_nodes_of_other_projects_are_read_and_not_built_here(tmp_path: Path) -> None:
    foreign = node("model.finance.fees", original_file_path=None, package_name="finance")
    body = manifest(foreign, node(ORDERS, ["model.finance.fees"]))
    events = events_of(project(written(tmp_path, manifest=body)))
    assert sides(events, "db.main.shop.orders") == ({"db.main.fees"}, {"db.main.orders"})
    assert [one["job"]["name"] for one in events] == ["db.main.shop.orders"]


def test_a_run_without_times_ends_when_its_artifact_was_written(tmp_path: Path) -> None:
    untimed = result(ORDERS, "error", timing=[], execution_time=0.0)
    folder = written(tmp_path, manifest=_shop(), run_results=run_results(untimed))
    events = events_of(project(folder))
    times = {one["eventTime"] for one in events if one["job"]["name"].endswith("orders.build.run")}
    assert times == {"2026-11-09T06:02:00Z"}


def test_the_witness_names_the_artifacts_by_digest_and_what_dbt_answered(tmp_path: Path) -> None:
    answer = {"_message": "OK", "query_id": "q1"}
    done = result(ORDERS, adapter_response=answer)
    folder = written(tmp_path, manifest=_shop(), run_results=run_results(done))
    facet = facet_of(
        events_of(project(folder)), "db.main.shop.orders.build.run", "temporalLineage_dbt"
    )
    assert facet["invocationId"] == INVOCATION
    assert facet["uniqueId"] == ORDERS
    assert facet["adapterResponse"] == answer
    told = [(one["kind"], one["version"], len(one["sha256"])) for one in facet["artifacts"]]
    assert told == [("manifest", 12, 64), ("run-results", 6, 64)]


def test_trinos_query_id_is_a_key_that_commits_carry_too(tmp_path: Path) -> None:
    answer = {"query_id": "20261109_060010_00007_dbtjs", "code": "CREATE TABLE"}
    done = run_results(result(ORDERS, adapter_response=answer))
    folder = written(tmp_path, manifest=_shop(), run_results=done)
    events = translate(project(folder, namespace="trino://trino.example:8443")).events
    keys = {key for one in events if isinstance(one.event, RunEvent) for key in one.event.keys}
    assert keys == {EngineKey(KeyKind.TRINO_QUERY, answer["query_id"])}


def test_a_pinned_source_is_read_at_the_version_that_the_project_fixes(tmp_path: Path) -> None:
    for config, option in (
        ({"as_of_version": 3}, ReadOption("db.raw.orders", "as_of_version", "3")),
        (
            {"meta": {"as_of_datetime": "2026-11-01T00:00:00Z"}},
            ReadOption("db.raw.orders", "as_of_datetime", "2026-11-01T00:00:00Z"),
        ),
        ({"snapshot_id": 8823423}, ReadOption("db.raw.orders", "snapshot_id", "8823423")),
        ({"as_of_version": 0}, None),
        ({}, None),
    ):
        body = manifest(source(RAW, config=config), node(ORDERS, [RAW]))
        done = run_results(result(ORDERS))
        folder = written(tmp_path, manifest=body, run_results=done)
        told = [one.event for one in translate(project(folder)).events]
        found = {one for event in told if isinstance(event, RunEvent) for one in event.options}
        assert found == ({option} if option else set()), config


def test_rows_are_taken_only_from_answers_that_count_rows_written(tmp_path: Path) -> None:
    answers = {
        "INSERT": ({"code": "INSERT", "rows_affected": 5}, 5),
        "snowflake create": ({"code": "SUCCESS", "rows_affected": 1}, None),
        "view": ({"code": "CREATE VIEW", "rows_affected": -1}, None),
        "nothing": ({"_message": "OK"}, None),
    }
    for name, (answer, rows) in answers.items():
        done = run_results(result(ORDERS, adapter_response=answer))
        folder = written(tmp_path, manifest=_shop(), run_results=done)
        events = [one.event for one in translate(project(folder)).events]
        (last,) = [
            one
            for one in events
            if isinstance(one, RunEvent) and one.kind is RunEventKind.COMPLETE and one.outputs
        ]
        statistics = last.outputs[0].statistics
        assert (statistics.rows if statistics else None) == rows, name


def test_the_commit_of_the_project_is_told_where_dbt_was_told_it(tmp_path: Path) -> None:
    body = _shop()
    body["metadata"]["env"] = {"DBT_ENV_CUSTOM_ENV_GIT_SHA": "4b1d2c7", "OTHER": "x"}
    (event,) = [
        one.event
        for one in translate(project(written(tmp_path, manifest=body))).events
        if isinstance(one.event, JobEvent) and one.event.job.name == "db.main.shop.orders"
    ]
    assert event.code is not None
    assert (event.code.path, event.code.version) == ("models/orders.sql", "4b1d2c7")
