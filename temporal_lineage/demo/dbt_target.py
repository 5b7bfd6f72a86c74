"""A small dbt project on the demo lake, as its target folder looks after one `dbt build`.

The analysts' models live in Trino, whose catalog `lake` is the lake's own. Two models are built,
one of them through an ephemeral model, one model fails, and a dashboard reads what was built.
"""

import json
from pathlib import Path
from typing import Any

Body = dict[str, Any]

INVOCATION = "5f0e2c52-6a51-4c0e-9d3b-7a4d3f0c9e11"
"""The id of the one invocation."""

_VERSION = "1.10.13"
_NAME = "reports"
_BEGAN, _ENDED = "2026-11-09T06:00:00.000000Z", "2026-11-09T06:02:00.000000Z"

_PAID = """\
select o.order_id, o.customer_id, o.country, o.ordered_on, o.paid_eur
from lake.staging.orders_clean o
where not o.disputed"""
_REVENUE = f"""\
with __dbt__cte__paid_orders as (
{_PAID}
) select country, ordered_on, sum(paid_eur) as revenue_eur, count(*) as orders
from __dbt__cte__paid_orders
group by country, ordered_on"""
_LAPSED = """\
select c.customer_id, max(o.ordered_on) as last_ordered_on
from lake.raw.customers c
join lake.staging.orders_clean o on o.customer_id = c.customer_id
group by c.customer_id"""
_FORECAST = "select country, forecast(revenue_eur) as revenue_eur from lake.reports.revenue"

_PROJECT = f"name: {_NAME}\nprofile: {_NAME}\n"
_PROFILES = f"""\
{_NAME}:
  target: prod
  outputs:
    prod:
      type: trino
      host: trino.shop.example
      port: 8443
      user: dbt
      password: "{{{{ env_var('TRINO_PASSWORD') }}}}"
      database: lake
      schema: reports
"""


def write_dbt_target(root: Path) -> Path:
    """Write the project's files and its target folder below `root`; gives the target folder."""
    target = root / "target"
    target.mkdir(parents=True, exist_ok=True)
    (root / "dbt_project.yml").write_text(_PROJECT, encoding="utf-8")
    (root / "profiles.yml").write_text(_PROFILES, encoding="utf-8")
    for name, body in (
        ("manifest", _manifest()),
        ("run_results", _run_results()),
        ("catalog", _catalog()),
    ):
        (target / f"{name}.json").write_text(json.dumps(body, indent=1), encoding="utf-8")
    return target


def _manifest() -> Body:
    nodes = [
        _model("paid_orders", "ephemeral", _PAID, ["source.reports.staging.orders_clean"]),
        _model("revenue", "table", _REVENUE, ["model.reports.paid_orders"]),
        _model(
            "lapsed_customers",
            "table",
            _LAPSED,
            ["source.reports.raw.customers", "source.reports.staging.orders_clean"],
        ),
        _model("forecast", "table", _FORECAST, ["model.reports.revenue"]),
        _not_null("revenue", "country"),
    ]
    sources = [_source("staging", "orders_clean"), _source("raw", "customers")]
    return {
        "metadata": _metadata("manifest/v12", _BEGAN)
        | {"adapter_type": "trino", "project_name": _NAME},
        "nodes": {one["unique_id"]: one for one in nodes},
        "sources": {one["unique_id"]: one for one in sources},
        "exposures": {"exposure.reports.weekly_revenue": _dashboard()},
        "metrics": {},
        "groups": {},
        "disabled": {},
    }


def _run_results() -> Body:
    done = {"rows_affected": 21, "code": "CREATE TABLE", "query_id": "20261109_060010_00007_dbtjs"}
    failed = "TrinoUserError(name=FUNCTION_NOT_FOUND): Function 'forecast' not registered"
    results = [
        _result("model.reports.revenue", "success", 10, done),
        _result("model.reports.lapsed_customers", "success", 10, {"code": "CREATE TABLE"}),
        _result("test.reports.not_null_revenue_country", "pass", 40, {}) | {"failures": 0},
        _result("model.reports.forecast", "error", 50, {}) | {"message": failed},
    ]
    return {
        "metadata": _metadata("run-results/v6", _ENDED) | {"invocation_started_at": _BEGAN},
        "results": results,
        "args": {"which": "build"},
        "elapsed_time": 120.0,
    }


def _catalog() -> Body:
    columns = (("country", "varchar"), ("ordered_on", "date"), ("revenue_eur", "decimal(38,2)"))
    table = {
        "metadata": {"type": "BASE TABLE", "database": "lake", "schema": _NAME, "name": "revenue"},
        "columns": {
            name: {"name": name, "type": kind, "index": index + 1}
            for index, (name, kind) in enumerate((*columns, ("orders", "bigint")))
        },
        "stats": {},
    }
    return {
        "metadata": _metadata("catalog/v1", _ENDED),
        "nodes": {"model.reports.revenue": table},
        "sources": {},
        "errors": None,
    }


def _metadata(schema: str, at: str) -> Body:
    return {
        "dbt_schema_version": f"https://schemas.getdbt.com/dbt/{schema}.json",
        "dbt_version": _VERSION,
        "generated_at": at,
        "invocation_id": INVOCATION,
        "env": {"DBT_ENV_CUSTOM_ENV_GIT_SHA": "4b1d2c7"},
    }


def _node(unique_id: str, name: str, **more: object) -> Body:
    kind = unique_id.partition(".")[0]
    return {
        "unique_id": unique_id,
        "name": name,
        "resource_type": kind,
        "package_name": _NAME,
        "database": "lake",
        "schema": _NAME,
        "description": "",
        "columns": {},
        "tags": [],
        "meta": {},
        **more,
    }


def _model(name: str, materialized: str, sql: str, above: list[str]) -> Body:
    return _node(
        f"model.{_NAME}.{name}",
        name,
        alias=name,
        config={"materialized": materialized, "table_format": "iceberg"},
        depends_on={"nodes": above, "macros": []},
        original_file_path=f"models/{name}.sql",
        language="sql",
        compiled_code=sql,
        meta={"owner": "analytics"},
    )


def _source(schema: str, table: str) -> Body:
    node = _node(f"source.{_NAME}.{schema}.{table}", table, identifier=table, config={})
    return node | {"schema": schema}


def _not_null(model: str, column: str) -> Body:
    above = f"model.{_NAME}.{model}"
    name = f"not_null_{model}_{column}"
    return _node(
        f"test.{_NAME}.{name}",
        name,
        config={"severity": "ERROR"},
        depends_on={"nodes": [above]},
        attached_node=above,
        column_name=column,
        test_metadata={"name": "not_null", "kwargs": {"column_name": column}},
    )


def _dashboard() -> Body:
    return _node(
        f"exposure.{_NAME}.weekly_revenue",
        "weekly_revenue",
        type="dashboard",
        owner={"name": "Ada", "email": "ada@shop.example"},
        url="https://bi.shop.example/weekly-revenue",
        depends_on={"nodes": [f"model.{_NAME}.revenue"]},
        original_file_path="models/exposures.yml",
    )


def _result(unique_id: str, status: str, second: int, response: Body) -> Body:
    ran = {
        "name": "execute",
        "started_at": f"2026-11-09T06:00:{second:02}.000000Z",
        "completed_at": f"2026-11-09T06:00:{second + 5:02}.000000Z",
    }
    return {
        "unique_id": unique_id,
        "status": status,
        "timing": [ran],
        "execution_time": 5.0,
        "adapter_response": response,
        "message": "",
        "failures": None,
    }
