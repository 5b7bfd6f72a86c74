"""Damaged Iceberg files are refused or read, and never end in anything but our own errors."""

from __future__ import annotations

import json
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from catalogs.iceberg.manifests import Manifest, read_manifest, read_manifest_list
from catalogs.iceberg.metadata import decode_metadata
from catalogs.iceberg.reading import Readings
from iceberg_files import current, metadata, snapshot, write_manifest, write_manifest_list
from snapshots.errors import TemporalLineageError

ODD = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(allow_nan=False), st.text(), st.just([])
)
WHOLE = metadata(
    5,
    **current(2, snapshot(1, 4), snapshot(2, 5, parent=1)),
    properties={"a": "b"},
    snapshot_log=[{"snapshot-id": 1, "timestamp-ms": 4}],
    metadata_log=[{"metadata-file": "v1.metadata.json", "timestamp-ms": 4}],
)


@pytest.fixture(scope="module")
def manifest(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    path = tmp_path_factory.mktemp("m") / "m.avro"
    files = [{"file_path": f"f{number}", "record_count": number} for number in range(3)]
    return Path(write_manifest(path, files)).read_bytes()


@pytest.fixture(scope="module")
def manifest_list(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    path = tmp_path_factory.mktemp("m") / "l.avro"
    listed = [{"manifest_path": "m", "sequence_number": 1, "added_snapshot_id": 1}]
    return Path(write_manifest_list(path, listed)).read_bytes()


@st.composite
def damages(draw: st.DrawFn) -> list[tuple[int, int]]:
    """Places, as shares of a thousand, and the bytes that are written there."""
    return draw(st.lists(st.tuples(st.integers(0, 999), st.integers(0, 255)), max_size=5))


@given(damages())
def test_metadata_with_other_bytes(damage: list[tuple[int, int]]) -> None:
    _take(_damaged(json.dumps(WHOLE).encode(), damage))


@given(st.sampled_from(sorted(WHOLE)), ODD)
def test_metadata_with_another_value_in_a_field(name: str, value: object) -> None:
    _take(json.dumps(WHOLE | {name: value}).encode())


@given(st.sampled_from(["schemas", "snapshots", "partition-specs", "refs", "sort-orders"]), ODD)
def test_metadata_with_another_value_in_a_list(name: str, value: object) -> None:
    _take(json.dumps(WHOLE | {name: [value]}).encode())


@given(damage=damages())
def test_a_manifest_with_other_bytes(manifest: bytes, damage: list[tuple[int, int]]) -> None:
    listed = Manifest("m", None, 1, 1, None, None, False)
    with suppress(TemporalLineageError):
        list(read_manifest(_damaged(manifest, damage), listed, location="m"))


@given(damage=damages())
def test_a_manifest_list_with_other_bytes(
    manifest_list: bytes, damage: list[tuple[int, int]]
) -> None:
    with suppress(TemporalLineageError):
        read_manifest_list(_damaged(manifest_list, damage), location="l")


def test_a_summary_of_broken_text_is_kept_as_it_can_be() -> None:
    body = json.dumps(WHOLE).encode().replace(b'"operation": "append"', b'"oper\xfftion": "a"')
    readings = Readings(snapshots=(), schemas=())
    readings.take("x", decode_metadata(body, location="x"))
    assert "summary" in readings.snapshots[1].summary


def _take(body: bytes) -> None:
    with suppress(TemporalLineageError):
        Readings(snapshots=(), schemas=()).take("x", decode_metadata(body, location="x"))


def _damaged(body: bytes, damage: list[tuple[int, int]]) -> bytes:
    written = bytearray(body)
    for share, value in damage:
        written[share * len(body) // 1000] = value
    return bytes(written)
