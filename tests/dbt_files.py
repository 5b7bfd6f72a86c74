"""dbt artifacts written by hand: small projects whose lineage is known."""

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from temporal_lineage.capture.dbt import translate
from temporal_lineage.capture.dbt_manifest import Manifest
from temporal_lineage.capture.dbt_names import project_name
from temporal_lineage.capture.dbt_places import Place
from temporal_lineage.capture.dbt_projects import DbtProject
from temporal_lineage.intake.dbt_folders import read_sets

Body = dict[str, Any]

INVOCATION = "11111111-2222-3333-4444-555555555555"
WRITTEN = "2026-11-09T06:02:00.000000Z"


def metadata(kind: str, version: int, **more: object) -> Body:
    return {
        "dbt_schema_version": f"https://schemas.getdbt.com/dbt/{kind}/v{version}.json",
        "dbt_version": "1.10.0",
        "generated_at": WRITTEN,
        "invocation_id": INVOCATION,
        "env": {},
        **more,
    }


def node(unique_id: str, above: Iterable[str] = (), **more: object) -> Body:
    """Make a node of the database `db`; its kind is the first part of its id."""
    kind, _, rest = unique_id.partition(".")
    name = rest.split(".")[1]
    materialized = {"model": "table", "seed": "seed", "snapshot": "snapshot", "test": "test"}
    body = {
        "unique_id": unique_id,
        "name": name,
        "resource_type": kind,
        "package_name": "shop",
        "database": "db",
        "schema": "main",
        "alias": name,
        "config": {"materialized": materialized.get(kind)},
        "depends_on": {"nodes": list(above)},
        "columns": {},
        "tags": [],
        "meta": {},
        "description": "",
        "original_file_path": f"models/{name}.sql",
        "language": "sql",
    }
    return body | more


def source(unique_id: str, **more: object) -> Body:
    name = unique_id.rpartition(".")[2]
    told = {"name": name, "schema": "raw", "identifier": name, "alias": None}
    return node(unique_id) | told | more


def check_node(name: str, above: str, column: str | None = "id", **more: object) -> Body:
    """Make a generic test, or one that somebody wrote where `column` is None."""
    body = node(f"test.shop.{name}", [above], attached_node=above if column else None)
    if column:
        body["test_metadata"] = {"name": "not_null", "kwargs": {"column_name": column}}
    return body | more


def manifest(*nodes: Body, adapter: str = "duckdb", version: int = 12, **more: object) -> Body:
    by_kind: dict[str, dict[str, Body]] = {
        name: {}
        for name in (
            "nodes",
            "sources",
            "exposures",
            "metrics",
            "semantic_models",
            "saved_queries",
        )
    }
    places = {"source": "sources", "exposure": "exposures", "metric": "metrics"}
    places |= {"semantic_model": "semantic_models", "saved_query": "saved_queries"}
    for one in nodes:
        by_kind[places.get(one["resource_type"], "nodes")][one["unique_id"]] = one
    told = metadata("manifest", version, adapter_type=adapter, project_name="shop")
    return {"metadata": told, **by_kind, "disabled": {}, **more}


def result(unique_id: str, status: str = "success", **more: object) -> Body:
    timing = {
        "name": "execute",
        "started_at": "2026-11-09T06:00:10.000000Z",
        "completed_at": "2026-11-09T06:00:15.000000Z",
    }
    body = {
        "unique_id": unique_id,
        "status": status,
        "timing": [timing],
        "execution_time": 5.0,
        "adapter_response": {},
        "message": None,
        "failures": None,
    }
    return body | more


def run_results(*results: Body, command: str = "build", **arguments: object) -> Body:
    told = metadata("run-results", 6)
    return {"metadata": told, "results": list(results), "args": {"which": command, **arguments}}


def catalog(tables: Mapping[str, Mapping[str, str]]) -> Body:
    """Make a catalog of columns and types by unique id."""
    nodes = {
        unique_id: {
            "metadata": {"type": "BASE TABLE", "database": None, "schema": "", "name": ""},
            "columns": {
                name: {"name": name, "type": kind, "index": number}
                for number, (name, kind) in enumerate(columns.items(), 1)
            },
            "stats": {},
        }
        for unique_id, columns in tables.items()
    }
    return {"metadata": metadata("catalog", 1), "nodes": nodes, "sources": {}}


def written(folder: Path, **artifacts: Body) -> Path:
    """Write artifacts as dbt would: `manifest`, `run_results`, `catalog`, `sources`."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, body in artifacts.items():
        (folder / f"{name}.json").write_text(json.dumps(body))
    return folder


def project(
    folder: Path,
    *,
    namespace: str = "duckdb://shop.duckdb",
    catalogs: Mapping[str, str] | None = None,
    root: str | None = None,
    any_manifest: bool = False,
) -> DbtProject:
    """Read the artifacts in a folder, or around one file."""
    (found,) = read_sets([str(folder)], any_manifest=any_manifest)
    content: Manifest = found.manifest.content
    return DbtProject(
        name=project_name(content),
        manifest=found.manifest,
        catalog=found.catalog,
        results=found.results,
        freshness=found.freshness,
        job_namespace="dbt",
        place=Place(content.metadata.adapter_type or "", namespace, None, root, catalogs or {}),
    )


def events_of(told: DbtProject) -> list[Body]:
    """Give the events of a project, as JSON."""
    return [json.loads(one.body) for one in translate(told).events]


def sides(events: Iterable[Body], job: str) -> tuple[set[str], set[str]]:
    """Give the names of all that one job's events read and wrote."""
    mine = [one for one in events if one["job"]["name"] == job]
    assert mine, [one["job"]["name"] for one in events]
    return (
        {dataset["name"] for one in mine for dataset in one["inputs"]},
        {dataset["name"] for one in mine for dataset in one["outputs"]},
    )


def kinds_of(events: Iterable[Body], job: str) -> list[str]:
    """Give the kinds of a job's events, in order."""
    return [one["eventType"] for one in events if one["job"]["name"] == job]


def facet_of(events: Iterable[Body], job: str, name: str) -> Body:
    """Give a facet of the last event of a job, of its run or of the job."""
    *_, last = (one for one in events if one["job"]["name"] == job)
    facet: Body = last["run"]["facets"].get(name) or last["job"]["facets"][name]
    return facet
