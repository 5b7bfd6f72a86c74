"""dbt's names: how the openlineage-dbt wrapper calls jobs and datasets, so that we call them alike.

Where the wrapper's name is not that of the physical table, the table's name is taken: a source's
`identifier` goes before its `name`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from hashlib import md5
from typing import Any

from snapshots.dataset import Dataset
from temporal_lineage.capture.dbt_manifest import Manifest, Node

_FORMATS: Mapping[str, tuple[str, ...]] = {
    "bigquery": ("bigquery",),
    "redshift": ("redshift://{host}:{port}", "redshift://{host}:5439"),
    "postgres": ("postgres://{host}:{port}", "postgres://{host}:5432"),
    "clickhouse": ("clickhouse://{host}:{port}", "clickhouse://{host}:8123"),
    "trino": ("trino://{host}:{port}", "trino://{host}:8080"),
    "presto": ("presto://{host}:{port}", "presto://{host}:8080"),
    "watsonx_presto": ("presto://{host}:{port}", "presto://{host}:8080"),
    "sqlserver": ("mssql://{server}:{port}", "mssql://{server}:1433"),
    "dremio": ("dremio://{software_host}:{port}", "dremio://{software_host}:9047"),
    "snowflake": ("snowflake://{account}",),
    "databricks": ("databricks://{host}",),
    "duckdb": ("duckdb://{path}", "duckdb://:memory:"),
    "athena": ("awsathena://athena.{region_name}.amazonaws.com",),
    "glue": ("arn:aws:glue:{region}:{account_id}",),
    "spark": ("spark://{host}:{port}",),
    "fabric": ("fabric-warehouse://{server}:{port}", "fabric-warehouse://{server}"),
}
"""By adapter; the first that the profile can fill counts, ports being the adapters' own."""

_SPARK_PORTS = {"http": "443", "odbc": "443", "thrift": "10001"}


def dataset_namespace(adapter: str, profile: Mapping[str, Any]) -> str | None:
    """Give the namespace of an adapter's datasets; None where the profile does not tell enough.

    Follows OpenLineage's naming, as openlineage-integration-common 1.54 makes it.

    >>> dataset_namespace("postgres", {"host": "db", "port": 5433})
    'postgres://db:5433'
    >>> dataset_namespace("duckdb", {"path": "dev.duckdb"})
    'duckdb://dev.duckdb'
    """
    told = {key: str(value) for key, value in profile.items() if isinstance(value, str | int)}
    match adapter:
        case "snowflake" if "account" in told:
            told["account"] = _snowflake_account(told["account"])
        case "glue" if (account := _account(told.get("role_arn", ""))) is not None:
            told.setdefault("account_id", account)
        case "spark" if told.get("method") in _SPARK_PORTS:
            told.setdefault("port", _SPARK_PORTS[told["method"]])
        case "spark":
            return None
        case _:
            pass
    formats = _FORMATS.get(adapter, (f"{adapter}://{{host}}:{{port}}", f"{adapter}://{{host}}"))
    for one in formats:
        try:
            return one.format_map(told)
        except KeyError:
            continue
    return None


def glue_namespace(adapter: str, profile: Mapping[str, Any]) -> str | None:
    """Give the namespace of the Glue tables behind Athena's; None where no account is told."""
    arn, region = profile.get("assume_role_arn"), profile.get("region_name")
    if adapter != "athena" or not isinstance(arn, str) or not isinstance(region, str):
        return None
    account = _account(arn)
    return f"arn:aws:glue:{region}:{account}" if account else None


def dotted(*parts: str | None) -> str:
    """Join the parts of a name that are told.

    >>> dotted(None, "main", "orders")
    'main.orders'
    """
    return ".".join(part for part in parts if part)


def table_name(node: Node) -> str:
    """Give the name of a node's or source's own table, without database and schema."""
    if node.kind == "source":
        return node.identifier or node.name
    return node.alias or node.name


def relation_name(node: Node) -> str:
    """Give the full name of a node's or source's relation."""
    return dotted(node.database, node.schema, table_name(node))


def job_name(node: Node, *, command: str | None) -> str:
    """Give the job that builds a node; `command` is None for the design, told outside any run.

    `dbt build` has jobs of its own, as the wrapper has it.
    """
    own = node.unique_id.removeprefix(f"{node.kind}.")
    name = dotted(node.database, node.schema, own)
    building = ".build" if command == "build" else ""
    if node.kind in ("snapshot", "seed"):
        return f"{name}{building}.{node.kind}"
    return f"{name}{building}.run" if building else name


def checks_job_name(tested: Node, *, command: str | None) -> str:
    """Give the job that tests a node: all its generic tests together."""
    own = tested.unique_id.removeprefix("model.")
    suffix = ".build.test" if command == "build" else ".test"
    return dotted(tested.database, tested.schema, own) + suffix


def invocation_job_name(project: str) -> str:
    """Give the job of dbt commands on a project."""
    return f"dbt-run-{project}"


def project_name(manifest: Manifest) -> str:
    """Give the project's name; before dbt 1.5 its digest tells which of the packages it is."""
    told = manifest.metadata.project_name
    if told:
        return told
    packages = sorted({one.package_name or "" for one in manifest.nodes.values()} - {""})
    for package in packages:
        digest = md5(package.encode(), usedforsecurity=False).hexdigest()
        if digest == manifest.metadata.project_id:
            return package
    return packages[0] if len(packages) == 1 else "dbt"


def concept(job_namespace: str, unique_id: str) -> Dataset:
    """Name what is no relation: exposures, metrics, semantic models, saved queries."""
    return Dataset(job_namespace, unique_id)


def _account(role_arn: str) -> str | None:
    """Give the account in `arn:aws:iam::ACCOUNT:role/NAME`."""
    found = re.match(r"arn:[^:]*:iam:[^:]*:(\d+):", role_arn)
    return found[1] if found else None


def _snowflake_account(account: str) -> str:
    """Complete a legacy account locator by region and cloud, as the wrapper does.

    >>> _snowflake_account("xy12345"), _snowflake_account("xy12345.us-east-2")
    ('xy12345.us-west-1.aws', 'xy12345.us-east-2.aws')
    >>> _snowflake_account("org-account")
    'org-account'
    """
    spots = account.split(".")
    if "-" in spots[0]:
        return spots[0]
    if len(spots) == 1:
        return f"{spots[0]}.us-west-1.aws"
    if len(spots) == 2:  # noqa: PLR2004 - locator and region
        return f"{spots[0]}.{spots[1]}.aws"
    return account
