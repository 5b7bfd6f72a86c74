"""Reading one large Iceberg metadata file: the first thing a harvest of a busy table does."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.measuring import take_turns, timed
from benchmarks.rows import Row, faster

if TYPE_CHECKING:
    from pyiceberg.table.metadata import TableMetadata as TheirMetadata

    from benchmarks.sizes import Size
    from catalogs.iceberg.metadata import TableMetadata
    from snapshots.snapshot import Snapshot

    Told = tuple[object, ...]

NOTES = """\
One `metadata.json` as pyiceberg writes it after that many appends, already in memory.
pyiceberg makes a validated model of all of it, summaries included.
We decode what a history needs and leave each summary undecoded until somebody asks; the second row
asks for all of them, and makes the snapshots that a history holds."""

_TABLE = "lake/sales/orders"


def run(size: Size, _folder: Path) -> Iterator[Row]:
    """Compare the decoders, first as they are, then with every summary decoded."""
    from pyiceberg.table.metadata import TableMetadataUtil

    from catalogs.iceberg.metadata import decode_metadata

    text = _metadata(size.snapshots)
    body = text.encode()
    ours = decode_metadata(body, location=_TABLE)
    theirs = TableMetadataUtil.parse_raw(text)
    assert _told_by_us(ours) == _told_by_them(theirs)
    assert [one.summary for one in _snapshots(body)] == [
        {"operation": str(one.summary.operation.value)} | one.summary.additional_properties
        for one in theirs.snapshots
        if one.summary
    ]
    decoding, snapshots, parsing = take_turns(
        timed(lambda: decode_metadata(body, location=_TABLE)),
        timed(lambda: _snapshots(body)),
        timed(lambda: TableMetadataUtil.parse_raw(text)),
        rounds=size.rounds,
    )
    what = f"parse a metadata.json of {size.snapshots:,} snapshots"
    peer = "pyiceberg `TableMetadataUtil.parse_raw`"
    yield faster(what, ours=decoding, peer=parsing, peer_name=peer, goal=20)
    what = "the same, and every summary as a snapshot"
    yield faster(what, ours=snapshots, peer=parsing, peer_name=peer)


def _snapshots(body: bytes) -> list[Snapshot]:
    from catalogs.iceberg.commits import snapshot_of
    from catalogs.iceberg.metadata import decode_metadata

    listed = decode_metadata(body, location=_TABLE).snapshots or ()
    return [snapshot_of(one, schema_id=one.schema_id) for one in listed]


def _told_by_us(metadata: TableMetadata) -> Told:
    return (
        metadata.table_uuid,
        metadata.current_snapshot(),
        metadata.current_schema_id,
        [
            (one.snapshot_id, one.parent_snapshot_id, one.timestamp_ms, one.manifest_list)
            for one in metadata.snapshots or ()
        ],
        [(one.timestamp_ms, one.snapshot_id) for one in metadata.snapshot_log or ()],
        [(one.timestamp_ms, one.metadata_file) for one in metadata.metadata_log or ()],
        {name: ref.snapshot_id for name, ref in (metadata.refs or {}).items()},
    )


def _told_by_them(metadata: TheirMetadata) -> Told:
    return (
        str(metadata.table_uuid),
        metadata.current_snapshot_id,
        metadata.current_schema_id,
        [
            (one.snapshot_id, one.parent_snapshot_id, one.timestamp_ms, one.manifest_list)
            for one in metadata.snapshots
        ],
        [(one.timestamp_ms, one.snapshot_id) for one in metadata.snapshot_log],
        [(one.timestamp_ms, one.metadata_file) for one in metadata.metadata_log],
        {name: ref.snapshot_id for name, ref in metadata.refs.items()},
    )


def _metadata(count: int) -> str:
    """Write the metadata of a table after that many appends, one a minute."""
    ids = [_number(place) for place in range(count)]
    times = [1_767_225_600_000 + place * 60_000 for place in range(count)]
    snapshots = [_snapshot(ids, times, place) for place in range(count)]
    fields = [
        {"id": number, "name": f"column_{number}", "required": False, "type": "long"}
        for number in range(1, 21)
    ]
    return json.dumps(
        {
            "format-version": 2,
            "table-uuid": str(uuid.uuid5(uuid.NAMESPACE_URL, _TABLE)),
            "location": _TABLE,
            "last-sequence-number": count,
            "last-updated-ms": times[-1],
            "last-column-id": 20,
            "current-schema-id": 0,
            "schemas": [{"type": "struct", "schema-id": 0, "fields": fields}],
            "default-spec-id": 0,
            "partition-specs": [{"spec-id": 0, "fields": []}],
            "last-partition-id": 999,
            "default-sort-order-id": 0,
            "sort-orders": [{"order-id": 0, "fields": []}],
            "properties": {"owner": "sales"},
            "current-snapshot-id": ids[-1],
            "refs": {"main": {"snapshot-id": ids[-1], "type": "branch"}},
            "snapshots": snapshots,
            "snapshot-log": [
                {"timestamp-ms": at, "snapshot-id": one} for at, one in zip(times, ids, strict=True)
            ],
            "metadata-log": [
                {"timestamp-ms": at, "metadata-file": f"{_TABLE}/metadata/{at}.metadata.json"}
                for at in times[-100:]
            ],
        }
    )


def _snapshot(ids: list[int], times: list[int], place: int) -> dict[str, object]:
    name = uuid.uuid5(uuid.NAMESPACE_OID, str(ids[place]))
    return {
        "snapshot-id": ids[place],
        **({"parent-snapshot-id": ids[place - 1]} if place else {}),
        "sequence-number": place + 1,
        "timestamp-ms": times[place],
        "manifest-list": f"{_TABLE}/metadata/snap-{ids[place]}-0-{name}.avro",
        "summary": {
            "operation": "append",
            "added-files-size": "48213",
            "added-data-files": "1",
            "added-records": "1000",
            "total-data-files": str(place + 1),
            "total-delete-files": "0",
            "total-records": str(1000 * (place + 1)),
            "total-files-size": str(48213 * (place + 1)),
            "total-position-deletes": "0",
            "total-equality-deletes": "0",
        },
        "schema-id": 0,
    }


def _number(place: int) -> int:
    """Make a snapshot id as long as real ones are."""
    return uuid.uuid5(uuid.NAMESPACE_OID, f"snapshot {place}").int >> 65
