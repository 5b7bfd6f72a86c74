"""What files call a value differs from writer to writer; the value read is the same, or none is."""

from __future__ import annotations

import logging
from datetime import UTC, date, datetime, time
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import UUID

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from iceberg_files import field, schema
from iceberg_states import state_of
from snapshots.errors import UnreadableError

MOMENT = datetime(1969, 12, 31, 23, 59, 59, 995_000)  # noqa: DTZ001 - a type without a zone


@pytest.mark.parametrize(
    ("kind", "stored", "value"),
    [
        ("string", pa.array([b"ab"], pa.binary()), "ab"),
        ("string", pa.array(["ab"]).dictionary_encode(), "ab"),
        ("fixed[2]", pa.array([b"ab"], pa.binary()), b"ab"),
        ("uuid", pa.array([bytes(16)], pa.binary(16)), UUID(int=0)),
        ("int", pa.array([5], pa.int16()), 5),
        ("long", pa.array([5], pa.int32()), 5),
        ("long", pa.array([None], pa.null()), None),
        ("decimal(20,2)", pa.array([Decimal("1.10")], pa.decimal128(9, 2)), Decimal("1.10")),
        ("time", pa.array([5], pa.time32("ms")), time(0, 0, 0, 5000)),
        ("timestamp", pa.array([-5], pa.timestamp("ms")), MOMENT),
        ("timestamp", pa.array([-1], pa.date32()), datetime(1969, 12, 31)),  # noqa: DTZ001
        ("timestamptz", pa.array([-5], pa.timestamp("ms")), MOMENT.replace(tzinfo=UTC)),
        (
            "timestamptz",
            pa.array([-5], pa.timestamp("ms", "America/New_York")),
            MOMENT.replace(tzinfo=UTC),
        ),
        ("date", pa.array([-1], pa.date32()), date(1969, 12, 31)),
    ],
)
def test_a_value_is_the_same_whatever_its_file_calls_it(
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
    kind: str,
    stored: pa.Array,
    value: Any,  # noqa: ANN401
) -> None:
    with caplog.at_level(logging.WARNING):
        assert _read(tmp_path, kind, stored) == [value]
    assert not caplog.records


@pytest.mark.parametrize(
    ("kind", "stored"),
    [
        ("int", pa.array([5], pa.int64())),
        ("float", pa.array([5.0], pa.float64())),
        ("timestamp", pa.array([5], pa.int64())),
        ("timestamptz", pa.array([5], pa.date32())),
        ("boolean", pa.array([1], pa.int8())),
    ],
)
def test_a_value_of_another_kind_is_refused(tmp_path: Path, kind: str, stored: pa.Array) -> None:
    with pytest.raises(UnreadableError, match=r"one\.parquet"):
        _read(tmp_path, kind, stored)


def test_old_96_bit_timestamps_reach_as_far_as_the_calendar(tmp_path: Path) -> None:
    moments = [datetime(1, 1, 1), MOMENT, datetime(9999, 12, 31, 23, 59, 59, 999_999)]  # noqa: DTZ001
    stored = pa.array(moments, pa.timestamp("us"))
    assert _read(tmp_path, "timestamp", stored, use_deprecated_int96_timestamps=True) == moments


def _read(root: Path, kind: str, stored: pa.Array, **how: Any) -> list[Any]:  # noqa: ANN401
    only = pa.field("v", stored.type, metadata={"PARQUET:field_id": "1"})
    path = root / "one.parquet"
    pq.write_table(pa.table([stored], schema=pa.schema([only])), path, **how)
    data = {"file_path": str(path), "record_count": len(stored)}
    columns = schema(field(1, "v", kind))
    state = state_of(root, [data], schemas=[columns], format_version=3)
    found: list[Any] = state.batches(columns=None).read_all()["v"].to_pylist()
    return found
