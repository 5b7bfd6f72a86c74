"""Iceberg metadata files of any version are decoded, or refused with the true reason."""

from __future__ import annotations

import gzip
import json
from typing import Any

import pytest

from catalogs.iceberg.commits import FileChange, effect_of, snapshot_of
from catalogs.iceberg.metadata import SnapshotEntry, TableMetadata, decode_metadata, metadata_number
from catalogs.iceberg.schema import schema_version
from iceberg_files import ID_ONLY, field, metadata, schema, snapshot
from snapshots.errors import UnreadableError
from snapshots.instant import Instant
from snapshots.snapshot import Effect


def test_what_a_later_version_adds_does_not_hide_what_is_known() -> None:
    more = {"format-version": 7, "new-thing": {"deep": [1]}, "next-row-id": 3}
    read = _decoded(metadata(5, **more, snapshots=[snapshot(1, 4, added_by="aliens")]))
    assert read.format_version == 7
    assert [one.snapshot_id for one in read.snapshots or ()] == [1]


@pytest.mark.parametrize("compress", [gzip.compress, bytes])
def test_gzip_is_known_by_its_bytes_not_by_its_name(compress: Any) -> None:  # noqa: ANN401
    body = compress(json.dumps(metadata(5)).encode())
    assert decode_metadata(body, location="v1.metadata.json").last_updated_ms == 5


def test_a_current_snapshot_of_minus_one_is_none() -> None:
    assert _decoded(metadata(5, current_snapshot_id=-1)).current_snapshot() is None


def test_an_old_table_with_one_unnumbered_schema_is_read() -> None:
    old = {
        "format-version": 1,
        "location": "/lake/old",
        "last-updated-ms": 1,
        "last-column-id": 1,
        "schema": {"type": "struct", "fields": [field(1, "id", "long")]},
        "partition-spec": [],
    }
    read = _decoded(old)
    assert read.table_uuid is None
    assert read.current_schema()["fields"][0]["name"] == "id"
    assert read.all_partition_specs() == {0: []}


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "it is empty"),
        (b"\x1f\x8bnonsense", "gzip is broken"),
        (gzip.compress(b"{}" * 999, mtime=0)[:-9], "gzip is cut off"),
        (b'{"format-version": 2, "loc', "not JSON"),
        (b"[1, 2]", "no JSON object"),
        (b'{"a": 1}', "no format-version"),
        (b'{"view-uuid": "x", "format-version": 1}', "metadata of an Iceberg view"),
        (b'{"format-version": 2, "location": 5}', "valid table metadata: Expected `str`"),
    ],
)
def test_what_is_no_table_metadata_is_refused_with_its_reason(content: bytes, reason: str) -> None:
    with pytest.raises(UnreadableError, match=reason):
        decode_metadata(content, location="x")


@pytest.mark.parametrize(
    ("broken", "reason"),
    [
        ({"sort-orders": None}, "lacks sort-orders"),
        ({"table-uuid": None, "last-partition-id": None}, "lacks table-uuid, last-partition-id"),
        ({"last-column-id": None}, "lacks last-column-id"),
        ({"current-schema-id": 4}, "current-schema-id 4 is none of its schemas"),
        ({"default-spec-id": 4}, "default-spec-id 4 is none"),
        ({"default-sort-order-id": 4}, "default-sort-order-id 4 is none"),
        ({"format-version": 0}, "no such format version"),
        ({"snapshots": [snapshot(1, 1), snapshot(1, 2)]}, "one snapshot-id twice"),
        ({"schemas": [{"type": "list", "schema-id": 0}]}, "no struct of fields"),
        ({"format-version": 1, "schemas": None}, "neither a schema nor schemas"),
    ],
)
def test_metadata_that_breaks_its_format_version_is_refused(
    broken: dict[str, Any], reason: str
) -> None:
    with pytest.raises(UnreadableError, match=reason):
        _decoded(metadata(5) | broken)


@pytest.mark.parametrize(
    ("name", "number"),
    [
        ("s3://lake/t/metadata/00012-9c12.metadata.json", 12),
        ("v3.metadata.json", 3),
        ("v3.gz.metadata.json", 3),
        ("v3.metadata.json.gz", 3),
        ("vfinal.metadata.json", None),
        ("00012.metadata.json", None),
        ("12-snap.avro", None),
    ],
)
def test_the_commit_number_is_read_from_every_spelling(name: str, number: int | None) -> None:
    assert metadata_number(name) == number


def test_nested_fields_come_after_their_parents_with_their_own_ids() -> None:
    address = {"type": "struct", "fields": [field(4, "city", "string", doc="where")]}
    tags = {"type": "list", "element-id": 5, "element": "string", "element-required": True}
    rates = {"type": "map", "key-id": 6, "key": "int", "value-id": 7, "value": address}
    read = schema_version(
        schema(field(2, "tags", tags), field(3, "rates", rates)), schema_id=8, location="x"
    )
    found = [(one.field_id, one.path, one.type, one.parent_id, one.required) for one in read.fields]
    assert found == [
        (2, "tags", "list", None, False),
        (5, "tags.element", "string", 2, True),
        (3, "rates", "map", None, False),
        (6, "rates.key", "int", 3, True),
        (7, "rates.value", "struct", 3, False),
        (4, "rates.value.city", "string", 7, False),
    ]
    assert read.at_path("rates.value.city") == read.field(field_id=4)


def test_types_nobody_knows_are_kept_as_text() -> None:
    fields = [field(1, "shape", "geometry(OGC:CRS84)"), field(2, "odd", {"type": "tensor", "n": 3})]
    read = schema_version(schema(*fields), schema_id=0, location="x")
    assert [one.type for one in read.fields] == ["geometry(OGC:CRS84)", '{"type":"tensor","n":3}']


def test_defaults_are_json_texts_and_a_null_default_is_none() -> None:
    one = field(1, "n", "int", **{"initial-default": 0, "write-default": None})
    (read,) = schema_version(schema(one), schema_id=0, location="x").fields
    assert (read.initial_default, read.write_default) == ("0", None)


@pytest.mark.parametrize(
    "broken",
    [
        [{"name": "a", "type": "int"}],
        [{"id": 1, "name": "a"}],
        [field(1, "a", {"type": "list", "element": "int"})],
        [field(1, "a", "int"), field(1, "b", "int")],
    ],
)
def test_a_schema_whose_fields_cannot_be_told_apart_is_refused(broken: list[Any]) -> None:
    with pytest.raises(UnreadableError, match=r"lacks an id|several fields"):
        schema_version(schema(*broken), schema_id=0, location="x")


def test_a_type_nested_without_end_is_refused() -> None:
    kind: Any = "int"
    for number in range(200):
        kind = {"type": "struct", "fields": [field(number, "a", kind)]}
    with pytest.raises(UnreadableError, match="nests deeper"):
        schema_version(schema(field(999, "a", kind)), schema_id=0, location="x")


def test_a_summary_is_kept_whole_and_counted_where_it_counts() -> None:
    summary = {"operation": "append", "added-records": "5", "added-data-files": "two", "x": 1}
    written = metadata(5, snapshots=[snapshot(1, 4, summary=summary)])
    entry = _entry(written)
    read = snapshot_of(entry, schema_id=0)
    assert read.summary == {**summary, "x": "1"}
    assert (read.counts.added_rows, read.counts.added_files) == (5, None)
    assert read.committed_at == Instant.from_millis(4)


def test_a_snapshot_without_a_summary_has_no_known_effect() -> None:
    written = metadata(5, snapshots=[snapshot(1, 4, summary=None)])
    entry = _entry(written)
    assert snapshot_of(entry, schema_id=None).effect is Effect.UNKNOWN


@pytest.mark.parametrize(
    ("operation", "change", "effect"),
    [
        ("append", (3, 0, 0, 0), Effect.APPEND),
        ("append", (None, None, None, None), Effect.APPEND),
        ("append", (1, 2, 0, 0), Effect.REWRITE),
        ("append", (0, 0, 0, 0), Effect.NOTHING),
        ("replace", (1, 2, 0, 0), Effect.REPLACE),
        ("delete", (0, 2, 0, 0), Effect.OVERWRITE),
        ("delete", (None, 2, None, None), Effect.OVERWRITE),
        ("delete", (0, 0, 1, 0), Effect.REWRITE),
        ("delete", (0, 2, 1, 0), Effect.REWRITE),
        ("delete", (None, None, None, None), Effect.REWRITE),
        ("overwrite", (1, 1, 0, 0), Effect.REWRITE),
        ("overwrite", (0, 1, 0, 0), Effect.OVERWRITE),
        ("overwrite", (1, 0, 1, 0), Effect.REWRITE),
        ("overwrite", (1, 0, 0, 0), Effect.APPEND),
        ("overwrite", (1, None, None, None), Effect.REWRITE),
        ("merge-on-mars", (1, 1, 0, 0), Effect.UNKNOWN),
    ],
)
def test_an_operation_and_its_files_tell_what_became_of_the_rows(
    operation: str, change: tuple[int | None, ...], effect: Effect
) -> None:
    assert effect_of(operation, {}, FileChange(*change)) is effect


def test_replacing_partitions_ends_the_rows_that_were_there() -> None:
    summary = {"replace-partitions": "true"}
    change = FileChange(added_data=1, removed_data=1, added_deletes=0, removed_deletes=0)
    assert effect_of("overwrite", summary, change) is Effect.OVERWRITE


def _entry(content: dict[str, Any]) -> SnapshotEntry:
    found = _decoded(content).snapshot(snapshot_id=1)
    assert found is not None
    return found


def _decoded(content: dict[str, Any]) -> TableMetadata:
    return decode_metadata(json.dumps(content).encode(), location="x")


def test_the_fixtures_of_this_file_are_valid_themselves() -> None:
    assert _decoded(metadata(1)).current_schema() == ID_ONLY
