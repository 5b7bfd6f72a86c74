"""Traits of a Delta version: what it needs of an engine that reads it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

from catalogs.delta.log import DeltaLog
from catalogs.delta.paths import INLINE, has_short_group, located
from catalogs.delta.replay import Table
from catalogs.delta.types import mapping_mode
from catalogs.moved import below, normal
from catalogs.traits import Feature, TableKind, Traits

Json = Any

_TYPES = {
    "array": Feature.LISTS,
    "geography": Feature.GEOMETRY,
    "geometry": Feature.GEOMETRY,
    "map": Feature.MAPS,
    "struct": Feature.STRUCTS,
    "timestamp": Feature.TIMESTAMP_WITH_ZONE,
    "timestamp_ntz": Feature.TIMESTAMP_WITHOUT_ZONE,
    "variant": Feature.VARIANT,
    "void": Feature.UNKNOWN_TYPE,
}
_METADATA = {
    "__CHAR_VARCHAR_TYPE_STRING": Feature.CHAR,
    "__COLLATIONS": Feature.COLLATION,
    "delta.typeChanges": Feature.TYPE_WIDENING,
    "CURRENT_DEFAULT": Feature.DEFAULTS,
}
_MAPPINGS = {"id": Feature.COLUMN_MAPPING_ID, "name": Feature.COLUMN_MAPPING_NAME}
_ROW_TRACKING = "delta.enableRowTracking"


def traits_of(table: Table, log: DeltaLog, *, listed: bool) -> Traits:
    """Tell what a version of these files needs; `listed` says whether the log tells of it."""
    found = {
        *_of_files(table, log),
        *_of_columns(table),
        *(() if listed and not log.kept else (Feature.OLD_STATE,)),
    }
    return Traits(TableKind.DELTA, log.root, frozenset(found))


def _of_files(table: Table, log: DeltaLog) -> Iterator[Feature]:
    for one in table.live.values():
        found = located(log.root, one.path, log.moved)
        if one.vector is not None:
            yield Feature.DELETION_VECTORS
            if one.vector.storage_type == INLINE and has_short_group(one.vector.path_or_inline):
                yield Feature.SHORT_VECTORS
        if below(normal(found), normal(log.root)) is None:
            yield Feature.ABSOLUTE_PATHS
        if quote(found, safe="/:=") != found:
            yield Feature.SPECIAL_PATHS


def _of_columns(table: Table) -> Iterator[Feature]:
    properties = table.metadata.properties
    mode = mapping_mode(properties)
    if mode is not None:
        yield _MAPPINGS[mode]
    if properties.get(_ROW_TRACKING, "").casefold() == "true":
        yield Feature.ROW_TRACKING
    if table.metadata.partition_columns:
        yield Feature.PARTITIONS
    schema = json.loads(table.metadata.schema_string or '{"fields": []}')
    names = [one["name"].casefold() for one in schema["fields"]]
    if len(set(names)) < len(names):
        yield Feature.CASE_TWINS
    if not names:
        yield Feature.NO_COLUMNS
    for one in schema["fields"]:
        yield from _inside(one)


def _inside(told: Json) -> Iterator[Feature]:  # noqa: C901 - a branch for each shape of JSON
    """Yield what a field and all in it need."""
    if isinstance(told, str):
        kind = told.partition("(")[0].partition(" ")[0]
        if kind in _TYPES:
            yield _TYPES[kind]
        if kind in {"char", "varchar"}:
            yield Feature.CHAR
        if "collate" in told.casefold():
            yield Feature.COLLATION
        return
    if not isinstance(told, dict):
        return
    for name, feature in _METADATA.items():
        if name in (told.get("metadata") or {}):
            yield feature
    for change in (told.get("metadata") or {}).get("delta.typeChanges", ()):
        if (change.get("fromType"), change.get("toType")) == ("float", "double"):
            yield Feature.FLOAT_WIDENING
    for part in ("type", "elementType", "keyType", "valueType"):
        yield from _inside(told.get(part))
    for field in told.get("fields", ()):
        yield from _inside(field)
