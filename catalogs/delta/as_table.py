"""A past version as a table of its own: a log of one commit, as a CLONE writes it."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

from catalogs.delta.actions import DeletionVector, Metadata
from catalogs.delta.log import DeltaLog
from catalogs.delta.paths import INLINE, located, vector_file, with_whole_groups
from catalogs.delta.replay import LogicalFile, Table
from catalogs.delta.segment import LOG_FOLDER, commit_name
from catalogs.storage import is_local
from catalogs.table import NewTable

Json = Any

_ABSOLUTE = "p"
_MAPPING = ("delta.columnMapping.mode", "delta.columnMapping.maxColumnId")
_NEEDED_TO_READ = frozenset(
    {
        "columnMapping",
        "deletionVectors",
        "geospatial",
        "timestampNtz",
        "typeWidening",
        "typeWidening-preview",
        "variantShredding",
        "variantShredding-preview",
        "variantType",
        "variantType-preview",
    }
)
"""Features without which the files cannot be read; all others are about logs and writers."""


def files_of_table(
    table: Table, log: DeltaLog, version: int, new: NewTable
) -> Iterator[tuple[str, bytes]]:
    """Yield the one log file of the new table. Delta protocol, "Actions".

    It asks of readers only what its files need, and promises nothing of the old table's: no
    in-commit instants, row ids or constraints. Paths outside the new table are absolute.
    """
    millis = new.made_at.micros // 1000
    actions: list[dict[str, Json]] = [
        {"commitInfo": _commit_info(log, version, new, millis)},
        {"protocol": _protocol(table)},
        {"metaData": _metadata(table.metadata, new, millis)},
    ]
    live = sorted(table.live.values(), key=lambda one: one.key)
    actions += [{"add": _add(one, log, new, millis)} for one in live]
    lines = [json.dumps(one, separators=(",", ":"), ensure_ascii=False) for one in actions]
    yield f"{LOG_FOLDER}/{commit_name(0)}", "".join(f"{line}\n" for line in lines).encode()


def _commit_info(log: DeltaLog, version: int, new: NewTable, millis: int) -> dict[str, Json]:
    parameters = {
        "source": log.root,
        "sourceVersion": str(version),
        "isShallow": "true" if new.places is None else "false",
    }
    return {
        "timestamp": millis,
        "operation": "CLONE",
        "operationParameters": parameters,
        "engineInfo": "temporal-lineage",
    }


def _protocol(table: Table) -> dict[str, Json]:
    told = table.protocol
    needed = set(told.reader_features or ()) & _NEEDED_TO_READ
    if table.metadata.properties.get(_MAPPING[0], "none") != "none":
        needed.add("columnMapping")
    if any(one.vector for one in table.live.values()):
        needed.add("deletionVectors")
    if not needed:
        return {"minReaderVersion": 1, "minWriterVersion": 2}
    if needed == {"columnMapping"}:
        return {"minReaderVersion": 2, "minWriterVersion": 5}
    features = sorted(needed)
    return {
        "minReaderVersion": 3,
        "minWriterVersion": 7,
        "readerFeatures": features,
        "writerFeatures": features,
    }


def _metadata(told: Metadata, new: NewTable, millis: int) -> dict[str, Json]:
    own = {name: text for name, text in told.properties.items() if not name.startswith("delta.")}
    mapping = {name: told.properties[name] for name in _MAPPING if name in told.properties}
    empty = json.dumps({"type": "struct", "fields": []})
    return {
        "id": str(uuid.uuid4()),
        "description": f"recovered from {new.origin}",
        "format": {"provider": "parquet", "options": {}},
        "schemaString": told.schema_string or empty,
        "partitionColumns": told.partition_columns,
        "configuration": own | mapping,
        "createdTime": millis,
    }


def _add(one: LogicalFile, log: DeltaLog, new: NewTable, millis: int) -> dict[str, Json]:
    found = located(log.root, one.path, log.moved)
    vector = {} if one.vector is None else {"deletionVector": _vector(one.vector, log, new)}
    stats = {}
    if one.physical_rows is not None:
        # With a vector the minima and maxima of a file may be too wide: none are given at all.
        stats = {"stats": json.dumps({"numRecords": one.physical_rows, "tightBounds": not vector})}
    return {
        "path": quote(new.places[found]) if new.places is not None else _uri(found),
        "partitionValues": one.partition_values,
        "size": one.size_bytes,
        "modificationTime": millis,
        "dataChange": True,
        **stats,
        **vector,
    }


def _vector(one: DeletionVector, log: DeltaLog, new: NewTable) -> dict[str, Json]:
    told = {
        "storageType": one.storage_type,
        "pathOrInlineDv": one.path_or_inline,
        "sizeInBytes": one.size_in_bytes,
        "cardinality": one.cardinality,
    }
    if one.storage_type == INLINE:
        told |= {"pathOrInlineDv": with_whole_groups(one.path_or_inline)}
    found = vector_file(log.root, one, log.moved)
    if one.storage_type != INLINE and found is not None:
        place = found if new.places is None else f"{new.location}/{new.places[found]}"
        told |= {"storageType": _ABSOLUTE, "pathOrInlineDv": _uri(place)}
    return told if one.offset is None else {**told, "offset": one.offset}


def _uri(path: str) -> str:
    """Write a whole path as a URI, as the protocol asks for."""
    if is_local(path):
        return f"file://{quote(path.removeprefix('file://'))}"
    scheme, _, rest = path.partition("://")
    return f"{scheme}://{quote(rest)}"
