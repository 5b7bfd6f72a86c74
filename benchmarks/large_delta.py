"""One large Delta log, written by hand but for its checkpoints, which delta-rs writes."""

from __future__ import annotations

import json
import os
import uuid
from pathlib import Path

_STARTED_MS = 1_767_225_600_000
_MINUTE_MS = 60_000
_COLUMNS = tuple(f"column_{number}" for number in range(10))
_LEAVING_EVERY = 100
ROWS = 1_000


def write_large_log(root: Path, *, commits: int, files_each: int) -> int:
    """Write a log, with checkpoints in its middle and at its end; gives how many files it added."""
    from deltalake import DeltaTable

    log = root / "_delta_log"
    log.mkdir(parents=True)
    for version in range(commits):
        actions = [_told(version), *(_opening() if version == 0 else ())]
        if version % _LEAVING_EVERY == _LEAVING_EVERY // 2:
            leaving = range((version - 1) * files_each, version * files_each)
            actions += [_remove(number, version) for number in leaving]
        first = version * files_each
        actions += [_add(number, version) for number in range(first, first + files_each)]
        file = log / f"{version:020d}.json"
        file.write_text("".join(json.dumps(one, separators=(",", ":")) + "\n" for one in actions))
        at = _at(version) * 1_000_000
        os.utime(file, ns=(at, at))
    for version in (commits // 2, commits - 1):
        DeltaTable(root, version=version).create_checkpoint()
    return commits * files_each


def _at(version: int) -> int:
    return _STARTED_MS + version * _MINUTE_MS


def _told(version: int) -> dict[str, object]:
    return {
        "commitInfo": {
            "timestamp": _at(version),
            "operation": "WRITE",
            "operationParameters": {"mode": "Append", "partitionBy": "[]"},
            "engineInfo": "Apache-Spark/3.5.1 Delta-Lake/3.2.0",
            "txnId": str(uuid.uuid5(uuid.NAMESPACE_OID, f"commit {version}")),
        }
    }


def _opening() -> tuple[dict[str, object], ...]:
    fields = [{"name": n, "type": "long", "nullable": True, "metadata": {}} for n in _COLUMNS]
    metadata = {
        "id": str(uuid.uuid5(uuid.NAMESPACE_OID, "a large table")),
        "format": {"provider": "parquet", "options": {}},
        "schemaString": json.dumps({"type": "struct", "fields": fields}),
        "partitionColumns": [],
        "configuration": {},
        "createdTime": _STARTED_MS,
    }
    return {"protocol": {"minReaderVersion": 1, "minWriterVersion": 2}}, {"metaData": metadata}


def _path(number: int) -> str:
    return f"part-{number:05d}-{uuid.uuid5(uuid.NAMESPACE_OID, f'file {number}')}-c000.parquet"


def _add(number: int, version: int) -> dict[str, object]:
    statistics = {
        "numRecords": ROWS,
        "minValues": dict.fromkeys(_COLUMNS, number),
        "maxValues": dict.fromkeys(_COLUMNS, number + ROWS),
        "nullCount": dict.fromkeys(_COLUMNS, 0),
    }
    return {
        "add": {
            "path": _path(number),
            "partitionValues": {},
            "size": 48_213,
            "modificationTime": _at(version),
            "dataChange": True,
            "stats": json.dumps(statistics, separators=(",", ":")),
        }
    }


def _remove(number: int, version: int) -> dict[str, object]:
    return {
        "remove": {
            "path": _path(number),
            "deletionTimestamp": _at(version),
            "dataChange": True,
            "size": 48_213,
        }
    }
