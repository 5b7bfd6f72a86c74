"""Seeds: sound inputs of every decoder, that fuzzing starts from; most are files of real tables."""

from __future__ import annotations

import json
import struct
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

Seeds = dict[str, list[bytes]]

SEED_BYTES_MAX = 32_768
"""Larger files are left out: fuzzing goes through small ones more often."""

_AT = "2026-11-09T06:02:00Z"


def _artifact(kind: str, version: int, **body: object) -> bytes:
    schema = f"https://schemas.getdbt.com/dbt/{kind}/v{version}.json"
    head = {"dbt_schema_version": schema, "generated_at": _AT, "invocation_id": "i-1"}
    told = {"metadata": head | {"project_name": "shop", "adapter_type": "duckdb"}}
    return json.dumps(told | body).encode()


_NODE = {
    "unique_id": "model.shop.orders",
    "name": "orders",
    "resource_type": "model",
    "package_name": "shop",
    "database": "db",
    "schema": "main",
    "alias": "orders",
    "config": {"materialized": "table", "meta": {"owner": "ada"}},
    "depends_on": {"nodes": ["source.shop.raw.o"]},
    "columns": {"id": {"name": "id", "data_type": "bigint", "description": "d"}},
    "raw_code": "select * from {{ source('raw', 'o') }}",
    "compiled_code": "select * from raw.o",
    "tags": ["t"],
    "original_file_path": "models/orders.sql",
}
_SOURCE = {
    "unique_id": "source.shop.raw.o",
    "name": "o",
    "resource_type": "source",
    "package_name": "shop",
    "database": "db",
    "schema": "raw",
    "identifier": "o",
    "source_name": "raw",
    "columns": {},
}
DBT_MANIFEST = _artifact(
    "manifest",
    12,
    nodes={"model.shop.orders": _NODE},
    sources={"source.shop.raw.o": _SOURCE},
    exposures={},
    metrics={},
    parent_map={},
)
_TIMING = {"name": "execute", "started_at": _AT, "completed_at": _AT}
_RESULT = {
    "unique_id": "model.shop.orders",
    "status": "success",
    "timing": [_TIMING],
    "execution_time": 1.0,
    "adapter_response": {"rows_affected": 3},
    "message": None,
    "failures": None,
}
_COLUMN = {"name": "id", "type": "BIGINT", "index": 1}
_TABLE = {"metadata": {"type": "BASE TABLE", "schema": "main", "name": "orders"}}
_FRESH = {
    "unique_id": "source.shop.raw.o",
    "status": "pass",
    "max_loaded_at": _AT,
    "snapshotted_at": _AT,
    "timing": [_TIMING],
}
_DATASET = {"namespace": "file", "name": "/lake/t", "facets": {"version": {"datasetVersion": "3"}}}
_EVENT = {
    "eventTime": _AT,
    "eventType": "COMPLETE",
    "producer": "https://example.org/p",
    "run": {"runId": "00000000-0000-4000-8000-000000000001", "facets": {}},
    "job": {"namespace": "n", "name": "j", "facets": {"sql": {"query": "select 1"}}},
    "inputs": [_DATASET],
    "outputs": [_DATASET],
}
_REPORT = {
    "report-type": "scan-report",
    "table-name": "a.b",
    "snapshot-id": 7,
    "schema-id": 0,
    "filter": {"type": "true"},
    "projected-field-ids": [1],
    "projected-field-names": ["id"],
    "metrics": {"total-planning-duration": {"count": 1, "time-unit": "nanoseconds"}},
    "metadata": {"engine-name": "spark", "app-id": "local-1"},
}
_SQL = (
    "insert into a.b select x, sum(y) over (partition by z) from c join d using (k) where x in (1)",
    "merge into t using s on t.id = s.id when matched then update set v = s.v",
    "with q as (select * from t version as of 3) select q.* except (a) from q, lateral f(q.a)",
    "create table n as select cast(a as int), case when b then 'x' end from `p`.q; drop table z",
)
_VECTOR = struct.pack("<iqIIIHH", 1681511377, 1, 0, 12346, 1, 0, 2) + struct.pack(
    "<IHHH", 0, 1, 2, 9
)
_RUNS = struct.pack("<iqIIBHHHHH", 1681511377, 1, 0, 12347, 1, 0, 9, 1, 5, 2)

_BY_HAND: dict[str, tuple[bytes, ...]] = {
    "deletion-vector": (_VECTOR, _RUNS),
    "openlineage": (json.dumps(_EVENT).encode(), json.dumps([_EVENT, _EVENT]).encode()),
    "dbt-manifest": (DBT_MANIFEST,),
    "dbt-catalog": (
        _artifact(
            "catalog",
            1,
            nodes={"model.shop.orders": _TABLE | {"columns": {"id": _COLUMN}}},
            sources={},
        ),
    ),
    "dbt-run-results": (_artifact("run-results", 6, results=[_RESULT], args={"which": "build"}),),
    "dbt-sources": (_artifact("sources", 3, results=[_FRESH]),),
    "sql": tuple(one.encode() for one in _SQL),
    "metrics-report": (json.dumps(_REPORT).encode(),),
    "address": (
        b"lake.sales.orders@8823423#amount",
        b'lake."a.b".t@2026-11-17T09:00Z',
        b"run:00000000-0000-4000-8000-000000000001",
        b"model:fraud@v3",
        b"job:ns/name",
        b"dataset:s3://b/x@5",
        b"edge:12",
    ),
    "condition": (
        b"a > 10 and b in ('DE', 'FR') and not (c is null)",
        b"d >= 1.25 or b like 'x%' or c < '2026-01-01T00:00:00'",
    ),
    "instant": (b"2026-11-17T09:00:00.000001Z", b"2026-11-17", b"2026-11-17T09:00+05:45"),
}


def seeds() -> Seeds:
    """Give the seeds of every decoder."""
    found: Seeds = defaultdict(list)
    for name, bodies in _BY_HAND.items():
        found[name] += bodies
    with TemporaryDirectory(prefix="tl-seeds-") as folder:
        for name, body in _of_tables(Path(folder)):
            if len(body) <= SEED_BYTES_MAX:
                found[name].append(body)
    return found


def _of_tables(folder: Path) -> Iterator[tuple[str, bytes]]:
    from deltalake import DeltaTable

    from temporal_lineage.session import Session, wall_clock
    from temporal_lineage.workspace import Workspace
    from torture.templates import make_project

    make_project(folder)
    table = DeltaTable(str(folder / "real" / "orders"))
    table.create_checkpoint()
    for path in sorted(folder.rglob("*.metadata.json"))[-2:]:
        yield "iceberg-metadata", path.read_bytes()
    for path in sorted((folder / "warehouse").rglob("*.avro"))[:6]:
        body = path.read_bytes()
        name = "iceberg-manifest-list" if path.name.startswith("snap-") else "iceberg-manifest"
        yield name, body
        yield "avro-rows", body
    for path in sorted((folder / "real").rglob("*.json"))[:3]:
        yield "delta-actions", path.read_bytes()
        yield "delta-history", path.read_bytes()
        yield "delta-checkpoint", path.read_bytes()
    for path in folder.rglob("*.checkpoint.parquet"):
        yield "delta-checkpoint", path.read_bytes()
    yield "openlineage", (folder / "events.ndjson").read_bytes()[:4_000]
    session = Session(Workspace(folder / "home", str(folder / "ledger.db")), clock=wall_clock)
    session.harvest()
    lock = folder / "orders.lock"
    session.lock("real.orders", out=lock)
    yield "lock", lock.read_bytes()
    case = folder / "orders.case"
    session.erasure_trace("real.orders", where="id = 3", case=case)
    yield "erasure-case", case.read_bytes()
