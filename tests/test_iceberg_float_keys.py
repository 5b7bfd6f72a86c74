"""Equality deletes by floats are applied where every engine reads the same, refused elsewhere."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from catalogs.iceberg.source import IcebergSource
from catalogs.iceberg.state import IcebergState
from catalogs.storage import Storage
from iceberg_files import field, schema, write_rows, write_table
from snapshots.errors import UnsupportedError

Rows = Sequence[Mapping[str, Any]]


@pytest.mark.parametrize("kind", ["float", "double"])
def test_floats_are_keys_where_every_engine_reads_the_same(tmp_path: Path, kind: str) -> None:
    columns = schema(field(1, "id", "long"), field(2, "v", kind))
    values = [0.1, None, math.inf, 0.0, -0.0, math.nan, 1e-40]
    rows = [{"id": n, "v": v} for n, v in enumerate(values)]
    data = _data(tmp_path, "data", columns, rows, at=1)
    keys = [{"v": one} for one in (0.1, None, math.inf, 7.0, 1e-40)]
    gone = _equal(tmp_path, "gone", columns, keys, by=[2], at=2)
    state = _state(tmp_path, [data, gone], schemas=[columns])
    assert state.batches(columns=["id"]).read_all()["id"].to_pylist() == [3, 4, 5]


@pytest.mark.parametrize(
    ("key", "row", "left"),
    [
        (0.0, -0.0, None),
        (-0.0, 0.0, None),
        (math.nan, math.nan, None),
        (0.0, 0.0, 0),
        (-0.0, -0.0, 0),
        (math.nan, 1.0, 1),
        (0.0, math.nan, 1),
    ],
)
def test_zeros_of_two_signs_and_nan_are_refused_where_a_row_depends_on_them(
    tmp_path: Path, key: float, row: float, left: int | None
) -> None:
    columns = schema(field(1, "id", "long"), field(2, "v", "float"))
    data = _data(tmp_path, "data", columns, [{"id": 1, "v": row}], at=1)
    gone = _equal(tmp_path, "gone", columns, [{"v": key}], by=[2], at=2)
    if left is not None:
        assert len(_read(tmp_path, [data, gone], schemas=[columns])) == left
        return
    with pytest.raises(UnsupportedError, match="float of NaN or of zeros with different signs"):
        _read(tmp_path, [data, gone], schemas=[columns])


def test_a_float_key_still_finds_its_rows_once_the_column_is_a_double(tmp_path: Path) -> None:
    before = schema(field(1, "id", "long"), field(2, "v", "float"))
    after = schema(field(1, "id", "long"), field(2, "v", "double"), number=1)
    narrow = _data(tmp_path, "narrow", before, [{"id": 1, "v": 0.1}], at=1)
    wide = _data(tmp_path, "wide", after, [{"id": 2, "v": 0.1}], at=1)
    gone = _equal(tmp_path, "gone", before, [{"v": 0.1}], by=[2], at=2)
    files = [narrow, wide, gone]
    found = _read(tmp_path, files, schemas=[before, after], current_schema_id=1, at_schema=1)
    assert [one["id"] for one in found] == [2]


def _data(
    root: Path, name: str, columns: Mapping[str, Any], rows: Rows, *, at: int
) -> dict[str, Any]:
    """Write a data file; `at` is its sequence number."""
    entry = write_rows(root / "data" / f"{name}.parquet", columns, rows)
    return entry | {"sequence_number": at}


def _equal(
    root: Path, name: str, columns: Mapping[str, Any], rows: Rows, *, by: list[int], at: int
) -> dict[str, Any]:
    """Write an equality delete file."""
    return _data(root, name, columns, rows, at=at) | {"content": 2, "equality_ids": by}


def _read(root: Path, files: Sequence[Mapping[str, Any]], **more: Any) -> list[dict[str, Any]]:  # noqa: ANN401
    state = _state(root, files, **more)
    rows: list[dict[str, Any]] = state.batches(columns=None).read_all().to_pylist()
    return rows


def _state(root: Path, files: Sequence[Mapping[str, Any]], **more: Any) -> IcebergState:  # noqa: ANN401
    more.setdefault("partition_specs", [{"spec-id": 0, "fields": []}])
    location = write_table(root, files, **more)
    state = IcebergSource(location, storage=Storage({}), properties={}).state(1, kept=())
    assert isinstance(state, IcebergState)
    return state
