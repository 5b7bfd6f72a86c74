"""A delete file is known to be about one data file where its manifest says so."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from catalogs.iceberg.manifests import Manifest, read_manifest
from iceberg_files import write_avro

PATH, OTHER = 2147483546, 2147483545


@pytest.mark.parametrize(
    ("file", "about"),
    [
        ({}, None),
        (
            {"lower_bounds": [(PATH, b"s3://a/f")], "upper_bounds": [(PATH, b"s3://a/f")]},
            "s3://a/f",
        ),
        ({"lower_bounds": [(PATH, b"s3://a/f")], "upper_bounds": [(PATH, b"s3://a/g")]}, None),
        ({"lower_bounds": [(PATH, b"s3://a/f")]}, None),
        ({"lower_bounds": [(OTHER, b"x")], "upper_bounds": [(OTHER, b"x")]}, None),
        ({"referenced_data_file": "s3://a/h"}, "s3://a/h"),
        (
            {
                "content": 2,
                "lower_bounds": [(PATH, b"s3://a/f")],
                "upper_bounds": [(PATH, b"s3://a/f")],
            },
            None,
        ),
    ],
)
def test_a_path_that_is_both_bounds_is_the_file_that_is_meant(
    tmp_path: Path, file: dict[str, Any], about: str | None
) -> None:
    fields = [
        {"name": "content", "type": "int"},
        {"name": "file_path", "type": "string"},
        {"name": "file_format", "type": "string"},
        {"name": "record_count", "type": "long"},
        {"name": "file_size_in_bytes", "type": "long"},
        {"name": "lower_bounds", "type": _bounds("lower")},
        {"name": "upper_bounds", "type": _bounds("upper")},
        {"name": "referenced_data_file", "type": ["null", "string"]},
    ]
    data_file = {"type": "record", "name": "r2", "fields": fields}
    entry = {
        "type": "record",
        "name": "manifest_entry",
        "fields": [{"name": "status", "type": "int"}, {"name": "data_file", "type": data_file}],
    }
    told: dict[str, Any] = {"content": 1, "file_path": "d", "file_format": "PARQUET"}
    told |= {"record_count": 1, "file_size_in_bytes": 1} | file
    for name in ("lower_bounds", "upper_bounds"):
        if name in told:
            told[name] = [{"key": key, "value": value} for key, value in told[name]]
    path = write_avro(tmp_path / "m.avro", entry, [{"status": 1, "data_file": told}])
    manifest = Manifest(path, 0, 1, 1, None, None, holds_deletes=True)
    (found,) = read_manifest(Path(path).read_bytes(), manifest, location=path)
    assert found.referenced_path == about


def _bounds(name: str) -> list[Any]:
    """Write the type of a map from field ids, as Avro has to have it."""
    fields = [{"name": "key", "type": "int"}, {"name": "value", "type": "bytes"}]
    pair = {"type": "record", "name": name, "fields": fields}
    return ["null", {"type": "array", "items": pair, "logicalType": "map"}]
