"""Delta logs written by hand, action by action, for the cases no library writes on purpose."""

import json
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from catalogs.delta import segment
from catalogs.delta.log import DeltaLog, LogCache
from catalogs.delta.source import DeltaSource
from catalogs.storage import Storage

Action = dict[str, Any]


def source(root: Path) -> DeltaSource:
    """Open the table in a folder."""
    return DeltaSource(str(root), storage=Storage({}), options={})


def log(root: Path) -> DeltaLog:
    """Open the log of the table in a folder."""
    storage = Storage({})
    listed = segment.listed(storage, str(root))
    return DeltaLog(root=str(root), storage=storage, segment=listed, kept={}, cache=LogCache())


def write(root: Path, version: int, *actions: Action, millis: int | None = None) -> Path:
    """Write a commit file, and give it a modification time in milliseconds."""
    return write_named(root, f"{version:020d}.json", *actions, millis=millis)


def write_named(root: Path, name: str, *actions: Action, millis: int | None = None) -> Path:
    """Write actions into a file of the log folder."""
    path = root / "_delta_log" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(json.dumps(action) + "\n" for action in actions))
    if millis is not None:
        os.utime(path, ns=(millis * 1_000_000, millis * 1_000_000))
    return path


def protocol(*features: str, reader: int = 1, writer: int = 2) -> Action:
    """A protocol action; with features it is reader version 3."""
    if not features:
        return {"protocol": {"minReaderVersion": reader, "minWriterVersion": writer}}
    named = {"readerFeatures": list(features), "writerFeatures": list(features)}
    return {"protocol": {"minReaderVersion": 3, "minWriterVersion": 7} | named}


def column(name: str, of: object, **metadata: object) -> dict[str, object]:
    """One column of a schema."""
    return {"name": name, "type": of, "nullable": True, "metadata": metadata}


def metadata(
    *columns: Mapping[str, object],
    partitions: Sequence[str] = (),
    table_id: str = "t",
    **configuration: str,
) -> Action:
    """A metaData action; underscores in configuration names stand for dots."""
    schema = {"type": "struct", "fields": list(columns or (column("a", "long"),))}
    return {
        "metaData": {
            "id": table_id,
            "format": {"provider": "parquet", "options": {}},
            "schemaString": json.dumps(schema),
            "partitionColumns": list(partitions),
            "configuration": {name.replace("_", "."): v for name, v in configuration.items()},
        }
    }


def add(path: str, *, rows: int | None = 1, size: int = 100, **more: object) -> Action:
    """An add action."""
    told: dict[str, object] = {"path": path, "size": size, "partitionValues": {}}
    told |= {"modificationTime": 1, "dataChange": True}
    if rows is not None:
        told["stats"] = json.dumps({"numRecords": rows})
    return {"add": told | more}


def remove(path: str, **more: object) -> Action:
    """A remove action."""
    return {"remove": {"path": path, "dataChange": True, "deletionTimestamp": 1} | more}


def commit_info(operation: str, **more: object) -> Action:
    """A commitInfo action."""
    return {"commitInfo": {"timestamp": 1, "operation": operation} | more}


def vector(identity: str, *, cardinality: int = 1) -> dict[str, Any]:
    """A deletion vector in the log itself, told apart by its text alone."""
    told: dict[str, object] = {"storageType": "i", "pathOrInlineDv": identity}
    return {"deletionVector": told | {"sizeInBytes": 1, "cardinality": cardinality}}


def new_table(root: Path, *, millis: int | None = None) -> None:
    """Write version 0 of a table with one column and no file."""
    write(root, 0, commit_info("CREATE TABLE"), protocol(), metadata(), millis=millis)
