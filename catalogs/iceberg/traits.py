"""Traits of an Iceberg state: what it needs of an engine that reads it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import Any
from urllib.parse import quote

from catalogs.iceberg.manifests import ManifestEntry
from catalogs.iceberg.metadata import NAME_MAPPING, TableMetadata
from catalogs.iceberg.relocation import Relocation
from catalogs.moved import below, normal
from catalogs.traits import Feature, TableKind, Traits
from snapshots.files import FileContent

Json = Any

_CONTENTS = {
    FileContent.POSITION_DELETES: Feature.POSITION_DELETES,
    FileContent.EQUALITY_DELETES: Feature.EQUALITY_DELETES,
    FileContent.DELETION_VECTOR: Feature.DELETION_VECTORS,
}
_FORMATS = {"orc": Feature.ORC_FILES, "avro": Feature.AVRO_FILES}
_TYPES = {
    "geography": Feature.GEOMETRY,
    "geometry": Feature.GEOMETRY,
    "list": Feature.LISTS,
    "map": Feature.MAPS,
    "struct": Feature.STRUCTS,
    "time": Feature.TIME_OF_DAY,
    "timestamp": Feature.TIMESTAMP_WITHOUT_ZONE,
    "timestamp_ns": Feature.NANOSECONDS,
    "timestamptz_ns": Feature.NANOSECONDS,
    "unknown": Feature.UNKNOWN_TYPE,
    "uuid": Feature.UUID,
    "variant": Feature.VARIANT,
}
_V3 = 3


def traits_of(
    metadata: TableMetadata,
    schema: Mapping[str, Json],
    entries: Sequence[ManifestEntry],
    relocation: Relocation,
    *,
    listed: bool,
) -> Traits:
    """Tell what a state of these files needs; `listed` says whether the table still tells of it."""
    found = {
        *_of_files(entries, relocation),
        *_of_columns(schema, metadata),
        *(() if listed else (Feature.OLD_STATE,)),
    }
    return Traits(TableKind.ICEBERG, relocation.root, frozenset(found))


def _of_files(entries: Sequence[ManifestEntry], relocation: Relocation) -> Iterator[Feature]:
    for entry in entries:
        found = relocation.find(entry.path)
        if entry.content in _CONTENTS:
            yield _CONTENTS[entry.content]
        if entry.content is not FileContent.DELETION_VECTOR and entry.file_format in _FORMATS:
            yield _FORMATS[entry.file_format]
        if entry.is_encrypted:
            yield Feature.ENCRYPTION
        if below(normal(found), normal(relocation.root)) is None:
            yield Feature.ABSOLUTE_PATHS
        if quote(found, safe="/:=") != found:
            yield Feature.SPECIAL_PATHS
    if len({entry.spec_id for entry in entries}) > 1:
        yield Feature.PARTITION_EVOLUTION


def _of_columns(  # noqa: C901, PLR0912 - a branch for each feature
    schema: Mapping[str, Json], metadata: TableMetadata
) -> Iterator[Feature]:
    before: dict[int, set[str]] = defaultdict(set)
    for one in metadata.all_schemas():
        for field_id, kind, _ in _fields(one):
            before[field_id].add(kind)
    shapes = {str(_shape(one)) for one in metadata.all_schemas()}
    if len(shapes) > 1:
        yield Feature.SCHEMA_EVOLUTION
    for field_id, kind, has_default in _fields(schema):
        if kind.partition("(")[0] in _TYPES:
            yield _TYPES[kind.partition("(")[0]]
        if len(before[field_id]) > 1:
            yield Feature.TYPE_WIDENING
        if before[field_id] >= {"float", "double"}:
            yield Feature.FLOAT_WIDENING
        if has_default:
            yield Feature.DEFAULTS
    names = [one["name"].casefold() for one in schema.get("fields", ())]
    if len(set(names)) < len(names):
        yield Feature.CASE_TWINS
    if not names:
        yield Feature.NO_COLUMNS
    if NAME_MAPPING in (metadata.properties or {}):
        yield Feature.NAME_MAPPING
    if metadata.format_version >= _V3:
        yield Feature.ROW_TRACKING
    for fields in metadata.all_partition_specs().values():
        if any(one.transform != "void" for one in fields):
            yield Feature.PARTITIONS
        if any(one.source_ids and len(one.source_ids) > 1 for one in fields):
            yield Feature.SEVERAL_COLUMN_TRANSFORMS


def _fields(told: Json) -> Iterator[tuple[int, str, bool]]:
    """Yield id, type and whether there is a default, of all fields at any depth."""
    for field in told.get("fields", ()):
        yield from _field(field["id"], field["type"], "initial-default" in field)


def _field(field_id: int, kind: Json, has_default: bool) -> Iterator[tuple[int, str, bool]]:  # noqa: FBT001
    if isinstance(kind, str):
        yield field_id, kind, has_default
        return
    yield field_id, kind["type"], has_default
    match kind["type"]:
        case "struct":
            yield from _fields(kind)
        case "list":
            yield from _field(kind["element-id"], kind["element"], False)
        case "map":
            yield from _field(kind["key-id"], kind["key"], False)
            yield from _field(kind["value-id"], kind["value"], False)


def _shape(schema: Json) -> list[tuple[int, Json, Json]]:
    return [(one["id"], one["name"], one["type"]) for one in schema.get("fields", ())]
