"""Metadata files: one decoded `metadata.json`, of any format version, or the reason it is none."""

from __future__ import annotations

import re
import zlib
from collections.abc import Iterator
from typing import Any

import msgspec

from catalogs.unpacking import plain_bytes_max
from snapshots.errors import UnreadableError

"""The largest metadata file that is unpacked: ten thousand snapshots take 8 MiB."""

_GZIP = b"\x1f\x8b"
_NAME = re.compile(r"(?P<stem>.+?)(\.gz)?\.metadata\.json(\.gz)?")
_NUMBER = re.compile(r"v(?P<hadoop>\d+)|(?P<catalog>\d+)-.*")
_VIEW_KEYS = ("view-uuid", "view-definition", "versions", "current-version-id")
_SINCE_V1 = ("last-column-id",)
_SINCE_V2 = (
    "table-uuid",
    "last-sequence-number",
    "schemas",
    "current-schema-id",
    "partition-specs",
    "default-spec-id",
    "last-partition-id",
    "sort-orders",
    "default-sort-order-id",
)
_ADVICE = "name a metadata.json that an Iceberg writer finished"


class SnapshotEntry(msgspec.Struct, rename="kebab"):
    """One of `snapshots`. `summary` stays undecoded: most are never looked at."""

    snapshot_id: int
    timestamp_ms: int
    manifest_list: str | None = None
    manifests: list[str] | None = None
    parent_snapshot_id: int | None = None
    sequence_number: int | None = None
    first_row_id: int | None = None
    added_rows: int | None = None
    summary: msgspec.Raw = msgspec.Raw()
    schema_id: int | None = None


class SnapshotLogEntry(msgspec.Struct, rename="kebab", frozen=True):
    """One of `snapshot-log`."""

    timestamp_ms: int
    snapshot_id: int


class MetadataLogEntry(msgspec.Struct, rename="kebab", frozen=True):
    """One of `metadata-log`: an earlier metadata file, and its `last-updated-ms`."""

    timestamp_ms: int
    metadata_file: str


class RefEntry(msgspec.Struct, rename="kebab", frozen=True):
    """One of `refs`. `type` stays text: a kind of ref nobody knows must not hide the table."""

    snapshot_id: int
    type: str
    min_snapshots_to_keep: int | None = None
    max_snapshot_age_ms: int | None = None
    max_ref_age_ms: int | None = None


class PartitionFieldEntry(msgspec.Struct, rename="kebab", frozen=True):
    """One field of a partition spec. `field_id` is None where an old v1 writer left it out.

    `source_id` is None for transforms of several columns.
    """

    transform: str
    source_id: int | None = None
    source_ids: list[int] | None = None
    field_id: int | None = None
    name: str = ""


class SpecEntry(msgspec.Struct, rename="kebab", frozen=True):
    """One of `partition-specs`."""

    spec_id: int = 0
    fields: list[PartitionFieldEntry] = []


class SortFieldEntry(msgspec.Struct, rename="kebab", frozen=True):
    """One field of a sort order. `source_id` is None for transforms of several columns."""

    transform: str = ""
    source_id: int | None = None
    source_ids: list[int] | None = None
    direction: str = ""
    null_order: str = ""


class SortOrderEntry(msgspec.Struct, rename="kebab", frozen=True):
    """One of `sort-orders`."""

    order_id: int = 0
    fields: list[SortFieldEntry] = []


class StatisticsEntry(msgspec.Struct, rename="kebab", frozen=True):
    """One of `statistics` or `partition-statistics`: a file that somebody made of a snapshot."""

    snapshot_id: int = -1
    statistics_path: str = ""
    file_size_in_bytes: int = 0


class TableMetadata(msgspec.Struct, rename="kebab"):
    """What one metadata file says. Iceberg spec, "Table Metadata Fields"; other keys are ignored.

    Schemas stay plain JSON, since their types may be newer than this reader.
    """

    format_version: int
    location: str
    last_updated_ms: int
    table_uuid: str | None = None
    last_sequence_number: int | None = None
    last_column_id: int | None = None
    schema: dict[str, Any] | None = None
    schemas: list[dict[str, Any]] | None = None
    current_schema_id: int | None = None
    partition_spec: list[PartitionFieldEntry] | None = None
    partition_specs: list[SpecEntry] | None = None
    default_spec_id: int | None = None
    last_partition_id: int | None = None
    sort_orders: list[SortOrderEntry] | None = None
    default_sort_order_id: int | None = None
    properties: dict[str, Any] | None = None
    current_snapshot_id: int | None = None
    snapshots: list[SnapshotEntry] | None = None
    snapshot_log: list[SnapshotLogEntry] | None = None
    metadata_log: list[MetadataLogEntry] | None = None
    refs: dict[str, RefEntry] | None = None
    encryption_keys: list[dict[str, Any]] | None = None
    statistics: list[StatisticsEntry] | None = None
    partition_statistics: list[StatisticsEntry] | None = None
    next_row_id: int | None = None

    def current_snapshot(self) -> int | None:
        """Give the current snapshot's id; None while the table has none (some write -1)."""
        return None if self.current_snapshot_id == -1 else self.current_snapshot_id

    def current_schema(self) -> dict[str, Any]:
        """Give the current schema's JSON."""
        for schema in self.schemas or ():
            if schema.get("schema-id", 0) == self.current_schema_id:
                return schema
        return self.schema or {}

    def all_schemas(self) -> list[dict[str, Any]]:
        """Give all schemas' JSON; the single one of an old v1 table included."""
        if self.schemas and self.current_schema_id is not None:
            return self.schemas
        return [*(self.schemas or ()), *([self.schema] if self.schema is not None else [])]

    def all_partition_specs(self) -> dict[int, list[PartitionFieldEntry]]:
        """Give the fields of each partition spec by its id."""
        if self.partition_specs is None:
            return {0: self.partition_spec or []}
        return {spec.spec_id: spec.fields for spec in self.partition_specs}

    def text_properties(self) -> dict[str, str]:
        """Give the table properties, whatever JSON some writer put in them, as text."""
        return {name: as_text(value) for name, value in (self.properties or {}).items()}

    def snapshot(self, *, snapshot_id: int) -> SnapshotEntry | None:
        """Give the snapshot of that id; None where this file does not list it."""
        found = (one for one in self.snapshots or () if one.snapshot_id == snapshot_id)
        return next(found, None)


_NOT_DECODED = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)
_DECODER = msgspec.json.Decoder(TableMetadata)


def decode_metadata(body: bytes, *, location: str) -> TableMetadata:
    """Decode a metadata file, plain or gzip by its magic bytes.

    Raises UnreadableError where it is no table's metadata, with the reason: cut off, a view,
    something else, or a field missing that its format version demands.
    """
    text = _unpacked(body, location)
    try:
        metadata = _DECODER.decode(text)
    except _NOT_DECODED as error:
        raise UnreadableError(location, _reason(text, error), _ADVICE) from error
    _demand_what_the_version_demands(metadata, location)
    return metadata


NAME_MAPPING = "schema.name-mapping.default"
"""The table property that says which column a field without an id is."""


def reading_of(metadata: TableMetadata) -> bytes:
    """Give what a metadata file says of how files are read, as a metadata file without snapshots.

    Equal bytes for files that say the same, whatever was committed between them.
    """
    mapping = (metadata.properties or {}).get(NAME_MAPPING)
    bare = msgspec.structs.replace(
        metadata,
        last_updated_ms=0,
        last_sequence_number=None if metadata.last_sequence_number is None else 0,
        properties={} if mapping is None else {NAME_MAPPING: mapping},
        current_snapshot_id=None,
        snapshots=None,
        snapshot_log=None,
        metadata_log=None,
        refs=None,
    )
    return msgspec.json.encode(bare, order="deterministic")


def is_metadata_name(path: str) -> bool:
    """Tell whether a file is named as metadata files are, in either spelling of gzip."""
    return _NAME.fullmatch(file_name(path)) is not None


def metadata_number(path: str) -> int | None:
    """Give the commit number in a metadata file's name; None where it has none.

    >>> metadata_number("/lake/t/metadata/00012-9c12d441.gz.metadata.json")
    12
    >>> metadata_number("v3.metadata.json.gz")
    3
    """
    named = _NAME.fullmatch(file_name(path))
    number = _NUMBER.fullmatch(named["stem"]) if named else None
    return int(number["hadoop"] or number["catalog"]) if number else None


def file_name(path: str) -> str:
    """Give the last part of a path or URL."""
    return path.rsplit("/", 1)[-1]


def as_text(value: object) -> str:
    """Write a JSON value as text: a string as it is, all else as JSON."""
    return value if isinstance(value, str) else msgspec.json.encode(value).decode()


def _unpacked(body: bytes, location: str) -> bytes:
    if not body.startswith(_GZIP):
        return body
    inflate = zlib.decompressobj(wbits=31)
    bytes_max = plain_bytes_max(len(body))
    try:
        text = inflate.decompress(body, bytes_max)
    except zlib.error as error:
        raise UnreadableError(location, f"its gzip is broken ({error})", _ADVICE) from error
    if inflate.unconsumed_tail:
        reason = f"it unpacks to more than {bytes_max} bytes"
        raise UnreadableError(location, reason, _ADVICE)
    if not inflate.eof:
        raise UnreadableError(location, "its gzip is cut off", _ADVICE)
    return text


def _reason(text: bytes, error: Exception) -> str:
    """Find out what the file is, where it is no table's metadata."""
    if not text.strip():
        return "it is empty"
    try:
        content = msgspec.json.decode(text)
    except _NOT_DECODED as broken:
        return f"it is not JSON ({broken})"
    if not isinstance(content, dict):
        return "it is no JSON object"
    if any(key in content for key in _VIEW_KEYS):
        return "it is the metadata of an Iceberg view; a view has no snapshots"
    if "format-version" not in content:
        return "it has no format-version: it is not the metadata of an Iceberg table"
    return f"it is not valid table metadata: {error}"


def _demand_what_the_version_demands(metadata: TableMetadata, location: str) -> None:
    faults = [*_missing(metadata), *_broken_schemas(metadata), *_broken_choices(metadata)]
    if faults:
        reason = f"{'; '.join(faults)} (format version {metadata.format_version})"
        raise UnreadableError(location, reason, _ADVICE)


def _missing(metadata: TableMetadata) -> Iterator[str]:
    """Name the fields that the format version demands and the file lacks."""
    if metadata.format_version < 1:
        yield "there is no such format version"
    chosen = metadata.schemas and metadata.current_schema_id is not None
    if metadata.format_version == 1 and metadata.schema is None and not chosen:
        yield "it has neither a schema nor schemas with a current-schema-id"
    demanded = _SINCE_V1 if metadata.format_version == 1 else (*_SINCE_V1, *_SINCE_V2)
    lacking = [name for name in demanded if getattr(metadata, name.replace("-", "_")) is None]
    if lacking:
        yield f"it lacks {', '.join(lacking)}"


def _broken_schemas(metadata: TableMetadata) -> Iterator[str]:
    if metadata.schemas == [] and metadata.schema is None:
        yield "it has no schema"
    for schema in metadata.all_schemas():
        if schema.get("type") != "struct" or not isinstance(schema.get("fields"), list):
            yield "it has a schema that is no struct of fields"
        if not isinstance(schema.get("schema-id", 0), int):
            yield "it has a schema whose schema-id is no number"
            return
    ids = [schema.get("schema-id", 0) for schema in metadata.schemas or ()]
    chosen = metadata.current_schema_id
    if ids and chosen is not None and chosen not in ids:
        yield f"its current-schema-id {chosen} is none of its schemas {sorted(ids)}"


def _broken_choices(metadata: TableMetadata) -> Iterator[str]:
    """Check the default spec and sort order against what they choose from."""
    specs = metadata.all_partition_specs()
    chosen = metadata.default_spec_id
    if metadata.partition_specs and chosen is not None and chosen not in specs:
        yield f"its default-spec-id {chosen} is none of its partition-specs {sorted(specs)}"
    orders = [order.order_id for order in metadata.sort_orders or ()]
    # 0 is the unsorted order, which need not be written.
    if orders and metadata.default_sort_order_id not in {None, 0, *orders}:
        default = metadata.default_sort_order_id
        yield f"its default-sort-order-id {default} is none of its sort-orders {sorted(orders)}"
    ids = [one.snapshot_id for one in metadata.snapshots or ()]
    if len(set(ids)) < len(ids):
        yield "it lists one snapshot-id twice"
