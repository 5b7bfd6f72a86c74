"""dbt's names: jobs and datasets are called as the openlineage-dbt wrapper calls them."""

from pathlib import Path
from typing import Any

import pytest

from dbt_files import INVOCATION, events_of, manifest, node, project, source, written
from temporal_lineage.capture.dbt_names import dataset_namespace, glue_namespace
from temporal_lineage.capture.dbt_run_ids import (
    RunIdentity,
    checks_run_id,
    identified,
    invocation_run_id,
    node_run_id,
)
from temporal_lineage.capture.openlineage_events import JobName, ParentRun
from temporal_lineage.intake.dbt_profiles import Target, Wanted, find_target

Body = dict[str, Any]

PROFILES: dict[str, tuple[Body, str | None]] = {
    "bigquery": ({"project": "p"}, "bigquery"),
    "snowflake": ({"account": "org-acc"}, "snowflake://org-acc"),
    "redshift": ({"host": "h", "port": 5439}, "redshift://h:5439"),
    "postgres": ({"host": "h", "port": 5432}, "postgres://h:5432"),
    "databricks": (
        {"host": "adb-1.2.azuredatabricks.net"},
        "databricks://adb-1.2.azuredatabricks.net",
    ),
    "spark": ({"host": "h", "method": "thrift"}, "spark://h:10001"),
    "trino": ({"host": "h", "port": 8080}, "trino://h:8080"),
    "sqlserver": ({"server": "h", "port": 1433}, "mssql://h:1433"),
    "athena": ({"region_name": "eu-west-1"}, "awsathena://athena.eu-west-1.amazonaws.com"),
    "glue": (
        {"region": "eu-west-1", "role_arn": "arn:aws:iam::123456789012:role/dbt"},
        "arn:aws:glue:eu-west-1:123456789012",
    ),
    "duckdb": ({"path": "/tmp/shop.duckdb"}, "duckdb:///tmp/shop.duckdb"),  # noqa: S108
    "clickhouse": ({"host": "h", "port": 9000}, "clickhouse://h:9000"),
    "fabric": ({"server": "h"}, "fabric-warehouse://h"),
    "dremio": ({"software_host": "h", "port": 9047}, "dremio://h:9047"),
    "oracle": ({"host": "h", "port": 1521}, "oracle://h:1521"),
    "snowflake without an account": ({}, None),
}


@pytest.mark.parametrize("adapter", PROFILES)
def test_the_namespace_of_every_adapter_is_the_wrappers(adapter: str) -> None:
    profile, namespace = PROFILES[adapter]
    assert dataset_namespace(adapter.partition(" ")[0], profile) == namespace


def test_spark_over_a_session_has_no_host_to_be_named_by() -> None:
    assert dataset_namespace("spark", {"host": "h", "method": "session"}) is None


def test_athena_is_also_known_as_glue_where_a_role_tells_the_account() -> None:
    profile = {"region_name": "eu-west-1", "assume_role_arn": "arn:aws:iam::123456789012:role/r"}
    assert glue_namespace("athena", profile) == "arn:aws:glue:eu-west-1:123456789012"
    assert glue_namespace("athena", {"region_name": "eu-west-1"}) is None


def test_a_profile_is_found_and_gives_no_password_away(tmp_path: Path) -> None:
    (tmp_path / "profiles.yml").write_text(
        """
shop:
  target: "{{ env_var('TARGET', 'prod') }}"
  outputs:
    prod: {type: postgres, host: "{{ env_var('HOST') }}", port: 5433, password: hunter2}
other:
  target: dev
  outputs:
    dev: {type: postgres, host: elsewhere, port: 1}
"""
    )

    def find(profile: str | None, adapter: str = "postgres", **environment: str) -> Target | None:
        return find_target(
            Wanted(
                adapter=adapter,
                profile=profile,
                target=None,
                given=None,
                likely=(tmp_path,),
                environment=environment,
            )
        )

    assert find("shop", HOST="db") == Target("postgres://db:5433", None)
    assert find("shop") is None  # HOST is not set
    assert find(None, HOST="db") is None  # two profiles, and nothing tells which
    assert find("shop", adapter="redshift", HOST="db") is None


def test_runs_of_the_wrapper_get_the_ids_that_the_artifacts_give() -> None:
    run_facets = {"dbt_run": {"invocation_id": INVOCATION}}
    whole = ParentRun("random", JobName("dbt", "dbt-run-shop"), "random", JobName("dbt", "x"))

    def named(kind: str, unique_id: str | None) -> RunIdentity:
        job: Body = {"jobType": {"jobType": kind}}
        if unique_id:
            job["dbt_node"] = {"unique_id": unique_id}
        return identified(RunIdentity("drawn", None, whole), run_facets, job)

    built = named("MODEL", "model.shop.orders")
    assert built.run_id == node_run_id(INVOCATION, "model.shop.orders")
    assert built.parent is not None
    assert built.parent.run_id == built.parent.root_run_id == invocation_run_id(INVOCATION)
    assert named("JOB", None).run_id == invocation_run_id(INVOCATION)
    assert named("JOB", None).parent == whole  # whoever started dbt
    assert named("TEST", "model.shop.orders").run_id == checks_run_id(
        INVOCATION, "model.shop.orders"
    )
    assert named("TEST", "test.shop.one").run_id == node_run_id(INVOCATION, "test.shop.one")
    assert named("SQL", None).run_id == "drawn"
    assert identified(RunIdentity("drawn", None, whole), {}, {}) == RunIdentity(
        "drawn", None, whole
    )


def test_sources_are_called_by_their_tables_and_not_by_their_names(tmp_path: Path) -> None:
    body = manifest(
        source("source.shop.shop.orders", identifier="t_orders"),
        node("model.shop.o", ["source.shop.shop.orders"]),
    )
    (event,) = events_of(project(written(tmp_path, manifest=body)))
    assert [one["name"] for one in event["inputs"]] == ["db.raw.t_orders"]


def _symlinks(event: Body) -> set[tuple[str, str]]:
    told = event["outputs"][0]["facets"].get("symlinks", {"identifiers": []})
    return {(one["namespace"], one["name"]) for one in told["identifiers"]}


def test_a_table_is_also_named_by_where_the_adapter_puts_it(tmp_path: Path) -> None:
    cases: list[tuple[Body, set[tuple[str, str]]]] = [
        ({"location_root": "s3a://lake/marts/"}, {("s3://lake", "marts/orders")}),
        ({"location": "/data/orders.parquet"}, {("file", "/data/orders.parquet")}),
        ({"location": "out/orders"}, {("file", "/srv/shop/out/orders")}),
        ({"properties": {"location": "'s3://lake/o'"}}, {("s3://lake", "o")}),
        ({"external_location": "s3://lake/{schema}/{name}"}, {("s3://lake", "main/orders")}),
        ({"external_location": "delta_scan('/data/{name}')"}, {("file", "/data/orders")}),
        ({"external_location": "read_csv('/data/*.csv')"}, set()),
        ({"location": "{{ var('x') }}"}, set()),
    ]
    for config, names in cases:
        body = manifest(node("model.shop.orders", config={"materialized": "table", **config}))
        folder = written(tmp_path, manifest=body)
        (event,) = events_of(project(folder, root="/srv/shop"))
        assert _symlinks(event) == names, config


def test_a_table_is_named_as_a_harvested_catalog_has_it_where_the_user_says_so(
    tmp_path: Path,
) -> None:
    folder = written(tmp_path, manifest=manifest(node("model.shop.orders")))
    for catalogs, names in (
        ({"db": "lake"}, {("catalog", "lake.main.orders")}),
        ({"*": "lake"}, {("catalog", "lake.main.orders")}),
        ({"other": "lake"}, set()),
    ):
        (event,) = events_of(project(folder, catalogs=catalogs))
        assert _symlinks(event) == names


def test_the_table_format_is_told_where_the_settings_name_it(tmp_path: Path) -> None:
    for config, lake in (
        ({"table_format": "iceberg"}, "iceberg"),
        ({"file_format": "delta"}, "delta"),
        ({"table_type": "iceberg"}, "iceberg"),
        ({"file_format": "parquet"}, None),
    ):
        body = manifest(node("model.shop.orders", config={"materialized": "table", **config}))
        (event,) = events_of(project(written(tmp_path, manifest=body)))
        storage = event["outputs"][0]["facets"].get("storage")
        assert (storage["storageLayer"] if storage else None) == lake
