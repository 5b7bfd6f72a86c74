"""Equality deletes by floats are applied where every engine reads the same, refused elsewhere."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import pytest

from catalogs.iceberg.state import IcebergState
from iceberg_files import field, schema
from iceberg_states import Rows, data_file, equality_deletes, rows_in, state_of
from snapshots.errors import UnsupportedError


@pytest.mark.parametrize("kind", ["float", "double"])
def test_floats_are_keys_where_every_engine_reads_the_same(tmp_path: Path, kind: str) -> None:
    columns = schema(field(1, "id", "long"), field(2, "v", kind))
    values = [0.1, None, math.inf, 0.0, -0.0, math.nan, 1e-40]
    rows = [{"id": n, "v": v} for n, v in enumerate(values)]
    data = data_file(tmp_path, "data", columns, rows, at=1)
    keys = [{"v": one} for one in (0.1, None, math.inf, 7.0, 1e-40)]
    gone = equality_deletes(tmp_path, "gone", columns, keys, by=[2], at=2)
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
    data = data_file(tmp_path, "data", columns, [{"id": 1, "v": row}], at=1)
    gone = equality_deletes(tmp_path, "gone", columns, [{"v": key}], by=[2], at=2)
    if left is not None:
        assert len(_rows(tmp_path, [data, gone], schemas=[columns])) == left
        return
    with pytest.raises(UnsupportedError, match="float of NaN or of zeros with different signs"):
        _rows(tmp_path, [data, gone], schemas=[columns])


def test_a_float_key_still_finds_its_rows_once_the_column_is_a_double(tmp_path: Path) -> None:
    before = schema(field(1, "id", "long"), field(2, "v", "float"))
    after = schema(field(1, "id", "long"), field(2, "v", "double"), number=1)
    narrow = data_file(tmp_path, "narrow", before, [{"id": 1, "v": 0.1}], at=1)
    wide = data_file(tmp_path, "wide", after, [{"id": 2, "v": 0.1}], at=1)
    gone = equality_deletes(tmp_path, "gone", before, [{"v": 0.1}], by=[2], at=2)
    files = [narrow, wide, gone]
    found = _rows(tmp_path, files, schemas=[before, after], current_schema_id=1, at_schema=1)
    assert [one["id"] for one in found] == [2]


def _rows(root: Path, files: Rows, **more: Any) -> list[dict[str, Any]]:  # noqa: ANN401 - as write_table has them
    return rows_in(_state(root, files, **more))


def _state(root: Path, files: Rows, **more: Any) -> IcebergState:  # noqa: ANN401
    more.setdefault("partition_specs", [{"spec-id": 0, "fields": []}])
    return state_of(root, files, **more)
